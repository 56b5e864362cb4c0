"""What the whole-program tests share: servers to talk to, and the program.

$BULK_INVITE_BIN_DIR is the build folder that holds bulk-invite and
bulk-invite-sandbox.
"""

import http.client
import json
import os
import selectors
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

TESTS_DIR = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30
GREETING = "listening on "
INVITE_PATH = "/v1/organizations/acme/members/invite"


def program(name):
    """Path of a program under test."""
    folder = os.environ.get("BULK_INVITE_BIN_DIR")
    if not folder:
        raise RuntimeError("set BULK_INVITE_BIN_DIR to the build folder")
    return str(Path(folder).resolve() / name)


def read_line(stream, timeout):
    """One line of a pipe opened with bufsize=0, without waiting for ever."""
    deadline = time.monotonic() + timeout
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0, deadline - time.monotonic())):
                raise TimeoutError(f"no whole line within {timeout} s: {line}")
            byte = stream.read(1)
            if not byte:
                raise EOFError(f"ended before a whole line: {line}")
            line += byte
    return line.decode()


class Server:
    """A server process that prints where it listens; use it with `with`."""

    def __init__(self, command, env=None):
        self.command = command
        self.env = env
        self.process = None
        self.url = None
        self.exit_code = None

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=self.env,
        )
        try:
            line = read_line(self.process.stdout, START_TIMEOUT_S)
            if not line.startswith(GREETING):
                raise RuntimeError(f"unexpected greeting: {line}")
        except BaseException:
            self.kill()
            raise
        self.url = line[len(GREETING) :].strip()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """SIGTERM, and wait; the rest of its stdout is returned."""
        if self.process is None:
            return b""
        self.process.terminate()
        try:
            rest, _ = self.process.communicate(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.exit_code = self.process.returncode
        self.process = None
        return rest

    def kill(self):
        """SIGKILL: the server is gone, as in a crash."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def connect(self, timeout=60):
        """A connection of one's own (http.client)."""
        address = urllib.parse.urlsplit(self.url)
        return http.client.HTTPConnection(
            address.hostname, address.port, timeout=timeout
        )

    def request(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def post(self, body, path=INVITE_PATH, key=None, headers=None):
        """POSTs `body`: bytes as they are, anything else as JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.request("POST", path, body, headers)

    def invite(self, email, role="member", **how):
        return self.post({"email": email, "role": role}, **how)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def detail(self):
        return self.json["detail"]


class Sandbox(Server):
    """bulk-invite-sandbox with these options, on a free port."""

    def __init__(self, *options):
        super().__init__(
            [program("bulk-invite-sandbox"), "--quiet", *map(str, options)]
        )

    def seen(self):
        """All of GET /_sandbox/invites."""
        return self.request("GET", "/_sandbox/invites").json

    def invites(self):
        """Everybody a POST named, in order of first arrival: a list of
        {"organization", "email", "role", "invitation_id", "posts",
        "processed", "idempotency_keys"}."""
        return self.seen()["invites"]


class Reference(Server):
    """The FastAPI server of tests/reference."""

    def __init__(self, token=None):
        env = {k: v for k, v in os.environ.items() if k != "REFERENCE_TOKEN"}
        if token is not None:
            env["REFERENCE_TOKEN"] = token
        super().__init__(
            ["/usr/bin/python3", str(TESTS_DIR / "reference" / "app.py")], env
        )

    def seen(self):
        return self.request("GET", "/_reference/invites").json

    def invites(self):
        return self.seen()["invites"]


KEPT_VARIABLES = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


def clean_env(home, env=None):
    """An environment in which only what a test says has a say; the program's
    files go below `home`."""
    clean = {
        name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ
    }
    clean["LANG"] = "C.UTF-8"
    clean["TZ"] = "UTC"
    clean["HOME"] = str(home)
    for name, folder in (
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_RUNTIME_DIR", "run"),
    ):
        clean[name] = str(Path(home) / folder)
    clean.update(env or {})
    return clean


def run_cli(args, stdin=None, env=None, timeout=60, home=None, cwd=None):
    """Runs `bulk-invite` with `args` to its end: a CompletedProcess with text.

    `stdin` is text or bytes, none is an empty one. HOME and XDG_* point at a
    folder of this run alone, or at `home`, for runs that share a ledger; it
    is also where the program runs, unless `cwd` says otherwise. `env` is
    added to the clean environment.
    """
    if isinstance(stdin, str):
        stdin = stdin.encode()
    with tempfile.TemporaryDirectory(prefix="bulk-invite-") as own_home:
        home = home or own_home
        done = subprocess.run(
            [program("bulk-invite"), *map(str, args)],
            input=stdin or b"",
            capture_output=True,
            env=clean_env(home, env),
            cwd=cwd or home,
            timeout=timeout,
            check=False,
        )
    # Any byte survives, so that a test can look for those that should not be
    # there.
    done.stdout = done.stdout.decode("utf-8", "surrogateescape")
    done.stderr = done.stderr.decode("utf-8", "surrogateescape")
    return done
