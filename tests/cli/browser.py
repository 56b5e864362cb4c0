"""Debian's Chromium without a window, by way of chromedriver (WebDriver)."""

import json
import subprocess
import tempfile
import urllib.request

from support import read_line

CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
ANSWER_TIMEOUT_S = 120


class Browser:
    """A browser with a new profile; use it with `with`."""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="bulk-invite-")
        self.driver = subprocess.Popen(
            ["/usr/bin/chromedriver", "--port=0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.session = None
        try:
            self.url = "http://127.0.0.1:%d" % self.find_port()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def find_port(self):
        while True:
            line = read_line(self.driver.stdout, ANSWER_TIMEOUT_S)
            if "successfully on port" in line:
                return int(line.strip(" .\n").rpartition(" ")[2])

    def start(self):
        options = {
            "binary": "/usr/bin/chromium",
            "args": [*CHROMIUM_FLAGS, f"--user-data-dir={self.profile.name}"],
        }
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self.ask(
            "/session", {"capabilities": {"alwaysMatch": wanted}}
        )
        self.session = "/session/" + answer["sessionId"]

    def __exit__(self, *_):
        try:
            if self.session:
                self.ask(self.session, method="DELETE")
        finally:
            self.driver.terminate()
            self.driver.communicate()
            self.profile.cleanup()

    def ask(self, path, body=None, method="POST"):
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body or {}).encode() if method == "POST" else None,
            {"Content-Type": "application/json"},
            method=method,
        )
        no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with no_proxy.open(request, timeout=ANSWER_TIMEOUT_S) as answer:
            return json.load(answer)["value"]

    def open(self, path):
        self.ask(self.session + "/url", {"url": f"file://{path}"})

    def run(self, script, *args):
        """What `script` (an async function's body) returns."""
        return self.ask(
            self.session + "/execute/sync",
            {
                "script": "return (async function () {%s\n}"
                ").apply(null, arguments)" % script,
                "args": list(args),
            },
        )

    def command(self, name, **params):
        """A command of the DevTools protocol."""
        return self.ask(
            self.session + "/goog/cdp/execute", {"cmd": name, "params": params}
        )

    def resize(self, width, height=900):
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def prefer(self, scheme, media="screen"):
        """"light" or "dark"; "screen" or "print"."""
        self.command(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def log(self):
        """What the page said on the console since it was last asked."""
        return self.ask(self.session + "/se/log", {"type": "browser"})
