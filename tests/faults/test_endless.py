#!/usr/bin/env python3
"""Answers that are slow, that never end or that are too much."""

import unittest

from raw_server import (
    Script,
    drip,
    fin,
    flood,
    half_invitation,
    http,
    http_head,
    invited,
    invited_head,
    ok,
    raw,
    serve,
    silence,
)
from transport import FRESH, Case, TransportCase


GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class SlowAndEndless(TransportCase):
    def test_silence_and_slowness_end_with_the_timeout(self):
        slow = {"options": ("--timeout", "700ms"), "status": "unknown"}
        full = http(200, body=b" " * 1000)
        self.check_cases(
            [
                Case(
                    "silence_after_accept",
                    script=Script(connections={1: silence()}),
                    code="timeout",
                    posts=0,
                    people=FRESH,
                    **slow,
                ),
                Case(
                    "silence_instead_of_the_second_answer",
                    script=Script(connections={1: raw(serve(1), silence())}),
                    code="timeout",
                    posts=0,
                    **slow,
                ),
                Case("silence", silence(), code="timeout", **slow),
                Case(
                    "silence_fresh",
                    silence(),
                    code="timeout",
                    people=FRESH,
                    **slow,
                ),
                Case(
                    "silence_after_the_headers",
                    raw(invited_head, silence()),
                    code="timeout",
                    **slow,
                ),
                Case(
                    "silence_after_the_headers_fresh",
                    raw(invited_head, silence()),
                    code="timeout",
                    people=FRESH,
                    **slow,
                ),
                Case(
                    "silence_after_half_the_body",
                    raw(invited_head, half_invitation, silence()),
                    code="timeout",
                    **slow,
                ),
                Case("slow_answer", drip(full, 0.05), code="timeout", **slow),
                Case(
                    "slow_informational",
                    drip(GO_ON * 100, 0.02),
                    code="timeout",
                    **slow,
                ),
            ]
        )

    def test_a_slow_answer_in_time_is_an_answer(self):
        def slowly(connection, request):
            return drip(invited(request), 0.002)(connection, request)

        self.check_cases([Case("slow", slowly, exit_code=0)])

    def test_informational_answers_are_passed_over(self):
        hints = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 99\r\n\r\n"
        self.check_cases(
            [
                Case(
                    "one_continue",
                    raw(GO_ON, invited),
                    exit_code=0,
                ),
                Case("many", raw(hints * 100, invited), exit_code=0),
                Case(
                    "no_header_of_theirs_counts",
                    (raw(hints, http(503)), ok()),
                    exit_code=0,
                    posts=2,
                ),
                Case(
                    "switching_protocols",
                    raw(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n", fin()),
                    "unknown",
                ),
                Case(
                    "a_hundred_thousand",
                    raw(flood(GO_ON, 100_000), fin()),
                    "unknown",
                ),
                Case(
                    "a_hundred_thousand_fresh",
                    raw(flood(GO_ON, 100_000), fin()),
                    "unknown",
                    people=FRESH,
                ),
            ]
        )

    def test_bombs_end_as_unknown_in_bounded_memory(self):
        chunked = http_head(200, headers=[("Transfer-Encoding", "chunked")])
        head = b"HTTP/1.1 200 OK\r\n"
        ten_mb = 10_000_000
        bombs = {
            "header_of_900_kb": (head, b"X-A: ", b"a" * 900_000, b"\r\n\r\n"),
            "status_line_of_900_kb": (b"HTTP/1.1 200 " + b"a" * 900_000,),
            "a_million_headers": (head, flood(b"a: b\r\n", 1_000_000)),
            "folded_header": (head, b"X-A: b\r\n", flood(b" b\r\n", 500_000)),
            "body_of_10_mb": (
                http_head(200, ten_mb),
                flood(b" " * 10, ten_mb // 10),
            ),
            "body_of_10_mb_until_the_end": (
                http_head(200),
                flood(b" " * 10, ten_mb // 10),
            ),
            "chunks_of_one_byte": (chunked, flood(b"1\r\n \r\n", 300_000)),
            "chunk_of_2_to_the_64": (chunked, b"f" * 16 + b"\r\n" + b" " * 99),
            "chunk_size_of_1_mb": (chunked, b"0" * 1_000_000 + b"\r\n"),
            "chunk_extension_of_3_mb": (chunked, b"1;", flood(b"a", 3_000_000)),
            "trailers": (chunked, b"0\r\n", flood(b"a: b\r\n", 1_000_000)),
            "deep_json": (
                http_head(200, 60_000, [("Connection", "close")]),
                b'{"a":' * 12_000,
            ),
        }
        self.check_cases(
            Case(f"{name}_{where}", raw(*parts, fin()), "unknown", **how)
            for name, parts in bombs.items()
            for where, how in (
                ("later", {}),
                (
                    "first",
                    {
                        "people": FRESH,
                        "exit_code": 7,
                        "others": "unprocessed",
                    },
                ),
            )
            # these are cut before or by a close, which may befall any answer
            if where == "later"
            or name.startswith(("body_of_10_mb", "chunks_of", "deep"))
        )


if __name__ == "__main__":
    unittest.main()
