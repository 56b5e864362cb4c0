#!/usr/bin/env python3
"""Answers in odd forms, and what is no answer of HTTP."""

import gzip
import socket
import unittest

from raw_server import (
    CLOSED,
    RawServer,
    Script,
    fin,
    http,
    http_head,
    invitation,
    invited,
    raw,
)
from transport import CLOSE, FRESH, Case, TransportCase, run_of


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
                if not any(deltas):
                    return None  # the next row's request may be on its way
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

        def garbage_after(connection, request):
            connection.send(invited(request) + b"HTTP/1.1 409 No\r\n\r\n")

        self.check_cases(
            [
                Case("lengths", act, {"invited", "unknown"}, exit_code=0),
                Case("garbage_after_the_answer", garbage_after, exit_code=0),
            ]
        )

    def test_a_trailer_is_no_header(self):
        def ends(status, *trailers):
            return raw(
                http_head(status, headers=[("Transfer-Encoding", "chunked")]),
                b"2\r\n{}\r\n0\r\n",
                *(trailer + b"\r\n" for trailer in trailers),
                b"\r\n",
            )

        edge = b"X-Render-Routing: no-server"
        self.check_cases(
            [
                # It would make the request one that was surely not processed.
                Case("edge", ends(500, edge), "unknown", "server_error"),
                Case(
                    "wait",
                    ends(429, b"Retry-After: 60"),
                    posts=2,
                    exit_code=0,
                    within_s=15,
                ),
                # A whole answer, if not the API's, and not one that was lost.
                Case(
                    "first",
                    ends(200, b"X: y"),
                    "unknown",
                    "bad_response",
                    people=FRESH,
                    others="unprocessed",
                    exit_code=7,
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
            "http_2_settings": raw(b"\0\0\x12\x04\0\0\0\0\0", fin()),
            "header_without_a_colon": line(b"HTTP/1.1 200 OK\r\nnonsense"),
            "nul_in_a_header": line(b"HTTP/1.1 200 OK\r\nX: a\0b"),
            # libcurl before 8.1.0 adds it to a header of the answer before,
            # which is freed by then, where a handle is used again
            "folded_first_header": line(b"HTTP/1.1 200 OK\r\n x: y"),
            "folded_first_header_by_tab": line(b"HTTP/1.1 200 OK\r\n\tx: y"),
            "folded_first_header_of_a_1xx": line(b"HTTP/1.1 103 Go\r\n x: y"),
            "bad_length": line(b"HTTP/1.1 200 OK\r\nContent-Length: -5"),
            "huge_length": line(
                b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40
            ),
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

    def test_a_200_that_is_not_this_persons_invitation_is_unknown(self):
        def changed(change, *headers):
            def act(connection, request):
                body = change(invitation(request))
                connection.send(http(200, headers, body))

            return act

        id_key = b'"invitation_id": "'
        compressed = [("Content-Encoding", "gzip")]
        coded = [("Transfer-Encoding", "gzip, gzip"), *CLOSE]
        bomb = gzip.compress(gzip.compress(b" " * 50_000_000))
        bodies = {
            "nothing": changed(lambda body: b""),
            "null": changed(lambda body: b"null"),
            "html": changed(lambda body: b"<html><title>Log in</title>"),
            "another_persons": changed(
                lambda body: body.replace(b"bad@", b"good@")
            ),
            "two_ids": changed(
                lambda body: b'{"invitation_id": "x", ' + body[1:]
            ),
            "two_people": changed(
                lambda body: b'{"email": "good@example.com", ' + body[1:]
            ),
            "nul_in_the_id": changed(
                lambda body: body.replace(id_key, id_key + b"\\u0000")
            ),
            "nul_after": changed(lambda body: body + b"\0"),
            "two_answers": changed(lambda body: body + body),
            "an_array": changed(lambda body: b"[" + body + b"]"),
            "no_id": changed(lambda body: body.replace(b"invitation_id", b"x")),
            "half": changed(lambda body: body[:-9]),
            "not_utf_8": changed(
                lambda body: body.replace(id_key, id_key + b"\xff")
            ),
            "id_of_a_megabyte": changed(
                lambda body: body.replace(id_key, id_key + b"x" * 1_000_000)
            ),
            "gzip": changed(gzip.compress, *compressed),
            "gzip_bomb": changed(
                lambda body: gzip.compress(b" " * 50_000_000), *compressed
            ),
            "gzip_bomb_as_transfer_coding": raw(
                http_head(200, headers=coded), bomb, fin()
            ),
        }
        self.check_cases(
            Case(name, action, "unknown") for name, action in bodies.items()
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


if __name__ == "__main__":
    unittest.main()
