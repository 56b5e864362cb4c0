"""A ledger's file may come from anywhere: whatever is in it, no command crashes,
hangs, takes much memory or lets it steer the terminal."""

import contextlib
import resource
import shutil
import sqlite3
import unittest

from support import SendCase, is_sanitized

MOST = 2**63 - 1
LEAST = -MOST - 1
SECONDS = 20
MEMORY_MOST = 128 << 20  # with the stacks of its threads
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

# What somebody did to a good ledger: statements.
CASES = {
    "times: began at the end": [f"UPDATE run SET started_at = {MOST}"],
    "times: ended before all": [
        f"UPDATE run SET started_at = {LEAST}, ended_at = {LEAST}"
    ],
    "times: from the one to the other": [
        f"UPDATE run SET started_at = {LEAST}, ended_at = 0",
        f"UPDATE row SET settled_at = {MOST} WHERE id = 1",
    ],
    "times: a long run": [
        "UPDATE run SET started_at = -9000000000000000000, ended_at = NULL",
        "UPDATE row SET settled_at = 9000000000000000000",
    ],
    "times: holds": [
        "INSERT INTO hold (run, began_at, planned_until, reason) VALUES"
        f" (1, {LEAST}, {MOST}, 1), (1, 5, {MOST}, 2), (1, 0, {MOST}, 1),"
        f" (1, 1, 2, {LEAST})",
        f"UPDATE run SET started_at = {LEAST}, ended_at = 0",
    ],
    "times: expires at words": ["UPDATE row SET expires_at = 'now'"],
    "pace: endless": [
        f"INSERT OR REPLACE INTO pace VALUES (1, 9e999, {MOST},"
        " CAST(strftime('%s', 'now') AS INTEGER))"
    ],
    "pace: huge": [
        "INSERT OR REPLACE INTO pace VALUES (1, 1e300, 0,"
        " CAST(strftime('%s', 'now') AS INTEGER))"
    ],
    "pace: tiny": [
        "INSERT OR REPLACE INTO pace VALUES (1, 1e-300, 0,"
        " CAST(strftime('%s', 'now') AS INTEGER))"
    ],
    "pace: of long ago": [
        f"INSERT OR REPLACE INTO pace VALUES (1, -1e308, {MOST}, {LEAST})"
    ],
    "pace: words": ["INSERT OR REPLACE INTO pace VALUES (1, 'a', 'b', 'c')"],
    "index: merged to before all": [
        "UPDATE identity SET merged_to = -5000000000000000000"
    ],
    "index: merged to the least": [
        f"UPDATE identity SET merged_to = {LEAST}"
    ],
    "index: merged to the end": [f"UPDATE identity SET merged_to = {MOST}"],
    "index: leads to nothing": [f"UPDATE person SET row = {MOST}"],
    "index: leads below all": ["UPDATE person SET row = -1"],
    "index: one for all": [
        "UPDATE row SET person = (SELECT person FROM row WHERE id = 1)"
    ],
    "rows: the last there can be": [
        f"UPDATE row SET id = {MOST} WHERE id = 3",
        "UPDATE identity SET merged_to = 0",
    ],
    "rows: far apart": [
        "UPDATE row SET id = 1000000000000 WHERE id = 3",
        "UPDATE identity SET merged_to = 0",
    ],
    "rows: below all": ["UPDATE row SET id = -5 WHERE id = 1"],
    "rows: status unheard of": ["UPDATE row SET status = 99"],
    "rows: status below all": [f"UPDATE row SET status = {LEAST}"],
    "rows: state unheard of": ["UPDATE row SET state = 77, status = 0"],
    "rows: state below all": ["UPDATE row SET state = -1"],
    "rows: line below all": [f"UPDATE row SET line = {LEAST}"],
    "rows: replace themselves": [
        "UPDATE row SET replaces = id, state = 1, status = 0"
    ],
    "rows: wrong types": [
        "UPDATE row SET line = 'x', email = x'00ff', role = 1.5,"
        " http_status = 'abc', attempts = x'ff', error = x'c39b00',"
        " expires_at = x'ff', code = 7, settled_at = 'y'"
    ],
    "rows: a huge value": [
        "UPDATE row SET email = hex(zeroblob(30000000)) WHERE id = 1"
    ],
    "runs: from the last row": [f"UPDATE run SET first_row = {MOST}"],
    "runs: the last there can be": [f"UPDATE run SET id = {MOST}"],
    "runs: below all": ["UPDATE run SET id = -7"],
    "runs: an odd end": [f"UPDATE run SET exit_code = {LEAST}"],
    "identity: a short key": ["UPDATE identity SET hash_key = x'00'"],
    "schema: a view of identity": [
        "ALTER TABLE identity RENAME TO other",
        f"CREATE VIEW identity AS {ENDLESS}"
        " SELECT other.* FROM other, n WHERE n.i < 0",
    ],
    "schema: an endless view of runs": [
        "ALTER TABLE run RENAME TO other",
        f"CREATE VIEW run AS {ENDLESS} SELECT other.* FROM other, n",
    ],
    "schema: an endless trigger": [
        "CREATE TRIGGER t AFTER INSERT ON run BEGIN"
        " INSERT INTO hold (run, began_at, planned_until, reason)"
        f" {ENDLESS} SELECT 1, i, i, 1 FROM n; END"
    ],
    "schema: a heavy check": [
        "DROP TABLE hold",
        "CREATE TABLE hold (id INTEGER PRIMARY KEY, run, began_at,"
        " planned_until, reason,"
        " CHECK (length(hex(zeroblob(400000000))) > 0))",
    ],
    "schema: a heavy column": [
        "ALTER TABLE row RENAME TO other",
        "CREATE TABLE row (id INTEGER PRIMARY KEY, line, state, status,"
        " email TEXT AS (hex(zeroblob(200000000))), role, person,"
        " idempotency_key, replaces, settled_at, code, http_status, attempts,"
        " invitation_id, invitation_state, created_at, expires_at, error)",
        "INSERT INTO row (id, line, state, status, role, person)"
        " SELECT id, line, state, status, role, person FROM other",
    ],
    "schema: a column is missing": ["ALTER TABLE row DROP COLUMN error"],
    "schema: an unknown collation": [
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_schema SET sql = replace(sql, 'input TEXT',"
        " 'input TEXT COLLATE nosuch') WHERE name = 'run'",
    ],
}

COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("report", "-o", "out.csv"),
    ("report", "-o", "out.jsonl"),
    ("report", "--html", "-o", "out.html"),
    ("check", "team.csv"),
    ("send", "team.csv", "--report", "sent.csv", "--max-duration", "1s"),
    ("resolve", "a@x.org", "--invited"),
    ("forget", "a@x.org"),
)


@contextlib.contextmanager
def little_memory():
    """For what is started meanwhile. What wait4() tells of its memory would be
    this interpreter's, which forked it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if not is_sanitized():
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MOST, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class TamperedLedger(SendCase):
    def setUp(self):
        super().setUp()
        self.server = self.sandbox()
        self.whose = ("--org", "acme", "--base-url", self.server.url)
        self.team("a@x.org,member", "b@x.org,admin", "c@x.org,member")
        self.send(self.server, "--ledger", "good.db", expect=0)
        self.edit("good.db", ["PRAGMA wal_checkpoint(TRUNCATE)"])
        self.posts = self.server.seen()["posts"]

    def edit(self, name, statements):
        database = sqlite3.connect(self.folder / name)
        database.isolation_level = None
        for statement in statements:
            database.execute(statement).fetchall()
        database.close()

    def tamper(self, statements):
        for file in self.folder.glob("bad.db*"):
            file.unlink()
        shutil.copy(self.folder / "good.db", self.folder / "bad.db")
        self.edit("bad.db", statements)

    def run_all(self):
        """Each command's exit code; its end is looked at by run_program()."""
        codes = {}
        for command in COMMANDS:
            with self.subTest(command=command), little_memory():
                done = self.run_program(
                    *command,
                    *("--ledger", "bad.db"),
                    *self.whose,
                    env={"BULK_INVITE_TOKEN": "token"},
                    timeout=SECONDS,
                )
                self.assertIn(done.returncode, (0, 2, 3, 5, 6), done.stderr)
                self.assertNotIn("out of memory", done.stderr)
                codes[command[0]] = done.returncode
        return codes

    def test_whatever_is_in_it_each_command_ends_in_words(self):
        for name, statements in CASES.items():
            with self.subTest(name):
                self.tamper(statements)
                self.run_all()

    def test_no_trigger_is_run(self):
        self.tamper(
            [
                "CREATE TRIGGER t AFTER INSERT ON row BEGIN"
                " DELETE FROM row WHERE id < new.id; END",
                "CREATE TRIGGER u AFTER UPDATE ON run BEGIN"
                " DELETE FROM person; END",
            ]
        )
        self.team("a@x.org,member", "d@x.org,member")
        for _ in range(2):
            self.send(self.server, "--ledger", "bad.db", expect=0)
        self.assertEqual(self.server.seen()["posts"], self.posts + 1)

    def test_a_command_to_type_is_quoted(self):
        self.tamper(
            [
                "UPDATE identity SET organization = 'a; rm -rf ~ ''$(b)'",
                "UPDATE row SET status = 6 WHERE id = 1",
            ]
        )
        done = self.run_program("status", "--ledger", "bad.db", expect=0)
        self.assertIn(
            "--not-sent --org 'a; rm -rf ~ '\\''$(b)'\n", done.stdout
        )


if __name__ == "__main__":
    unittest.main()
