"""The server's name: not there, not told, told too late, or of another host.

What is asked of getaddrinfo() is answered by faultlib.c.
"""

import signal
import time
import unittest

from faults import IS_SANITIZED, NEEDS_PRELOAD, faultlib
from raw_server import RawServer
from transport import Certificates, TransportCase, run_of


@unittest.skipIf(IS_SANITIZED, NEEDS_PRELOAD)
class Names(TransportCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)

    def run_named(self, fault, *options, certificate="named"):
        """A server at 127.0.0.1 and a run that knows its name only."""
        server = RawServer(tls=self.certificates.context(certificate))
        self.enterContext(server)
        run = self.enterContext(
            run_of(
                f"https://almanac.test:{server.port}",
                ("one", "two"),
                *("--cacert", str(self.certificates.authority), *options),
                env={"LD_PRELOAD": faultlib(), "FAULT": fault},
            )
        )
        return server, run

    def check_nothing_sent(self, server, run, exit_code):
        self.check_sane(run)
        self.assertEqual(run.exit_code, exit_code, run.said())
        self.assertEqual(server.posts.total(), 0)
        for row in run.rows.values():
            self.assertEqual(row["status"], "unprocessed")

    def test_a_name_that_is_known_is_enough(self):
        server, run = self.run_named("none:resolve:1")
        self.assertEqual(run.end().exit_code, 0, run.said())
        self.assertEqual(server.posts.total(), 2)

    def test_a_name_that_stays_unknown_ends_the_run(self):
        for error in ("NONAME", "AGAIN", "FAIL"):
            with self.subTest(error):
                server, run = self.run_named(
                    f"fail-from:resolve:1:{error}", "--give-up-after", "1s"
                )
                run.end()
                self.check_nothing_sent(server, run, 5)
                self.assertIn("almanac.test", run.said())
                self.assertIn("resolve", run.said())
                self.assertLess(run.elapsed, 10)

    def test_a_name_that_was_unknown_once_is_asked_for_again(self):
        server, run = self.run_named("fail:resolve:1:AGAIN")
        self.assertEqual(run.end().exit_code, 0, run.said())
        self.assertEqual(server.posts.total(), 2)

    def test_a_name_of_another_host_stops_before_a_byte(self):
        server, run = self.run_named("none:resolve:1", certificate="valid")
        run.end()
        self.check_nothing_sent(server, run, 7)
        self.assertIn("almanac.test", run.said())

    def test_a_resolver_that_hangs_costs_no_more_than_was_allowed(self):
        server, run = self.run_named(
            "hang:resolve:1",
            *("--connect-timeout", "500ms", "--give-up-after", "200ms"),
        )
        run.end()
        self.check_nothing_sent(server, run, 5)
        self.assertLess(run.elapsed, 5)

    def test_a_signal_ends_a_run_whose_resolver_hangs(self):
        server, run = self.run_named("hang:resolve:1")
        run.wait_said("start:")
        run.signal(signal.SIGTERM)
        asked = time.monotonic()
        run.end()
        self.check_nothing_sent(server, run, 143)
        self.assertLess(time.monotonic() - asked, 5)

    def test_a_server_that_moves_is_found_where_it_is_now(self):
        """Nobody listens at the first address; what was remembered of the name
        must not outlive the pauses of a dead server."""
        server, run = self.run_named("none:resolve:2")
        self.assertEqual(run.end().exit_code, 0, run.said())
        self.assertEqual(server.posts.total(), 2)
        self.assertLess(run.elapsed, 30)


if __name__ == "__main__":
    unittest.main()
