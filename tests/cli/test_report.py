"""What becomes of every row is written, safely, or nothing is sent."""

import fcntl
import os
import stat
import subprocess
import threading
import unittest

from support import (
    SendCase,
    clean_env,
    invitation,
    program,
    reply,
    wait_until,
)

CLOSED_STDOUT = ("/bin/sh", "-c", 'exec "$@" >&-', "sh")


class Formats(SendCase):
    def test_the_names_ending_chooses_the_format(self):
        self.team("ada@example.com,admin")
        for name, start in (
            ("a.jsonl", b'{"line":2'),
            ("b.ndjson", b'{"line":2'),
            ("c.csv", b"line,email"),
            ("d.txt", b"line,email"),
            ("e", b"line,email"),
        ):
            with self.subTest(name=name):
                self.send(self.sandbox(), "--report", name, expect=0)
                written = (self.folder / name).read_bytes()
                self.assertTrue(written.startswith(start), written)

    def test_json_lines_have_types_and_nulls(self):
        self.team("ada@example.com,admin", "bob@example.com,")
        self.send(self.sandbox(), "--report", "r.jsonl", expect=3)
        ada, bob = self.report("r.jsonl")
        for name in ("invitation_id", "created_at", "expires_at"):
            self.assertIsInstance(ada.pop(name), str)
        self.assertEqual(
            ada,
            {
                "line": 2,
                "email": "ada@example.com",
                "role": "admin",
                "status": "invited",
                "state": "pending",
                "http_status": 200,
                "attempts": 1,
                "error_code": None,
                "error": None,
            },
        )
        self.assertEqual(
            bob,
            {
                "line": 3,
                "email": "bob@example.com",
                "role": None,
                "status": "invalid",
                "invitation_id": None,
                "state": None,
                "created_at": None,
                "expires_at": None,
                "http_status": None,
                "attempts": 0,
                "error_code": "missing_role",
                "error": '"role" is empty',
            },
        )

    def test_a_report_on_stdout_is_all_there_is_on_stdout(self):
        self.team("ada@example.com,admin")
        done = self.send(self.sandbox(), "--report", "-", expect=0)
        header, row = done.stdout.splitlines()
        self.assertTrue(header.startswith("line,email,"))
        self.assertTrue(row.startswith("2,ada@example.com,admin,invited,"))
        self.assertEqual(done.stderr, "")
        names = set(os.listdir(self.folder)) - {"state"}
        self.assertEqual(names, {"team.csv"})

    def test_without_a_name_it_is_beside_the_input(self):
        (self.folder / "lists").mkdir()
        self.write("lists/new.csv", ["email,role", "ada@example.com,admin"])
        self.send(self.sandbox(), input_name="lists/new.csv", expect=0)
        self.assertEqual(
            self.statuses("lists/new.csv.report.csv"), ["invited"]
        )

    def test_cells_survive_quotes_commas_and_bars(self):
        roles = ['say "hi"', "a, b", "a;b", "a|b", "ü€𝄞", "x  y"]
        quoted = ['"%s"' % role.replace('"', '""') for role in roles]
        self.team(
            *(f"person{i}@example.com,{q}" for i, q in enumerate(quoted))
        )
        self.send(self.sandbox(), expect=0)
        self.assertEqual([row["role"] for row in self.report()], roles)
        raw = (self.folder / "team.csv.report.csv").read_bytes()
        self.assertIn(b',"a;b",', raw)
        self.assertEqual(raw.count(b"\r\n"), raw.count(b"\n"))

    def test_no_cell_is_a_formula(self):
        """A spreadsheet runs what starts with one of these signs."""
        roles = ["=1+1", "+1", "-1", "@SUM(A1)"]
        roles += ["＝1", "＋1", "－1", "＠x"]  # full-width ones too
        self.team(
            "=cmd|'/c calc'!A1@example.com,member",
            *(f"person{i}@example.com,{r}" for i, r in enumerate(roles)),
        )
        says = reply(422, {"detail": "=HYPERLINK(1)"})
        self.send(self.recorder(invitation, says), expect=3)
        report = self.report()
        self.assertTrue(report[0]["email"].startswith("'=cmd|"))
        self.assertEqual(
            [row["role"] for row in report[1:]], ["'" + r for r in roles]
        )
        self.assertEqual(report[2]["error"], "'=HYPERLINK(1)")

    def test_json_lines_keep_values_as_they_are(self):
        self.team("ada@example.com,=1+1")
        sandbox = self.sandbox()
        self.send(sandbox, "--report", "r.jsonl", expect=0)
        (row,) = self.report("r.jsonl")
        self.assertEqual(row["role"], "=1+1")
        self.assertEqual(sandbox.invites()[0]["role"], "=1+1")

    def test_what_a_server_says_cannot_break_a_row(self):
        evil = 'x",y\r\n2,z\x00\x1b[31m\u202e'
        self.team(
            "ada@example.com,admin", "bob@example.com,admin", "eve,admin"
        )
        for name in ("r.csv", "r.jsonl"):
            with self.subTest(name=name):
                recorder = self.recorder(
                    lambda request: reply(
                        200,
                        {
                            "invitation_id": 'a",\u202e"b',
                            "state": "=1",
                            **request.json,
                        },
                    ),
                    reply(422, {"detail": evil}),
                )
                self.send(recorder, "--report", name, expect=3)
                self.assertEqual(
                    self.statuses(name), ["invited", "rejected", "invalid"]
                )

    def test_bytes_that_are_no_text_are_reported_as_invalid(self):
        self.team("ada\udcff@example.com,admin", "b\x1bob@example.com,admin")
        self.send(self.sandbox(), "--report", "r.jsonl", expect=3)
        codes = [row["error_code"] for row in self.report("r.jsonl")]
        self.assertEqual(codes, ["bad_encoding", "invalid_email"])


class Files(SendCase):
    def path(self, name):
        return self.folder / name

    def test_only_the_owner_may_read_it(self):
        self.team("ada@example.com,admin")
        self.addCleanup(os.umask, os.umask(0))
        for name in ("r.csv", "r.jsonl"):
            self.send(self.sandbox(), "--report", name, expect=0)
            mode = stat.S_IMODE(self.path(name).stat().st_mode)
            self.assertEqual(mode, 0o600)

    def test_it_is_partial_while_the_run_lasts(self):
        sandbox = self.sandbox()
        running = self.start(sandbox, "--report", "r.csv")
        partial = self.path("r.csv.partial")
        running.write("email,role\nada@example.com,admin\n")
        wait_until(
            lambda: partial.exists() and b"invited" in partial.read_bytes(),
            "the first row is in the partial report",
        )
        self.assertEqual(stat.S_IMODE(partial.stat().st_mode), 0o600)
        self.assertFalse(self.path("r.csv").exists())
        running.close_stdin()
        self.finish(running, expect=0)
        self.assertFalse(partial.exists())
        self.assertEqual(self.statuses("r.csv"), ["invited"])

    def test_the_one_before_is_kept(self):
        self.team("ada@example.com,admin")
        sandbox = self.sandbox()
        for statuses in (
            {"team.csv.report.csv": "invited"},
            {
                "team.csv.report.csv": "already_invited",
                "team.csv.report.csv.1": "invited",
            },
        ):
            self.send(sandbox, expect=0)
            for name, status in statuses.items():
                self.assertIn(f",{status},", self.path(name).read_text())

    def test_what_a_killed_run_left_is_kept(self):
        self.team("ada@example.com,admin")
        self.write("team.csv.report.csv.partial", "of a killed run")
        self.send(self.sandbox(), expect=0)
        self.assertEqual(
            self.path("team.csv.report.csv.partial.1").read_text(),
            "of a killed run",
        )

    def test_a_pipe_with_a_name_is_written_directly(self):
        self.team("ada@example.com,admin")
        os.mkfifo(self.path("pipe"))
        lines = []

        def read():
            with open(self.path("pipe"), encoding="utf-8") as pipe:
                lines.extend(pipe)

        reader = threading.Thread(target=read)
        reader.start()
        self.send(self.sandbox(), "--report", "pipe", expect=0)
        reader.join()
        self.assertEqual(len(lines), 2)
        self.assertTrue(stat.S_ISFIFO(self.path("pipe").stat().st_mode))


class CannotBeWritten(SendCase):
    """Exit code 6, and nothing was sent."""

    def refused(self, report, *words, **how):
        self.team(3)
        sandbox = self.sandbox()
        done = self.send(sandbox, "--report", report, expect=6, **how)
        self.assertEqual(sandbox.seen()["posts"], 0)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_a_folder_that_is_not_there(self):
        self.refused(
            "nowhere/r.csv", "nowhere/r.csv", "No such file or directory"
        )

    def test_a_folder_in_its_place(self):
        (self.folder / "r.csv").mkdir()
        self.refused("r.csv", "r.csv", "is a directory")

    def test_a_file_where_a_folder_should_be(self):
        self.refused("team.csv/r.csv", "team.csv/r.csv", "Not a directory")

    def test_a_link_in_the_way_is_not_followed(self):
        self.write("precious", "as it was")
        (self.folder / "r.csv.partial").symlink_to("precious")
        self.refused("r.csv", "r.csv.partial", "symbolic link", "remove it")
        self.assertEqual((self.folder / "precious").read_text(), "as it was")

    def test_another_run_that_writes_it(self):
        with open(self.folder / "r.csv.partial", "wb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.refused("r.csv", "r.csv.partial", "another process")

    def test_a_full_disk(self):
        self.refused("/dev/full", "/dev/full", "No space left on device")

    def test_a_closed_stdout(self):
        self.team(3)
        sandbox = self.sandbox()
        running = self.start(
            sandbox,
            "--report",
            "-",
            input_name="team.csv",
            wrapper=CLOSED_STDOUT,
        )
        done = self.finish(running, expect=6)
        self.assertEqual(sandbox.seen()["posts"], 0)
        self.assertIn("bulk-invite: cannot write stdout: ", done.stderr)

    def test_a_reader_that_has_left(self):
        self.team(3)
        sandbox = self.sandbox()
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "wb") as stdout:
            running = self.start(
                sandbox, "--report", "-", input_name="team.csv", stdout=stdout
            )
        done = self.finish(running, expect=6)
        self.assertEqual(sandbox.seen()["posts"], 0)
        self.assertIn("Broken pipe", done.stderr)

    def test_a_reader_that_leaves_stops_the_sending(self):
        """stdin is open and idle meanwhile: nothing hangs."""
        sandbox = self.sandbox()
        read_end, write_end = os.pipe()
        with open(write_end, "wb") as stdout:
            running = self.start(sandbox, "--report", "-", stdout=stdout)
        with open(read_end, "rb") as reader:
            running.write("email,role\nada@example.com,admin\n")
            reader.readline()
            self.assertIn(b",invited,", reader.readline())
        running.write("bob@example.com,member\n")
        done = self.finish(running, expect=6)
        self.assertIn("Broken pipe", done.stderr)
        self.assertEqual(sandbox.seen()["posts"], 2)

    def test_help_and_version_on_a_closed_or_full_stdout(self):
        for args in (["--help"], ["send", "--help"], ["--version"]):
            with self.subTest(args=args):
                closed = self.outcome(
                    [*CLOSED_STDOUT, program("bulk-invite"), *args]
                )
                with open("/dev/full", "wb") as full:
                    on_full = self.outcome(
                        [program("bulk-invite"), *args], stdout=full
                    )
                for done in (closed, on_full):
                    self.assertEqual(done.returncode, 6)
                    self.assertEqual(
                        done.stderr, "bulk-invite: cannot write to stdout\n"
                    )

    def test_all_of_stdin_stdout_and_stderr_closed(self):
        self.team("ada@example.com,admin")
        sandbox = self.sandbox()
        done = self.outcome(
            [
                "/bin/sh",
                "-c",
                'exec "$@" <&- >&- 2>&-',
                "sh",
                program("bulk-invite"),
                *self.arguments(sandbox, "team.csv", []),
            ]
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.statuses(), ["invited"])

    def outcome(self, command, stdout=subprocess.PIPE):
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=clean_env(self.folder),
            timeout=60,
            check=False,
        )


if __name__ == "__main__":
    unittest.main()
