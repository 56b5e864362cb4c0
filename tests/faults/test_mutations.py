#!/usr/bin/env python3
"""Good answers with a few bytes changed, by chance but the same in each run: no
crash, no second request, no status that the answer's first line rules out.

More of them, with other seeds, for a build with sanitizers:

    BULK_INVITE_MUTATIONS=20 BULK_INVITE_BIN_DIR=BUILD \\
        python3 -m unittest test_mutations
"""

import os
import random
import unittest

from raw_server import (
    CLOSED,
    RawServer,
    Script,
    http,
    http_head,
    invitation,
    invited,
)
from transport import (
    IS_SANITIZED,
    MOST_MEMORY_KB,
    Certificates,
    TransportCase,
    run_of,
)

SEEDS = range(1, int(os.environ.get("BULK_INVITE_MUTATIONS", "2")) + 1)
PEOPLE = [f"p{i}" for i in range(150)]
SHARE = 0.4  # of the answers; fewer unknown in a row make no pause

CHUNKED = [("Transfer-Encoding", "chunked")]
STATUS_END = len(b"HTTP/1.1 200")  # what stays
UNREAD = 0  # sent after an answer whose connection ends
STATUSES = {
    UNREAD: ("unknown",),
    200: ("invited", "unknown"),
    422: ("rejected", "unknown"),
    500: ("unknown",),
}

PIECES = (
    *(b"\r\n", b"\n", b"\r", b"\0", b":", b" ", b"\xff", b"\r\n x: y"),
    *(b"Content-Length: 5\r\n", b"Content-Length: -1\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n"),
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/2 200\r\n\r\n"),
    *(b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"Connection: close\r\n"),
    *(b"Content-Encoding: br\r\n", b"Upgrade: h2c\r\n", b"Trailer: X\r\n"),
    *(b"Location: http://x/\r\n", b"Set-Cookie: a=b\r\n"),
    *(b"Retry-After: 0\r\n", b"Content-Range: bytes 0-1/2\r\n"),
)


def in_chunks(body):
    middle = len(body) // 2
    parts = (body[:middle], body[middle:])
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return http_head(200, headers=CHUNKED) + chunks + b"0\r\nX-T: y\r\n\r\n"


def good_answer(request, chance):
    """One of each kind, and its status."""
    detail = b'{"detail":[{"loc":["body","email"],"msg":"no","type":"x"}]}'
    return chance.choice(
        (
            (200, invited(request)),
            (200, in_chunks(invitation(request))),
            (422, http(422, body=detail)),
            (500, http(500, body=b"Internal Server Error")),
        )
    )


def mutated(data, chance):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 10))):
        at = chance.randrange(STATUS_END, len(data) + 1)
        how = chance.randrange(5)
        if how == 0 and at < len(data):
            data[at] = chance.randrange(256)
        elif how == 1:
            del data[at : at + chance.choice((1, 2, 10, 100))]
        elif how == 2:
            data[at:at] = data[max(STATUS_END, at - 20) : at]
        else:
            data[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 2, 50))
    return bytes(data)


class Mutations(TransportCase):
    def answers(self, seed, statuses):
        """An action; notes in `statuses` which one an address got."""

        def act(connection, request):
            chance = random.Random(f"{seed} {request.email}")
            status, data, ends = 200, invited(request), False
            if chance.random() < SHARE:
                status, data = good_answer(request, chance)
                data = mutated(data, chance)
                ends = chance.random() < 0.3
            statuses[request.email] = status
            for part in self.parts(data, chance.choice((1, 1, 1, 2, 5))):
                connection.send(part)
                connection.server.is_ending.wait(0.001)
            if not ends:
                return None
            chance.choice((connection.fin, connection.rst))()
            return CLOSED

        return act

    def parts(self, data, count):
        size = max(1, -(-len(data) // count))
        return [data[i : i + size] for i in range(0, len(data), size)]

    def check_seed(self, seed, *options, tls=None):
        statuses = {}
        with (
            RawServer(Script(each=self.answers(seed, statuses)), tls) as server,
            run_of(
                server.url,
                ("good", *PEOPLE),
                *("--concurrency", "8", "--timeout", "500ms", "--keep-going"),
                *options,
            ) as run,
        ):
            # the first one proves whose API it is
            server.script.rows["good"] = lambda connection, request: (
                connection.send(invited(request))
            )
            run.end(200)
            self.check_sane(run)
            self.assertEqual(server.surprises, [])
            self.assertEqual(run.exit_code, 3, run.said())
            self.assertEqual(list(run.rows), ["good", *PEOPLE])
            for name in PEOPLE:
                row = run.rows[name]
                told = f"seed {seed}: {row}"
                status = statuses.get(row["email"], UNREAD)
                posts = 0 if status == UNREAD else 1
                self.assertIn(row["status"], STATUSES[status], told)
                self.assertEqual(server.posts[row["email"]], posts, told)
            if not IS_SANITIZED:
                self.assertLess(run.memory_kb, MOST_MEMORY_KB)

    def test_in_clear(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check_seed(seed)

    def test_over_tls(self):
        certificates = Certificates()
        self.addCleanup(certificates.remove)
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check_seed(
                    1000 + seed,
                    *("--cacert", str(certificates.authority)),
                    tls=certificates.context("valid"),
                )


if __name__ == "__main__":
    unittest.main()
