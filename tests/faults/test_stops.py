#!/usr/bin/env python3
"""A signal while connecting, in flight and during a hold."""

import contextlib
import signal
import socket
import threading
import time
import unittest
from pathlib import Path

from raw_server import RawServer, Script, answer, ok, silence, wait_for
from transport import TransportCase, run_of, wait_until


def half_made(port):
    """How many connections to `port` the kernel is still making."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(f[2].endswith(f":{port:04X}") and f[3] == "02" for f in fields)


class Signals(TransportCase):
    def check_stopped(self, run, exit_code=143, within_s=5):
        asked = time.monotonic()
        run.end()
        self.check_sane(run)
        self.assertEqual(run.exit_code, exit_code, run.said())
        self.assertLess(time.monotonic() - asked, within_s)

    def test_sigterm_while_connecting_sends_nothing(self):
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(4):  # the backlog is full after some of them
                sock = stack.enter_context(socket.socket())
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
            before = wait_until(lambda: half_made(port), "a full backlog")
            run = stack.enter_context(
                run_of(f"http://127.0.0.1:{port}", ("one", "two"))
            )
            wait_until(lambda: half_made(port) > before, "a connect()")
            run.signal(signal.SIGTERM)
            self.check_stopped(run)
            for row in run.rows.values():
                self.assertEqual(row["status"], "unprocessed")

    def test_sigterm_while_tls_is_silent_sends_nothing(self):
        script = Script(connections={1: silence()})
        with (
            RawServer(script, scheme="https") as server,
            run_of(server.url, ("one", "two")) as run,
        ):
            server.wait_until(lambda: server.accepted)
            run.signal(signal.SIGTERM)
            self.check_stopped(run)
            for row in run.rows.values():
                self.assertEqual(row["status"], "unprocessed")
            self.assertEqual(server.posts.total(), 0)

    def test_what_is_in_flight_at_sigterm_finishes_and_nothing_starts(self):
        answer_now = threading.Event()
        held = wait_for(answer_now, ok())
        people = [f"p{i}" for i in range(40)]
        script = Script(rows={f"p{i}": held for i in range(1, 40)})
        with (
            RawServer(script) as server,
            run_of(
                server.url, people, "--concurrency", "4", "--rate", "1000/s"
            ) as run,
        ):
            server.wait_until(lambda: len(server.requests) == 5)
            run.signal(signal.SIGTERM)
            run.wait_said("stopping")
            answer_now.set()
            self.check_stopped(run)
            self.assertEqual(len(server.requests), 5)
            for name, row in run.rows.items():
                is_sent = server.posts[f"{name}@example.com"]
                self.assertEqual(
                    row["status"], "invited" if is_sent else "unprocessed"
                )

    def test_a_second_signal_cuts_off_what_is_in_flight(self):
        for first, second, exit_code in (
            (signal.SIGTERM, signal.SIGTERM, 143),
            (signal.SIGINT, signal.SIGINT, 130),
        ):
            script = Script(each=silence())
            with (
                self.subTest(first),
                RawServer(script) as server,
                run_of(server.url, ("one", "two")) as run,
            ):
                server.wait_until(lambda: server.requests)
                run.signal(first)
                run.wait_said("stopping")
                run.signal(second)
                self.check_stopped(run, exit_code)
                self.assertEqual(run.rows["one"]["status"], "unknown")
                self.assertEqual(run.rows["one"]["error_code"], "aborted")
                self.assertEqual(run.rows["two"]["status"], "unprocessed")

    def test_sigterm_during_a_hold_ends_it(self):
        script = Script(each=answer(429, [("Retry-After", "3600")]))
        with (
            RawServer(script) as server,
            run_of(server.url, ("one", "two")) as run,
        ):
            run.wait_said("waiting")
            run.signal(signal.SIGTERM)
            self.check_stopped(run)
            self.assertEqual(len(server.requests), 1)
            for row in run.rows.values():
                self.assertEqual(row["status"], "unprocessed")


if __name__ == "__main__":
    unittest.main()
