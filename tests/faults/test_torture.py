#!/usr/bin/env python3
"""SIGKILL and power loss at any point, and the same command again until it is
done: nobody lost, nobody invited twice.

By default some dozens of kills. The long form, which prints its figures:

    BULK_INVITE_TORTURE_KILLS=1000 BULK_INVITE_BIN_DIR=BUILD \\
        tests/faults/test_torture.py -v

$BULK_INVITE_TORTURE_SEED (1) chooses other points. In a build with sanitizers
only the time of a kill is chosen, not the call.
"""

import csv
import os
import random
import sys
import tempfile
import unittest
from collections import Counter, defaultdict
from pathlib import Path

from faults import (
    INTENT,
    IS_SANITIZED,
    LEDGER,
    REPORT,
    Ledger,
    Run,
    check_against_server,
)
from support import Sandbox

KILLS = int(os.environ.get("BULK_INVITE_TORTURE_KILLS", "40"))
SEED = os.environ.get("BULK_INVITE_TORTURE_SEED", "1")

ROWS = 200
KILLS_A_ROUND = 10

# Where the end comes: at the Nth of these calls, of which a run makes about so
# many: always, and for each row it has to send.
CALLS = {
    "write": (20, 1),
    "fsync": (6, 0.15),
    "sendto": (0, 1),
    "recvfrom": (0, 2),
}
WAYS = ("kill", "kill-after", "power")

PERFECT = ("--latency", "5ms")
SERVERS = (
    PERFECT,
    ("--latency", "0ms"),
    ("--latency", "20ms"),
    ("--latency", "5ms", "--fail-share", "4%", "--drop-share", "2%"),
)


class Figures:
    def __init__(self):
        self.kills = Counter()
        self.rows = self.lost = self.doubled = 0
        self.unknown = defaultdict(list)  # --concurrency -> by each kill

    def __str__(self):
        unknown = "; ".join(
            f"--concurrency {concurrency}: {max(each)} at most,"
            f" {sum(each) / len(each):.1f} in the mean"
            for concurrency, each in sorted(self.unknown.items())
        )
        return (
            f"{self.kills.total()} kills, {self.rows} rows, {self.lost} lost,"
            f" {self.doubled} doubled\n  {dict(sorted(self.kills.items()))}"
            f"\n  unknown by one kill: {unknown}"
        )


class Round:
    """One list, one ledger and one server, and kills until the list is done."""

    def __init__(self, test, rows, server=PERFECT, concurrency=16, options=()):
        self.test = test
        self.figures = test.figures
        self.rng = test.rng
        self.people = [f"person{i}@example.com" for i in range(1, rows + 1)]
        self.server = server
        self.concurrency = concurrency
        # below twice the limit, and two where there is but one in flight
        self.unknown_below = max(2 * concurrency, 3)
        self.options = options
        self.history = [server, f"--concurrency {concurrency}", options]

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="bulk-invite-")
        self.folder = Path(self.temporary.name)
        self.sandbox = Sandbox(*self.server)
        self.sandbox.__enter__()
        self.write_list()
        return self

    def __exit__(self, *_):
        self.sandbox.stop()
        self.temporary.cleanup()

    def write_list(self):
        """Also some lines for which nobody is invited."""
        self.lines = []
        for i, email in enumerate(self.people):
            self.lines.append(f"{email},member")
            if i % 40 == 7:
                self.lines.append(f"{email.title()},member")
            if i % 40 == 13:
                self.lines.append("nobody at all,member")
        text = "\n".join(["email,role", *self.lines, ""])
        (self.folder / "team.csv").write_text(text)

    def edit_list(self):
        """The rows in another order, and someone new."""
        self.people.append(f"late{len(self.people)}@example.com")
        self.rng.shuffle(self.people)
        self.write_list()

    def run(self, *extra, **how):
        args = ["send", "team.csv", "--org", "acme", "--ledger", LEDGER]
        args += ["--base-url", self.sandbox.url]
        args += ["--concurrency", self.concurrency, *self.options, *extra]
        return Run(self.folder, args, **how)

    def seen(self):
        """address -> what the server has of it"""
        return {p["email"].lower(): p for p in self.sandbox.invites()}

    def check_server(self):
        """Nobody twice; on a server without faults not even asked twice."""
        seen = self.seen()
        key = "posts" if len(self.server) == 2 else "processed"
        doubled = [p for p in seen.values() if p[key] > 1]
        self.figures.doubled += len(doubled)
        self.test.assertEqual(doubled, [], self.told())
        return seen

    def told(self):
        return f"seed {SEED}, {self.history}"

    def choose_end(self):
        """How the next run ends: arguments of run(), and a name for it."""
        left = len(self.people) - len(Ledger(self.folder / LEDGER).people)
        call = None
        if not IS_SANITIZED:
            call = self.rng.choice((None, *CALLS, *CALLS))
        if call is None:
            longest = 0.02 + left * (0.01 if IS_SANITIZED else 0.001)
            return {"kill_after_s": self.rng.uniform(0.001, longest)}, "time"
        way = self.rng.choice(WAYS)
        always, each = CALLS[call]
        nth = self.rng.randint(1, 1 + int(always + each * left))
        return {"fault": f"{way}:{call}:{nth}"}, f"{way} {call}"

    def kill_and_finish(self, most=KILLS_A_ROUND, is_edited=False):
        for _ in range(most):
            how, name = self.choose_end()
            self.history.append(how)
            if is_edited:
                self.edit_list()
            run = self.run(**how)
            if not run.is_killed:
                break
            self.figures.kills[name] += 1
            self.check_kill()
        else:
            run = self.run()
        self.check_end(run)

    def check_kill(self):
        ledger = Ledger(self.folder / LEDGER)
        unknown = ledger.count(INTENT)
        self.figures.unknown[self.concurrency].append(unknown)
        self.test.assertLess(unknown, self.unknown_below, self.told())
        processed = {e: p["processed"] for e, p in self.check_server().items()}
        check_against_server(self.test, ledger, processed, self.told())

    def report(self):
        """The report's rows; none may be missing."""
        with open(self.folder / REPORT, newline="", encoding="utf-8") as file:
            rows = sorted(csv.DictReader(file), key=lambda r: int(r["line"]))
        lines = [int(row["line"]) for row in rows if row["status"]]
        wanted = range(2, len(self.lines) + 2)
        self.figures.rows += len(wanted)
        self.figures.lost += len(set(wanted) - set(lines))
        self.test.assertEqual(lines, list(wanted), self.told())
        return rows

    def check_end(self, run):
        run.check_sane(self.test, self.told())
        self.test.assertIn(run.exit_code, (0, 3), f"{self.told()} {run.stderr}")
        seen = self.check_server()
        for row in self.report():
            self.check_row(row, seen.get(row["email"].lower()))
        self.check_again(seen)
        self.check_retry_of_unknown()

    def check_row(self, row, seen):
        """Does the server say the same?"""
        told = f"{row} {seen} {self.told()}"
        if row["status"] in ("invited", "already_invited"):
            self.test.assertIsNotNone(seen, told)
            self.test.assertEqual(seen["processed"], 1, told)
        elif " " in row["email"]:
            self.test.assertEqual(row["status"], "invalid", told)
        else:
            self.test.assertIn(row["status"], ("unknown", "duplicate"), told)

    def check_again(self, seen):
        """What is done is done: not one more request."""
        run = self.run()
        self.test.assertIn(run.exit_code, (0, 3), f"{self.told()} {run.stderr}")
        self.test.assertEqual(self.seen(), seen, self.told())
        self.report()

    def check_retry_of_unknown(self):
        run = self.run("--retry-unknown")
        self.test.assertIn(run.exit_code, (0, 3), f"{self.told()} {run.stderr}")
        for email, person in self.seen().items():
            self.test.assertLessEqual(person["processed"], 1, email)
        if len(self.server) > 2:
            return  # it may lose an answer again
        for row in self.report():
            if " " not in row["email"]:
                wanted = ("invited", "already_invited", "duplicate")
                self.test.assertIn(row["status"], wanted, self.told())


class Torture(unittest.TestCase):
    def setUp(self):
        self.figures = Figures()
        self.rng = random.Random(f"{SEED} {self.id()}")
        self.addCleanup(self.say_figures)

    def say_figures(self):
        if KILLS >= 1000:
            print(f"\n{self.id()}: {self.figures}", file=sys.stderr)

    def more(self, share):
        return self.figures.kills.total() < KILLS * share

    def test_killed_anywhere_and_run_again_nobody_is_lost_or_doubled(self):
        for number in range(KILLS):
            if not self.more(0.7):
                return
            with Round(
                self,
                ROWS,
                SERVERS[number % len(SERVERS)],
                self.rng.choice((1, 4, 16, 16, 64)),
            ) as a_round:
                a_round.kill_and_finish()

    def test_killed_and_the_list_edited_before_it_is_run_again(self):
        for _ in range(KILLS):
            if not self.more(0.2):
                return
            with Round(self, ROWS) as a_round:
                a_round.kill_and_finish(is_edited=True)

    def test_killed_at_a_slow_rate_at_most_two_are_unknown(self):
        """The server is faster than the pace."""
        for _ in range(KILLS):
            if not self.more(0.1):
                return
            with Round(self, 4, options=("--rate", "2/s")) as a_round:
                a_round.unknown_below = 3
                a_round.kill_and_finish(most=3)


if __name__ == "__main__":
    unittest.main()
