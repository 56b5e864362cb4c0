"""The commands of README.md and docs/*.md do what the pages say.

A fenced block that starts with ```sh is run by bash, all blocks of a page one
after the other in one folder, which is $HOME and holds the files of samples/.
bulk-invite talks to a sandbox ($BULK_INVITE_BASE_URL) and nobody is asked
anything. Every command must succeed. A comment on the line before the block
says otherwise:

    <!-- exits with 3 -->          at least one command does, all others with 0
    <!-- not run: it asks -->      and why; for paths of a server, installs, ...

and one anywhere in the page gives its sandbox options:

    <!-- sandbox: --known-roles admin,member -->
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import KEPT_VARIABLES, TESTS_DIR, Sandbox, program

TOP = TESTS_DIR.parent
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
TIMEOUT_S = 120

# Names that a page uses for lists of its reader's.
LISTS = {"export.csv": "hr-export.csv", "people.csv": "hr-export.csv"}

BLOCK = re.compile(r"^(?:<!-- ([^\n]*) -->\n)?```sh\n(.*?)^```$", re.M | re.S)
OPTIONS = re.compile(r"^<!-- sandbox: (.*) -->$", re.M)
EXITS = re.compile(r"exits with (\d+)")
NOT_RUN = re.compile(r"not run: \S")

# Lists the codes that are not 0; a pipe fails as any of its commands does.
SCRIPT = "set -uo pipefail; trap 'echo $? >&9' ERR\n"


def run_block(script, folder, url):
    """The exit codes of what failed, and all that was said."""
    env = {n: os.environ[n] for n in KEPT_VARIABLES if n in os.environ}
    env["PATH"] = f"{Path(program('bulk-invite')).parent}:{env['PATH']}"
    env.update(HOME=str(folder), LANG="C.UTF-8", BULK_INVITE_BASE_URL=url)
    with tempfile.TemporaryFile() as codes:
        done = subprocess.run(
            ["bash", "-c", f"exec 9>&{codes.fileno()}\n{SCRIPT}{script}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[codes.fileno()],
            cwd=folder,
            env=env,
            timeout=TIMEOUT_S,
            check=False,
        )
        codes.seek(0)
        failed = [int(line) for line in codes.read().split()]
    return failed, done.stdout.decode("utf-8", "replace")


class Pages(unittest.TestCase):
    def run_page(self, page):
        text = page.read_text(encoding="utf-8")
        options = OPTIONS.search(text)
        with tempfile.TemporaryDirectory(prefix="bulk-invite-") as folder:
            folder = Path(folder)
            for sample in (TOP / "samples").glob("*.csv"):
                shutil.copy(sample, folder)
            for name, sample in LISTS.items():
                shutil.copy(TOP / "samples" / sample, folder / name)
            with Sandbox(*(options[1].split() if options else ())) as server:
                for comment, script in BLOCK.findall(text):
                    self.run_one(comment, script, folder, server.url)

    def run_one(self, comment, script, folder, url):
        if NOT_RUN.match(comment):
            return
        exits = EXITS.fullmatch(comment)
        wanted = {int(exits[1])} if exits else set()
        failed, said = run_block(script, folder, url)
        self.assertEqual(set(failed), wanted, f"{script}\n{said}")
        self.assertNotIn("Sanitizer", said)

    def test_every_page(self):
        for page in PAGES:
            with self.subTest(page.name):
                self.run_page(page)

    def test_each_block_of_shell_is_recognised(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            with self.subTest(page.name):
                self.assertEqual(
                    len(BLOCK.findall(text)), len(re.findall("^```sh", text, re.M))
                )

    def test_a_command_that_fails_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            failed, _ = run_block(
                "bulk-invite send nothing.csv --org a\ntrue | false\ntrue\n",
                Path(folder),
                "http://127.0.0.1:1",
            )
        self.assertEqual(failed, [4, 1])

    def test_the_tests_that_the_security_page_names_are_there(self):
        text = (TOP / "docs" / "security.md").read_text()
        names = re.findall(r"`((?:unit|cli|faults)/[\w/]+\.\w+)`", text)
        self.assertGreater(len(names), 30)
        for name in names:
            self.assertTrue((TESTS_DIR / name).exists(), name)


if __name__ == "__main__":
    unittest.main()
