"""What the whole-program tests share: servers to talk to, and the program.

$BULK_INVITE_BIN_DIR is the build folder that holds bulk-invite and
bulk-invite-sandbox.
"""

import csv
import http.client
import http.server
import json
import os
import selectors
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import uuid
from collections import Counter
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


def is_sanitized():
    """Then nothing can be preloaded, as the sanitizer's runtime must come first,
    and its memory says nothing."""
    content = Path(program("bulk-invite")).read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


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

    def requests(self):
        """Every POST to the invite route, in order of arrival (the newest
        100,000): a list of {"at_us", "status", "email"}; the status is None
        where the connection was closed without an answer."""
        return self.request("GET", "/_sandbox/requests").json

    def config(self):
        """How it behaves now."""
        return self.request("GET", "/_sandbox/config").json

    def change(self, **settings):
        """Changes how it behaves from now on: latency="1s", outage=True."""
        body = json.dumps(settings).encode()
        answer = self.request("POST", "/_sandbox/config", body)
        if answer.status != 200:
            raise AssertionError(answer.detail)
        return answer.json


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


EXIT_CODES = (0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 129, 130, 143)


def check_end(test, exit_code, stderr, told=""):
    """The program ended on its own terms and found no fault in itself."""
    told = f"{told}\nexit code {exit_code}\n{stderr}"
    test.assertIn(exit_code, EXIT_CODES, told)
    for sign in ("Sanitizer", "runtime error", "bug:", "Assertion"):
        test.assertNotIn(sign, stderr, told)


def wait_until(condition, what, timeout=30):
    """The first true value of `condition()`; a failure when none comes."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.005)


class Request:
    """What a Recorder got: `path` and `headers` as they were on the wire."""

    def __init__(self, handler):
        self.at = time.monotonic()
        self.method = handler.command
        self.path = handler.path
        self.headers = handler.headers
        length = int(handler.headers.get("Content-Length", 0))
        self.body = handler.rfile.read(length)

    @property
    def json(self):
        return json.loads(self.body)

    def __getattr__(self, name):
        """request.idempotency_key: a header that must be there once."""
        values = self.headers.get_all(name.replace("_", "-"), [])
        if len(values) != 1:
            raise AssertionError(f"{name} is there {len(values)} times")
        return values[0]


def reply(status, body=b"", **headers):
    """An answer for Recorder: bytes as they are, a str as HTML, others as
    JSON; retry_after="1" is a header."""
    content_type = "application/json"
    if isinstance(body, str):
        body, content_type = body.encode(), "text/html"
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Some Words", f"Content-Length: {len(body)}"]
    if body:
        lines.append(f"Content-Type: {content_type}")
    for name, value in headers.items():
        lines.append(f"{name.replace('_', '-')}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def invitation(request):
    """The contract's 200 for a request."""
    return reply(
        200, {"invitation_id": f"inv_{uuid.uuid4().hex}", **request.json}
    )


class Recorder:
    """A server that keeps every request whole and answers as it is told.

    Each answer is for one request, in order of arrival, and the last one for
    all that follow: bytes that go out as they are, None for a connection that
    closes without a word, or a function that makes either from the request.
    """

    def __init__(self, *answers):
        self.answers = answers or (invitation,)
        self.requests = []
        self.lock = threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def take(self):
                answer = recorder.record(Request(self))
                if answer is None:
                    self.close_connection = True
                else:
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_CONNECT = take

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a client that leaves

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.01,)
        )

    def record(self, request):
        with self.lock:
            nth = min(len(self.requests), len(self.answers) - 1)
            self.requests.append(request)
        answer = self.answers[nth]
        return answer(request) if callable(answer) else answer

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


# A shell's background jobs ignore SIGINT, and so do their children.
USUAL_SIGNALS = ("/usr/bin/env", "--default-signal=INT,HUP,TERM")


class Running:
    """`bulk-invite` while it runs: feed it, signal it, then finish()."""

    def __init__(self, args, home, env=None, wrapper=(), **streams):
        self.stdout = tempfile.TemporaryFile()
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [
                *USUAL_SIGNALS,
                *wrapper,
                program("bulk-invite"),
                *map(str, args),
            ],
            env=clean_env(home, env),
            cwd=home,
            bufsize=0,
            **{
                "stdin": subprocess.PIPE,
                "stdout": self.stdout,
                "stderr": self.stderr,
                **streams,
            },
        )

    def write(self, text):
        self.process.stdin.write(text.encode())

    def close_stdin(self):
        self.process.stdin.close()

    def said(self):
        """What is on its stderr so far."""
        return contents(self.stderr)

    def signal(self, number):
        self.process.send_signal(number)

    def finish(self, timeout=60):
        """Waits for the end; stdin stays as open as it is."""
        returncode = self.process.wait(timeout)
        return subprocess.CompletedProcess(
            self.process.args,
            returncode,
            contents(self.stdout),
            contents(self.stderr),
        )

    def stop(self):
        """Whatever the test left behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        self.stdout.close()
        self.stderr.close()


def contents(stream):
    """What a program wrote so far; a seek would move its end of the file."""
    size = os.fstat(stream.fileno()).st_size
    written = os.pread(stream.fileno(), size, 0)
    return written.decode("utf-8", "surrogateescape")


class SendCase(unittest.TestCase):
    """A test with a folder of its own, which is home and working directory of
    the runs in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="bulk-invite-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def serve(self, server):
        """Starts a server that ends with the test."""
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def sandbox(self, *options):
        return self.serve(Sandbox(*options))

    def recorder(self, *answers):
        return self.serve(Recorder(*answers))

    def write(self, name, content):
        """A file in the folder: text, bytes, or rows to join by commas."""
        if isinstance(content, (list, tuple)):
            content = "".join(f"{line}\n" for line in content)
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogateescape")
        (self.folder / name).write_bytes(content)
        return name

    def team(self, *people):
        """team.csv with these rows; a number makes up so many members."""
        if len(people) == 1 and isinstance(people[0], int):
            people = members(people[0])
        return self.write("team.csv", ["email,role", *people])

    def arguments(self, server, input_name, args):
        url = [] if server is None else ["--base-url", server.url]
        return ["send", input_name, "--org", "acme", *url, *args]

    def send(self, server, *args, input_name="team.csv", expect=None, **how):
        """`send` to its end. `expect` is the exit code wanted."""
        return self.run_program(
            *self.arguments(server, input_name, args), expect=expect, **how
        )

    def run_program(self, *args, expect=None, **how):
        done = run_cli(args, home=self.folder, **how)
        self.check_sane(done)
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def start(self, server, *args, input_name="-", **how):
        """`send` that goes on meanwhile; stdin is a pipe."""
        running = Running(
            self.arguments(server, input_name, args), self.folder, **how
        )
        self.addCleanup(running.stop)
        return running

    def finish(self, running, expect=None, timeout=60):
        done = running.finish(timeout)
        self.check_sane(done)
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def check_sane(self, done):
        """It ended on its own terms and said so in words, if at all. What is
        not a report steers no terminal."""
        check_end(self, done.returncode, done.stderr)
        is_for_people = done.args[1:2] != ["send"] and "report" not in done.args
        said = done.stderr + (done.stdout if is_for_people else "")
        odd = {char for char in said if char != "\n" and not char.isprintable()}
        if odd:
            self.fail(f"{odd} in {said!r}")

    def report(self, name="team.csv.report.csv"):
        """A report's rows in the order of the input, each line once."""
        path = self.folder / name
        with open(path, newline="", encoding="utf-8") as file:
            if name.endswith(".jsonl"):
                rows = [json.loads(line) for line in file]
            else:
                rows = list(csv.DictReader(file))
        rows.sort(key=lambda row: int(row["line"]))
        lines = [row["line"] for row in rows]
        self.assertEqual(len(lines), len(set(lines)), "a line twice")
        return rows

    def statuses(self, name="team.csv.report.csv"):
        """The statuses of a report's rows, in the order of the input."""
        return [row["status"] for row in self.report(name)]

    def check_totals(self, done, count, name="team.csv.report.csv"):
        """Report and summary have a status for each of `count` rows, and
        agree; returns how often the report has each."""
        totals = Counter(self.statuses(name))
        self.assertEqual(sum(totals.values()), count, totals)
        said = Counter()
        for line in done.stderr.splitlines():
            number, _, label = line.strip().partition(" ")
            is_total = not label.startswith("row")  # but a reason
            if line.startswith("  ") and number.isdigit() and is_total:
                status = label.replace(" by the server", "")
                said[status.replace(" ", "_")] = int(number)
        self.assertEqual(said, totals, done.stderr)
        self.assertIn(f"{count} row", done.stderr)
        return totals


def members(count):
    return [f"person{i}@example.com,member" for i in range(1, count + 1)]
