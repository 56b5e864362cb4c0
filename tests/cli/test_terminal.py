"""What a person at a terminal sees and is asked, and what never gets there."""

import fcntl
import os
import pty
import re
import selectors
import struct
import subprocess
import termios
import time
import unittest

from support import (
    USUAL_SIGNALS,
    SendCase,
    clean_env,
    invitation,
    members,
    program,
    reply,
    wait_until,
)

TIMEOUT_S = 60
# The sequences that are used: to the end of the screen, and a few colours.
ERASE = "\x1b[J"
COLOUR = re.compile("\x1b\\[(?:3[1-3]|0)m")


class Terminal:
    """`bulk-invite` on a terminal of its own: stdin, stdout and stderr, each
    unless given otherwise. With `ctty`, Ctrl-C works."""

    def __init__(self, args, home, columns=100, env=None, **streams):
        self.output = ""
        self.fd, terminal = pty.openpty()
        self.resize(columns)
        both = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
        both.update(streams)
        # setsid makes the terminal on stdin the controlling one.
        session = ("setsid", "--ctty") if both["stdin"] == terminal else ()
        self.process = subprocess.Popen(
            [
                *session,
                *USUAL_SIGNALS,
                program("bulk-invite"),
                *map(str, args),
            ],
            env=clean_env(home, {"TERM": "xterm-256color", **(env or {})}),
            cwd=home,
            bufsize=0,
            **both,
        )
        os.close(terminal)

    def read(self, until):
        """Collects output until the condition holds or the program ends."""
        deadline = time.monotonic() + TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.fd, selectors.EVENT_READ)
            while not until(self.output):
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise AssertionError(
                        f"no more came after: {self.output[-500:]!r}"
                    )
                try:
                    got = os.read(self.fd, 65536)
                except OSError:  # nobody has the terminal open any more
                    return False
                self.output += got.decode("utf-8", "surrogateescape")
        return True

    def read_until(self, text):
        if not self.read(lambda output: text in output):
            raise AssertionError(
                f"ended without {text}: {self.output[-500:]!r}"
            )

    def resize(self, columns):
        size = struct.pack("4H", 24, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def finish(self):
        self.read(lambda _: False)
        return self.process.wait(TIMEOUT_S)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)
        for stream in (self.process.stdin, self.process.stderr):
            if stream:
                stream.close()


class TerminalCase(SendCase):
    def terminal(self, server, *args, input_name="team.csv", **how):
        started = Terminal(
            self.arguments(server, input_name, args), self.folder, **how
        )
        self.addCleanup(started.stop)
        return started

    def finished(self, terminal, expect):
        self.assertEqual(terminal.finish(), expect, terminal.output)
        self.check_tame(terminal.output)
        return COLOUR.sub("", terminal.output)

    def check_tame(self, output):
        """Lines, and at most the progress line's erasing and colours."""
        rest = output.replace("\r\n", "\n").replace(ERASE, "")
        rest = COLOUR.sub("", rest)
        for char in rest.replace("\r", "\n").replace("^C", ""):
            if char != "\n" and not char.isprintable():
                self.fail(repr(output[-2000:]))

    def report_exists(self):
        return any("report" in name for name in os.listdir(self.folder))


class Question(TerminalCase):
    def asked(self, *args, sandbox=None, **how):
        sandbox = sandbox or self.sandbox()
        terminal = self.terminal(sandbox, *args, **how)
        terminal.read_until("[y/N] ")
        self.assertEqual(sandbox.seen()["posts"], 0)
        return sandbox, terminal

    def test_it_says_how_many_where_and_asks(self):
        self.team(
            *members(2), "person1@example.com,member", "bad,member", ",x"
        )
        sandbox, terminal = self.asked()
        self.assertIn(
            "team.csv: 5 rows, 2 people to invite, 2 invalid, 1 duplicate",
            terminal.output,
        )
        self.assertIn(f"organization acme at {sandbox.url}", terminal.output)

    def test_anything_but_yes_sends_nothing(self):
        self.team(2)
        # \x04, Ctrl-D, is the end of the input.
        for keys in ("n\n", "\n", "yess\n", "yesterday we did\n", "\x04"):
            with self.subTest(keys=keys):
                sandbox, terminal = self.asked()
                terminal.type(keys)
                self.assertIn("nothing was sent", self.finished(terminal, 8))
                self.assertEqual(sandbox.seen()["posts"], 0)
                self.assertFalse(self.report_exists())

    def test_yes_sends(self):
        self.team(2)
        for keys in ("y\n", "Y\n", "yes\n"):
            with self.subTest(keys=keys):
                sandbox, terminal = self.asked()
                terminal.type(keys)
                self.assertIn("2 invited", self.finished(terminal, 0))
                self.assertEqual(sandbox.seen()["posts"], 2)

    def test_ctrl_c_at_the_question_sends_nothing(self):
        self.team(2)
        sandbox, terminal = self.asked()
        terminal.type("\x03")
        self.assertIn(terminal.finish(), (130, -2))
        self.assertEqual(sandbox.seen()["posts"], 0)
        self.assertFalse(self.report_exists())

    def test_too_many_new_people_are_not_even_asked_for(self):
        self.team(3)
        sandbox = self.sandbox()
        output = self.finished(
            self.terminal(sandbox, "--max-new", "2"), expect=8
        )
        self.assertNotIn("[y/N]", output)
        self.assertIn("--max-new", output)

    def test_nobody_to_invite_is_no_question(self):
        self.team("bad,member")
        output = self.finished(self.terminal(self.sandbox()), expect=3)
        self.assertNotIn("[y/N]", output)

    def test_with_yes_there_is_no_question(self):
        self.team(2)
        for flag in ("--yes", "-y"):
            output = self.finished(
                self.terminal(self.sandbox(), flag), expect=0
            )
            self.assertNotIn("[y/N]", output)
            self.assertIn("2 invited", output)

    def test_a_rehearsal_says_so(self):
        self.team(2)
        terminal = Terminal(["send", "team.csv", "--sandbox"], self.folder)
        self.addCleanup(terminal.stop)
        terminal.read_until("[y/N] ")
        self.assertIn("sandbox: no e-mail is sent", terminal.output)
        terminal.type("y\n")
        self.assertIn("2 invited", self.finished(terminal, 0))

    def test_it_says_what_was_assumed_of_the_whole_file(self):
        self.write(
            "team.csv",
            "email;rôle\nada@example.com;chef\nbob@example.com.;chef\n"
            "eve@example.com;équipe\n".encode("cp1252"),
        )
        _, terminal = self.asked("--role-map", "Chef=admin")
        for words in (
            "text in Windows-1252",
            "columns separated by semicolons",
            "1 address cleaned",
            "2 roles replaced by the map",
        ):
            self.assertIn(words, terminal.output)
        terminal.type("y\n")
        self.finished(terminal, 0)

    def test_a_file_that_changes_at_the_question_is_not_sent(self):
        self.team(2)
        sandbox, terminal = self.asked()
        self.team(3)
        terminal.type("y\n")
        self.assertIn("was changed", self.finished(terminal, 4))
        self.assertEqual(sandbox.seen()["posts"], 0)

    def test_a_list_from_stdin_cannot_be_asked_about(self):
        """Nor is any of it awaited."""
        sandbox = self.sandbox()
        for streams in ({"stdin": subprocess.PIPE}, {}):
            terminal = self.terminal(sandbox, input_name="-", **streams)
            self.assertIn("--yes", self.finished(terminal, expect=2))
        self.assertEqual(sandbox.seen()["posts"], 0)

    def test_a_pipe_by_name_cannot_be_asked_about(self):
        sandbox = self.sandbox()
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.write(writer, b"email,role\nada@example.com,x\n")
        os.close(writer)
        terminal = self.terminal(
            sandbox, input_name=f"/dev/fd/{reader}", pass_fds=(reader,)
        )
        self.assertIn("--yes", self.finished(terminal, expect=2))
        self.assertEqual(sandbox.seen()["posts"], 0)

    def test_a_list_from_stdin_with_yes_is_sent(self):
        sandbox = self.sandbox()
        terminal = self.terminal(
            sandbox, "--yes", input_name="-", stdin=subprocess.PIPE
        )
        terminal.process.stdin.write(b"email,role\nada@example.com,x\n")
        wait_until(sandbox.invites, "the row is sent")
        terminal.process.stdin.close()
        self.assertIn("1 invited", self.finished(terminal, expect=0))

    def test_a_script_with_a_screen_is_not_asked(self):
        """Its stdin is no terminal: nobody could answer."""
        self.team(2)
        output = self.finished(
            self.terminal(self.sandbox(), stdin=subprocess.DEVNULL), expect=0
        )
        self.assertNotIn("[y/N]", output)


def drawn(output):
    """The progress line each time it was drawn, without colours."""
    lines = COLOUR.sub("", output).split("\r")
    return [line[: -len(ERASE)] for line in lines if line.endswith(ERASE)]


class Progress(TerminalCase):
    def test_one_line_shows_how_far_it_is(self):
        self.team(30)
        sandbox = self.sandbox("--latency", "50ms")
        terminal = self.terminal(sandbox, "--yes", "--concurrency", "4")
        output = self.finished(terminal, expect=0)
        counts = [re.search(r"(\d+) of 30\b", line) for line in drawn(output)]
        counts = [int(match.group(1)) for match in counts if match]
        self.assertGreater(len(counts), 1)
        self.assertEqual(counts, sorted(counts))
        # Gone before the summary: what remains is the summary alone.
        self.assertTrue(
            output.rpartition(ERASE)[2].startswith("30 rows read"), output
        )

    def test_it_fits_the_window(self):
        self.team(30)
        for columns in (20, 40, 250):
            with self.subTest(columns=columns):
                sandbox = self.sandbox("--latency", "20ms")
                terminal = self.terminal(sandbox, "--yes", columns=columns)
                output = self.finished(terminal, expect=0)
                for line in drawn(output):
                    self.assertLess(len(line), columns)

    def test_a_window_that_shrinks_breaks_nothing(self):
        """The cursor waits at the line's start, where it stays when the
        terminal breaks the line into several: what is erased from there on is
        all of them. The next line fits the new width."""
        self.team(3)
        recorder = self.recorder(reply(429, retry_after="100"))
        terminal = self.terminal(recorder, "--yes", columns=120)
        terminal.read_until("quota: waits until")
        terminal.resize(30)
        terminal.read_until("quota 1 min")
        terminal.type("\x03")
        self.finished(terminal, expect=130)
        at = terminal.output.index("\r0 of 3  quota 1 min")
        self.assertTrue(terminal.output[:at].endswith(f"{ERASE}\r"))
        for line in drawn(terminal.output[at:]):
            self.assertLess(len(line), 30)

    def test_it_says_why_nothing_happens_and_until_when(self):
        self.team(3)
        recorder = self.recorder(reply(429, retry_after="100"))
        # A zone of its own without a database: 5:30 ahead.
        terminal = self.terminal(recorder, "--yes", env={"TZ": "XXX-5:30"})
        terminal.read_until("quota: waits until ")
        terminal.read_until(" (1 min 3")
        until = re.search(r"until (\d\d):(\d\d) \(", terminal.output)
        now = time.time() + 5.5 * 3600
        minute = int(until[1]) * 60 + int(until[2])
        self.assertIn((minute - now // 60) % (24 * 60), (0, 1, 2))
        terminal.type("\x03")
        self.assertIn("3 unprocessed", self.finished(terminal, expect=130))
        self.assertEqual(len(recorder.requests), 1)

    def test_a_dumb_terminal_gets_no_line(self):
        self.team(10)
        for args, lines in (([], 0), (["--progress", "always"], 1)):
            sandbox = self.sandbox("--latency", "50ms")
            terminal = self.terminal(
                sandbox, "--yes", *args, env={"TERM": "dumb"}
            )
            output = self.finished(terminal, expect=0)
            self.assertNotIn("\x1b", terminal.output)
            self.assertEqual(output.count("bulk-invite: 10 of 10"), lines)

    def test_never_is_never(self):
        self.team(10)
        for args in (["--progress", "never"], ["--quiet"]):
            terminal = self.terminal(self.sandbox(), "--yes", *args)
            output = self.finished(terminal, expect=0)
            self.assertNotIn(ERASE, output)
        self.assertEqual(output, "")

    def test_colour_is_for_terminals_that_want_it(self):
        self.team(*members(9), "bad,member")
        for variable, wanted in ((None, True), ("", True), ("1", False)):
            with self.subTest(NO_COLOR=variable):
                env = {} if variable is None else {"NO_COLOR": variable}
                sandbox = self.sandbox("--latency", "50ms")
                terminal = self.terminal(sandbox, "--yes", env=env)
                self.finished(terminal, expect=3)
                for text in ("\x1b[33m1 needs a look", "\x1b[32m"):
                    self.assertEqual(text in terminal.output, wanted)
                self.assertEqual(
                    bool(COLOUR.search(terminal.output)), wanted
                )

    def test_the_rows_on_the_same_terminal_are_progress_enough(self):
        self.team(3)
        terminal = self.terminal(self.sandbox(), "--yes", "--report", "-")
        output = self.finished(terminal, expect=0)
        self.assertNotIn(ERASE, output)
        self.assertEqual(output.count(",invited,"), 3)

    def test_ctrl_c_stops_and_tells(self):
        self.team(500)
        sandbox = self.sandbox("--latency", "100ms")
        terminal = self.terminal(sandbox, "--yes", "--rate", "50/s")
        wait_until(lambda: len(sandbox.invites()) > 5, "some are sent")
        terminal.type("\x03")
        output = self.finished(terminal, expect=130)
        self.assertIn("stopping", output)
        self.assertIn("Stopped early: Interrupt", output)
        totals = self.statuses()
        self.assertEqual(len(totals), 500)
        self.assertEqual(totals.count("invited"), len(sandbox.invites()))

    def test_no_escape_codes_where_stderr_is_no_terminal(self):
        """stdin and stdout are one."""
        self.team(10)
        sandbox = self.sandbox("--latency", "50ms")
        terminal = self.terminal(
            sandbox, "--concurrency", "2", stderr=subprocess.PIPE
        )
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(terminal.output, "")
        self.assertEqual(terminal.process.stderr.read(), b"")


EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\u2066\x08\x7f"


class Hostile(TerminalCase):
    """Bytes from strangers are shown, but steer nothing."""

    def check_shown(self, terminal, expect):
        output = self.finished(terminal, expect)
        self.assertIn("\\x1B]0;pwned", output)
        return output

    def test_column_names(self):
        self.write("team.csv", f"name{EVIL},role\nAda,admin\n")
        self.check_shown(self.terminal(self.sandbox(), "--yes"), expect=4)

    def test_the_name_of_the_file(self):
        name = f"te{EVIL}am.csv"
        self.write(name, ["email,role", *members(2)])
        terminal = self.terminal(self.sandbox(), input_name=name)
        terminal.read_until("[y/N] ")
        terminal.type("y\n")
        self.check_shown(terminal, expect=0)

    def test_a_missing_file(self):
        name = f"te{EVIL}am.csv"
        terminal = self.terminal(self.sandbox(), input_name=name)
        self.check_shown(terminal, expect=4)

    def test_flags_and_values(self):
        for args in (
            [f"--x{EVIL}"],
            ["--org", EVIL],
            ["--rate", EVIL],
            ["--base-url", f"https://{EVIL}"],
            ["--config", f"{EVIL}.ini"],
            ["--profile", EVIL],
        ):
            with self.subTest(args=args):
                self.check_shown(self.terminal(None, *args), expect=2)

    def test_cells_and_words_of_the_server_in_a_report_on_the_terminal(self):
        self.team(
            *members(2), f'"a{EVIL}@b.c",member', '"two\nlines@b.c",member'
        )
        recorder = self.recorder(
            invitation, reply(422, {"detail": f"no {EVIL} \x85 \u2028"})
        )
        terminal = self.terminal(recorder, "--yes", "--report", "-")
        output = self.check_shown(terminal, expect=3)
        self.assertEqual(output.count(",invalid,"), 2)
        self.assertIn("two\\nlines", output)

    def test_what_a_server_says_to_everybody(self):
        self.team(2)
        for answer in (
            reply(401, {"detail": f"no {EVIL}"}),
            reply(404, f"<title>no {EVIL}</title>"),
            reply(403, f"no {EVIL}".encode()),
            reply(403, b"no \x1b[31m\xff\xfe"),
            reply(302, location=EVIL.encode().decode("latin-1")),
        ):
            with self.subTest(answer=answer):
                terminal = self.terminal(
                    self.recorder(answer), "--yes", "--verbose"
                )
                self.finished(terminal, expect=7)

    def test_a_status_line_that_is_none(self):
        self.team(1)
        recorder = self.recorder(b"HTTP/9.9 999 \x1b[31m\r\n\r\n")
        terminal = self.terminal(
            recorder, "--yes", "--verbose", "--timeout", "500ms"
        )
        terminal.finish()
        self.check_tame(terminal.output)

    def test_the_words_of_a_token_command_are_not_ours(self):
        """stdout of the command is a secret and not shown."""
        self.team(1)
        terminal = self.terminal(
            self.sandbox(), "--token-command", "printf 'a\\033[31m'"
        )
        output = self.finished(terminal, expect=2)
        self.assertNotIn("[31m", output)


if __name__ == "__main__":
    unittest.main()
