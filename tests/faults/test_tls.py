#!/usr/bin/env python3
"""A server that does not prove who it is gets nothing."""

import ssl
import tempfile
import unittest
from pathlib import Path

from raw_server import RawServer, fin, raw, rst
from transport import (
    FRESH,
    Case,
    Certificates,
    TransportCase,
    cut_points,
    run_of,
)


class Tls(TransportCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)

    def trusting(self, name="authority"):
        return ("--cacert", str(self.certificates.folder / f"{name}.pem"))

    def test_a_trusted_server_is_invited_through(self):
        self.check_cases(
            [
                Case(
                    "valid",
                    tls=self.certificates.context("valid"),
                    options=self.trusting(),
                    exit_code=0,
                )
            ]
        )

    def test_a_certificate_that_proves_nothing_stops_before_a_byte(self):
        cases = [
            ("expired", self.trusting(), "expired"),
            ("wrong_host", self.trusting(), "127.0.0.1"),
            ("self_signed", self.trusting(), "self"),
            ("valid", self.trusting("stranger"), ""),
            ("valid", (), ""),
        ]
        self.check_cases(
            Case(
                f"{name}_{options}",
                tls=self.certificates.context(name),
                options=options,
                status="unprocessed",
                code="certificate",
                posts=0,
                people=FRESH,
                others="unprocessed",
                exit_code=7,
                says="certificate",
            )
            for name, options, _ in cases
        )

    def test_the_sentence_says_what_is_wrong(self):
        for name, words in (
            ("expired", "expired"),
            ("wrong_host", "127.0.0.1"),
            ("self_signed", "self"),
        ):
            with (
                self.subTest(name),
                RawServer(tls=self.certificates.context(name)) as server,
                run_of(server.url, ("one",), *self.trusting()) as run,
            ):
                run.end()
                self.assertIn(words, run.said())

    def test_deaths_on_reused_tls_connections_send_once(self):
        tls = self.certificates.context("valid")
        self.check_cases(
            Case(
                f"{death}_{point}",
                raw(*said, act()),
                "unknown",
                "connection_lost",
                tls=tls,
                options=self.trusting(),
                is_reused=True,
            )
            for death, act in (("fin", fin), ("rst", rst))
            for point, said in cut_points().items()
        )

    def test_no_tls_keys_are_logged(self):
        with (
            RawServer(tls=self.certificates.context("valid")) as server,
            tempfile.TemporaryDirectory() as folder,
        ):
            log = Path(folder) / "keys"
            with run_of(
                server.url,
                ("one",),
                *self.trusting(),
                env={"SSLKEYLOGFILE": str(log)},
            ) as run:
                run.end()
                self.assertEqual(run.exit_code, 0, run.said())
                self.assertFalse(log.exists())

    def test_old_tls_is_refused(self):
        context = self.certificates.context("valid")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with (
            RawServer(tls=context) as server,
            run_of(
                server.url,
                ("one",),
                *self.trusting(),
                *("--give-up-after", "1s"),
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.rows["one"]["status"], "unprocessed")
            self.assertEqual(server.posts.total(), 0)


if __name__ == "__main__":
    unittest.main()
