#!/usr/bin/env python3
"""Several runs on one ledger: one works, the others leave at once with 11 and
name it. And a ledger that is used from elsewhere."""

import shutil
import threading
import time
import unittest

from faults import LEDGER
from support import SendCase, invitation, wait_until


class Starts(SendCase):
    """The server answers nobody until the test says so: whoever works is held
    at its first request."""

    def setUp(self):
        super().setUp()
        self.team(20)
        self.may_answer = threading.Event()

        def answer(request):
            self.may_answer.wait(60)
            return invitation(request)

        self.server = self.recorder(answer)
        # before the server ends, so that it can
        self.addCleanup(self.may_answer.set)

    def begin(self, number=0, *args):
        """A run whose report is its own."""
        return self.start(
            self.server,
            *("--ledger", LEDGER, "--report", f"report{number}.csv", *args),
            input_name="team.csv",
        )

    def check_one_works(self, runs):
        """All but one have left with 11, naming it; it then finishes."""
        wait_until(
            lambda: sum(r.process.poll() is None for r in runs) <= 1,
            "all but one have left",
        )
        (holder,) = [r for r in runs if r.process.poll() is None]
        for run in runs:
            if run is holder:
                continue
            done = self.finish(run, expect=11)
            self.assertRegex(
                done.stderr,
                rf"in use by pid {self.pid_of(holder)} \(send team\.csv\)"
                r" since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
            )
        wait_until(lambda: self.server.requests, "the holder's first request")
        self.may_answer.set()
        self.finish(holder, expect=0)
        reports = list(self.folder.glob("report*.csv"))
        self.assertEqual(len(reports), 1)
        emails = [request.json["email"] for request in self.server.requests]
        self.assertEqual(len(emails), len(set(emails)))
        self.assertEqual(len(emails), 20)

    def pid_of(self, run):
        """env(1) becomes the program, under the same number."""
        return run.process.pid

    def test_two_at_once(self):
        for _ in range(3):
            with self.subTest():
                self.check_one_works([self.begin(i) for i in range(2)])
            self.start_over()

    def start_over(self):
        self.may_answer.clear()
        self.server.requests.clear()
        for file in [*self.folder.glob("team.db*"), *self.folder.glob("rep*")]:
            file.unlink()

    def test_twenty_at_once(self):
        self.check_one_works([self.begin(i) for i in range(20)])

    def test_a_second_one_leaves_at_once(self):
        first = self.begin(1)
        wait_until(lambda: self.server.requests, "the first one's request")
        started = time.monotonic()
        second = self.begin(2)
        self.finish(second, expect=11)
        self.assertLess(time.monotonic() - started, 5)
        self.check_one_works([first])

    def test_one_that_waits_takes_over(self):
        first = self.begin(1)
        wait_until(lambda: self.server.requests, "the first one's request")
        second = self.begin(2, "--lock-wait", "60s")
        self.may_answer.set()
        self.finish(first, expect=0)
        self.finish(second, expect=0)
        self.assertEqual(set(self.statuses("report2.csv")), {"already_invited"})
        self.assertEqual(len(self.server.requests), 20)

    def test_a_killed_holder_holds_nothing(self):
        first = self.begin(1)
        wait_until(lambda: self.server.requests, "its request")
        first.process.kill()
        first.process.wait()
        self.may_answer.set()
        self.finish(self.begin(2), expect=3)
        statuses = self.statuses("report2.csv")
        self.assertEqual(statuses.count("unknown"), 1)
        self.assertEqual(statuses.count("invited"), 19)


class Elsewhere(SendCase):
    def test_a_copied_ledger_knows_what_it_knew(self):
        self.team(20)
        server = self.recorder()
        self.send(server, "--ledger", LEDGER, expect=0)
        (self.folder / "away").mkdir()
        shutil.copy(self.folder / LEDGER, self.folder / "away" / "other.db")
        self.send(server, "--ledger", "away/other.db", expect=0)
        self.assertEqual(len(server.requests), 20)
        self.assertEqual(set(self.statuses()), {"already_invited"})

    def test_the_place_nobody_named_is_found_again(self):
        self.team(20)
        server = self.recorder()
        self.send(server, expect=0)
        self.send(server, expect=0)
        self.assertEqual(len(server.requests), 20)
        (ledger,) = self.folder.glob("state/bulk-invite/*/acme.db")
        self.assertEqual(ledger.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
