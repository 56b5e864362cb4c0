#!/usr/bin/env python3
"""Real runs against the sandbox's limits, beside curl and a fixed guess.

usage: pacing.py BUILD-DIRECTORY

Prints the table of docs/pacing.md. Takes about four minutes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = os.path.abspath(sys.argv[1])
LIMITS = [  # title, rows, rate per second, sandbox options
    ("10/s, bucket of 10, Retry-After", 300, 10,
     "--rate-limit 10/s --burst 10"),
    ("10/s, fixed windows, no header", 300, 10,
     "--rate-limit 10/s --limit-kind fixed --limit-headers none"),
    ("50/s, bucket of 50, Retry-After", 1500, 50,
     "--rate-limit 50/s --burst 50"),
    ("50/s, bucket of 50, RateLimit", 1500, 50,
     "--rate-limit 50/s --burst 50 --limit-headers ratelimit"),
]
CURL_S = 90  # its backoff doubles without end
PATH = "/v1/organizations/acme/members/invite"


def get(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def bulk_invite(url, rows, folder, *options):
    path = os.path.join(folder, "list.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("email,role\n")
        file.writelines(f"p{i}@example.com,member\n" for i in range(rows))
    subprocess.run([f"{BUILD}/bulk-invite", "send", path, "--yes",
                    "--org", "acme", "--base-url", url,
                    "--ledger", ":memory:", *options],
                   check=True, stderr=subprocess.DEVNULL)


def curl(url, rows, folder, *_options):
    """As a user of curl would: 16 at once, and retries that heed the server."""
    path = os.path.join(folder, "curl.config")
    with open(path, "w", encoding="utf-8") as file:
        for i in range(rows):
            body = json.dumps({"email": f"p{i}@example.com", "role": "member"})
            file.write("next\n" if i else "")
            file.write(f'url = "{url}{PATH}"\n'
                       'header = "Content-Type: application/json"\n'
                       f"data = {json.dumps(body)}\n"
                       "output = /dev/null\nfail\nretry = 100\nsilent\n")
    try:
        subprocess.run(["curl", "--parallel", "--parallel-max", "16",
                        "--config", path], check=False, timeout=CURL_S,
                       stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        pass  # the rows that are missing tell


def measure(client, rows, sandbox_options, *options):
    sandbox = subprocess.Popen(
        [f"{BUILD}/bulk-invite-sandbox", "--quiet", "--latency", "20ms",
         *sandbox_options.split()], stdout=subprocess.PIPE, text=True)
    try:
        url = sandbox.stdout.readline().split()[-1]
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            client(url, rows, folder, *options)
        took = time.monotonic() - start
        requests = get(f"{url}/_sandbox/requests")
    finally:
        sandbox.terminate()
        sandbox.wait()
    refused = sum(r["status"] == 429 for r in requests)
    invited = sum(r["status"] == 200 for r in requests)
    lost = "" if invited == rows else f", {rows - invited} not invited"
    return f"{took:.0f} s, {refused}{lost}"


def main():
    print("| limit | rows | least | bulk-invite | --rate twice the limit | "
          "curl --parallel --retry 100 |")
    print("|---|---|---|---|---|---|")
    for title, rows, rate, sandbox in LIMITS:
        cells = [
            measure(bulk_invite, rows, sandbox),
            measure(bulk_invite, rows, sandbox, "--rate", f"{2 * rate}/s"),
            measure(curl, rows, sandbox),
        ]
        least = max(0, rows - rate) / rate
        print(f"| {title} | {rows} | {least:.0f} s | {' | '.join(cells)} |",
              flush=True)


main()
