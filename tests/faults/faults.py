"""What the tests share that break the program from below: killing it or
failing its calls through faultlib.c, and looking into ledgers afterwards."""

import contextlib
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from support import check_end, clean_env, is_sanitized, program

KINDS = (
    "write fsync sendto recvfrom open read rename unlink mkdir ftruncate"
    " flock mmap malloc socket connect sockname peername sockopt fcntl newfd"
    " thread epollctl epollwait poll resolve"
).split()

# As the ledger stores them (domain/row.h, domain/outcome.h).
PENDING, INTENT, SETTLED = range(3)
STATUSES = (
    "none invited already_invited rejected invalid duplicate unknown failed"
    " unprocessed"
).split()

LEDGER = "team.db"
REPORT = "team.csv.report.csv"


IS_SANITIZED = is_sanitized()
NEEDS_PRELOAD = (
    "the build has sanitizers, so nothing can be preloaded: run this test in"
    " a build without them"
)


def faultlib():
    folder = Path(os.environ["BULK_INVITE_BIN_DIR"]).resolve()
    path = folder / "tests" / "faults" / "faultlib.so"
    if not path.exists():
        raise RuntimeError(f"{path} is not built")
    return str(path)


class Run:
    """`bulk-invite` with a fault or none, until it has ended.

    `fault` is faultlib.c's FAULT; "" only counts, None preloads nothing.
    """

    def __init__(self, folder, args, fault=None, kill_after_s=None, **how):
        env = {}
        with tempfile.NamedTemporaryFile(prefix="bulk-invite-fault-") as state:
            if fault is not None:
                env["LD_PRELOAD"] = faultlib()
                env["FAULT_STATE"] = state.name
                if fault:
                    env["FAULT"] = fault
            process = subprocess.Popen(
                [program("bulk-invite"), *map(str, args)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=clean_env(folder, env),
                **how,
            )
            output = self.wait(process, kill_after_s)
            self.exit_code = process.returncode
            self.stdout, self.stderr = (
                text.decode("utf-8", "surrogateescape") for text in output
            )
            numbers = state.read()
        self.has_happened, self.calls = False, Counter()
        if numbers:
            happened, *calls = struct.unpack(f"={len(numbers) // 8}Q", numbers)
            self.has_happened = happened > 0
            self.calls = Counter(dict(zip(KINDS, calls, strict=True)))

    def wait(self, process, kill_after_s):
        try:
            return process.communicate(timeout=kill_after_s or 60)
        except subprocess.TimeoutExpired:
            process.kill()
            output = process.communicate()
            if kill_after_s is None:
                raise
            return output

    @property
    def is_killed(self):
        return self.exit_code == -signal.SIGKILL

    def check_sane(self, test, told=""):
        check_end(test, self.exit_code, self.stderr, told)


class Ledger:
    """What a copy of the ledger says: looking at the file itself would do the
    recovery that the program's next run is there for. `rows` are all, as
    sqlite3.Row; `people` the one that decides about each address (in lower
    case)."""

    def __init__(self, path):
        self.rows, self.people, self.runs, self.health = [], {}, [], "ok"
        if not Path(path).exists() or Path(path).stat().st_size == 0:
            return
        with tempfile.TemporaryDirectory(prefix="bulk-invite-") as folder:
            copy = shutil.copy(path, folder)
            for suffix in ("-wal", "-journal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
            with contextlib.closing(sqlite3.connect(copy)) as db:
                db.row_factory = sqlite3.Row
                self.read(db)

    def read(self, db):
        self.health = db.execute("PRAGMA integrity_check").fetchone()[0]
        if not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            return  # killed before it had tables
        self.rows = db.execute("SELECT * FROM row ORDER BY id").fetchall()
        self.runs = db.execute("SELECT * FROM run ORDER BY id").fetchall()
        self.people = {
            row["email"].lower(): row
            for row in self.rows
            if row["person"]
        }

    def count(self, state):
        return sum(row["state"] == state for row in self.rows)

    def says(self, email):
        """"absent", "pending", "intent" or the name of a status."""
        row = self.people.get(email)
        if row is None:
            return "absent"
        if row["state"] != SETTLED:
            return "intent" if row["state"] == INTENT else "pending"
        return STATUSES[row["status"]]


def check_against_server(test, ledger, processed, told=""):
    """Nobody who was processed may be owed an invitation, and nobody invited
    whom the server does not know. `processed`: address -> how often."""
    test.assertEqual(ledger.health, "ok", told)
    for email, times in processed.items():
        test.assertLessEqual(times, 1, f"{email} {told}")
        if times:
            test.assertIn(
                ledger.says(email),
                ("intent", "invited", "unknown"),
                f"{email} {told}",
            )
    for email in ledger.people:
        if ledger.says(email) == "invited":
            test.assertEqual(processed.get(email), 1, f"{email} {told}")
