"""A server that speaks bytes, for answers that no HTTP library would give.

It listens on loopback, runs each connection in a thread, and does what a
Script says for the Nth connection or the Nth POST for an address. It keeps
every complete POST, with its connection and its moment, so that a test can
count what really arrived.

An action is a function of (connection, request); one that returns CLOSED
leaves the connection. The actions below are made by functions that say what
they do: `fin()`, `answer(429)`, `raw(b"HTTP/1.1 2", fin())`.
"""

import collections
import json
import select
import socket
import ssl
import struct
import threading
import time

CLOSED = object()
REQUEST_CAP = 1 << 20
REASONS = {200: "OK", 401: "Unauthorized", 413: "Too Large", 429: "Slow Down"}


class Request:
    """A complete POST. `index` counts from 1 on its connection."""

    def __init__(self, head, body, connection, index):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        self.head = head
        self.body = body
        self.connection = connection.number
        self.index = index
        self.time = time.monotonic()
        asked = json.loads(body)
        self.email, self.role = asked["email"], asked["role"]


class Connection:
    """One accepted connection; its methods block no longer than the server
    runs."""

    def __init__(self, server, sock, number):
        self.server = server
        self.sock = sock
        self.number = number
        self.received = b""
        self.requests = 0

    def wait_readable(self):
        """False when the server ends first."""
        while not self.server.is_ending.is_set():
            if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
                return True
            if select.select([self.sock], [], [], 0.05)[0]:
                return True
        return False

    def receive(self):
        if not self.wait_readable():
            return b""
        return self.sock.recv(65536)

    def read_until(self, end):
        """The bytes up to and with `end`, b"" when the client leaves."""
        while end not in self.received:
            more = self.receive()
            if not more or len(self.received) > REQUEST_CAP:
                return b""
            self.received += more
        head, _, self.received = self.received.partition(end)
        return head + end

    def read_bytes(self, count):
        while len(self.received) < count:
            more = self.receive()
            if not more:
                return b""
            self.received += more
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def read_request(self):
        """The next complete POST, recorded; None when the client leaves."""
        head = self.read_until(b"\r\n\r\n")
        if not head:
            return None
        lengths = [
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        body = self.read_bytes(lengths[0])
        if not body:
            return None
        self.requests += 1
        request = Request(head[:-4], body, self, self.requests)
        self.server.note(request)
        return request

    def send(self, data):
        self.sock.sendall(data)

    def fin(self):
        self.server.forget(self)
        self.sock.close()

    def rst(self):
        """Whatever was not acknowledged is lost, and the client told so."""
        self.sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.fin()

    def wait_gone(self):
        """Until the client has closed its side or the server ends."""
        while self.receive():
            pass


def fin():
    def act(connection, _request):
        connection.fin()
        return CLOSED

    return act


def rst():
    def act(connection, _request):
        connection.rst()
        return CLOSED

    return act


def half_close():
    """Says no more, and goes on reading."""

    def act(connection, _request):
        connection.sock.shutdown(socket.SHUT_WR)
        while connection.read_request():
            pass
        return CLOSED

    return act


def serve(count):
    """Answers so many requests properly, before whatever comes next."""

    def act(connection, _request):
        for _ in range(count):
            connection.send(invited(connection.read_request()))

    return act


def silence():
    def act(connection, _request):
        connection.wait_gone()
        return CLOSED

    return act


def when_readable(then):
    """Waits until a request is there and does not read it."""

    def act(connection, request):
        connection.wait_readable()
        return then(connection, request)

    return act


def drip(data, each_s):
    """`data` byte by byte, as long as the client listens."""

    def act(connection, _request):
        for byte in data:
            connection.send(bytes([byte]))
            if connection.server.is_ending.wait(each_s):
                return CLOSED
        return None

    return act


def pause(seconds):
    def act(connection, _request):
        connection.server.is_ending.wait(seconds)

    return act


def flood(data, times):
    """`data` so often, or until the client has enough."""

    def act(connection, _request):
        for _ in range(times // 1000):
            connection.send(data * 1000)

    return act


def wait_for(event, then):
    """`then`, once `event` is set."""

    def act(connection, request):
        while not event.wait(0.05):
            if connection.server.is_ending.is_set():
                return CLOSED
        return then(connection, request)

    return act


def raw(*parts):
    """Each part in turn: bytes, an action, or a function that makes bytes of
    the request."""

    def act(connection, request):
        for part in parts:
            if isinstance(part, bytes):
                connection.send(part)
                continue
            made = (
                part(request)
                if part in BODY_MAKERS
                else part(connection, request)
            )
            if isinstance(made, bytes):
                connection.send(made)
            elif made is CLOSED:
                return CLOSED
        return None

    return act


def invitation(request, email=None):
    """The body of the contract's 200."""
    return json.dumps(
        {
            "invitation_id": f"inv-{request.email}",
            "email": email or request.email,
            "role": request.role,
            "state": "pending",
            "created_at": None,
            "expires_at": None,
        }
    ).encode()


def invited(request):
    """The whole of a 200 as bytes."""
    return http(200, body=invitation(request))


def invited_head(request):
    return http_head(200, len(invitation(request)))


def half_invitation(request):
    body = invitation(request)
    return body[: len(body) // 2]


def rest_of_invitation(request):
    return invitation(request)[len(half_invitation(request)) :]


BODY_MAKERS = {
    invitation,
    invited,
    invited_head,
    half_invitation,
    rest_of_invitation,
}


def http_head(status, length=None, headers=(), version="HTTP/1.1"):
    lines = [f"{version} {status} {REASONS.get(status, 'Whatever')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def http(status, headers=(), body=b"", version="HTTP/1.1"):
    return http_head(status, len(body), headers, version) + body


def answer(status, headers=(), body=b'{"detail":"words"}', **how):
    """A complete answer; `headers` may be a function, called when it is
    sent."""

    def act(connection, _request):
        now = headers() if callable(headers) else headers
        connection.send(http(status, now, body, **how))

    return act


def ok():
    return raw(invited)


class Script:
    """Which action when. `rows`: local part of the address -> actions for its
    1st, 2nd, ... POST (a single one is for the first; then 200).
    `connections`: number -> action before anything is read. `each`: the action
    for all other POSTs."""

    def __init__(self, rows=None, connections=None, each=None):
        self.rows = rows or {}
        self.connections = connections or {}
        self.each = each or ok()

    def for_connection(self, number):
        return self.connections.get(number)

    def for_post(self, request, nth):
        actions = self.rows.get(request.email.partition("@")[0], ())
        if callable(actions):
            actions = (actions,)
        return actions[nth - 1] if nth <= len(actions) else self.each


class RawServer:
    """Listens from `with` to its end. `tls` is an ssl.SSLContext."""

    def __init__(self, script=None, tls=None, scheme=None):
        self.script = script or Script()
        self.tls = tls
        self.scheme = scheme or ("https" if tls else "http")
        self.is_ending = threading.Event()
        self.changed = threading.Condition()
        self.requests = []
        self.posts = collections.Counter()
        self.accepted = 0
        self.open = set()
        self.threads = []
        self.surprises = []
        self.port = 0
        self.listener = None
        self.acceptor = None

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_):
        self.is_ending.set()
        self.stop_listening()
        for thread in self.threads:
            thread.join(10)
        for connection in list(self.open):
            connection.fin()

    def listen(self):
        """Also again, on the same port."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self.listener = listener
        self.acceptor = threading.Thread(target=self._accept, args=(listener,))
        self.acceptor.start()

    def stop_listening(self):
        """Connections are refused from now on; those there are live on."""
        if not self.listener:
            return
        listener, self.listener = self.listener, None
        listener.shutdown(socket.SHUT_RDWR)
        if self.acceptor is not threading.current_thread():
            self.acceptor.join()
        listener.close()

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self.accepted += 1
                connection = Connection(self, sock, self.accepted)
                self.open.add(connection)
                self.changed.notify_all()
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            self.threads.append(thread)

    def _serve(self, connection):
        try:
            self._converse(connection)
        except (OSError, ssl.SSLError):
            pass  # the client has left: what it made of that is the test
        except Exception as error:  # a test's own mistake must not hide
            self.surprises.append(error)
        finally:
            if connection in self.open:
                connection.fin()

    def _converse(self, connection):
        action = self.script.for_connection(connection.number)
        if action and action(connection, None) is CLOSED:
            return
        if self.tls:
            connection.sock = self.tls.wrap_socket(
                connection.sock, server_side=True
            )
        while request := connection.read_request():
            with self.changed:
                nth = self.posts[request.email]
            action = self.script.for_post(request, nth)
            if action(connection, request) is CLOSED:
                return

    def note(self, request):
        with self.changed:
            self.requests.append(request)
            self.posts[request.email] += 1
            self.changed.notify_all()

    def forget(self, connection):
        with self.changed:
            self.open.discard(connection)

    def wait_until(self, fact, timeout=30):
        """Until fact() is true; it is asked again whenever a connection or a
        POST has come."""
        with self.changed:
            if not self.changed.wait_for(fact, timeout):
                raise TimeoutError("the client did not come so far")
