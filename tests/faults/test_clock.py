#!/usr/bin/env python3
"""A wall clock that jumps by a day, either way: nobody is invited twice, and
what was learned of the pace is not taken from the future. And a clock that
runs fast, for what would take a minute."""

import glob
import time
import unittest

from faults import IS_SANITIZED, LEDGER
from support import SendCase, invitation, reply

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


@unittest.skipIf(IS_SANITIZED, "a sanitizer and libfaketime do not go together")
@unittest.skipUnless(LIBRARIES, "libfaketime is not installed")
class Clock(SendCase):
    def send_at(self, server, offset, *args, expect):
        environment = {
            "LD_PRELOAD": LIBRARIES[0],
            "FAKETIME": offset,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return self.send(
            server, "--ledger", LEDGER, *args, expect=expect, env=environment
        )

    def check_jump(self, first, second):
        self.team(20)
        server = self.recorder()
        self.send_at(server, first, "--limit", "7", expect=3)
        self.send_at(server, second, expect=0)
        self.send_at(server, first, expect=0)
        emails = [request.json["email"] for request in server.requests]
        self.assertEqual(len(emails), 20)
        self.assertEqual(len(set(emails)), 20)

    def test_forward(self):
        self.check_jump("-1d", "+0")

    def test_backward(self):
        self.check_jump("+1d", "+0")

    def test_a_hold_is_kept_for_the_next_run(self):
        self.team(2)
        server = self.recorder(reply(429, retry_after="3600"), invitation)
        for _ in range(2):
            self.send_at(server, "+0", "--max-wait", "1s", expect=5)
            self.assertEqual(len(server.requests), 1)

    def test_a_hold_of_the_future_is_not(self):
        self.team(2)
        server = self.recorder(reply(429, retry_after="3600"), invitation)
        self.send_at(server, "+1d", "--max-wait", "1s", expect=5)
        self.send_at(server, "+0", "--max-wait", "1s", expect=0)
        self.assertEqual(len(server.requests), 3)

    def test_a_token_command_has_a_minute_to_end(self):
        """Also one whose output has ended, or that left it to a daemon."""
        self.team(1)
        server = self.recorder()
        own_time = "unset LD_PRELOAD FAKETIME; exec 2>/dev/null;"
        for command in (
            "sleep 20",
            "echo a-token; sleep 20",
            "echo a-token; exec >/dev/null; sleep 20",
            "echo a-token; (sleep 20) &",
        ):
            with self.subTest(command):
                started = time.monotonic()
                done = self.send(
                    server,
                    *("--token-command", f"{own_time} {command}"),
                    expect=2,
                    env={"LD_PRELOAD": LIBRARIES[0], "FAKETIME": "+0 x60"},
                )
                self.assertIn("did not end within 60 s", done.stderr)
                self.assertLess(time.monotonic() - started, 15)
        self.assertEqual(server.requests, [])


if __name__ == "__main__":
    unittest.main()
