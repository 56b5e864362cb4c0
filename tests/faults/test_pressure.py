"""Few file descriptors, little memory, and no work done while waiting."""

import os
import resource
import time
import unittest
from collections import Counter

from faults import IS_SANITIZED
from raw_server import RawServer, Script, answer, fin, http, invitation, ok, raw
from support import SendCase
from transport import CLOSE, TransportCase, run_of


def limit(what, soft, hard=None):
    return lambda: resource.setrlimit(what, (soft, hard or soft))


class Resources(SendCase):
    """Whatever the limit, every row has a status, nobody gets two requests, and
    the next run without the limit finishes the job."""

    PEOPLE = 40

    def check_limit(self, name, number, codes, hard=None):
        sandbox = self.sandbox("--latency", "20ms")
        self.team(self.PEOPLE)
        running = self.start(
            sandbox,
            *("--ledger", f"{number}.db", "--report", f"{number}.csv"),
            *("--concurrency", "64", "--rate", "1000/s"),
            *("--give-up-after", "1s", "--max-attempts", "2"),
            input_name="team.csv",
            preexec_fn=limit(name, number, hard),
        )
        done = self.finish(running)
        told = f"{number}: {done.stderr}"
        self.assertIn(done.returncode, codes, told)
        if done.returncode:
            self.assertNotEqual(done.stderr, "", told)
        if (self.folder / f"{number}.csv").exists():
            self.assertEqual(
                len(self.statuses(f"{number}.csv")), self.PEOPLE, told
            )
        posts = [person["posts"] for person in sandbox.invites()]
        again = self.send(
            sandbox, "--ledger", f"{number}.db", "--report", f"{number}b.csv"
        )
        self.assertIn(again.returncode, (0, 3), again.stderr)
        statuses = Counter(self.statuses(f"{number}b.csv"))
        sent = Counter(person["posts"] for person in sandbox.invites())
        self.assertEqual(set(sent), {1}, told)
        self.assertEqual(
            set(statuses) - {"invited", "already_invited", "unknown"}, set()
        )
        self.assertLessEqual(len(posts), self.PEOPLE)
        return done.returncode

    def test_few_file_descriptors(self):
        ends = [
            self.check_limit(resource.RLIMIT_NOFILE, number, (0, 3, 4, 5, 6))
            for number in (8, 14, 16, 64)
        ]
        self.assertEqual(ends[-1], 0)

    def test_the_soft_limit_of_file_descriptors_is_lifted(self):
        started = time.monotonic()
        self.check_limit(resource.RLIMIT_NOFILE, 16, (0,), hard=1024)
        self.assertLess(time.monotonic() - started, 8)

    @unittest.skipIf(IS_SANITIZED, "a sanitizer needs terabytes of addresses")
    def test_little_memory(self):
        ends = [
            self.check_limit(resource.RLIMIT_AS, mib << 20, (0, 3, 5, 6, 7, 127))
            for mib in (24, 40, 48, 56, 64, 256)
        ]
        self.assertEqual(ends[-1], 0)


class Waiting(TransportCase):
    """What the engine does while there is nothing to do."""

    def cpu_s(self, server, people, *options):
        """Processor time of a run, which takes seconds."""
        with run_of(server.url, people, *options) as run:
            _, status, usage = os.wait4(run.process.pid, 0)
            run.process.returncode = os.waitstatus_to_exitcode(status)
            said = run.said()
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, said)
        return usage.ru_utime + usage.ru_stime

    @unittest.skipIf(IS_SANITIZED, "sanitizers take time of their own")
    def test_a_hold_with_dead_idle_connections_costs_nothing(self):
        """Eight connections that the server has closed or half closed, and one
        that talks unasked, while a Retry-After of two seconds passes."""
        for name, after in (
            ("fin", fin()),
            ("half_close", lambda c, _: c.sock.shutdown(1)),
            ("unasked", raw(http(200, body=b"{}") * 3)),
        ):
            people = [f"p{i}" for i in range(9)]
            rows = {name: (raw(ok(), after),) for name in people[:-1]}
            rows[people[-1]] = (answer(429, [("Retry-After", "2")]), ok())
            with self.subTest(name), RawServer(Script(rows=rows)) as server:
                cpu_s = self.cpu_s(
                    server, people, "--concurrency", "8", "--rate", "1000/s"
                )
                self.assertLess(cpu_s, 0.2)

    @unittest.skipIf(IS_SANITIZED, "sanitizers take time of their own")
    def test_a_server_that_closes_after_every_answer_costs_little(self):
        def close(connection, request):
            connection.send(http(200, CLOSE, invitation(request)))
            return fin()(connection, request)

        people = [f"p{i}" for i in range(12)]
        for name, act in (("told", close), ("untold", raw(ok(), fin()))):
            with self.subTest(name), RawServer(Script(each=act)) as server:
                cpu_s = self.cpu_s(server, people, "--rate", "5/s")
                self.assertLess(cpu_s, 0.2)


if __name__ == "__main__":
    unittest.main()
