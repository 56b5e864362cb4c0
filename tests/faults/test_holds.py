#!/usr/bin/env python3
"""No request starts between a word to wait and its end; a server may go and
come back.
"""

import email.utils
import socket
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from raw_server import (
    CLOSED,
    RawServer,
    Script,
    answer,
    fin,
    http,
    invitation,
    silence,
)
from transport import (
    AT_ONCE,
    CLOSE,
    FRESH,
    Case,
    Certificates,
    TransportCase,
    run_of,
)


def http_date(seconds):
    """The first whole second at least so far ahead, in all three forms."""
    moment = int(time.time()) + 1 + seconds
    parts = time.gmtime(moment)
    return (
        email.utils.formatdate(moment, usegmt=True),
        time.strftime("%A, %d-%b-%y %H:%M:%S GMT", parts),
        time.strftime("%a %b ", parts)
        + f"{parts.tm_mday:2d}"
        + time.strftime(" %H:%M:%S %Y", parts),
    )


class Holds(TransportCase):
    """No request starts between a word to wait and its end."""

    LATE_S = 0.3  # for what was on its way

    def check_hold(self, status, value, wait_s, count=24, **how):
        """The 6th row is answered with `status`, the rest properly."""
        said_at = []

        def act(connection, request):
            said_at.append(time.monotonic())
            headers = [("Retry-After", value())]
            connection.send(http(status, headers, b'{"detail":"wait"}'))

        people = [f"p{i}" for i in range(count)]
        script = Script(rows={"p5": act})
        with (
            RawServer(script) as server,
            run_of(server.url, people, "--concurrency", "4", **how) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 0, run.said())
            early = [
                request.time - said_at[0]
                for request in server.requests
                if self.LATE_S < request.time - said_at[0] < wait_s
            ]
            self.assertEqual(early, [], f"{status} {value}")
            self.assertEqual(server.posts.total(), count + 1)
            self.assertGreater(run.elapsed, wait_s)

    def test_nothing_is_sent_before_retry_after_is_over(self):
        holds = [(429, lambda: "2", 2), (503, lambda: "2", 2)]
        holds += [
            (429, lambda form=form: http_date(1)[form], 1) for form in range(3)
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [pool.submit(self.check_hold, *hold) for hold in holds]
            for hold, future in zip(holds, futures):
                with self.subTest(status=hold[0], value=hold[1]()):
                    future.result()

    def test_odd_words_to_wait(self):
        retried = {"exit_code": 0, "posts": 2}
        cases = [
            Case(
                f"nonsense_{value}",
                answer(429, [("Retry-After", value)]),
                **retried,
            )
            for value in ("soon", "", "-1", "1.5", "120abc", "0x10", "0")
        ]
        cases += [
            Case("none", answer(429), **retried),
            Case(
                "past_date",
                answer(429, [("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")]),
                **retried,
            ),
        ]
        cases += [
            Case(
                f"huge_{value}",
                answer(429, [("Retry-After", value)]),
                "unprocessed",
                people=FRESH,
                others="unprocessed",
                exit_code=5,
                says="--max-wait",
            )
            for value in ("9" * 40, "604800", "Fri, 31 Dec 9999 23:59:59 GMT")
        ]
        self.check_cases(cases)

    def test_retry_after_zero_is_no_leave_to_hammer(self):
        """A server that says "now" and refuses again is asked more slowly."""
        script = Script(each=answer(429, [("Retry-After", "0")]))
        with (
            RawServer(script) as server,
            run_of(server.url, ("one",), "--max-wait", "3s") as run,
        ):
            run.end()
            self.assertEqual(run.exit_code, 5, run.said())
            self.assertEqual(run.rows["one"]["status"], "unprocessed")
            self.assertLessEqual(len(server.requests), 8)

    def test_a_connection_still_being_made_sends_nothing_into_a_hold(self):
        """TLS takes long on all connections but the first; meanwhile that one
        brings the 429."""
        tls = self.certificates.context("valid")
        held = threading.Event()
        said_at = []

        def wait_then_shake_hands(connection, _request):
            while not held.wait(0.05):
                if connection.server.is_ending.is_set():
                    return CLOSED
            return None

        def act(connection, request):
            connection.server.wait_until(
                lambda: connection.server.accepted >= 4
            )
            said_at.append(time.monotonic())
            connection.send(http(429, [("Retry-After", "2")]))
            threading.Timer(0.3, held.set).start()

        people = [f"p{i}" for i in range(8)]
        script = Script(
            rows={"p1": act},
            connections={n: wait_then_shake_hands for n in range(2, 5)},
        )
        with (
            RawServer(script, tls) as server,
            run_of(
                server.url,
                people,
                *("--concurrency", "4", "--rate", "1000/s"),
                *("--cacert", self.certificates.authority),
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 0, run.said())
            early = [
                request.time - said_at[0]
                for request in server.requests
                if 0 < request.time - said_at[0] < 2
            ]
            self.assertEqual(early, [])
            self.assertEqual(server.posts.total(), len(people) + 1)

    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)


class Outages(TransportCase):
    def test_a_server_that_goes_and_comes_back_loses_no_row(self):
        """It leaves with nothing in flight, so nothing is in doubt."""

        def leave(connection, request):
            server = connection.server
            server.stop_listening()
            connection.send(http(200, CLOSE, invitation(request)))
            connection.fin()
            threading.Timer(0.7, server.listen).start()
            return CLOSED

        people = [f"p{i}" for i in range(6)]
        with (
            RawServer(Script(rows={"p2": leave})) as server,
            run_of(server.url, people, "--concurrency", "1") as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 0, run.said())
            self.assertEqual(set(server.posts.values()), {1})
            self.assertEqual(len(server.posts), len(people))

    def test_what_was_in_flight_when_the_server_died_is_unknown(self):
        def die(connection, request):
            server = connection.server
            server.wait_until(lambda: len(server.requests) >= 5)
            server.stop_listening()
            for each in list(server.open):
                each.sock.shutdown(socket.SHUT_RDWR)
            threading.Timer(0.7, server.listen).start()
            return CLOSED

        in_flight = ("p1", "p2", "p3", "p4")
        rows = {name: silence() for name in in_flight}
        rows["p1"] = die
        people = [f"p{i}" for i in range(10)]
        with (
            RawServer(Script(rows=rows)) as server,
            run_of(
                server.url, people, "--concurrency", "4", "--rate", "1000/s"
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 3, run.said())
            for name in people:
                wanted = "unknown" if name in in_flight else "invited"
                self.assertEqual(run.rows[name]["status"], wanted)
                self.assertEqual(server.posts[f"{name}@example.com"], 1)

    def test_a_server_that_is_down_ends_the_run(self):
        with RawServer() as server:
            server.stop_listening()
            with run_of(
                server.url, ("one", "two"), "--give-up-after", "2s"
            ) as run:
                run.end()
                self.check_sane(run)
                self.assertEqual(run.exit_code, 5)
                self.assertIn("--give-up-after", run.said())
                for row in run.rows.values():
                    self.assertEqual(row["status"], "unprocessed")
                self.assertGreater(run.elapsed, 1.9)
                self.assertLess(run.elapsed, 6)

    def test_a_server_that_fails_every_request_is_held_to_be_down(self):
        people = [f"p{i}" for i in range(60)]
        with (
            RawServer(Script(each=fin())) as server,
            run_of(server.url, people, "--give-up-after", "2s") as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.exit_code, 5, run.said())
            self.assertLess(len(server.requests), 12)
            for row in run.rows.values():
                self.assertEqual(
                    row["status"],
                    "unknown" if server.posts[row["email"]] else "unprocessed",
                )


if __name__ == "__main__":
    unittest.main()
