"""What a run without a terminal says, and what its log has."""

import json
import os
import stat
import subprocess
import unittest

from support import SendCase, clean_env, invitation, members, reply

BUSY = {"detail": "slow down, person1@example.com"}


def retried(request):
    return reply(429, BUSY, retry_after="0")


class Said(SendCase):
    def test_a_run_without_trouble_says_nothing(self):
        self.team(3)
        recorder = self.recorder(retried, invitation)
        done = self.send(recorder, expect=0)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_trouble_is_summed_up_with_its_reasons(self):
        self.team("a@b.example,enginer", "bad,member", "c@b.example,enginer")
        recorder = self.recorder(
            lambda request: reply(
                422,
                {
                    "detail": [
                        {
                            "loc": ["body", "role"],
                            "msg": f"none for {request.json['email']}",
                        }
                    ]
                },
            )
        )
        done = self.send(recorder, expect=3)
        self.assertIn(
            '  2 rows: role "enginer" was refused by the server: '
            "none for ... (lines 2, 4)\n",
            done.stderr,
        )
        self.assertNotIn("b.example", done.stderr)

    def test_what_to_type_next_can_be_typed(self):
        name = self.write("it's a list.csv", ["email,role", "bad,member"])
        done = self.send(
            self.sandbox(),
            input_name=name,
            expect=3,
            env={"BULK_INVITE_ORG": "no matter"},
        )
        command = done.stderr.splitlines()[-1].strip()
        self.assertIn(
            r" send 'it'\''s a list.csv.retry.csv' --org acme ", command
        )
        self.assertEqual(self.shell(command), done.returncode)

    def test_the_organization_is_named_where_none_was_typed(self):
        self.team("bad,member")
        done = self.run_program(
            "send",
            "team.csv",
            env={
                "BULK_INVITE_ORG": "a b",
                "BULK_INVITE_BASE_URL": self.sandbox().url,
            },
            expect=3,
        )
        self.assertTrue(
            done.stderr.endswith("send team.csv.retry.csv --org 'a b'\n"),
            done.stderr,
        )

    def test_a_password_that_was_typed_is_not_said_again(self):
        self.team("bad,member")
        done = self.send(
            self.sandbox(), "--proxy", "http://me:secret@127.0.0.1:9", expect=3
        )
        self.assertIn("--proxy ...", done.stderr)
        self.assertNotIn("secret", done.stderr)
        for flags in (
            ["--proxy=me:secret@[::1]:9"],
            ["--proxy", "me:secret@localhost"],
        ):
            done = self.send(self.sandbox(), *flags, "--keep-going", expect=3)
            self.assertIn(" --keep-going --proxy ...", done.stderr)
            self.assertNotIn("secret", done.stderr)

    def test_what_a_limit_left_is_not_to_be_sent_in_drops(self):
        self.team(3)
        for flags in (["--limit", "1"], ["--limit=1"]):
            done = self.send(self.sandbox(), *flags, expect=3)
            command = done.stderr.splitlines()[-1]
            self.assertIn(" send team.csv ", command)
            self.assertNotIn("limit", command)

    def test_how_to_settle_who_is_unknown_is_told(self):
        self.team(1)
        ledger = self.folder / "my ledger"
        done = self.send(
            self.sandbox("--drop-share", "100%"),
            f"--ledger={ledger}",
            expect=3,
        )
        command = done.stderr.splitlines()[-1].strip()
        self.assertIn(" resolve EMAIL --invited|--not-sent ", command)
        command = command.replace("EMAIL", "person1@example.com")
        self.assertEqual(self.shell(command.replace("|--not-sent", "")), 0)

    def shell(self, command):
        """The exit code of a command line as it was printed."""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=clean_env(self.folder),
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode

    def test_quiet_says_why_it_failed_and_no_more(self):
        self.team(*members(3), "bad,member")
        done = self.send(self.sandbox(), "--quiet", expect=3)
        self.assertEqual(
            done.stderr, "bulk-invite: team.csv: 1 row needs a look\n"
        )
        done = self.send(self.recorder(reply(401)), "--quiet", expect=7)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("token", done.stderr)
        self.write("none.csv", "email,role\n")
        done = self.send(
            self.sandbox(),
            "--quiet",
            "--error-on-no-rows",
            input_name="none.csv",
            expect=9,
        )
        self.assertEqual(done.stderr, "bulk-invite: none.csv: no rows\n")

    def test_verbose_tells_of_starts_retries_and_holds(self):
        self.team(3)
        done = self.send(
            self.recorder(retried, invitation), "--verbose", expect=0
        )
        for text in (
            "info start: team.csv to acme at http://127.0.0.1",
            "debug line 2: attempt 1: too many requests (HTTP 429): slow",
            "info waiting ",
            "info read as: ",
            "3 invited",
        ):
            self.assertIn(text, done.stderr)
        self.assertNotIn("person1", done.stderr)

    def test_progress_always_has_lines_and_no_control_characters(self):
        self.team(3)
        done = self.send(
            self.sandbox(), "--progress", "always", "--quiet", expect=0
        )
        self.assertEqual(done.stderr, "bulk-invite: 3 of 3 (100%)\n")


class LogFile(SendCase):
    def lines(self, name="run.log"):
        return (self.folder / name).read_text().splitlines()

    def test_it_has_the_run_and_only_its_owner_may_read_it(self):
        self.team(*members(2), "bad,member")
        done = self.send(self.sandbox(), "--log-file", "run.log", expect=3)
        lines = self.lines()
        self.assertIn(" info start: team.csv to acme at http://", lines[0])
        self.assertTrue(
            lines[-1].endswith(
                " warning end: exit 3, 3 rows, 2 invited, 1 invalid"
            ),
            lines[-1],
        )
        mode = (self.folder / "run.log").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        # The summary is for stderr, the log is not.
        self.assertIn("1 row needs a look", done.stderr)
        self.assertNotIn(" info ", done.stderr)

    def test_runs_are_appended_also_those_that_could_not_start(self):
        self.team(2)
        log = ("--log-file", "run.log")
        self.send(self.sandbox(), *log, expect=0)
        self.send(None, *log, input_name="missing.csv", expect=4)
        self.write("more.csv", ["email,role", "new@example.com,member"])
        self.send(
            self.recorder(reply(401)), *log, input_name="more.csv", expect=7
        )
        text = "\n".join(self.lines())
        self.assertIn("error stopped: cannot open missing.csv", text)
        self.assertIn("error end: exit 4, 0 rows", text)
        self.assertIn("error stopped: the token is missing, wrong", text)
        self.assertIn("error end: exit 7, 1 rows, 1 unprocessed", text)
        self.assertEqual(text.count(" end: "), 3)

    def test_json_has_one_object_a_line_and_names_rows_by_line(self):
        self.team(2)
        self.send(
            self.recorder(retried, invitation),
            *("--log-file", "run.log", "--log-format", "json", "--verbose"),
            expect=0,
        )
        lines = [json.loads(line) for line in self.lines()]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$")
            self.assertIn(line["level"], ("info", "debug"))
            self.assertIsInstance(line["message"], str)
        rows = [line for line in lines if "line" in line]
        self.assertEqual(rows[0]["line"], 2)
        self.assertEqual(rows[0]["http_status"], 429)
        self.assertNotIn("person1", "".join(self.lines()))

    def test_json_steers_no_terminal(self):
        name = "te\x9b2J\x7f\u202eam.csv"
        (self.folder / name).write_text("email,role\na@x.org,member\n")
        self.send(
            self.recorder(),
            *("--log-file", "run.log", "--log-format", "json"),
            input_name=name,
            expect=0,
        )
        text = "".join(self.lines())
        for character in "\x9b\x7f\u202e":
            self.assertNotIn(character, text)
        started = json.loads(self.lines()[0])["message"]
        self.assertTrue(started.startswith(f"start: {name} to "), started)

    def test_addresses_are_in_it_only_where_that_was_asked_for(self):
        self.team(1)
        for log_format, words in (
            ("text", " line 2 (person1@example.com): attempt 1: "),
            ("json", '"line":2,"email":"person1@example.com"'),
        ):
            options = ("--log-file", "run.log", "--log-format", log_format)
            options += ("--verbose", "--ledger", ":memory:")
            server = self.recorder(retried, invitation)
            self.send(server, *options, expect=0)
            self.assertNotIn("person1@", "".join(self.lines()))
            server = self.recorder(retried, invitation)
            self.send(server, *options, "--log-emails", expect=0)
            self.assertEqual("".join(self.lines()).count(words), 1)
            (self.folder / "run.log").unlink()

    def test_a_link_is_not_followed_and_the_run_goes_on(self):
        self.team(2)
        self.write("precious", "")
        (self.folder / "run.log").symlink_to("precious")
        sandbox = self.sandbox()
        done = self.send(sandbox, "--log-file", "run.log", expect=0)
        self.assertEqual(len(sandbox.invites()), 2)
        self.assertEqual((self.folder / "precious").read_bytes(), b"")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("cannot write the log run.log", done.stderr)

    def test_a_log_that_fails_is_said_once_and_stops_nothing(self):
        self.team(2)
        for name in ("/dev/full", "/no/such/folder/log"):
            sandbox = self.sandbox()
            done = self.send(sandbox, "--log-file", name, expect=0)
            self.assertEqual(len(sandbox.invites()), 2)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(f"cannot write the log {name}", done.stderr)
            os.remove(self.folder / "team.csv.report.csv")
            for path in (self.folder / "state").rglob("*.db*"):
                path.unlink()

    def test_pipes_and_devices_are_written_and_nobody_waits_for_a_reader(self):
        self.team(2)
        os.mkfifo(self.folder / "pipe")
        done = self.send(self.sandbox(), "--log-file", "pipe", expect=0)
        self.assertIn("cannot write the log pipe", done.stderr)
        reader = os.open(self.folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        for name in ("pipe", "/dev/null"):
            done = self.send(
                self.sandbox(), "--log-file", name, expect=0
            )
            self.assertEqual(done.stderr, "")
        self.assertIn(b" info end: exit 0", os.read(reader, 65536))


if __name__ == "__main__":
    unittest.main()
