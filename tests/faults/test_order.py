#!/usr/bin/env python3
"""No request leaves before its intent is in the ledger: at every POST that
reaches the server, a second reader finds it committed."""

import sqlite3
import threading
import unittest
from contextlib import closing
from uuid import UUID

from faults import INTENT, LEDGER, PENDING, SETTLED
from support import SendCase, invitation, reply, wait_until


class Order(SendCase):
    def setUp(self):
        super().setUp()
        self.lock = threading.Lock()
        self.found = []

    def look(self, request):
        """What the ledger says of the request's row, and of its key."""
        uri = f"file:{self.folder / LEDGER}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as reader:
            return reader.execute(
                "SELECT state, idempotency_key FROM row WHERE email = ?",
                (request.json["email"],),
            ).fetchall()

    def check(self, answer):
        """A server's answer that comes after the look."""

        def checked(request):
            rows = self.look(request)
            key = UUID(request.idempotency_key.strip('"')).bytes
            with self.lock:
                self.found.append((rows, [(INTENT, key)]))
            return answer(request)

        return checked

    def send_team(self, *args, answer=invitation, rows=100, expect=0):
        self.team(rows)
        recorder = self.recorder(self.check(answer))
        self.send(recorder, "--ledger", LEDGER, *args, expect=expect)
        self.assertGreaterEqual(len(self.found), rows)
        for rows_found, wanted in self.found:
            self.assertEqual(rows_found, wanted)
        return recorder

    def test_every_request_finds_its_intent_committed(self):
        for concurrency in (1, 16, 64):
            with self.subTest(concurrency):
                self.found.clear()
                for file in self.folder.glob(f"{LEDGER}*"):
                    file.unlink()
                self.send_team("--concurrency", concurrency)

    def test_so_does_every_retry(self):
        """Each row is told once that it was not processed."""
        seen = set()

        def busy_once(request):
            with self.lock:
                is_first = request.json["email"] not in seen
                seen.add(request.json["email"])
            # three in a row would be a server that is down
            if is_first and len(seen) % 4 == 0:
                return reply(503, {"detail": "busy"})
            return invitation(request)

        recorder = self.send_team(answer=busy_once)
        self.assertEqual(len(recorder.requests), 125)

    def test_while_all_wait_nobody_has_an_intent(self):
        """Surely not processed: a kill during the wait leaves no unknown."""
        self.team(20)
        recorder = self.recorder(
            self.check(invitation),
            self.check(
                lambda _: reply(429, {"detail": "slow down"}, Retry_After="1")
            ),
            self.check(invitation),
        )
        run = self.start(
            recorder,
            *("--ledger", LEDGER, "--concurrency", "1"),
            input_name="team.csv",
        )
        wait_until(lambda: len(recorder.requests) == 2, "the 429")
        wait_until(lambda: self.states() == [SETTLED, PENDING], "it waits")
        self.assertEqual(len(recorder.requests), 2)
        self.finish(run, expect=0)
        for rows_found, wanted in self.found:
            self.assertEqual(rows_found, wanted)

    def states(self):
        """Of the rows in the ledger; those that were admitted ahead and given
        back are pending too."""
        uri = f"file:{self.folder / LEDGER}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as reader:
            rows = reader.execute("SELECT DISTINCT state FROM row ORDER BY id")
            return [state for (state,) in rows]


if __name__ == "__main__":
    unittest.main()
