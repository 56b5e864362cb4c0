"""Completions in bash, zsh and fish, as the shells themselves see them."""

import os
import pty
import selectors
import subprocess
import time
import unittest
from pathlib import Path

from support import SendCase, clean_env, program

BIN_DIR = Path(program("bulk-invite")).parent
TIMEOUT_S = 60

BASH = """
source "$1/bulk-invite.bash"
[[ $(complete -p bulk-invite) == *_bulk_invite* ]] || exit 1
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_bulk_invite
printf '%s\\n' "${COMPREPLY[@]}"
"""

# Words before the one that is completed, the start of that one, and all it may
# become.
CASES = (
    (
        [],
        "",
        "send check status report resolve forget import config help version",
    ),
    (["send"], "--pro", "--proxy --profile --progress"),
    (["status"], "--wi", "--within"),
    (["status"], "--rate", ""),
    (["send", "--progress"], "", "auto always never"),
    (["send", "team.csv", "--log-format"], "", "text json"),
    (["send", "--profile"], "", "acme beta"),
    (["send", "--org"], "", ""),
    (["send"], "te", "team.csv"),
    (["send", "team.csv", "--report"], "te", "team.csv"),
    (["report"], "te", ""),
    (["report", "-o"], "te", "team.csv"),
    (["config"], "", "show"),
    (["help"], "re", "report resolve"),
)


class Shells(SendCase):
    def setUp(self):
        super().setUp()
        self.team("a@example.com,member")
        folder = self.folder / "config" / "bulk-invite"
        folder.mkdir(parents=True)
        (folder / "config.ini").write_text("rate = 1/s\n[acme]\n [beta]\n")

    def run_shell(self, *command):
        done = subprocess.run(
            command,
            env=clean_env(self.folder),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def check(self, completed, wanted):
        flags = {"--help", "--version"}  # before any command
        self.assertEqual(set(completed) - flags, set(wanted.split()))

    def test_bash(self):
        for words, word, wanted in CASES:
            with self.subTest(words=words, word=word):
                command = ["bulk-invite", *words, word]
                completed = self.run_shell(
                    "bash", "--norc", "-c", BASH, "bash", BIN_DIR, *command
                )
                self.check(filter(None, completed), wanted)

    def test_bash_takes_a_value_behind_an_equals_sign(self):
        for word in (["="], ["=", "js"]):
            command = ["bulk-invite", "report", "--format", *word]
            completed = self.run_shell(
                "bash", "--norc", "-c", BASH, "bash", BIN_DIR, *command
            )
            self.assertIn("jsonl", completed)

    def test_fish(self):
        for words, word, wanted in CASES:
            with self.subTest(words=words, word=word):
                line = " ".join(["bulk-invite", *words, word])
                completed = self.run_shell(
                    "fish",
                    "--no-config",
                    "-c",
                    f"source {BIN_DIR}/bulk-invite.fish; complete -C '{line}'",
                )
                self.check([x.split("\t")[0] for x in completed], wanted)

    def test_zsh(self):
        shell = Zsh(self.folder)
        self.addCleanup(shell.close)
        for words, word, wanted in CASES:
            wanted = wanted.split()
            if len(wanted) == 1:  # is completed without a question
                with self.subTest(words=words, word=word):
                    line = " ".join(["bulk-invite", *words, word])
                    shell.complete(line, wanted[0][len(word) :])
        # Several are listed, with what they are for.
        shell.complete("bulk-invite ", "who was invited is still not invited")
        shell.complete("bulk-invite send --pro", "Go through this proxy")
        shell.complete("bulk-invite send --profile ", "beta")
        shell.complete("bulk-invite report --format=", "jsonl")


class Zsh:
    """An interactive zsh, because only that one completes."""

    def __init__(self, folder):
        self.fd, terminal = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "zsh", "-f", "-i"],
            env=clean_env(folder, {"TERM": "dumb", "PS1": "", "COLUMNS": "200"}),
            cwd=folder,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        self.type(
            f"fpath=({BIN_DIR} $fpath); autoload -Uz compinit; "
            f"compinit -u -d {folder}/dump; setopt no_beep; "
            "LISTMAX=1000; echo re''ady\n"
        )
        self.read_until("ready")

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def read_until(self, text):
        """Without white space, which a terminal moves about."""
        wanted = "".join(text.split())
        output = ""
        deadline = time.monotonic() + TIMEOUT_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.fd, selectors.EVENT_READ)
            while wanted not in "".join(output.split()):
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise AssertionError(f"no {text!r} in {output!r}")
                output += os.read(self.fd, 65536).decode("utf-8", "replace")

    def complete(self, line, rest):
        """Tab behind `line` gives `rest`; the line is then given up."""
        self.type(line)
        self.read_until(line)
        self.type("\t\t")
        self.read_until(rest)
        self.type("\x15echo do''ne\n")
        self.read_until("done")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


if __name__ == "__main__":
    unittest.main()
