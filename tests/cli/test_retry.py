"""Trouble on the way: what is tried again, what never is, and when to stop.

Whatever happens, each row has one status, and nobody is asked for twice
unless the first request was surely not processed.
"""

import unittest

from support import SendCase, invitation, members, reply, wait_until

# On a new connection and on one that was used before: one reason.
CLOSED = "sent, and the connection was closed without an answer"


class RetryCase(SendCase):
    def check_nobody_twice(self, sandbox):
        for person in sandbox.invites():
            self.assertLessEqual(person["processed"], 1, person)
            self.assertEqual(len(person["idempotency_keys"]), 1, person)

    def posts(self, sandbox):
        """How often each person was asked for."""
        return {p["email"]: p["posts"] for p in sandbox.invites()}

    def statuses_by_email(self):
        return {row["email"]: row["status"] for row in self.report()}


class TriedAgain(RetryCase):
    def test_a_server_that_is_away_for_a_moment(self):
        self.team(10)
        sandbox = self.sandbox("--fail-first", "2")
        done = self.send(sandbox, "--verbose", expect=0)
        self.assertEqual(self.check_totals(done, 10), {"invited": 10})
        self.assertEqual(sandbox.seen()["posts"], 12)
        self.assertEqual(
            sum(int(row["attempts"]) for row in self.report()), 12
        )
        self.check_nobody_twice(sandbox)

    def test_a_server_that_is_away_now_and_then(self):
        self.team(30)
        sandbox = self.sandbox("--fail-share", "20%", "--seed", "1")
        done = self.send(
            sandbox, "--max-attempts", "50", "--verbose", expect=0
        )
        self.assertEqual(self.check_totals(done, 30), {"invited": 30})
        posts = self.posts(sandbox)
        self.assertGreater(max(posts.values()), 1)
        self.assertEqual(
            {row["email"]: int(row["attempts"]) for row in self.report()},
            posts,
        )
        self.check_nobody_twice(sandbox)

    def test_a_quota_is_waited_out(self):
        """Slow enough that no machine is too slow to be refused."""
        self.team(14)
        sandbox = self.sandbox("--rate-limit", "2/s", "--burst", "10")
        done = self.send(sandbox, "--verbose", expect=0)
        self.assertEqual(self.check_totals(done, 14), {"invited": 14})
        self.assertGreater(sandbox.seen()["posts"], 14)
        self.assertIn("too many requests", done.stderr)
        self.check_nobody_twice(sandbox)

    def test_nothing_is_sent_before_retry_after_has_passed(self):
        self.team(3)
        recorder = self.recorder(
            invitation, reply(429, retry_after="1"), invitation
        )
        self.send(recorder, "--concurrency", "1", expect=0)
        times = [request.at for request in recorder.requests]
        self.assertEqual(len(times), 4)
        self.assertGreaterEqual(times[2] - times[1], 1.0)

    def test_a_503_may_say_when_to_come_back(self):
        self.team(1)
        recorder = self.recorder(reply(503, retry_after="1"), invitation)
        self.send(recorder, expect=0)
        first, second = recorder.requests
        self.assertGreaterEqual(second.at - first.at, 1.0)

    def test_what_was_surely_not_processed_is_tried_again(self):
        statuses = (408, 425, 503, 521, 523, 525, 526)
        people = [f"s{status}@example.com,member" for status in statuses]
        between = iter(members(2 * len(people)))
        self.team(
            *(row for p in people for row in (next(between), p, next(between)))
        )
        seen = set()

        def answer(request):
            email = request.json["email"]
            if email in seen or not email.startswith("s"):
                return invitation(request)
            seen.add(email)
            return reply(int(email[1:4]))

        recorder = self.recorder(answer)
        done = self.send(
            recorder, "--concurrency", "1", "--verbose", expect=0
        )
        self.assertEqual(self.check_totals(done, 21), {"invited": 21})
        self.assertEqual(
            {
                row["email"]
                for row in self.report()
                if row["attempts"] == "2"
            },
            seen,
        )
        self.assertEqual(len(recorder.requests), 28)

    def test_an_edge_that_found_no_server_is_not_the_servers_word(self):
        self.team(1)
        edge = reply(404, x_render_routing="no-server", retry_after="0")
        recorder = self.recorder(edge, invitation)
        self.send(recorder, expect=0)
        self.assertEqual(len(recorder.requests), 2)


class NeverAgain(RetryCase):
    def test_a_dropped_connection_leaves_it_unknown(self):
        self.team(4)
        sandbox = self.sandbox("--drop-share", "100%")
        done = self.send(sandbox, expect=3)
        self.assertEqual(self.check_totals(done, 4), {"unknown": 4})
        self.assertEqual(set(self.posts(sandbox).values()), {1})
        for row in self.report():
            self.assertEqual(row["error_code"], "connection_lost")
            self.assertEqual(row["error"], CLOSED)
            self.assertEqual(row["http_status"], "")
        self.assertIn("may have been invited", done.stderr)

    def test_a_dropped_connection_among_good_ones(self):
        self.team(40)
        sandbox = self.sandbox("--drop-share", "15%", "--seed", "3")
        done = self.send(sandbox, expect=3)
        totals = self.check_totals(done, 40)
        self.assertEqual(set(totals), {"invited", "unknown"})
        self.assertEqual(set(self.posts(sandbox).values()), {1})
        # The sandbox processed all of them, and the report claims no more
        # than what was answered.
        self.assertEqual(
            {p["processed"] for p in sandbox.invites()}, {1}
        )

    def test_libcurl_does_not_send_again_on_a_connection_that_died(self):
        """It would, up to five times, on a connection that was used before."""
        self.team(*members(2))
        recorder = self.recorder(invitation, None)
        self.send(recorder, "--concurrency", "1", expect=3)
        self.assertEqual(self.statuses(), ["invited", "unknown"])
        self.assertEqual(self.report()[1]["error"], CLOSED)
        self.assertEqual(len(recorder.requests), 2)

    def test_an_answer_that_breaks_off_is_unknown(self):
        self.team(*members(2))
        whole = reply(200, b'{"invitation_id":"1","email":"p')
        cut = whole.replace(b"Content-Length: 3", b"Content-Length: 3000")
        recorder = self.recorder(invitation, cut)
        self.send(
            recorder, "--concurrency", "1", "--timeout", "500ms", expect=3
        )
        self.assertEqual(self.statuses(), ["invited", "unknown"])
        self.assertEqual(len(recorder.requests), 2)

    def test_no_answer_in_time_is_unknown(self):
        self.team(2)
        sandbox = self.sandbox("--latency", "10m")
        done = self.send(sandbox, "--timeout", "200ms", expect=3)
        self.assertEqual(self.check_totals(done, 2), {"unknown": 2})
        self.assertEqual(
            {row["error_code"] for row in self.report()}, {"timeout"}
        )
        self.assertEqual(set(self.posts(sandbox).values()), {1})

    def test_a_failure_inside_the_server_is_unknown(self):
        statuses = (500, 502, 504, 520, 522, 524, 507, 599)
        people = [f"s{status}@example.com,member" for status in statuses]
        between = iter(members(len(people)))
        self.team(*(row for p in people for row in (next(between), p)))
        sandbox = self.sandbox(
            *(
                option
                for status in statuses
                for option in (
                    "--status-for",
                    f"s{status}@example.com={status}",
                )
            )
        )
        done = self.send(sandbox, "--concurrency", "1", expect=3)
        self.assertEqual(
            self.check_totals(done, 16), {"invited": 8, "unknown": 8}
        )
        for row in self.report():
            if row["status"] == "unknown":
                self.assertEqual(
                    row["http_status"], row["email"].partition("@")[0][1:]
                )
        self.assertEqual(set(self.posts(sandbox).values()), {1})

    def test_a_503_of_a_gateway_that_lost_the_server_is_unknown(self):
        for body in (
            b"upstream connect error or disconnect/reset before headers",
            "<html><title>503 Backend fetch failed</title>"
            "<p>Guru Meditation:</p><p>Varnish cache server</p></html>",
        ):
            with self.subTest(body=body):
                self.team(1)
                recorder = self.recorder(reply(503, body))
                self.send(recorder, expect=3)
                self.assertEqual(self.statuses(), ["unknown"])
                self.assertEqual(len(recorder.requests), 1)

    def test_a_refused_row_is_not_tried_again(self):
        statuses = (400, 402, 403, 404, 405, 410, 413, 415, 418, 422, 307)
        people = [f"s{status}@example.com,member" for status in statuses]
        between = iter(members(len(people) + 1))
        self.team(
            *(row for p in people for row in (next(between), p)),
            next(between),
        )
        sandbox = self.sandbox(
            *(
                option
                for status in statuses
                for option in (
                    "--status-for",
                    f"s{status}@example.com={status}",
                )
            )
        )
        done = self.send(sandbox, "--concurrency", "1", expect=3)
        self.assertEqual(
            self.check_totals(done, 23), {"invited": 12, "rejected": 11}
        )
        self.assertEqual(set(self.posts(sandbox).values()), {1})
        self.assertEqual(
            [
                int(row["http_status"])
                for row in self.report()
                if row["status"] == "rejected"
            ],
            list(statuses),
        )


class GivesUp(RetryCase):
    def test_a_row_after_so_many_attempts(self):
        """Its attempts count while others are answered."""
        others = []

        def answer(request):
            """With two lanes, the second of the others comes only when the
            first was answered: then an answer came during this attempt."""
            if request.json["email"] != "bad@b.c":
                others.append(request)
                return invitation(request)
            before = len(others)
            wait_until(lambda: len(others) >= before + 2, "two others")
            return reply(503)

        self.team("first@b.c,member", "bad@b.c,member", *members(30))
        recorder = self.recorder(answer)
        done = self.send(
            recorder,
            *("--max-attempts", "2", "--concurrency", "2", "--rate", "20/s"),
            expect=3,
        )
        self.assertEqual(
            self.check_totals(done, 32), {"invited": 31, "failed": 1}
        )
        bad = self.report()[1]
        self.assertEqual(
            (bad["status"], bad["http_status"], bad["attempts"]),
            ("failed", "503", "2"),
        )
        self.assertEqual(bad["error_code"], "unavailable")
        emails = [request.json["email"] for request in recorder.requests]
        self.assertEqual(emails.count("bad@b.c"), 2)
        self.assertIn("only what is still owed is sent", done.stderr)

    def test_a_server_that_stays_away(self):
        self.team(5)
        sandbox = self.sandbox("--fail-share", "100%")
        done = self.send(sandbox, "--give-up-after", "500ms", expect=5)
        self.assertEqual(self.check_totals(done, 5), {"unprocessed": 5})
        self.assertIn("--give-up-after", done.stderr)
        self.assertIn("HTTP 503", done.stderr)
        self.assertEqual(
            {p["processed"] for p in sandbox.invites()}, {0}
        )

    def test_a_server_that_dies_in_the_middle(self):
        self.team(200)
        sandbox = self.sandbox("--latency", "50ms")
        running = self.start(
            sandbox, "--give-up-after", "500ms", input_name="team.csv"
        )
        wait_until(lambda: len(sandbox.invites()) > 20, "20 are sent")
        sandbox.kill()
        done = self.finish(running, expect=5)
        totals = self.check_totals(done, 200)
        self.assertLessEqual(
            set(totals), {"invited", "unknown", "unprocessed"}
        )
        self.assertGreater(totals["invited"], 0)
        self.assertGreater(totals["unprocessed"], 0)
        # 16 were in flight; the fifth that is lost lets no more start.
        self.assertLessEqual(totals["unknown"], 20)

    def test_a_server_that_only_leaves_questions(self):
        """Five unknowns in a row, and it counts as down."""
        self.team(20)
        sandbox = self.sandbox("--drop-share", "100%")
        done = self.send(sandbox, "--give-up-after", "300ms", expect=5)
        totals = self.check_totals(done, 20)
        self.assertEqual(set(totals), {"unknown", "unprocessed"})
        self.assertLessEqual(totals["unknown"], 7)
        self.assertEqual(sandbox.seen()["posts"], totals["unknown"])

    def test_a_quota_that_opens_too_late(self):
        self.team(5)
        sandbox = self.sandbox("--rate-limit", "2/h", "--burst", "2")
        done = self.send(sandbox, "--max-wait", "10s", expect=5)
        self.assertEqual(
            self.check_totals(done, 5), {"invited": 2, "unprocessed": 3}
        )
        self.assertIn("--max-wait", done.stderr)
        self.assertIn("quota", done.stderr)

    def test_refusals_of_everything_count_as_the_runs_fault(self):
        """Five in a row after a success: rights were withdrawn, nobody was
        refused."""
        self.team(20)
        recorder = self.recorder(
            invitation, reply(403, {"detail": "Not an admin any more"})
        )
        done = self.send(recorder, "--concurrency", "1", expect=7)
        self.assertEqual(
            self.check_totals(done, 20), {"invited": 1, "unprocessed": 19}
        )
        self.assertEqual(len(recorder.requests), 6)
        self.assertIn("Not an admin any more", done.stderr)


class Everything(RetryCase):
    def test_all_of_it_at_once(self):
        """Latency, quota, failures, lost answers, refusals, duplicates."""
        count = 60
        self.team(
            *members(count),
            "PERSON1@example.com,member",
            "bad,member",
            "refused@example.com,member",
            "broken@example.com,member",
        )
        sandbox = self.sandbox(
            *("--latency", "5ms", "--rate-limit", "40/s", "--seed", "7"),
            *("--fail-share", "10%", "--drop-share", "5%"),
            *("--status-for", "refused@example.com=400"),
            *("--status-for", "broken@example.com=500"),
        )
        done = self.send(sandbox, "--max-attempts", "50", expect=3)
        totals = self.check_totals(done, count + 4)
        self.assertEqual(totals["duplicate"], 1)
        self.assertEqual(totals["invalid"], 1)
        self.assertEqual(totals["rejected"], 1)
        self.assertEqual(totals["invited"] + totals["unknown"], count + 1)
        statuses = self.statuses_by_email()
        for person in sandbox.invites():
            status = statuses[person["email"]]
            if status == "invited":
                self.assertEqual(person["processed"], 1)
            elif person["email"] == "broken@example.com":
                self.assertEqual((status, person["posts"]), ("unknown", 1))
            else:
                self.assertIn(status, ("unknown", "rejected"))
        self.check_nobody_twice(sandbox)


if __name__ == "__main__":
    unittest.main()
