"""Lists beyond every limit: the row is named, the next one is read, and memory
stays what it is for ten rows."""

import array
import fcntl
import json
import subprocess
import termios
import unittest
from pathlib import Path

from support import SendCase, clean_env, is_sanitized, program, wait_until

HEADER = b"email,role\n"
LAST = b"last@example.com,member\n"
MIB = 1024 * 1024


class Limits(SendCase):
    def check(self, *pieces):
        """`check` of these (bytes, times): its plan and its peak memory in
        KiB, with all read and the end of its input still to come (what wait4()
        tells would be this interpreter's, which forked it)."""
        process = subprocess.Popen(
            [program("bulk-invite"), "check", "-", "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clean_env(self.folder),
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        for content, times in pieces:
            for _ in range(times):
                process.stdin.write(content)
        process.stdin.flush()
        unread = array.array("i", [0])

        def is_worked_on():
            """Asleep with nothing to read: it waits for more."""
            status = Path(f"/proc/{process.pid}/status").read_text()
            fcntl.ioctl(process.stdin, termios.FIONREAD, unread)
            return unread[0] == 0 and "State:\tS" in status

        wait_until(is_worked_on, "all of it worked on")
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0])
        plan = json.loads(process.communicate(timeout=60)[0])
        self.assertEqual(process.returncode, 3 if plan["need_look"] else 0)
        return plan, peak

    def check_limit(self, code, line, last_line, *pieces):
        """One row between two good ones is too much."""
        plan, peak = self.check(
            (HEADER + b"first@example.com,member\n", 1), *pieces
        )
        self.assertEqual(plan["invalid"], 1)
        problem = plan["problems"][0]
        self.assertEqual(
            (problem["error_code"], problem["first_lines"]), (code, [line])
        )
        self.assertEqual(
            [row["line"] for row in plan["first"]],
            [2, last_line] if last_line else [2],
        )
        self.check_memory(peak)
        return problem["error"]

    def check_memory(self, peak):
        if is_sanitized():
            return
        _, usual = self.check((HEADER, 1), (LAST, 10))
        self.assertLess(peak, usual * 1.1)

    def test_a_field_of_100_mb(self):
        self.check_limit(
            *("field_too_long", 3, 4),
            (b"x" * MIB, 100),
            (b"@example.com,member\n" + LAST, 1),
        )

    def test_a_quoted_field_of_100_mb(self):
        """Each piece has 1,024 lines."""
        self.check_limit(
            *("field_too_long", 3, 3 + 100 * 1024 + 1),
            (b'a@example.com,"', 1),
            ((b"y" * 1023 + b"\n") * 1024, 100),
            (b'"\n' + LAST, 1),
        )

    def test_a_million_columns(self):
        self.check_limit(
            *("too_many_columns", 3, 4),
            (b"a@example.com,member" + b",x" * 1_000_000 + b"\n" + LAST, 1),
        )

    def test_an_unclosed_quote_before_96_mb(self):
        error = self.check_limit(
            *("unclosed_quote", 3, None),
            (b'a@example.com,"member\n', 1),
            (b"b@example.com,member\n" * 50_000, 96),
        )
        self.assertIn("opens on line 3", error)

    def test_nul_bytes_without_end(self):
        self.check_limit(
            *("field_too_long", 3, 4),
            (b"\0" * MIB, 100),
            (b",member\n" + LAST, 1),
        )
        self.check_limit(
            *("nul_byte", 3, 4),
            (b"a\0@example.com,member\n" + LAST, 1),
        )

    def test_many_rows(self):
        """Different people, so that each is remembered."""
        count = 100_000
        rows = (b"person%d@example.com,member\n" % i for i in range(count))
        plan, peak = self.check((HEADER, 1), (b"".join(rows), 1))
        self.assertEqual(plan["to_invite"], count)
        self.check_memory(peak)

    def test_many_bad_rows_of_different_kinds(self):
        rows = (b"p@example.com,role %d\n" % i for i in range(100_000))
        plan, peak = self.check((HEADER, 1), (b"".join(rows), 1))
        self.assertEqual(plan["need_look"], 99_999)
        self.check_memory(peak)


if __name__ == "__main__":
    unittest.main()
