"""What the tests of the transport share: a case is a run of the program against
a RawServer with a script.

Rows are named by the local part of their address; without other words a case
has the rows good, bad and after, one in flight, so that `bad` meets a
connection that was used before.
"""

import contextlib
import dataclasses
import json
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from raw_server import (
    RawServer,
    Script,
    fin,
    half_close,
    half_invitation,
    http_head,
    invited_head,
    ok,
    rst,
)
from support import Running, check_end, is_sanitized, wait_until

TOKEN = "the-secret-token"
AT_ONCE = 6  # runs at a time
MOST_MEMORY_KB = 64 * 1024
IS_SANITIZED = is_sanitized()


class Run(Running):
    """`send` of these people to a server, in a folder of its own."""

    def __init__(self, folder, url, people, options=(), env=None, token=TOKEN):
        self.folder = Path(folder)
        self.memory_kb = 0
        lines = [f"{name}@example.com,member" for name in people]
        lines.insert(0, "email,role")
        (self.folder / "team.csv").write_text("\n".join(lines) + "\n")
        given = {"BULK_INVITE_TOKEN": token} if token else {}
        self.started = time.monotonic()
        super().__init__(
            [
                *("send", "team.csv", "--org", "acme", "--base-url", url),
                *("--report", "report.jsonl", "--verbose", *options),
            ],
            folder,
            env={**given, **(env or {})},
            stdin=subprocess.DEVNULL,
        )

    def wait_said(self, words):
        wait_until(lambda: words in self.said(), words)

    def end(self, timeout=60):
        """Waits; exit_code, rows (by local part, as in the input), elapsed
        and memory_kb are set."""
        wait_until(self.has_ended, "the end of the run", timeout)
        self.exit_code = self.process.returncode
        self.elapsed = time.monotonic() - self.started
        self.rows = {}
        report = self.folder / "report.jsonl"
        if report.exists():
            lines = report.read_text().splitlines()
            rows = [json.loads(line) for line in lines]
            for row in sorted(rows, key=lambda row: row["line"]):
                self.rows[row["email"].partition("@")[0]] = row
        return self

    def has_ended(self):
        """Also keeps the most memory it had (wait4() would tell that of this
        interpreter, which forked it)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.memory_kb = max(self.memory_kb, int(line.split()[1]))
        return self.process.poll() is not None


@contextlib.contextmanager
def run_of(url, people, *options, **how):
    with tempfile.TemporaryDirectory(prefix="bulk-invite-") as folder:
        run = Run(folder, url, people, options, **how)
        try:
            yield run
        finally:
            run.stop()


@dataclasses.dataclass
class Case:
    name: str
    bad: object = None  # action, or actions for each POST, for the row `bad`
    status: object = "invited"  # wanted for `bad`; a set: any of them
    code: str = None  # its error_code, None: whatever
    posts: object = 1  # complete POSTs for `bad`; a set: any of them
    exit_code: int = 3
    script: Script = None  # instead of `bad`
    people: tuple = ("good", "bad", "after")
    others: str = "invited"  # the status of all the other rows
    options: tuple = ()
    within_s: float = 20
    says: str = None  # stderr has these words
    tls: ssl.SSLContext = None
    is_reused: bool = False  # the first POST for `bad` is a connection's second

    def __post_init__(self):
        if self.script is None:
            self.script = Script(rows={"bad": self.bad or ok()})


FRESH = ("bad", "after")
CLOSE = [("Connection", "close")]


def values(wanted):
    return wanted if isinstance(wanted, (set, range)) else {wanted}


class TransportCase(unittest.TestCase):
    def check_cases(self, cases):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [(case, pool.submit(self.check, case)) for case in cases]
            for case, future in futures:
                with self.subTest(case.name):
                    future.result()

    def check(self, case):
        with RawServer(case.script, case.tls) as server:
            with run_of(
                server.url, case.people, "--concurrency", "1", *case.options
            ) as run:
                run.end()
                self.check_end(case, server, run)

    def check_end(self, case, server, run):
        said = run.said()
        self.check_sane(run)
        self.assertEqual(server.surprises, [])
        self.assertEqual(list(run.rows), list(case.people), said)
        bad = run.rows["bad"]
        told = f"{bad}\n{said}"
        self.assertIn(bad["status"], values(case.status), told)
        if case.code:
            self.assertEqual(bad["error_code"], case.code, told)
        self.assertIn(server.posts["bad@example.com"], values(case.posts), told)
        for name, row in run.rows.items():
            if name != "bad":
                self.assertEqual(row["status"], case.others, said)
                self.assertEqual(
                    server.posts[row["email"]],
                    1 if case.others == "invited" else 0,
                )
        if case.is_reused:
            self.assertTrue(
                any(
                    (request.email, request.index) == ("bad@example.com", 2)
                    for request in server.requests
                ),
                "a fresh connection",
            )
        self.assertEqual(run.exit_code, case.exit_code, told)
        # That it ends, not how fast: a sanitizer on a busy machine is slow.
        slower = 4 if IS_SANITIZED else 1
        self.assertLess(run.elapsed, slower * case.within_s)
        if case.says:
            self.assertIn(case.says, said)
        if not IS_SANITIZED:
            self.assertLess(run.memory_kb, MOST_MEMORY_KB)

    def check_sane(self, run):
        check_end(self, run.exit_code, run.said())
        self.assertNotIn("No error", run.said() + json.dumps(run.rows))
        self.assertNotIn(TOKEN, run.said())
        self.assertNotIn(TOKEN, json.dumps(run.rows))


# Where a connection can end, and what was said before.
def cut_points():
    return {
        "after_the_request": (),
        "in_the_status_line": (b"HTTP/1.1 2",),
        "after_the_status_line": (b"HTTP/1.1 200 OK\r\n",),
        "in_the_headers": (b"HTTP/1.1 200 OK\r\nContent-Le",),
        "before_the_body": (invited_head,),
        "in_the_body": (invited_head, half_invitation),
        "in_a_chunk": (
            http_head(200, headers=[("Transfer-Encoding", "chunked")]),
            b"ff\r\n",
            half_invitation,
        ),
        "after_100_continue": (b"HTTP/1.1 100 Continue\r\n\r\n",),
    }


DEATHS = {"fin": fin, "rst": rst, "half_close": half_close}


class Certificates:
    """An authority and what it signs, made by openssl in a folder."""

    KINDS = {
        # name -> subject's address, days of validity, signed by the authority
        "valid": ("IP:127.0.0.1", 2, True),
        "expired": ("IP:127.0.0.1", -1, True),
        "wrong_host": ("DNS:almanac.example.com", 2, True),
        "self_signed": ("IP:127.0.0.1", 2, False),
        "named": ("DNS:almanac.test", 2, True),
    }

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="bulk-invite-tls-")
        self.folder = Path(self.holder.name)
        self.authority = self.folder / "authority.pem"
        self.stranger = self.folder / "stranger.pem"
        for name in ("authority", "stranger"):
            self.make_authority(name)
        for name in self.KINDS:
            self.make(name)

    def remove(self):
        self.holder.cleanup()

    def openssl(self, *args):
        subprocess.run(
            ["openssl", *map(str, args)],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

    def make_authority(self, name):
        self.openssl(
            *("req", "-x509", *self.NEW_KEY, "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", f"{name}.key"),
            *("-out", f"{name}.pem"),
        )

    def make(self, name):
        address, days, is_signed = self.KINDS[name]
        self.openssl(
            *("req", *self.NEW_KEY, "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={address}\n")
        signer = ("-signkey", f"{name}.key")
        if is_signed:
            signer = ("-CA", "authority.pem", "-CAkey", "authority.key")
            signer += ("-CAcreateserial",)
        self.openssl(
            *("x509", "-req", "-in", f"{name}.csr", *signer),
            *("-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem"),
        )

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.folder / f"{name}.pem", self.folder / f"{name}.key"
        )
        return context
