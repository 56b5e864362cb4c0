"""What the compiler and the linker were told to do against exploits is in the
programs (OpenSSF's compiler options hardening guide)."""

import platform
import re
import subprocess
import unittest

from support import is_sanitized, program


def readelf(option, name):
    return subprocess.run(
        ["readelf", "--wide", option, program(name)],
        env={"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


class Hardening(unittest.TestCase):
    def check_each(self, check):
        for name in ("bulk-invite", "bulk-invite-sandbox"):
            with self.subTest(name):
                check(name)

    def test_it_is_loaded_anywhere(self):
        """Position independent, and finds its libraries in no odd place."""

        def check(name):
            self.assertIn("DYN (Position-Independent", readelf("-h", name))
            dynamic = readelf("-d", name)
            self.assertRegex(dynamic, r"FLAGS_1.*\bPIE\b")
            self.assertNotRegex(dynamic, r"RPATH|RUNPATH|TEXTREL")

        self.check_each(check)

    def test_no_function_pointer_of_the_linker_can_be_written(self):
        def check(name):
            self.assertIn("GNU_RELRO", readelf("-l", name))
            self.assertRegex(readelf("-d", name), r"BIND_NOW|FLAGS.*\bNOW\b")

        self.check_each(check)

    def test_nothing_is_writable_and_executable(self):
        def check(name):
            segments = readelf("-l", name)
            self.assertRegex(segments, r"GNU_STACK .* RW +0x")
            self.assertNotRegex(segments, r"\bRWE\b")

        self.check_each(check)

    def test_stacks_are_guarded(self):
        self.check_each(
            lambda name: self.assertIn(
                "__stack_chk_fail", readelf("--dyn-syms", name)
            )
        )

    @unittest.skipIf(is_sanitized(), "a sanitizer checks more than this")
    def test_calls_of_libc_know_the_sizes(self):
        def check(name):
            symbols = readelf("--dyn-syms", name)
            checked = set(re.findall(r" __(\w+)_chk@", symbols))
            self.assertIn("snprintf", checked)
            self.assertIn("fprintf", checked)
            self.assertGreaterEqual(len(checked), 4, checked)

        self.check_each(check)

    @unittest.skipUnless(
        platform.machine() == "x86_64", "CET is of x86 processors"
    )
    def test_jumps_and_returns_are_marked_for_the_processor(self):
        """Of an object: Debian's crt1.o has no marks, so no program has."""
        notes = readelf("-n", "CMakeFiles/bulk-invite.dir/src/main.c.o")
        self.assertIn("x86 feature: IBT, SHSTK", notes)


if __name__ == "__main__":
    unittest.main()
