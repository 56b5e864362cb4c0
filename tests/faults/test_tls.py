#!/usr/bin/env python3
"""A server that does not prove who it is gets nothing."""

import os
import ssl
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults import IS_SANITIZED, NEEDS_PRELOAD, faultlib
from raw_server import RawServer, Script, fin, http, invitation, raw, rst
from transport import (
    AT_ONCE,
    CLOSE,
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

    def test_a_certificate_that_expires_during_the_run_stops_it(self):
        def expire(connection, request):
            connection.server.tls = self.certificates.context("expired")
            connection.send(http(200, CLOSE, invitation(request)))

        self.check_cases(
            [
                Case(
                    "expires",
                    script=Script(rows={"bad": expire}),
                    tls=self.certificates.context("valid"),
                    options=self.trusting(),
                    people=FRESH,
                    others="unprocessed",
                    exit_code=7,
                    says="expired",
                )
            ]
        )

    def client(self, name):
        """The options for a client certificate of this name."""
        folder = self.certificates.folder
        key = folder / f"{name}.key"
        key.chmod(0o600)
        return ("--cert", str(folder / f"{name}.pem"), "--key", str(key))

    def demanding(self, version):
        """Of a server that lets in whom its authority has signed."""
        context = self.certificates.context("valid")
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.certificates.authority)
        return context

    def test_a_client_certificate_is_shown_to_a_server_that_asks(self):
        both = self.certificates.folder / "both.pem"
        both.write_text(
            "".join(
                (self.certificates.folder / f"valid.{end}").read_text()
                for end in ("pem", "key")
            )
        )
        both.chmod(0o600)
        self.check_cases(
            Case(
                f"{version.name}_{options}",
                tls=self.demanding(version),
                options=(*self.trusting(), *options),
                exit_code=0,
            )
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
            for options in (self.client("valid"), ("--cert", str(both)))
        )

    def test_without_the_right_one_nothing_reaches_the_server(self):
        """In TLS 1.3 the refusal may come after the request has left: then
        nobody can tell it from a loss, and the rows are unknown."""
        for options in ((), self.client("self_signed")):
            for version, statuses in (
                (ssl.TLSVersion.TLSv1_2, ("unprocessed",)),
                (ssl.TLSVersion.TLSv1_3, ("unprocessed", "unknown")),
            ):
                with (
                    self.subTest(version=version, options=options),
                    RawServer(tls=self.demanding(version)) as server,
                    run_of(
                        server.url,
                        ("one",),
                        *(*self.trusting(), *options),
                        *("--give-up-after", "1s"),
                    ) as run,
                ):
                    run.end()
                    self.check_sane(run)
                    self.assertIn(run.rows["one"]["status"], statuses)
                    if version is ssl.TLSVersion.TLSv1_2:
                        self.assertIn("alert", run.said())
                    self.assertEqual(server.posts.total(), 0)

    def test_a_key_that_others_can_read_or_that_is_none_is_refused(self):
        folder = self.certificates.folder
        locked = folder / "locked.key"
        self.certificates.openssl(
            *("ec", "-in", "valid.key", "-aes128", "-passout", "pass:secret"),
            *("-out", locked),
        )
        seen = folder / "seen.key"
        seen.write_text((folder / "valid.key").read_text())
        seen.chmod(0o640)
        cert = ("--cert", folder / "valid.pem")
        for options, exit_code, words in (
            ((*cert, "--key", seen), 2, "chmod 600"),
            (cert, 2, "chmod 600"),  # the key should be in it
            (("--key", locked), 2, "cert is not"),
            ((*cert, "--key", folder / "nowhere"), 2, "nowhere"),
            ((*cert, "--key", folder), 2, "regular file"),
            ((*cert, "--key", locked), 7, "private key"),
            ((*cert, "--key", folder / "stranger.key"), 7, "private key"),
        ):
            if "valid.pem" in str(options):
                (folder / "valid.pem").chmod(0o644)
            with (
                self.subTest(options=options),
                RawServer(tls=self.demanding(ssl.TLSVersion.TLSv1_3)) as server,
                run_of(
                    server.url, ("one",), *self.trusting(), *map(str, options)
                ) as run,
            ):
                run.end()
                self.check_sane(run)
                self.assertEqual(run.exit_code, exit_code, run.said())
                self.assertIn(words, run.said())
                self.assertEqual(server.posts.total(), 0)

    def test_what_cannot_be_read_to_its_end_is_no_certificate(self):
        """Opening a FIFO that nobody writes to would wait for ever."""
        fifo = self.certificates.folder / "fifo"
        os.mkfifo(fifo, 0o600)
        key = self.certificates.folder / "valid.key"
        key.chmod(0o600)
        for options in (
            ("--cacert", fifo),
            ("--cacert", "/dev/zero"),
            ("--cacert", self.certificates.folder),
            ("--cert", fifo, "--key", key),
            ("--cert", "/dev/zero", "--key", key),
            ("--cert", fifo),
        ):
            with (
                self.subTest(options=options),
                RawServer(tls=self.certificates.context("valid")) as server,
                run_of(server.url, ("one",), *map(str, options)) as run,
            ):
                run.end(20)
                self.check_sane(run)
                self.assertEqual(run.exit_code, 2, run.said())
                self.assertIn("regular file", run.said())
                self.assertEqual(server.accepted, 0)

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


@unittest.skipIf(IS_SANITIZED, NEEDS_PRELOAD)
class TlsCallsFail(TransportCase):
    """Every call on the socket, in the handshake, the request and the answer.
    Half a record that left is nothing that the server could read."""

    PEOPLE = ("one", "two", "three")
    CALLS = 14  # more than a run makes, of most kinds

    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)

    def check_fault(self, fault, exit_codes):
        with (
            RawServer(tls=self.certificates.context("valid")) as server,
            run_of(
                server.url,
                self.PEOPLE,
                *("--cacert", str(self.certificates.authority)),
                *("--concurrency", "1", "--timeout", "5s"),
                env={"LD_PRELOAD": faultlib(), "FAULT": fault},
            ) as run,
        ):
            run.end()
            told = f"{fault}: {run.rows} {run.said()}"
            self.check_sane(run)
            self.assertIn(run.exit_code, exit_codes, told)
            self.assertEqual(list(run.rows), list(self.PEOPLE), told)
            for row in run.rows.values():
                posts = server.posts[row["email"]]
                self.assertLessEqual(posts, 1, told)
                self.assertIn(
                    row["status"],
                    ("invited", "unknown") if posts else ("unknown",),
                    told,
                )
            return run.exit_code, server.accepted

    def check_each(self, faults, exit_codes=(0, 3)):
        """What became of each."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = {
                fault: pool.submit(self.check_fault, fault, exit_codes)
                for fault in faults
            }
            for fault, future in futures.items():
                with self.subTest(fault):
                    yield future.result()

    def test_each_call_fails_once(self):
        ends = self.check_each(
            f"fail:{kind}:{n}:{errno}"
            for kind, errno in (
                ("sendto", "ECONNRESET"),
                ("sendto", "EPIPE"),
                ("recvfrom", "ECONNRESET"),
                ("recvfrom", "ETIMEDOUT"),
            )
            for n in range(1, self.CALLS)
        )
        # some before a request had left, some after it
        self.assertLessEqual({(0, 2), (3, 2)}, set(ends))

    def test_calls_cut_short_or_interrupted_do_no_harm(self):
        ends = self.check_each(
            (
                *(f"short:sendto:{n}:" for n in range(1, self.CALLS)),
                *("short-from:sendto:1:", "short-from:recvfrom:1:"),
                *("fail-odd:sendto:1:EINTR", "fail-odd:recvfrom:1:EINTR"),
                *("fail-odd:sendto:1:EAGAIN", "fail-odd:recvfrom:1:EAGAIN"),
            ),
            exit_codes=(0,),
        )
        self.assertEqual(set(ends), {(0, 1)})


if __name__ == "__main__":
    unittest.main()
