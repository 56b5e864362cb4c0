#!/usr/bin/env python3
"""A disk that is full, broken or read-only, memory that is short: a clear end,
a ledger that is right, never a wrong status, and the next run finishes the job.

Every Nth call of a kind fails, for N = 1, 2, ... until it is no longer reached.
By default a sample of them; all of them, which takes a while:

    BULK_INVITE_EVERY_FAILURE=1 BULK_INVITE_BIN_DIR=BUILD \\
        tests/faults/test_failures.py -v
"""

import csv
import os
import resource
import subprocess
import tempfile
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults import (
    IS_SANITIZED,
    NEEDS_PRELOAD,
    REPORT,
    Ledger,
    Run,
    check_against_server,
)
from support import Sandbox

IS_WHOLE = bool(os.environ.get("BULK_INVITE_EVERY_FAILURE"))
SAMPLE = 6  # of each kind and errno
BEYOND = 60  # runs differ by some calls
AT_ONCE = 4

LEDGER = "state/team.db"
PEOPLE = [f"person{i}@example.com" for i in range(1, 9)]
EARLIER = PEOPLE[:3]


class Place:
    """A list, a ledger and a server of their own. Use it with `with`."""

    def __init__(self, test, folder=None):
        self.test = test
        self.given_folder = folder

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="bulk-invite-")
        self.folder = Path(self.given_folder or self.temporary.name)
        self.sandbox = Sandbox()
        self.sandbox.__enter__()
        self.write_list(PEOPLE)
        return self

    def __exit__(self, *_):
        self.sandbox.stop()
        self.temporary.cleanup()

    def write_list(self, people):
        lines = ["email,role", *(f"{email},member" for email in people), ""]
        (self.folder / "team.csv").write_text("\n".join(lines))

    def run(self, *extra, **how):
        args = ["send", "team.csv", "--org", "acme", "--ledger", LEDGER]
        args += ["--base-url", self.sandbox.url, "--concurrency", "2", *extra]
        return Run(self.folder, args, **how)

    def invite_some(self):
        """Then ledger and report are there before."""
        self.write_list(EARLIER)
        self.test.assertEqual(self.run().exit_code, 0)
        self.write_list(PEOPLE)
        (self.folder / REPORT).rename(self.folder / "first.csv")
        (self.folder / REPORT).write_text("an older report\n")

    def seen(self):
        """address -> how often it was posted"""
        return {p["email"]: p["posts"] for p in self.sandbox.invites()}

    def statuses(self):
        """address -> status, by the report of the last run, if it is whole."""
        path = self.folder / REPORT
        if not path.exists() or path.read_text() == "an older report\n":
            return {}
        with open(path, newline="", encoding="utf-8") as file:
            rows = sorted(csv.DictReader(file), key=lambda r: int(r["line"]))
        return {row["email"]: row["status"] for row in rows}

    def check(self, run, told="", codes=(0, 3, 6)):
        """After a run with a fault: a clear end and never a wrong status."""
        told = f"{told}\nexit code {run.exit_code}\n{run.stderr}"
        run.check_sane(self.test, told)
        self.test.assertIn(run.exit_code, codes, told)
        if run.exit_code:
            self.test.assertNotEqual(run.stderr, "", told)
        seen = self.seen()
        ledger = Ledger(self.folder / LEDGER)
        check_against_server(self.test, ledger, seen, told)
        statuses = self.statuses()
        if run.exit_code != 4:  # else the list could not be read to its end
            self.test.assertIn(list(statuses), ([], PEOPLE), told)
        for email, status in statuses.items():
            wanted = ("unprocessed", "unknown", "failed")
            if seen.get(email):
                wanted = ("invited", "already_invited", "unknown")
                if email in EARLIER and run.exit_code != 0:
                    wanted += ("unprocessed",)  # in this run
            if run.exit_code == 0:
                wanted = ("invited", "already_invited")
            self.test.assertIn(status, wanted, f"{email} {told}")

    def check_next(self, told=""):
        """Without a fault the next run finishes the job."""
        run = self.run()
        told = f"{told}\nthen, exit code {run.exit_code}\n{run.stderr}"
        run.check_sane(self.test, told)
        statuses = self.statuses()
        self.test.assertEqual(list(statuses), PEOPLE, told)
        is_known = "unknown" not in statuses.values()
        self.test.assertEqual(run.exit_code, 0 if is_known else 3, told)
        seen = self.seen()
        for email, status in statuses.items():
            wanted = ("invited", "already_invited", "unknown")
            self.test.assertIn(status, wanted, told)
            self.test.assertLessEqual(seen.get(email, 0), 1, told)
            if status != "unknown":
                self.test.assertEqual(seen.get(email), 1, told)


@unittest.skipIf(IS_SANITIZED, NEEDS_PRELOAD)
class EveryCallFails(unittest.TestCase):
    """Alternately with a new ledger, and with one and a report that were there
    before, whose opening and renaming make other calls."""

    def sweep(self, kind, action, errno="", codes=(0, 3, 6)):
        with Place(self) as place:
            place.invite_some()
            most = max(1, place.run(fault=f"none:{kind}:1").calls[kind])
        numbers = range(1, most + BEYOND)
        if not IS_WHOLE:
            step = max(1, most // SAMPLE)
            numbers = range(1, most + 1, step)
        cases = [
            (f"{action}:{kind}:{n}:{errno}", is_later, codes)
            for n in numbers
            for is_later in (False, True)
            if IS_WHOLE or most <= SAMPLE or n // step % 2 == is_later
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            ends = list(pool.map(lambda case: self.check_fault(*case), cases))
        self.assertIn(True, [has_happened for has_happened, _ in ends])
        if IS_WHOLE:
            self.assertFalse(ends[-1][0], "N has not come to the end")
            print(f"\n  {action} {kind} {errno}: {len(ends)} runs,"
                  f" exit codes {Counter(code for _, code in ends)}")

    def check_fault(self, fault, is_later, codes):
        with Place(self) as place:
            if is_later:
                place.invite_some()
            run = place.run(fault=fault)
            told = f"{fault}, {'later' if is_later else 'first'} run"
            place.check(run, told, codes)
            place.check_next(told)
            return run.has_happened, run.exit_code

    def check_each(self, kind, action, errnos, codes=(0, 3, 6)):
        for errno in errnos:
            with self.subTest(f"{action} {errno}"):
                self.sweep(kind, action, errno, codes)

    def test_writes_fail(self):
        self.check_each("write", "fail", ("ENOSPC", "EIO"))

    def test_the_disk_stays_full(self):
        self.check_each("write", "fail-from", ("ENOSPC",))

    def test_short_and_interrupted_writes_are_completed(self):
        self.check_each("write", "short", ("",), codes=(0,))
        self.check_each("write", "fail", ("EINTR",), codes=(0,))

    def test_syncs_fail(self):
        self.check_each("fsync", "fail", ("EIO", "ENOSPC", "EINTR"))

    def test_files_cannot_be_opened(self):
        self.check_each(
            "open", "fail", ("EIO", "EMFILE", "ENOSPC"), codes=(0, 2, 3, 4, 6)
        )

    def test_an_interrupted_open_is_tried_again(self):
        self.check_each("open", "fail", ("EINTR",), codes=(0,))

    def test_names_cannot_be_changed(self):
        self.check_each("rename", "fail", ("EIO", "ENOSPC"))
        self.check_each("unlink", "fail", ("EIO",))
        self.check_each("mkdir", "fail", ("ENOSPC", "EACCES"))

    def test_files_cannot_be_resized_locked_or_mapped(self):
        self.check_each("ftruncate", "fail", ("ENOSPC", "EIO"))
        self.check_each("flock", "fail-from", ("ENOLCK",))
        self.check_each("mmap", "fail", ("ENOMEM",))

    def test_reads_fail(self):
        self.check_each("read", "fail", ("EIO",), codes=(0, 3, 4, 6))

    def test_an_interrupted_read_is_tried_again(self):
        self.check_each("read", "fail", ("EINTR",), codes=(0,))

    def test_the_network_fails(self):
        self.check_each("sendto", "fail", ("ENOMEM", "EIO"))
        self.check_each("recvfrom", "fail", ("ENOMEM", "EIO"))

    def test_sockets_fail(self):
        self.check_each(
            "socket", "fail", ("EMFILE", "ENOBUFS"), codes=(0, 3)
        )
        self.check_each(
            "connect", "fail", ("ECONNREFUSED", "ENETUNREACH"), codes=(0, 3)
        )
        self.check_each("sendto", "fail", ("ECONNRESET", "EPIPE", "ENOBUFS"))
        self.check_each("recvfrom", "fail", ("ECONNRESET", "ETIMEDOUT"))
        for kind in ("sockname", "peername", "sockopt"):
            self.check_each(kind, "fail", ("ENOBUFS",), codes=(0, 3))
        self.check_each("fcntl", "fail", ("EIO", "ENOLCK"))
        self.check_each("newfd", "fail", ("EMFILE",))
        self.check_each("thread", "fail", ("EAGAIN",), codes=(0, 6))
        self.check_each("epollctl", "fail", ("ENOSPC", "ENOMEM"))
        self.check_each("poll", "fail", ("ENOMEM",), codes=(0, 3, 4, 6))

    def test_bytes_that_come_and_go_one_by_one_are_put_together(self):
        for kind in ("sendto", "recvfrom"):
            self.check_each(kind, "short", ("",), codes=(0,))
            self.check_each(kind, "short-from", ("",), codes=(0,))

    def test_a_storm_of_interruptions_does_no_harm(self):
        """Every second call of a kind, from the Nth on."""
        for kind in (
            *("write", "read", "open", "flock", "sendto"),
            *("recvfrom", "epollwait", "poll"),
        ):
            with self.subTest(kind):
                self.check_each(kind, "fail-odd", ("EINTR",), codes=(0,))

    def test_a_kernel_or_sandbox_without_epoll_pwait2_is_enough(self):
        """Older containers answer EPERM for what they do not know. Without
        events only time-outs would get anything done."""
        for errno in ("ENOSYS", "EPERM"):
            with self.subTest(errno), Place(self) as place:
                place.sandbox.change(latency="50ms")
                run = place.run(
                    *("--timeout", "5s"),
                    fault=f"fail-from:epollwait:1:{errno}",
                )
                self.assertTrue(run.has_happened)
                place.check(run, errno, codes=(0,))

    def test_no_socket_ever_again_ends_as_a_dead_server(self):
        for kind, errno in (
            ("socket", "EMFILE"),
            ("connect", "ENETUNREACH"),
            ("recvfrom", "ECONNRESET"),
            ("sendto", "EPIPE"),
        ):
            with self.subTest(kind), Place(self) as place:
                run = place.run(
                    *("--give-up-after", "1s"),
                    fault=f"fail-from:{kind}:1:{errno}",
                )
                self.assertTrue(run.has_happened)
                place.check(run, kind, codes=(3, 5))
                place.check_next(kind)

    def test_memory_is_short_once(self):
        # 7: the first answer could not be read
        self.check_each("malloc", "fail", ("ENOMEM",), codes=(0, 3, 6, 7))

    def test_memory_is_short_from_then_on(self):
        self.check_each("malloc", "fail-from", ("ENOMEM",), codes=(0, 3, 6))


class Disks(unittest.TestCase):
    def setUp(self):
        self.place = Place(self)
        self.place.__enter__()
        self.addCleanup(self.place.__exit__)

    def test_a_report_on_a_full_device_stops_the_run(self):
        run = self.place.run("--report", "/dev/full")
        self.place.check(run, codes=(6,))
        self.assertIn("No space left on device", run.stderr)
        self.assertIn("/dev/full", run.stderr)
        self.assertLess(len(self.place.seen()), len(PEOPLE))
        self.place.check_next()

    def test_a_limit_on_the_size_of_files_is_an_error_and_no_signal(self):
        is_clean = False
        # Nothing at all may be written: a sanitizer's runtime, which starts
        # before main() can ignore the signal, now and then does.
        nothing = () if IS_SANITIZED else (0,)
        for limit in (*nothing, 10, 500, 4096, 9000, 33000, 40000, 60000, 1 << 20):
            with self.subTest(limit), Place(self) as place:
                run = place.run(
                    preexec_fn=lambda limit=limit: resource.setrlimit(
                        resource.RLIMIT_FSIZE, (limit, limit)
                    )
                )
                place.check(run, codes=(0, 6))
                is_clean = run.exit_code == 0
                place.check_next()
        self.assertTrue(is_clean)

    def mount(self, options):
        """A file system of one's own; needs root."""
        folder = Path(tempfile.mkdtemp(prefix="bulk-invite-"))
        self.addCleanup(folder.rmdir)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            self.skipTest("only root may mount a file system")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        return folder

    def remount(self, folder, options):
        command = ["mount", "-o", f"remount,{options}", folder]
        subprocess.run(command, check=True)

    def test_a_small_file_system(self):
        ends = set()
        for size in ("16k", "32k", "64k", "96k", "160k", "256k"):
            folder = self.mount(f"size={size}")
            with self.subTest(size), Place(self, folder) as place:
                run = place.run()
                ends.add(run.exit_code)
                place.check(run, codes=(0, 6))
                self.remount(folder, "size=4m")
                place.check_next()
        self.assertEqual(ends, {0, 6})

    def test_a_file_system_that_is_read_only(self):
        folder = self.mount("size=4m")
        with Place(self, folder) as place:
            place.invite_some()
            before = place.seen()
            self.remount(folder, "ro")
            for extra in ((), ("--ledger", f"{self.place.folder}/other.db")):
                run = place.run(*extra)
                self.assertEqual(run.exit_code, 6, run.stderr)
                self.assertIn("Read-only file system", run.stderr)
                self.assertEqual(place.seen(), before)
            self.remount(folder, "rw")
            place.check_next()


if __name__ == "__main__":
    unittest.main()
