#!/usr/bin/env python3
"""Every status ends as the table "Which answers mean what" of
docs/architecture.md says.
"""

import json
import unittest

from raw_server import (
    RawServer,
    Script,
    answer,
    fin,
    http,
    http_head,
    raw,
    rst,
    silence,
)
from transport import CLOSE, FRESH, Case, TransportCase, run_of


HTML = b"<!DOCTYPE html><html><title>Sorry</title></html>"
ENVOY = b"upstream connect error or disconnect/reset before headers"
VARNISH = b"<html><title>503</title><h3>Guru Meditation:</h3></html>"
HEROKU = b'<iframe src="//www.herokucdn.com/error-pages/application.html">'


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
        cases.append(
            Case("204", raw(http_head(204)), "unknown", "bad_response")
        )
        self.check_cases(cases)

    def test_a_503_whose_end_did_not_come_leaves_the_row_in_doubt(self):
        """What says that a gateway lost the server halfway may have been in
        the rest."""
        head = http_head(503, len(ENVOY))
        whole = http_head(503, 100_000 + len(ENVOY)) + b" " * 100_000 + ENVOY
        doubt = {"status": "unknown", "code": "server_error"}
        self.check_cases(
            [
                Case("in_the_body", raw(head, ENVOY[:9], fin()), **doubt),
                Case("before_the_body", raw(head, fin()), **doubt),
                Case("reset", raw(head, rst()), **doubt),
                Case("in_the_headers", raw(head[:-9], fin()), **doubt),
                Case("over_the_cap", raw(whole), **doubt),
                Case(
                    "in_time",
                    raw(head, silence()),
                    options=("--timeout", "700ms"),
                    **doubt,
                ),
            ]
        )

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
                        server.url,
                        ["good", *bad, "after"],
                        *("--concurrency", "1"),
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
            self.check(
                Case("refresh", answer(503, refresh), posts=2, exit_code=0)
            )
            self.assertEqual(other.accepted, 0)


if __name__ == "__main__":
    unittest.main()
