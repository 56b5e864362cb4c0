"""What the program says of itself: --help, --version, the man pages."""

import re
import subprocess
import unittest
from pathlib import Path

from support import TESTS_DIR, program, run_cli

COMMANDS = (
    "send check status report resolve forget import config help version"
).split()
BIN_DIR = Path(program("bulk-invite")).parent
MAN_PAGES = (
    BIN_DIR / "bulk-invite.1",
    BIN_DIR / "bulk-invite.conf.5",
    TESTS_DIR.parent / "docs" / "man" / "bulk-invite-sandbox.1",
)


class Help(unittest.TestCase):
    def help(self, *args):
        done = run_cli(args)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        for line in lines:
            self.assertLessEqual(len(line), 80, line)
        return lines

    def test_every_command_is_in_the_help_that_fits_a_screen(self):
        for args in (["--help"], ["help"], ["-h"]):
            lines = self.help(*args)
            self.assertLessEqual(len(lines), 24)
            first_words = [line.split()[0] for line in lines if line.strip()]
            for command in COMMANDS:
                self.assertIn(command, first_words)

    def test_send_has_a_help_that_fits_a_screen_and_a_whole_one(self):
        for args in (["send", "--help"], ["help", "send"]):
            lines = self.help(*args)
            self.assertLessEqual(len(lines), 24)
            self.assertIn("--sandbox", "\n".join(lines))
            self.assertIn("--help-all", lines[-1])
        whole = "\n".join(self.help("send", "--help-all"))
        for word in ("Pace and patience:", "--give-up-after", "default: 15m"):
            self.assertIn(word, whole)

    def test_no_line_of_any_help_is_wider_than_a_terminal(self):
        for command in COMMANDS:
            self.help(command, "--help")
            self.help(command, "--help-all")

    def test_version(self):
        for args in (["--version"], ["version"]):
            self.assertRegex(
                "\n".join(self.help(*args)), r"^bulk-invite \d+\.\d+\.\d+$"
            )


class ManPages(unittest.TestCase):
    def test_lint_finds_nothing(self):
        for page in MAN_PAGES:
            with self.subTest(page.name):
                done = subprocess.run(
                    ["mandoc", "-T", "lint", "-W", "warning", page],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_every_option_of_send_is_there(self):
        done = subprocess.run(
            ["mandoc", "-T", "ascii", "-O", "width=200", MAN_PAGES[0]],
            capture_output=True,
            text=True,
            check=True,
        )
        page = re.sub(".\b", "", done.stdout)  # bold: each letter twice
        done = run_cli(["send", "--help-all"])
        flags = {
            word
            for line in done.stdout.splitlines()
            for word in line.split()[:2]
            if word.startswith("--") and line.startswith("  ")
        }
        self.assertGreater(len(flags), 40)
        for flag in flags:
            self.assertIn(flag, page)


if __name__ == "__main__":
    unittest.main()
