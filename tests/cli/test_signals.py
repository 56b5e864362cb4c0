"""Stopping: nothing new starts, what is in flight ends, every row is named."""

import os
import signal
import threading
import time
import unittest
from pathlib import Path

from support import Recorder, SendCase, invitation, reply, wait_until

SOON_S = 20  # on a busy machine with sanitizers; a hang would be 30 s or more


class Hanging(Recorder):
    """Answers the first request and then nobody, until the test is over."""

    def __init__(self):
        self.is_over = threading.Event()
        super().__init__(invitation, self.hang)

    def hang(self, request):
        self.is_over.wait(120)

    def __exit__(self, *args):
        self.is_over.set()
        super().__exit__(*args)


class SignalCase(SendCase):
    def ignoring(self, name):
        return ("/bin/sh", "-c", f'trap "" {name}; exec "$@"', "sh")


class InTheMiddle(SignalCase):
    def check_stop(self, number, exit_code):
        """Under a steady stream of requests, some always in flight."""
        count = 2000
        self.team(count)
        sandbox = self.sandbox("--latency", "300ms")
        running = self.start(
            sandbox,
            *("--rate", "100/s", "--concurrency", "128"),
            input_name="team.csv",
        )
        wait_until(lambda: sandbox.seen()["posts"] > 30, "30 are sent")
        running.signal(number)
        time.sleep(0.1)  # the promise
        posts = sandbox.seen()["posts"]
        done = self.finish(running, expect=exit_code, timeout=SOON_S)
        self.assertEqual(sandbox.seen()["posts"], posts)
        self.assertEqual(
            self.check_totals(done, count),
            {"invited": posts, "unprocessed": count - posts},
        )
        self.assertIn("Stopped early: ", done.stderr)
        self.assertIn(signal.strsignal(number), done.stderr)
        for row in self.report():
            if row["status"] == "unprocessed":
                self.assertEqual(row["error_code"], "stopped")

    def test_sigint(self):
        self.check_stop(signal.SIGINT, 130)

    def test_sigterm(self):
        self.check_stop(signal.SIGTERM, 143)

    def test_a_hangup(self):
        self.check_stop(signal.SIGHUP, 129)

    def test_rows_that_are_bad_keep_their_status(self):
        """A file is read to its end, also after the stop."""
        server = self.serve(Hanging())
        bad = ["bad,member", "person1@example.com,member"]
        people = [f"person{i}@example.com,member" for i in range(1, 2001)]
        self.team(*people, *bad)
        running = self.start(
            server, "--verbose", "--concurrency", "2", input_name="team.csv"
        )
        wait_until(lambda: len(server.requests) == 3, "two are in flight")
        running.signal(signal.SIGINT)
        wait_until(lambda: "stopping" in running.said(), "it stops")
        server.is_over.set()
        done = self.finish(running, expect=130, timeout=SOON_S)
        self.assertEqual(
            self.check_totals(done, 2002),
            {
                "invited": 1,
                "unknown": 2,
                "unprocessed": 1997,
                "invalid": 1,
                "duplicate": 1,
            },
        )
        self.assertEqual(len(server.requests), 3)


class Beforehand(SignalCase):
    def test_while_it_waits_for_who_reads_the_report(self):
        self.team(1)
        os.mkfifo(self.folder / "pipe")
        sandbox = self.sandbox()
        running = self.start(
            sandbox,
            *("--report", "pipe", "--ledger", "team.db"),
            input_name="team.csv",
        )
        stat = Path(f"/proc/{running.process.pid}/stat")
        lock = self.folder / "team.db.lock"
        wait_until(
            lambda: lock.exists() and stat.read_text().split()[2] == "S",
            "it waits",
        )
        running.signal(signal.SIGTERM)
        done = running.finish(timeout=SOON_S)
        self.assertEqual(done.returncode, -signal.SIGTERM)
        self.assertEqual(sandbox.seen()["posts"], 0)


class Twice(SignalCase):
    def test_a_second_signal_ends_it_at_once(self):
        """What was in flight may have been processed: unknown."""
        for first, second, exit_code in (
            (signal.SIGINT, signal.SIGINT, 130),
            (signal.SIGTERM, signal.SIGINT, 143),
        ):
            with self.subTest(first=first, second=second):
                self.team(50)
                server = self.serve(Hanging())
                running = self.start(
                    server,
                    *("--verbose", "--concurrency", "4", "--rate", "1000/s"),
                    input_name="team.csv",
                )
                wait_until(
                    lambda: len(server.requests) == 5, "4 are in flight"
                )
                running.signal(first)
                wait_until(
                    lambda: "stopping" in running.said(),
                    "the first signal is taken",
                )
                running.signal(second)
                done = self.finish(running, expect=exit_code, timeout=SOON_S)
                self.assertEqual(
                    self.check_totals(done, 50),
                    {"invited": 1, "unknown": 4, "unprocessed": 45},
                )
                self.assertEqual(len(server.requests), 5)
                asked = {r.json["email"] for r in server.requests[1:]}
                for row in self.report():
                    if row["email"] in asked:
                        self.assertEqual(row["status"], "unknown")
                        self.assertEqual(row["error_code"], "aborted")


class Idle(SignalCase):
    """Whatever it waits for, a signal ends the wait."""

    def stop(self, running, report_name="stdin.report.csv"):
        running.signal(signal.SIGTERM)
        done = self.finish(running, expect=143, timeout=SOON_S)
        return done, self.statuses(report_name)

    def test_while_it_waits_for_rows(self):
        sandbox = self.sandbox()
        running = self.start(sandbox)
        running.write("email,role\nada@example.com,admin\n")
        partial = self.folder / "stdin.report.csv.partial"
        wait_until(
            lambda: partial.exists() and b"invited" in partial.read_bytes(),
            "the first row is reported",
        )
        done, statuses = self.stop(running)
        self.assertEqual(statuses, ["invited"])
        self.assertIn("Not read to its end: stdin", done.stderr)

    def test_while_it_waits_for_the_rest_of_a_row(self):
        """Half a row is nobody's."""
        sandbox = self.sandbox()
        running = self.start(sandbox)
        running.write("email,role\nada@example.com,admin\nbob@example.co")
        partial = self.folder / "stdin.report.csv.partial"
        wait_until(
            lambda: partial.exists() and b"invited" in partial.read_bytes(),
            "the first row is reported",
        )
        _, statuses = self.stop(running)
        self.assertEqual(statuses, ["invited"])
        self.assertEqual(sandbox.seen()["posts"], 1)

    def test_while_it_waits_for_the_header(self):
        running = self.start(self.sandbox())
        running.signal(signal.SIGTERM)
        self.assertIn(running.process.wait(SOON_S), (143, -signal.SIGTERM))

    def test_while_it_waits_for_the_rate(self):
        self.team(3)
        sandbox = self.sandbox()
        running = self.start(
            sandbox, "--rate", "1/h", input_name="team.csv"
        )
        wait_until(sandbox.invites, "the first is sent")
        _, statuses = self.stop(running, "team.csv.report.csv")
        self.assertEqual(statuses, ["invited", "unprocessed", "unprocessed"])

    def test_while_it_waits_for_a_quota(self):
        self.team(3)
        recorder = self.recorder(reply(429, retry_after="3600"))
        running = self.start(recorder, "--verbose", input_name="team.csv")
        wait_until(lambda: "waiting" in running.said(), "it waits")
        done, statuses = self.stop(running, "team.csv.report.csv")
        self.assertEqual(statuses, ["unprocessed"] * 3)
        self.assertEqual(len(recorder.requests), 1)
        self.assertIn("only what is still owed is sent", done.stderr)


class Ignored(SignalCase):
    """Who starts a program decides which signals it takes: nohup, and a
    shell's background job."""

    def check_ignored(self, number, wrapper):
        sandbox = self.sandbox()
        running = self.start(sandbox, wrapper=wrapper)
        running.write("email,role\nada@example.com,admin\n")
        wait_until(sandbox.invites, "the first row is sent")
        running.signal(number)
        running.write("bob@example.com,member\n")
        running.close_stdin()
        self.finish(running, expect=0)
        self.assertEqual(
            self.statuses("stdin.report.csv"), ["invited", "invited"]
        )

    def test_a_hangup_under_nohup(self):
        self.check_ignored(signal.SIGHUP, ("nohup",))

    def test_sigint_in_the_background(self):
        self.check_ignored(signal.SIGINT, self.ignoring("INT"))


if __name__ == "__main__":
    unittest.main()
