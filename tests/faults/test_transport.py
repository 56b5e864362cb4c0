#!/usr/bin/env python3
"""One attempt is one request, and every way to answer or not to answer ends
in its status: the table "Which answers mean what" of docs/architecture.md.

Every case is a run of the program against a RawServer with a script. Rows are
named by the local part of their address; without other words a case has the
rows good, bad and after, one in flight, so that `bad` meets a connection that
was used before.
"""

import contextlib
import dataclasses
import email.utils
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from raw_server import (
    CLOSED,
    RawServer,
    Script,
    answer,
    drip,
    fin,
    flood,
    half_close,
    half_invitation,
    http,
    http_head,
    invitation,
    invited,
    invited_head,
    ok,
    pause,
    raw,
    rest_of_invitation,
    rst,
    serve,
    silence,
    wait_for,
    when_readable,
)
from support import EXIT_CODES, Running, wait_until

TOKEN = "the-secret-token"
AT_ONCE = 6  # runs at a time
MOST_MEMORY_KB = 64 * 1024
IS_SANITIZED = any(
    mark in (Path(os.environ["BULK_INVITE_BIN_DIR"]) / "CMakeCache.txt")
    .read_text()
    for mark in ("SANITIZE:STRING=address", "SANITIZE:STRING=thread")
)


class Run(Running):
    """`send` of these people to a server, in a folder of its own."""

    def __init__(self, folder, url, people, options=(), env=None, token=TOKEN):
        self.folder = Path(folder)
        self.memory_kb = 0
        lines = ["email,role", *(f"{name}@example.com,member" for name in people)]
        (self.folder / "team.csv").write_text("\n".join(lines) + "\n")
        given = {"BULK_INVITE_TOKEN": token} if token else {}
        self.started = time.monotonic()
        super().__init__(
            [
                *("send", "team.csv", "--org", "acme", "--base-url", url),
                *("--report", "report.jsonl", "--verbose", *options),
            ],
            folder,
            env={**given, **(env or {})},
            stdin=subprocess.DEVNULL,
        )

    def said(self):
        """What stderr holds so far."""
        data = os.pread(self.stderr.fileno(), 1 << 20, 0)
        return data.decode("utf-8", "surrogateescape")

    def wait_said(self, words):
        wait_until(lambda: words in self.said(), words)

    def end(self, timeout=60):
        """Waits; exit_code, rows (by local part, as in the input), elapsed
        and memory_kb are set."""
        wait_until(self.has_ended, "the end of the run", timeout)
        self.exit_code = self.process.returncode
        self.elapsed = time.monotonic() - self.started
        self.rows = {}
        report = self.folder / "report.jsonl"
        if report.exists():
            rows = [json.loads(line) for line in report.read_text().splitlines()]
            for row in sorted(rows, key=lambda row: row["line"]):
                self.rows[row["email"].partition("@")[0]] = row
        return self

    def has_ended(self):
        """Also keeps the most memory it had (wait4() would tell that of this
        interpreter, which forked it)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.memory_kb = max(self.memory_kb, int(line.split()[1]))
        return self.process.poll() is not None


@contextlib.contextmanager
def run_of(url, people, *options, **how):
    with tempfile.TemporaryDirectory(prefix="bulk-invite-") as folder:
        run = Run(folder, url, people, options, **how)
        try:
            yield run
        finally:
            run.stop()


@dataclasses.dataclass
class Case:
    name: str
    bad: object = None  # action, or actions for each POST, for the row `bad`
    status: object = "invited"  # wanted for `bad`; a set: any of them
    code: str = None  # its error_code, None: whatever
    posts: object = 1  # complete POSTs for `bad`; a set: any of them
    exit_code: int = 3
    script: Script = None  # instead of `bad`
    people: tuple = ("good", "bad", "after")
    others: str = "invited"  # the status of all the other rows
    options: tuple = ()
    within_s: float = 20
    says: str = None  # stderr has these words
    tls: ssl.SSLContext = None
    is_reused: bool = False  # the first POST for `bad` is a connection's second

    def __post_init__(self):
        if self.script is None:
            self.script = Script(rows={"bad": self.bad or ok()})


FRESH = ("bad", "after")
CLOSE = [("Connection", "close")]


def values(wanted):
    return wanted if isinstance(wanted, (set, range)) else {wanted}


class TransportCase(unittest.TestCase):
    def check_cases(self, cases):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [(case, pool.submit(self.check, case)) for case in cases]
            for case, future in futures:
                with self.subTest(case.name):
                    future.result()

    def check(self, case):
        with RawServer(case.script, case.tls) as server:
            with run_of(
                server.url, case.people, "--concurrency", "1", *case.options
            ) as run:
                run.end()
                self.check_end(case, server, run)

    def check_end(self, case, server, run):
        said = run.said()
        self.check_sane(run)
        self.assertEqual(server.surprises, [])
        self.assertEqual(list(run.rows), list(case.people), said)
        bad = run.rows["bad"]
        told = f"{bad}\n{said}"
        self.assertIn(bad["status"], values(case.status), told)
        if case.code:
            self.assertEqual(bad["error_code"], case.code, told)
        self.assertIn(server.posts["bad@example.com"], values(case.posts), told)
        for name, row in run.rows.items():
            if name != "bad":
                self.assertEqual(row["status"], case.others, said)
                self.assertEqual(
                    server.posts[row["email"]],
                    1 if case.others == "invited" else 0,
                )
        if case.is_reused:
            self.assertTrue(
                any(
                    (request.email, request.index) == ("bad@example.com", 2)
                    for request in server.requests
                ),
                "a fresh connection",
            )
        self.assertEqual(run.exit_code, case.exit_code, told)
        self.assertLess(run.elapsed, case.within_s)
        if case.says:
            self.assertIn(case.says, said)
        if not IS_SANITIZED:
            self.assertLess(run.memory_kb, MOST_MEMORY_KB)

    def check_sane(self, run):
        said = run.said()
        self.assertIn(run.exit_code, EXIT_CODES, said)
        for sign in ("Sanitizer", "runtime error", "bug:", TOKEN):
            self.assertNotIn(sign, said)
        self.assertNotIn(TOKEN, json.dumps(run.rows))


# Where a connection can end, and what was said before.
def cut_points():
    return {
        "after_the_request": (),
        "in_the_status_line": (b"HTTP/1.1 2",),
        "after_the_status_line": (b"HTTP/1.1 200 OK\r\n",),
        "in_the_headers": (b"HTTP/1.1 200 OK\r\nContent-Le",),
        "before_the_body": (invited_head,),
        "in_the_body": (invited_head, half_invitation),
        "in_a_chunk": (
            http_head(200, headers=[("Transfer-Encoding", "chunked")]),
            b"ff\r\n",
            half_invitation,
        ),
        "after_100_continue": (b"HTTP/1.1 100 Continue\r\n\r\n",),
    }


DEATHS = {"fin": fin, "rst": rst, "half_close": half_close}


class ConnectionsThatDie(TransportCase):
    def test_each_way_to_die_sends_once_on_fresh_and_reused_connections(self):
        cases = []
        for death, act in DEATHS.items():
            for point, said in cut_points().items():
                for where, people in (
                    ("fresh", FRESH),
                    ("reused", ("good", "bad", "after")),
                ):
                    cases.append(
                        Case(
                            f"{death}_{point}_{where}",
                            raw(*said, act()),
                            "unknown",
                            "connection_lost",
                            people=people,
                            is_reused=where == "reused",
                        )
                    )
        self.check_cases(cases)

    def test_a_request_that_was_not_read_is_not_sent_again(self):
        cases = []
        for death, act in DEATHS.items():
            unread = when_readable(act())
            posts = 1 if act is half_close else 0
            for where, people, action in (
                ("fresh", FRESH, unread),
                (
                    "reused",
                    ("good", "bad", "after"),
                    raw(serve(1), unread),
                ),
            ):
                cases.append(
                    Case(
                        f"{death}_unread_{where}",
                        script=Script(connections={1: action}),
                        status="unknown",
                        code="connection_lost",
                        posts=posts,
                        people=people,
                    )
                )
        self.check_cases(cases)

    def test_dying_right_after_accept_is_no_second_request(self):
        """The request may or may not have left by then."""
        for death, act in (("fin", fin), ("rst", rst)):
            for count in (1, 3):
                script = Script(
                    connections={n: act() for n in range(1, count + 1)}
                )
                with (
                    self.subTest(death, count=count),
                    RawServer(script) as server,
                    run_of(server.url, ("one", "two", "three")) as run,
                ):
                    run.end()
                    self.check_sane(run)
                    for row in run.rows.values():
                        posts = server.posts[row["email"]]
                        self.assertIn(row["status"], ("unknown", "invited"))
                        self.assertEqual(posts, row["status"] == "invited", row)

    def test_a_connection_closed_while_idle_costs_nothing(self):
        """Between two requests of a slow rate: seen before the next one."""
        self.check_cases(
            Case(
                f"{death}_while_idle",
                script=Script(connections={1: raw(serve(1), act())}),
                exit_code=0,
                options=("--rate", "3/s"),
            )
            for death, act in (("fin", fin), ("rst", rst))
        )

    def test_words_nobody_asked_for_are_not_taken_for_the_next_answer(self):
        """A second answer on the connection belongs to nobody."""
        for name, extra in (
            ("rejected", http(422, body=b'{"detail":"no"}')),
            ("conflict", http(409, body=b'{"detail":"there"}')),
            ("other", http(200, body=b"{}")),
        ):
            script = Script(
                # a pause, or libcurl reads both at once and closes by itself
                rows={"good": raw(invited, pause(0.1), extra)}
            )
            with (
                self.subTest(name),
                RawServer(script) as server,
                run_of(
                    server.url,
                    ("good", "bad", "after"),
                    *("--concurrency", "1", "--rate", "3/s"),
                ) as run,
            ):
                run.end()
                self.check_sane(run)
                for row in run.rows.values():
                    self.assertEqual(row["status"], "invited", row)
                    self.assertEqual(server.posts[row["email"]], 1)


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
                    drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.02),
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
                    raw(b"HTTP/1.1 100 Continue\r\n\r\n", invited),
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
                    raw(flood(b"HTTP/1.1 100 Continue\r\n\r\n", 100_000), fin()),
                    "unknown",
                ),
                Case(
                    "a_hundred_thousand_fresh",
                    raw(flood(b"HTTP/1.1 100 Continue\r\n\r\n", 100_000), fin()),
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


class Shapes(TransportCase):
    def test_odd_but_allowed_forms_of_a_200(self):
        def chunked(request):
            body = invitation(request)
            middle = len(body) // 2
            return b"".join(
                b"%x;x=y\r\n%s\r\n" % (len(part), part)
                for part in (body[:middle], body[middle:])
            )

        def in_chunks(connection, request):
            connection.send(
                http_head(200, headers=[("Transfer-Encoding", "chunked")])
                + chunked(request)
                + b"0\r\nTrailer: x\r\n\r\n"
            )

        def lengths(*deltas):
            def act(connection, request):
                body = invitation(request)
                connection.send(
                    http_head(
                        200,
                        headers=[
                            ("Content-Length", str(len(body) + delta))
                            for delta in deltas
                        ],
                    )
                    + body
                )
                connection.fin()
                return CLOSED

            return act

        def head(version, *headers):
            def act(connection, request):
                connection.send(
                    http_head(200, None, headers, version)
                    + invitation(request)
                )
                connection.fin()
                return CLOSED

            return act

        def before_reading(connection, _request):
            request = connection.read_request()
            connection.send(invited(request))

        self.check_cases(
            [
                Case("chunked", in_chunks, exit_code=0),
                Case("same_length_twice", lengths(0, 0), exit_code=0),
                # The body is whole JSON: what it says is beyond doubt.
                Case("a_longer_length", lengths(0, 9), exit_code=0),
                Case("until_the_end", head("HTTP/1.1"), exit_code=0),
                Case("http_1_0", head("HTTP/1.0"), exit_code=0),
                Case(
                    "http_1_0_keep_alive",
                    head("HTTP/1.0", ("Connection", "keep-alive")),
                    exit_code=0,
                ),
                Case(
                    "connection_close",
                    head("HTTP/1.1", ("Connection", "close")),
                    exit_code=0,
                ),
                Case(
                    "read_by_the_connection",
                    script=Script(connections={1: before_reading}),
                    exit_code=0,
                    people=FRESH,
                ),
            ]
        )

    def test_two_lengths_poison_no_later_answer(self):
        """The second length is a lie: bytes are left over."""

        def act(connection, request):
            body = invitation(request)
            extra = http(409, body=b'{"detail":"poison"}')
            connection.send(
                http_head(
                    200,
                    headers=[
                        ("Content-Length", str(len(body) + len(extra))),
                        ("Content-Length", str(len(body))),
                    ],
                )
                + body
                + extra
            )

        self.check_cases(
            [
                Case("lengths", act, {"invited", "unknown"}, exit_code=0),
                Case(
                    "garbage_after_the_answer",
                    raw(invited, b"HTTP/1.1 409 No\r\n\r\n"),
                    {"invited", "unknown"},
                    exit_code=0,
                ),
            ]
        )

    def test_what_is_not_http_is_unknown(self):
        def line(text):
            end = b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            return raw(text + end, fin())

        garbage = {
            "http_0_9": raw(invitation, fin()),
            "binary": raw(bytes(range(256)) * 10, fin()),
            "tls_alert": raw(b"\x15\x03\x01\x00\x02\x02\x28", fin()),
            "smtp": raw(b"220 mail.example.com ESMTP\r\n", fin()),
            "blank_lines": raw(b"\r\n" * 100, fin()),
            "lower_case": line(b"http/1.1 200 ok"),
            "no_status": line(b"HTTP/1.1"),
            "words_for_status": line(b"HTTP/1.1 abc OK"),
            "status_of_one_digit": line(b"HTTP/1.1 2 OK"),
            "status_of_two_digits": line(b"HTTP/1.1 20 OK"),
            "status_of_four_digits": line(b"HTTP/1.1 2000 OK"),
            "negative_status": line(b"HTTP/1.1 -200 OK"),
            "status_zero": line(b"HTTP/1.1 000 OK"),
            "status_999": line(b"HTTP/1.1 999 OK"),
            "http_9": line(b"HTTP/9.9 200 OK"),
            "http_2_preface": raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", fin()),
            "header_without_a_colon": line(b"HTTP/1.1 200 OK\r\nnonsense"),
            "nul_in_a_header": line(b"HTTP/1.1 200 OK\r\nX: a\0b"),
            "bad_length": line(b"HTTP/1.1 200 OK\r\nContent-Length: -5"),
            "huge_length": line(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40),
            "bad_chunk": raw(
                http_head(200, headers=[("Transfer-Encoding", "chunked")]),
                b"zz\r\n",
                fin(),
            ),
            "unknown_coding": raw(
                http_head(200, headers=[("Transfer-Encoding", "rot13")]),
                invitation,
                fin(),
            ),
        }
        self.check_cases(
            Case(name, action, "unknown", people=people)
            for name, action in garbage.items()
            for people in [("good", "bad", "after")]
        )
        self.check_cases(
            Case(f"{name}_fresh", garbage[name], "unknown", people=FRESH)
            for name in ("http_0_9", "binary", "tls_alert", "no_status")
        )

    def test_an_answer_may_come_before_the_request_was_read(self):
        """It is there when the client connects; the request is read later."""

        def early(status):
            def act(connection, _request):
                connection.send(http(status, body=b'{"detail":"early"}'))
                connection.sock.shutdown(socket.SHUT_WR)
                connection.read_request()
                connection.wait_gone()
                return CLOSED

            return act

        # Nobody knows whose it is before the first proper answer: an answer
        # to nothing is none, or the refusal that it is.
        for status, wanted, code in (
            (401, {"unprocessed", "unknown"}, {7, 3}),
            (413, {"rejected", "unknown"}, {3}),
        ):
            script = Script(connections={1: early(status)})
            with (
                self.subTest(status=status),
                RawServer(script) as server,
                run_of(server.url, ("one",)) as run,
            ):
                run.end()
                self.check_sane(run)
                self.assertIn(run.rows["one"]["status"], wanted)
                self.assertIn(run.exit_code, code)
                self.assertLessEqual(server.posts["one@example.com"], 1)

    def test_a_refusal_with_close_is_read(self):
        self.check_cases(
            [
                Case(
                    "413",
                    raw(http(413, CLOSE, b'{"detail":"big"}'), fin()),
                    "rejected",
                ),
                Case(
                    "401",
                    raw(http(401, CLOSE, b'{"detail":"no"}'), fin()),
                    "unprocessed",
                    people=FRESH,
                    others="unprocessed",
                    exit_code=7,
                ),
            ]
        )


HTML = b"<!DOCTYPE html><html><title>Sorry</title></html>"
ENVOY = b"upstream connect error or disconnect/reset before headers"
VARNISH = b"<html><title>503</title><h3>Guru Meditation:</h3></html>"
HEROKU = b'<iframe src="//www.herokucdn.com/error-pages/application-error.html">'


class Statuses(TransportCase):
    def test_answers_that_leave_the_row_in_doubt(self):
        other = {"invitation_id": "i", "email": "x@y.org", "role": "member"}
        answers = [
            *((s, b"", "server_error") for s in (500, 502, 504)),
            *((s, HTML, "server_error") for s in (520, 522, 524)),
            *((503, mark, "server_error") for mark in (ENVOY, VARNISH, HEROKU)),
            *((s, b"", "bad_response") for s in (501, 507, 527, 599)),
            (200, HTML, "bad_response"),
            (200, b"", "bad_response"),
            (200, b"{}", "bad_response"),
            (200, b"[]", "bad_response"),
            (200, b'{"invitation_id":"a","email', "bad_response"),
            (200, b'{"a\0":1}', "bad_response"),
            (202, b"{}", "bad_response"),
            (200, json.dumps(other).encode(), "response_mismatch"),
        ]
        cases = [
            Case(
                f"{status}_{body[:20]}",
                answer(status, body=body),
                "unknown",
                code,
            )
            for status, body, code in answers
        ]
        cases.append(Case("204", raw(http_head(204)), "unknown", "bad_response"))
        self.check_cases(cases)

    def test_answers_that_come_from_before_the_server_are_tried_again(self):
        retried = {"exit_code": 0, "posts": 2}
        cases = [
            Case(str(s), answer(s, body=HTML), **retried)
            for s in (408, 425, 503, 521, 523, 525, 526)
        ]
        edge = [("x-render-routing", "no-server")]
        cases += [
            Case(f"edge_{s}", answer(s, edge, b"Not Found\n"), **retried)
            for s in (404, 500, 502, 503)
        ]
        cases.append(
            Case(
                "edge_404_as_the_first_answer",
                answer(404, edge),
                people=FRESH,
                **retried,
            )
        )
        cases.append(
            Case(
                "503_fails_after_the_last_attempt",
                answer(503),
                "failed",
                "unavailable",
                options=("--max-attempts", "1"),
            )
        )
        cases.append(
            Case(
                "408_with_close",
                raw(http(408, CLOSE), fin()),
                **retried,
            )
        )
        self.check_cases(cases)

    def test_refusals_of_a_row_are_final(self):
        cases = [
            Case(str(s), answer(s), "rejected")
            for s in (400, 402, 403, 404, 405, 406, 410, 413, 415, 418, 451)
        ]
        cases += [
            Case("422", answer(422), "rejected", "validation"),
            Case("409", answer(409), "already_invited", exit_code=0),
            Case("304", raw(http_head(304)), "rejected", "redirect"),
        ]
        self.check_cases(cases)

    def test_refusals_of_the_run_stop_it_as_the_first_answer(self):
        stopped = {"people": FRESH, "others": "unprocessed", "exit_code": 7}
        edge = {"body": b'{"detail":"Not Found"}'}
        cases = [
            Case(f"first_{s}", answer(s, **edge), "unprocessed", **stopped)
            for s in (401, 403, 404, 405, 301, 302, 307, 308)
        ]
        cases += [
            Case(
                f"first_200_{body[:20]}",
                answer(200, body=body),
                "unknown",
                **stopped,
            )
            for body in (
                HTML,
                b"",
                b"{}",
                b'{"invitation_id":"i","email":"x@y.org","role":"member"}',
            )
        ]
        cases.append(
            Case("first_599", answer(599, body=HTML), "unknown", **stopped)
        )
        cases.append(
            Case(
                "401_later",
                answer(401),
                "unprocessed",
                people=("bad", "after"),
                others="unprocessed",
                exit_code=7,
            )
        )
        self.check_cases(cases)

    def test_a_401_after_success_stops_the_run(self):
        script = Script(rows={"bad": answer(401)})
        with (
            RawServer(script) as server,
            run_of(
                server.url, ("good", "bad", "after"), "--concurrency", "1"
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(
                [row["status"] for row in run.rows.values()],
                ["invited", "unprocessed", "unprocessed"],
            )
            self.assertEqual(run.exit_code, 7)
            self.assertEqual(len(server.requests), 2)

    def test_five_refusals_in_a_row_are_the_runs_fault(self):
        for status in (403, 404, 405, 301):
            for count in (4, 5):
                bad = [f"bad{i}" for i in range(1, count + 1)]
                script = Script(rows={name: answer(status) for name in bad})
                with (
                    self.subTest(status=status, count=count),
                    RawServer(script) as server,
                    run_of(
                        server.url, ["good", *bad, "after"], "--concurrency", "1"
                    ) as run,
                ):
                    run.end()
                    self.check_sane(run)
                    is_run = count == 5
                    for name in bad:
                        self.assertEqual(
                            run.rows[name]["status"],
                            "unprocessed" if is_run else "rejected",
                        )
                        self.assertEqual(server.posts[f"{name}@example.com"], 1)
                    self.assertEqual(run.exit_code, 7 if is_run else 3)
                    self.assertEqual(
                        run.rows["after"]["status"],
                        "unprocessed" if is_run else "invited",
                    )

    def test_refusals_in_flight_together_are_the_runs_fault_too(self):
        bad = [f"bad{i}" for i in range(30)]
        script = Script(rows={name: answer(403) for name in bad})
        with (
            RawServer(script) as server,
            run_of(server.url, ["good", *bad], "--concurrency", "8") as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 7)
            self.assertLessEqual(len(server.requests), 1 + 4 + 8)
            for name in bad:
                self.assertEqual(run.rows[name]["status"], "unprocessed")


class Redirects(TransportCase):
    def test_no_redirect_is_followed_and_no_token_goes_with_one(self):
        with RawServer() as other:
            for status in (301, 302, 303, 307, 308):
                for path in ("", "/v1/organizations/acme/members/invite"):
                    to = [("Location", other.url + path)]
                    with self.subTest(status=status, path=path):
                        self.check(
                            Case(
                                "redirect",
                                answer(status, to),
                                "rejected",
                                "redirect",
                            )
                        )
            refresh = [("Refresh", f"0; url={other.url}")]
            self.check(Case("refresh", answer(503, refresh), posts=2, exit_code=0))
            self.assertEqual(other.accepted, 0)


def http_date(seconds):
    """The first whole second at least so far ahead, in all three forms."""
    moment = int(time.time()) + 1 + seconds
    parts = time.gmtime(moment)
    return (
        email.utils.formatdate(moment, usegmt=True),
        time.strftime("%A, %d-%b-%y %H:%M:%S GMT", parts),
        time.strftime("%a %b ", parts)
        + f"{parts.tm_mday:2d}"
        + time.strftime(" %H:%M:%S %Y", parts),
    )


class Holds(TransportCase):
    """No request starts between a word to wait and its end."""

    LATE_S = 0.3  # for what was on its way

    def check_hold(self, status, value, wait_s, count=24, **how):
        """The 6th row is answered with `status`, the rest properly."""
        said_at = []

        def act(connection, request):
            said_at.append(time.monotonic())
            headers = [("Retry-After", value())]
            connection.send(http(status, headers, b'{"detail":"wait"}'))

        people = [f"p{i}" for i in range(count)]
        script = Script(rows={"p5": act})
        with (
            RawServer(script) as server,
            run_of(server.url, people, "--concurrency", "4", **how) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 0, run.said())
            early = [
                request.time - said_at[0]
                for request in server.requests
                if self.LATE_S < request.time - said_at[0] < wait_s
            ]
            self.assertEqual(early, [], f"{status} {value}")
            self.assertEqual(server.posts.total(), count + 1)
            self.assertGreater(run.elapsed, wait_s)

    def test_nothing_is_sent_before_retry_after_is_over(self):
        holds = [(429, lambda: "2", 2), (503, lambda: "2", 2)]
        holds += [
            (429, lambda form=form: http_date(1)[form], 1) for form in range(3)
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [pool.submit(self.check_hold, *hold) for hold in holds]
            for hold, future in zip(holds, futures):
                with self.subTest(status=hold[0], value=hold[1]()):
                    future.result()

    def test_odd_words_to_wait(self):
        retried = {"exit_code": 0, "posts": 2}
        cases = [
            Case(f"nonsense_{value}", answer(429, [("Retry-After", value)]), **retried)
            for value in ("soon", "", "-1", "1.5", "120abc", "0x10", "0")
        ]
        cases += [
            Case("none", answer(429), **retried),
            Case(
                "past_date",
                answer(429, [("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")]),
                **retried,
            ),
        ]
        cases += [
            Case(
                f"huge_{value}",
                answer(429, [("Retry-After", value)]),
                "unprocessed",
                people=FRESH,
                others="unprocessed",
                exit_code=5,
                says="--max-wait",
            )
            for value in ("9" * 40, "604800", "Fri, 31 Dec 9999 23:59:59 GMT")
        ]
        self.check_cases(cases)

    def test_retry_after_zero_is_no_leave_to_hammer(self):
        """A server that says "now" and refuses again is asked more slowly."""
        script = Script(each=answer(429, [("Retry-After", "0")]))
        with (
            RawServer(script) as server,
            run_of(server.url, ("one",), "--max-wait", "3s") as run,
        ):
            run.end()
            self.assertEqual(run.exit_code, 5, run.said())
            self.assertEqual(run.rows["one"]["status"], "unprocessed")
            self.assertLessEqual(len(server.requests), 8)

    def test_a_connection_still_being_made_sends_nothing_into_a_hold(self):
        """TLS takes long on all connections but the first; meanwhile that one
        brings the 429."""
        tls = self.certificates.context("valid")
        held = threading.Event()
        said_at = []

        def wait_then_shake_hands(connection, _request):
            while not held.wait(0.05):
                if connection.server.is_ending.is_set():
                    return CLOSED
            return None

        def act(connection, request):
            connection.server.wait_until(
                lambda: connection.server.accepted >= 4
            )
            said_at.append(time.monotonic())
            connection.send(http(429, [("Retry-After", "2")]))
            threading.Timer(0.3, held.set).start()

        people = [f"p{i}" for i in range(8)]
        script = Script(
            rows={"p1": act},
            connections={n: wait_then_shake_hands for n in range(2, 5)},
        )
        with (
            RawServer(script, tls) as server,
            run_of(
                server.url,
                people,
                *("--concurrency", "4", "--cacert", self.certificates.authority),
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 0, run.said())
            early = [
                request.time - said_at[0]
                for request in server.requests
                if 0 < request.time - said_at[0] < 2
            ]
            self.assertEqual(early, [])
            self.assertEqual(server.posts.total(), len(people) + 1)

    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)


class Outages(TransportCase):
    def test_a_server_that_goes_and_comes_back_loses_no_row(self):
        """It leaves with nothing in flight, so nothing is in doubt."""

        def leave(connection, request):
            server = connection.server
            server.stop_listening()
            connection.send(http(200, [("Connection", "close")], invitation(request)))
            connection.fin()
            threading.Timer(0.7, server.listen).start()
            return CLOSED

        people = [f"p{i}" for i in range(6)]
        with (
            RawServer(Script(rows={"p2": leave})) as server,
            run_of(server.url, people, "--concurrency", "1") as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 0, run.said())
            self.assertEqual(set(server.posts.values()), {1})
            self.assertEqual(len(server.posts), len(people))

    def test_a_server_that_dies_with_requests_in_flight_leaves_those_unknown(self):
        def die(connection, request):
            server = connection.server
            server.wait_until(lambda: len(server.requests) >= 5)
            server.stop_listening()
            for each in list(server.open):
                each.sock.shutdown(socket.SHUT_RDWR)
            threading.Timer(0.7, server.listen).start()
            return CLOSED

        in_flight = ("p1", "p2", "p3", "p4")
        rows = {name: silence() for name in in_flight}
        rows["p1"] = die
        people = [f"p{i}" for i in range(10)]
        with (
            RawServer(Script(rows=rows)) as server,
            run_of(server.url, people, "--concurrency", "4") as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 3, run.said())
            for name in people:
                wanted = "unknown" if name in in_flight else "invited"
                self.assertEqual(run.rows[name]["status"], wanted)
                self.assertEqual(server.posts[f"{name}@example.com"], 1)

    def test_a_server_that_is_down_ends_the_run(self):
        with RawServer() as server:
            server.stop_listening()
            with run_of(
                server.url, ("one", "two"), "--give-up-after", "2s"
            ) as run:
                run.end()
                self.check_sane(run)
                self.assertEqual(run.exit_code, 5)
                self.assertIn("--give-up-after", run.said())
                for row in run.rows.values():
                    self.assertEqual(row["status"], "unprocessed")
                self.assertGreater(run.elapsed, 1.9)
                self.assertLess(run.elapsed, 6)

    def test_a_server_that_fails_every_request_is_held_to_be_down(self):
        people = [f"p{i}" for i in range(60)]
        with (
            RawServer(Script(each=fin())) as server,
            run_of(server.url, people, "--give-up-after", "2s") as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 5, run.said())
            self.assertLess(len(server.requests), 12)
            for row in run.rows.values():
                self.assertEqual(
                    row["status"],
                    "unknown" if server.posts[row["email"]] else "unprocessed",
                )


def wait_connecting(port, count):
    """Until the kernel has `count` connections to `port` half made."""

    def half_made():
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        fields = [line.split() for line in lines]
        return (
            sum(f[2].endswith(f":{port:04X}") and f[3] == "02" for f in fields)
            >= count
        )

    wait_until(half_made, "a connection that is being made")


class Signals(TransportCase):
    def check_stopped(self, run, exit_code=143, within_s=5):
        asked = time.monotonic()
        run.end()
        self.check_sane(run)
        self.assertEqual(run.exit_code, exit_code, run.said())
        self.assertLess(time.monotonic() - asked, within_s)

    def test_sigterm_while_connecting_sends_nothing(self):
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(4):  # the backlog is full after some of them
                sock = stack.enter_context(socket.socket())
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
            wait_connecting(port, 1)
            before = sum(
                line.split()[2].endswith(f":{port:04X}")
                and line.split()[3] == "02"
                for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
            )
            run = stack.enter_context(
                run_of(f"http://127.0.0.1:{port}", ("one", "two"))
            )
            wait_connecting(port, before + 1)
            run.signal(signal.SIGTERM)
            self.check_stopped(run)
            for row in run.rows.values():
                self.assertEqual(row["status"], "unprocessed")

    def test_sigterm_while_tls_is_silent_sends_nothing(self):
        script = Script(connections={1: silence()})
        with (
            RawServer(script, scheme="https") as server,
            run_of(server.url, ("one", "two")) as run,
        ):
            server.wait_until(lambda: server.accepted)
            run.signal(signal.SIGTERM)
            self.check_stopped(run)
            for row in run.rows.values():
                self.assertEqual(row["status"], "unprocessed")
            self.assertEqual(server.posts.total(), 0)

    def test_what_is_in_flight_at_sigterm_finishes_and_nothing_starts(self):
        answer_now = threading.Event()
        held = wait_for(answer_now, ok())
        people = [f"p{i}" for i in range(40)]
        script = Script(rows={f"p{i}": held for i in range(1, 40)})
        with (
            RawServer(script) as server,
            run_of(server.url, people, "--concurrency", "4") as run,
        ):
            server.wait_until(lambda: len(server.requests) == 5)
            run.signal(signal.SIGTERM)
            run.wait_said("stopping")
            answer_now.set()
            self.check_stopped(run)
            self.assertEqual(len(server.requests), 5)
            for name, row in run.rows.items():
                is_sent = server.posts[f"{name}@example.com"]
                self.assertEqual(
                    row["status"], "invited" if is_sent else "unprocessed"
                )

    def test_a_second_signal_cuts_off_what_is_in_flight(self):
        for first, second, exit_code in (
            (signal.SIGTERM, signal.SIGTERM, 143),
            (signal.SIGINT, signal.SIGINT, 130),
        ):
            script = Script(each=silence())
            with (
                self.subTest(first),
                RawServer(script) as server,
                run_of(server.url, ("one", "two")) as run,
            ):
                server.wait_until(lambda: server.requests)
                run.signal(first)
                run.wait_said("stopping")
                run.signal(second)
                self.check_stopped(run, exit_code)
                self.assertEqual(run.rows["one"]["status"], "unknown")
                self.assertEqual(run.rows["one"]["error_code"], "aborted")
                self.assertEqual(run.rows["two"]["status"], "unprocessed")

    def test_sigterm_during_a_hold_ends_it(self):
        script = Script(each=answer(429, [("Retry-After", "3600")]))
        with (
            RawServer(script) as server,
            run_of(server.url, ("one", "two")) as run,
        ):
            run.wait_said("waiting")
            run.signal(signal.SIGTERM)
            self.check_stopped(run)
            self.assertEqual(len(server.requests), 1)
            for row in run.rows.values():
                self.assertEqual(row["status"], "unprocessed")


class Certificates:
    """An authority and what it signs, made by openssl in a folder."""

    KINDS = {
        # name -> subject's address, days of validity, signed by the authority
        "valid": ("IP:127.0.0.1", 2, True),
        "expired": ("IP:127.0.0.1", -1, True),
        "wrong_host": ("DNS:almanac.example.com", 2, True),
        "self_signed": ("IP:127.0.0.1", 2, False),
    }

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="bulk-invite-tls-")
        self.folder = Path(self.holder.name)
        self.authority = self.folder / "authority.pem"
        self.stranger = self.folder / "stranger.pem"
        for name in ("authority", "stranger"):
            self.make_authority(name)
        for name in self.KINDS:
            self.make(name)

    def remove(self):
        self.holder.cleanup()

    def openssl(self, *args):
        subprocess.run(
            ["openssl", *map(str, args)],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

    def make_authority(self, name):
        self.openssl(
            *("req", "-x509", *self.NEW_KEY, "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", f"{name}.key"),
            *("-out", f"{name}.pem"),
        )

    def make(self, name):
        address, days, is_signed = self.KINDS[name]
        self.openssl(
            *("req", *self.NEW_KEY, "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={address}\n")
        signer = ("-signkey", f"{name}.key")
        if is_signed:
            signer = ("-CA", "authority.pem", "-CAkey", "authority.key")
            signer += ("-CAcreateserial",)
        self.openssl(
            *("x509", "-req", "-in", f"{name}.csr", *signer),
            *("-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.folder / f"{name}.pem", self.folder / f"{name}.key"
        )
        return context


class Tls(TransportCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)

    def trusting(self, name="authority"):
        return ("--cacert", str(self.certificates.folder / f"{name}.pem"))

    def test_a_trusted_server_is_invited_through(self):
        self.check_cases(
            [
                Case(
                    "valid",
                    tls=self.certificates.context("valid"),
                    options=self.trusting(),
                    exit_code=0,
                )
            ]
        )

    def test_a_certificate_that_proves_nothing_stops_before_a_byte(self):
        cases = [
            ("expired", self.trusting(), "expired"),
            ("wrong_host", self.trusting(), "127.0.0.1"),
            ("self_signed", self.trusting(), "self"),
            ("valid", self.trusting("stranger"), ""),
            ("valid", (), ""),
        ]
        self.check_cases(
            Case(
                f"{name}_{options}",
                tls=self.certificates.context(name),
                options=options,
                status="unprocessed",
                code="certificate",
                posts=0,
                people=FRESH,
                others="unprocessed",
                exit_code=7,
                says="certificate",
            )
            for name, options, _ in cases
        )

    def test_the_sentence_says_what_is_wrong(self):
        for name, words in (
            ("expired", "expired"),
            ("wrong_host", "127.0.0.1"),
            ("self_signed", "self"),
        ):
            with (
                self.subTest(name),
                RawServer(tls=self.certificates.context(name)) as server,
                run_of(server.url, ("one",), *self.trusting()) as run,
            ):
                run.end()
                self.assertIn(words, run.said())

    def test_deaths_on_reused_tls_connections_send_once(self):
        tls = self.certificates.context("valid")
        self.check_cases(
            Case(
                f"{death}_{point}",
                raw(*said, act()),
                "unknown",
                "connection_lost",
                tls=tls,
                options=self.trusting(),
                is_reused=True,
            )
            for death, act in (("fin", fin), ("rst", rst))
            for point, said in cut_points().items()
        )

    def test_no_tls_keys_are_logged(self):
        with (
            RawServer(tls=self.certificates.context("valid")) as server,
            tempfile.TemporaryDirectory() as folder,
        ):
            log = Path(folder) / "keys"
            with run_of(
                server.url,
                ("one",),
                *self.trusting(),
                env={"SSLKEYLOGFILE": str(log)},
            ) as run:
                run.end()
                self.assertEqual(run.exit_code, 0, run.said())
                self.assertFalse(log.exists())

    def test_old_tls_is_refused(self):
        context = self.certificates.context("valid")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with (
            RawServer(tls=context) as server,
            run_of(
                server.url,
                ("one",),
                *self.trusting(),
                *("--give-up-after", "1s"),
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.rows["one"]["status"], "unprocessed")
            self.assertEqual(server.posts.total(), 0)


class Proxy:
    """A proxy that tunnels CONNECT and passes absolute-form requests on; it
    keeps the heads it got, and all bytes."""

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.heads = []
        self.listener = None
        self.is_ending = threading.Event()
        self.threads = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._spawn(self._accept)
        return self

    def __exit__(self, *_):
        self.is_ending.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args)
        thread.start()
        self.threads.append(thread)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._spawn(self._serve, self.listener.accept()[0])

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head)
            if self.refusal:
                client.sendall(self.refusal)
                return
            method, target, _ = head.split(b" ", 2)
            if method == b"CONNECT":
                host, _, port = target.decode().rpartition(":")
            else:
                host, _, port = target.decode().split("/")[2].rpartition(":")
            with socket.create_connection((host, int(port))) as upstream:
                if method == b"CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    upstream.sendall(head)
                self._pump(client, upstream)

    def _pump(self, client, upstream):
        other = {client: upstream, upstream: client}
        while not self.is_ending.is_set():
            for sock in select.select(list(other), [], [], 0.05)[0]:
                data = sock.recv(65536)
                if not data:
                    return
                other[sock].sendall(data)


class Routes(TransportCase):
    """The token goes to the configured server and nowhere else."""

    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)

    def test_proxies_of_the_environment_are_ignored(self):
        names = ("http_proxy", "https_proxy", "ALL_PROXY", "HTTP_PROXY")
        names += ("HTTPS_PROXY", "all_proxy")
        with Proxy() as proxy:
            for tls in (None, self.certificates.context("valid")):
                with (
                    RawServer(tls=tls) as server,
                    run_of(
                        server.url,
                        ("one", "two"),
                        *("--cacert", str(self.certificates.authority)),
                        env={name: proxy.url for name in names},
                    ) as run,
                ):
                    run.end()
                    self.assertEqual(run.exit_code, 0, run.said())
            self.assertEqual(proxy.heads, [])

    def test_the_proxy_of_the_option_is_used_whatever_the_environment_says(self):
        for env in ({}, {"no_proxy": "*"}, {"NO_PROXY": "127.0.0.1"}):
            with (
                self.subTest(env=env),
                Proxy() as proxy,
                RawServer() as server,
                run_of(
                    server.url, ("one", "two"), "--proxy", proxy.url, env=env
                ) as run,
            ):
                run.end()
                self.assertEqual(run.exit_code, 0, run.said())
                self.assertTrue(proxy.heads)
                self.assertEqual(len(server.requests), 2)

    def test_a_proxy_sees_no_token_of_a_tls_server(self):
        with (
            Proxy() as proxy,
            RawServer(tls=self.certificates.context("valid")) as server,
            run_of(
                server.url,
                ("one", "two"),
                *("--proxy", proxy.url),
                *("--cacert", str(self.certificates.authority)),
            ) as run,
        ):
            run.end()
            self.assertEqual(run.exit_code, 0, run.said())
            self.assertEqual(len(server.requests), 2)
            self.assertTrue(proxy.heads)
            for head in proxy.heads:
                self.assertTrue(head.startswith(b"CONNECT "), head)
                self.assertNotIn(TOKEN.encode(), head)
                self.assertNotIn(b"Idempotency", head)

    def test_a_request_lost_behind_a_tunnel_is_unknown(self):
        script = Script(rows={"bad": fin()})
        with (
            Proxy() as proxy,
            RawServer(script, self.certificates.context("valid")) as server,
            run_of(
                server.url,
                ("bad", "after"),
                *("--proxy", proxy.url, "--concurrency", "1"),
                *("--cacert", str(self.certificates.authority)),
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.rows["bad"]["status"], "unknown", run.said())
            self.assertEqual(run.rows["after"]["status"], "invited")
            self.assertEqual(server.posts["bad@example.com"], 1)

    def test_a_proxy_that_refuses_stops_the_run(self):
        for status, exit_code in ((407, 7), (403, 7), (502, 5)):
            refusal = http(status, [("Proxy-Authenticate", "Basic realm=x")])
            with (
                self.subTest(status=status),
                Proxy(refusal) as proxy,
                RawServer(tls=self.certificates.context("valid")) as server,
                run_of(
                    server.url,
                    ("one",),
                    *("--proxy", proxy.url, "--give-up-after", "1s"),
                    *("--cacert", str(self.certificates.authority)),
                ) as run,
            ):
                run.end()
                self.check_sane(run)
                self.assertEqual(run.exit_code, exit_code, run.said())
                self.assertEqual(run.rows["one"]["status"], "unprocessed")
                self.assertEqual(server.accepted, 0)

    def test_the_server_gets_the_token_and_the_contracts_request_once(self):
        with RawServer() as server, run_of(server.url, ("one",)) as run:
            run.end()
            (request,) = server.requests
            self.assertEqual(
                request.headers["authorization"], f"Bearer {TOKEN}"
            )
            self.assertEqual(request.head.count(b"Authorization"), 1)
            self.assertNotIn("expect", request.headers)
            self.assertEqual(
                request.target, "/v1/organizations/acme/members/invite"
            )


if __name__ == "__main__":
    unittest.main()
