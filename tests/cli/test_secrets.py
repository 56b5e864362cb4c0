"""The token: in no file, no argument, no child, no core dump."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from support import (
    SendCase,
    clean_env,
    invitation,
    members,
    program,
    reply,
    wait_until,
)

TOKEN = "tok-5bd1e0c3f7"
NOBODY = 65534


class Traces(SendCase):
    def holders(self):
        """Files below the run's home that hold the token."""
        return [
            str(path)
            for path in self.folder.rglob("*")
            if path.is_file() and TOKEN.encode() in path.read_bytes()
        ]

    def test_no_file_and_no_output_of_a_run_holds_it(self):
        self.team(*members(3), "bad@example.com,member", "no address,member")

        def answer(request):
            if request.json["email"].startswith("bad"):
                return reply(422, {"detail": "no"}, X_Echo=TOKEN)
            return invitation(request)

        for name, answers in (("fine", (answer,)), ("refused", (reply(401),))):
            done = self.send(
                self.recorder(*answers),
                *("--report", f"{name}.csv", "--retry-file", f"{name}.retry"),
                *("--log-file", "run.log", "--verbose", "--log-format", "json"),
                *("--metrics-file", "run.prom", "--ledger", f"{name}.db"),
                env={"BULK_INVITE_TOKEN": TOKEN},
            )
            self.assertNotIn(TOKEN, done.stdout + done.stderr)
            for args in (("--html", "-o", f"{name}.html"), ()):
                page = self.run_program(
                    *("report", *args, "--ledger", f"{name}.db"), expect=0
                )
                self.assertNotIn(TOKEN, page.stdout + page.stderr)
        for name in ("fine.csv", "fine.retry", "run.log", "run.prom",
                     "fine.db", "fine.html", "refused.csv"):
            self.assertTrue((self.folder / name).stat().st_size, name)
        self.assertEqual(self.holders(), [])

    def test_the_sandbox_of_a_rehearsal_does_not_inherit_it(self):
        running = self.start(
            None, "--sandbox", "--yes", env={"BULK_INVITE_TOKEN": TOKEN}
        )
        children = Path(
            f"/proc/{running.process.pid}/task/{running.process.pid}/children"
        )

        def environment():
            """Of the sandbox, once it is one."""
            for pid in children.read_text().split():
                folder = Path(f"/proc/{pid}")
                if folder.joinpath("comm").read_text().startswith("bulk-invite-"):
                    return folder.joinpath("environ").read_bytes()
            return None

        found = wait_until(environment, "the sandbox")
        self.assertIn(b"PATH=", found)
        self.assertNotIn(TOKEN.encode(), found)
        running.write("email,role\nada@example.com,member\n")
        running.close_stdin()
        self.finish(running, expect=0)

    def test_the_sandbox_of_a_rehearsal_tells_nobody_who_is_on_the_list(self):
        """Every user of the machine can connect to it."""
        running = self.start(None, "--sandbox", "--yes", "--verbose")
        running.write("email,role\nada@example.com,member\n")
        said = wait_until(
            lambda: re.search(r" at http://127\.0\.0\.1:(\d+)", running.said()),
            "where the sandbox is",
        )
        for path in ("invites", "requests", "config"):
            with (
                self.subTest(path),
                self.assertRaises(urllib.error.HTTPError) as refused,
            ):
                urllib.request.urlopen(
                    f"http://127.0.0.1:{said[1]}/_sandbox/{path}", timeout=30
                )
            self.assertEqual(refused.exception.code, 404)
            refused.exception.close()
        running.close_stdin()
        self.finish(running, expect=0)


class Memory(SendCase):
    """A run that waits for an answer, of an ordinary user."""

    def setUp(self):
        super().setUp()
        self.user = {}
        self.program = program("bulk-invite")
        if os.geteuid() == 0:  # who could look at anything
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            self.program = shutil.copy(self.program, self.folder)
            os.chown(self.folder, NOBODY, NOBODY)
        may_answer = threading.Event()

        def answer(request):
            may_answer.wait(60)
            return invitation(request)

        self.server = self.recorder(answer)
        self.addCleanup(may_answer.set)  # before the server ends
        self.team(1)

    def begin(self):
        def lift_limit():
            most = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))

        process = subprocess.Popen(
            [self.program, *self.arguments(self.server, "team.csv", ())],
            env=clean_env(self.folder, {"BULK_INVITE_TOKEN": TOKEN}),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lift_limit,
            **self.user,
        )

        def end():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            if process.returncode is None:
                process.wait()

        self.addCleanup(end)
        wait_until(lambda: self.server.requests, "its request")
        return process

    def can_read(self, path):
        """May a process of the same user?"""
        return (
            subprocess.run(
                ["cat", path], capture_output=True, check=False, **self.user
            ).returncode
            == 0
        )

    def test_no_process_of_the_same_user_may_look_into_it(self):
        pid = self.begin().pid
        other = subprocess.Popen(["sleep", "60"], **self.user)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        for name in ("environ", "maps"):
            self.assertTrue(self.can_read(f"/proc/{other.pid}/{name}"))
            self.assertFalse(self.can_read(f"/proc/{pid}/{name}"), name)
        self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0)

    def test_a_crash_leaves_no_core(self):
        control = subprocess.Popen(
            ["sh", "-c", "ulimit -c unlimited; kill -SEGV $$"], cwd=self.folder
        )
        _, status = os.waitpid(control.pid, 0)
        control.returncode = 0
        if not os.WCOREDUMP(status):
            self.skipTest("nothing dumps core here")
        process = self.begin()
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = 0
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        self.assertFalse(os.WCOREDUMP(status))

    def test_its_arguments_do_not_hold_it(self):
        pid = self.begin().pid
        self.assertNotIn(
            TOKEN.encode(), Path(f"/proc/{pid}/cmdline").read_bytes()
        )


if __name__ == "__main__":
    unittest.main()
