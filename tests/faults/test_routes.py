#!/usr/bin/env python3
"""The token goes to the configured server and nowhere else."""

import contextlib
import select
import socket
import threading
import unittest

from raw_server import RawServer, Script, fin, http
from transport import TOKEN, Certificates, TransportCase, run_of


class Proxy:
    """A proxy that tunnels CONNECT and passes absolute-form requests on; it
    keeps the heads it got, and all bytes."""

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.heads = []
        self.listener = None
        self.is_ending = threading.Event()
        self.threads = []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._spawn(self._accept)
        return self

    def __exit__(self, *_):
        self.is_ending.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _spawn(self, target, *args):
        thread = threading.Thread(target=target, args=args)
        thread.start()
        self.threads.append(thread)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._spawn(self._serve, self.listener.accept()[0])

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head)
            if self.refusal:
                client.sendall(self.refusal)
                return
            method, target, _ = head.split(b" ", 2)
            if method == b"CONNECT":
                host, _, port = target.decode().rpartition(":")
            else:
                host, _, port = target.decode().split("/")[2].rpartition(":")
            with socket.create_connection((host, int(port))) as upstream:
                if method == b"CONNECT":
                    client.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
                else:
                    upstream.sendall(head)
                self._pump(client, upstream)

    def _pump(self, client, upstream):
        other = {client: upstream, upstream: client}
        while not self.is_ending.is_set():
            for sock in select.select(list(other), [], [], 0.05)[0]:
                data = sock.recv(65536)
                if not data:
                    return
                other[sock].sendall(data)


class Routes(TransportCase):
    """The token goes to the configured server and nowhere else."""

    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)

    def test_proxies_of_the_environment_are_ignored(self):
        names = ("http_proxy", "https_proxy", "ALL_PROXY", "HTTP_PROXY")
        names += ("HTTPS_PROXY", "all_proxy")
        with Proxy() as proxy:
            for tls in (None, self.certificates.context("valid")):
                with (
                    RawServer(tls=tls) as server,
                    run_of(
                        server.url,
                        ("one", "two"),
                        *("--cacert", str(self.certificates.authority)),
                        env={name: proxy.url for name in names},
                    ) as run,
                ):
                    run.end()
                    self.assertEqual(run.exit_code, 0, run.said())
            self.assertEqual(proxy.heads, [])

    def test_the_proxy_of_the_option_is_used_whatever_no_proxy_says(self):
        for env in ({}, {"no_proxy": "*"}, {"NO_PROXY": "127.0.0.1"}):
            with (
                self.subTest(env=env),
                Proxy() as proxy,
                RawServer() as server,
                run_of(
                    server.url, ("one", "two"), "--proxy", proxy.url, env=env
                ) as run,
            ):
                run.end()
                self.assertEqual(run.exit_code, 0, run.said())
                self.assertTrue(proxy.heads)
                self.assertEqual(len(server.requests), 2)

    def test_a_proxy_elsewhere_gets_no_token_in_clear(self):
        with RawServer() as server:
            for proxy in ("http://proxy.example.com:3128", "192.0.2.7:3128"):
                with (
                    self.subTest(proxy),
                    run_of(server.url, ("one",), "--proxy", proxy) as run,
                ):
                    run.end()
                    self.check_sane(run)
                    self.assertEqual(run.exit_code, 2, run.said())
                    self.assertIn("in clear", run.said())
            self.assertEqual(server.accepted, 0)

    def test_a_proxy_that_is_none_is_refused_without_its_password(self):
        for proxy in ("ftp://me:hunter2@h", "http://me:hunter2@h:99999"):
            with (
                self.subTest(proxy),
                run_of(
                    "https://127.0.0.1:9", ("one",), "--proxy", proxy
                ) as run,
            ):
                run.end()
                self.check_sane(run)
                self.assertEqual(run.exit_code, 2, run.said())
                self.assertIn("proxy", run.said())
                self.assertNotIn("hunter2", run.said())

    def test_a_proxy_sees_no_token_of_a_tls_server(self):
        with (
            Proxy() as proxy,
            RawServer(tls=self.certificates.context("valid")) as server,
            run_of(
                server.url,
                ("one", "two"),
                *("--proxy", proxy.url),
                *("--cacert", str(self.certificates.authority)),
            ) as run,
        ):
            run.end()
            self.assertEqual(run.exit_code, 0, run.said())
            self.assertEqual(len(server.requests), 2)
            self.assertTrue(proxy.heads)
            for head in proxy.heads:
                self.assertTrue(head.startswith(b"CONNECT "), head)
                self.assertNotIn(TOKEN.encode(), head)
                self.assertNotIn(b"Idempotency", head)

    def test_a_request_lost_behind_a_tunnel_is_unknown(self):
        script = Script(rows={"bad": fin()})
        with (
            Proxy() as proxy,
            RawServer(script, self.certificates.context("valid")) as server,
            run_of(
                server.url,
                ("bad", "after"),
                *("--proxy", proxy.url, "--concurrency", "1"),
                *("--cacert", str(self.certificates.authority)),
            ) as run,
        ):
            run.end()
            self.check_sane(run)
            self.assertEqual(run.rows["bad"]["status"], "unknown", run.said())
            self.assertEqual(run.rows["after"]["status"], "invited")
            self.assertEqual(server.posts["bad@example.com"], 1)

    def test_a_proxy_that_refuses_stops_the_run(self):
        for status, exit_code in ((407, 7), (403, 7), (502, 5)):
            refusal = http(status, [("Proxy-Authenticate", "Basic realm=x")])
            with (
                self.subTest(status=status),
                Proxy(refusal) as proxy,
                RawServer(tls=self.certificates.context("valid")) as server,
                run_of(
                    server.url,
                    ("one",),
                    *("--proxy", proxy.url, "--give-up-after", "1s"),
                    *("--cacert", str(self.certificates.authority)),
                ) as run,
            ):
                run.end()
                self.check_sane(run)
                self.assertEqual(run.exit_code, exit_code, run.said())
                self.assertEqual(run.rows["one"]["status"], "unprocessed")
                self.assertEqual(server.accepted, 0)

    def test_the_server_gets_the_token_and_the_contracts_request_once(self):
        with RawServer() as server, run_of(server.url, ("one",)) as run:
            run.end()
            (request,) = server.requests
            self.assertEqual(
                request.headers["authorization"], f"Bearer {TOKEN}"
            )
            self.assertEqual(request.head.count(b"Authorization"), 1)
            self.assertNotIn("expect", request.headers)
            self.assertEqual(
                request.target, "/v1/organizations/acme/members/invite"
            )


if __name__ == "__main__":
    unittest.main()
