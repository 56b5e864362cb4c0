"""The sandbox answers as the contract and FastAPI do, and fails on demand."""

import http.client
import json
import re
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from datetime import datetime, timedelta

from support import (
    INVITE_PATH,
    Reference,
    Sandbox,
    program,
    read_line,
    wait_until,
)


def missing(*loc):
    return {
        "loc": ["body", *loc],
        "msg": "field required",
        "type": "value_error.missing",
    }


def too_short(field):
    return {
        "loc": ["body", field],
        "msg": "ensure this value has at least 1 characters",
        "type": "value_error.any_str.min_length",
        "ctx": {"limit_value": 1},
    }


def not_a_string(field):
    return {
        "loc": ["body", field],
        "msg": "str type expected",
        "type": "type_error.str",
    }


def not_allowed(field):
    return {
        "loc": ["body", field],
        "msg": "extra fields not permitted",
        "type": "value_error.extra",
    }


NONE_ROLE = {
    "loc": ["body", "role"],
    "msg": "none is not an allowed value",
    "type": "type_error.none.not_allowed",
}
NOT_A_DICT = {
    "loc": ["body"],
    "msg": "value is not a valid dict",
    "type": "type_error.dict",
}

# body, detail[]: the same from pydantic and from the sandbox
REFUSED_BODIES = (
    (b"{}", [missing("email"), missing("role")]),
    (b'{"email":"a@b.c"}', [missing("role")]),
    (b'{"email":"","role":""}', [too_short("email"), too_short("role")]),
    (b'{"email":["a"],"role":null}', [not_a_string("email"), NONE_ROLE]),
    (
        b'{"email":"a@b.c","role":"r","x":1,"y":2}',
        [not_allowed("x"), not_allowed("y")],
    ),
    (b'{"role":"r","x":1}', [missing("email"), not_allowed("x")]),
    (b'"text"', [NOT_A_DICT]),
    (b"5", [NOT_A_DICT]),
    (b"null", [missing()]),
    (b"", [missing()]),
)

SYNTAX_ERRORS = (
    b'{"email":',
    b'{"email":"a"',
    b'{"email":"a" "role":"b"}',
    b'{"email":"a","role":"b"} x',
    b"{email:1}",
    b"nope",
    b"   ",
    b'{"email":"a\nb","role":"c"}',
)


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox().__enter__()
        cls.addClassCleanup(cls.sandbox.stop)

    def test_an_invitation_has_the_fields_of_the_contract(self):
        answer = self.sandbox.invite("fields@example.com", "admin")
        invitation = answer.json
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(
            set(invitation),
            {
                "invitation_id",
                "email",
                "role",
                "state",
                "created_at",
                "expires_at",
            },
        )
        self.assertEqual(invitation["email"], "fields@example.com")
        self.assertEqual(invitation["role"], "admin")
        self.assertEqual(invitation["state"], "pending")
        created, expires = (
            datetime.strptime(invitation[name], "%Y-%m-%dT%H:%M:%SZ")
            for name in ("created_at", "expires_at")
        )
        self.assertEqual(expires - created, timedelta(days=7))

    def test_a_person_is_invited_once_whatever_the_case(self):
        self.assertEqual(self.sandbox.invite("once@example.com").status, 200)
        again = self.sandbox.invite("ONCE@Example.COM")
        self.assertEqual(again.status, 409)
        self.assertIsInstance(again.detail, str)

    def test_another_organization_invites_the_same_person(self):
        path = "/v1/organizations/other%20org/members/invite"
        self.sandbox.invite("both@example.com")
        answer = self.sandbox.invite("both@example.com", path=path)
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            [
                person["organization"]
                for person in self.sandbox.invites()
                if person["email"] == "both@example.com"
            ],
            ["acme", "other org"],
        )

    def test_a_repeated_key_gets_the_same_answer_and_no_second_invitation(self):
        first = self.sandbox.invite("key@example.com", key="k1")
        again = self.sandbox.invite("key@example.com", key="k1")
        other = self.sandbox.invite("key@example.com", key="k2")
        none = self.sandbox.invite("key@example.com")
        self.assertEqual((again.status, again.body), (200, first.body))
        self.assertEqual((other.status, none.status), (409, 409))
        (person,) = (
            p
            for p in self.sandbox.invites()
            if p["email"] == "key@example.com"
        )
        self.assertEqual(person["posts"], 4)
        self.assertEqual(person["processed"], 1)
        self.assertEqual(person["idempotency_keys"], ["k1", "k2"])

    def test_refused_bodies_say_what_pydantic_says(self):
        for body, detail in REFUSED_BODIES:
            with self.subTest(body=body):
                answer = self.sandbox.post(body)
                self.assertEqual(answer.status, 422)
                self.assertEqual(answer.detail, detail)

    def test_a_number_is_not_taken_for_a_string(self):
        answer = self.sandbox.post(b'{"email":1,"role":true}')
        self.assertEqual(answer.status, 422)
        self.assertEqual(
            answer.detail, [not_a_string("email"), not_a_string("role")]
        )

    def test_syntax_errors_are_located(self):
        for body in SYNTAX_ERRORS:
            with self.subTest(body=body):
                answer = self.sandbox.post(body)
                (error,) = answer.detail
                self.assertEqual(answer.status, 422)
                self.assertEqual(error["type"], "value_error.jsondecode")
                self.assertEqual(error["loc"], ["body", error["ctx"]["pos"]])
                self.assertEqual(error["ctx"]["doc"].encode(), body)

    def test_bytes_that_are_not_utf8_are_a_bad_request(self):
        answer = self.sandbox.post(b'{"email":"\xff@b.c","role":"r"}')
        self.assertEqual(answer.status, 400)
        self.assertEqual(
            answer.detail, "There was an error parsing the body"
        )

    def test_another_content_type_is_not_read_as_json(self):
        for content_type, status in (
            ("text/plain", 422),
            ("application/x-www-form-urlencoded", 422),
            ("application/json; charset=utf-8", 200),
            ("application/vnd.api+json", 200),
        ):
            with self.subTest(content_type=content_type):
                answer = self.sandbox.invite(
                    f"{len(content_type)}.type@example.com",
                    headers={"Content-Type": content_type},
                )
                self.assertEqual(answer.status, status)

    def test_a_body_over_64_kib_is_too_large(self):
        room = 64 * 1024 - len(b'{"email":"a@b.c","role":""}')
        for size, status in ((room, 200), (room + 1, 413), (3 * room, 413)):
            with self.subTest(size=size):
                body = b'{"email":"a@b.c","role":"%s"}' % (b"r" * size)
                self.assertEqual(self.sandbox.post(body).status, status)

    def test_unknown_paths_are_not_found(self):
        for path in (
            "/",
            "/v1",
            "/v1/organizations/acme/members",
            "/v1/organizations//members/invite",
            "/v1/organizations/a/b/members/invite",
            "/v1/organizations/a%2Fb/members/invite",
            "/v2/organizations/acme/members/invite",
            INVITE_PATH + "s",
            INVITE_PATH + "/",
        ):
            with self.subTest(path=path):
                answer = self.sandbox.invite("lost@example.com", path=path)
                self.assertEqual(answer.status, 404)
                self.assertEqual(answer.json, {"detail": "Not Found"})

    def test_other_methods_are_not_allowed(self):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            with self.subTest(method=method):
                answer = self.sandbox.request(method, INVITE_PATH)
                self.assertEqual(answer.status, 405)
                self.assertEqual(answer.headers["Allow"], "POST")
                self.assertEqual(
                    answer.json, {"detail": "Method Not Allowed"}
                )

    def test_a_connection_carries_many_requests(self):
        connection = self.sandbox.connect()
        self.addCleanup(connection.close)
        for i in range(3):
            body = b'{"email":"kept%d@example.com","role":"r"}' % i
            # In pieces of unknown number (chunked), as a body may come.
            connection.request("POST", INVITE_PATH, iter((body[:9], body[9:])))
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, 200)
            if i == 0:
                used = connection.sock
            self.assertIs(connection.sock, used)


class SameAsFastApi(unittest.TestCase):
    """Both servers in one test: the table above is FastAPI's own word."""

    def test_both_answer_alike(self):
        posts = [(body, INVITE_PATH) for body, _ in REFUSED_BODIES]
        posts += [
            (b'{"email":"\xff@b.c","role":"r"}', INVITE_PATH),
            (b"{}", "/nowhere"),
            (b'{"email":"a@b.c","role":"r"}', INVITE_PATH),
        ]
        with Sandbox() as sandbox, Reference() as reference:
            for body, path in posts:
                with self.subTest(body=body, path=path):
                    ours = sandbox.post(body, path=path)
                    theirs = reference.post(body, path=path)
                    self.assertEqual(ours.status, theirs.status)
                    if theirs.status == 200:
                        self.assertEqual(list(ours.json), list(theirs.json))
                    else:
                        self.assertEqual(ours.json, theirs.json)
            ours = sandbox.request("GET", INVITE_PATH)
            theirs = reference.request("GET", INVITE_PATH)
            self.assertEqual(ours.status, theirs.status)
            self.assertEqual(ours.body, theirs.body)
            self.assertEqual(ours.headers["Allow"], theirs.headers["Allow"])

    def test_both_find_syntax_errors(self):
        with Sandbox() as sandbox, Reference() as reference:
            for body in SYNTAX_ERRORS:
                with self.subTest(body=body):
                    (ours,) = sandbox.post(body).detail
                    (theirs,) = reference.post(body).detail
                    self.assertEqual(set(ours), set(theirs))
                    self.assertEqual(set(ours["ctx"]), set(theirs["ctx"]))
                    self.assertEqual(ours["type"], theirs["type"])


class Token(unittest.TestCase):
    def test_only_the_right_bearer_token_is_let_in(self):
        with Sandbox("--token", "secret") as sandbox:
            for authorization, status in (
                (None, 401),
                ("Bearer wrong", 401),
                ("Bearer", 401),
                ("Basic secret", 401),
                ("Bearer secret", 200),
                ("bearer secret", 409),
            ):
                with self.subTest(authorization=authorization):
                    headers = {}
                    if authorization:
                        headers["Authorization"] = authorization
                    answer = sandbox.invite("a@b.c", headers=headers)
                    self.assertEqual(answer.status, status)
                    if status == 401:
                        self.assertIsInstance(answer.detail, str)
                        self.assertEqual(
                            answer.headers["WWW-Authenticate"], "Bearer"
                        )
            (person,) = sandbox.invites()
            self.assertEqual((person["posts"], person["processed"]), (6, 1))


class Roles(unittest.TestCase):
    def test_an_unknown_role_is_refused(self):
        with Sandbox("--known-roles", "admin,member") as sandbox:
            self.assertEqual(sandbox.invite("a@b.c", "admin").status, 200)
            answer = sandbox.invite("b@b.c", "Admin")
            self.assertEqual(answer.status, 422)
            (error,) = answer.detail
            self.assertEqual(error["loc"], ["body", "role"])
            self.assertIn("'admin', 'member'", error["msg"])


def statuses(sandbox, emails):
    """One POST for each; None where there was no answer."""
    result = []
    for email in emails:
        try:
            result.append(sandbox.invite(email).status)
        except http.client.RemoteDisconnected:
            result.append(None)
    return result


PEOPLE = [f"person{i}@example.com" for i in range(200)]


class Faults(unittest.TestCase):
    def test_above_the_rate_429_says_when_to_come_back(self):
        with Sandbox("--rate-limit", "2/h", "--burst", 2) as sandbox:
            self.assertEqual(statuses(sandbox, PEOPLE[:3]), [200, 200, 429])
            answer = sandbox.invite(PEOPLE[2])
            wait_s = int(answer.headers["Retry-After"])
            self.assertTrue(1 <= wait_s <= 1800, wait_s)
            self.assertIsInstance(answer.detail, str)
            refused = sandbox.invites()[2]
            self.assertEqual((refused["posts"], refused["processed"]), (2, 0))
            self.assertIsNone(refused["invitation_id"])

    def test_after_retry_after_there_is_room_again(self):
        with Sandbox("--rate-limit", "1/s") as sandbox:
            # The first takes the only token. A machine so slow that a second
            # passes between two requests gets more goes.
            for email in PEOPLE:
                answer = sandbox.invite(email)
                if answer.status == 429:
                    break
            self.assertEqual(answer.status, 429)
            self.assertEqual(answer.headers["Retry-After"], "1")
            time.sleep(1)
            self.assertEqual(sandbox.invite(email).status, 200)

    def test_the_first_requests_fail(self):
        with Sandbox("--fail-first", 2) as sandbox:
            self.assertEqual(
                statuses(sandbox, PEOPLE[:1] * 4), [503, 503, 200, 409]
            )
            (person,) = sandbox.invites()
            self.assertEqual((person["posts"], person["processed"]), (4, 1))

    def test_failed_requests_are_not_processed(self):
        with Sandbox("--fail-share", "100%", "--fail-status", 500) as sandbox:
            self.assertEqual(statuses(sandbox, PEOPLE[:2]), [500, 500])
            seen = sandbox.seen()
            self.assertEqual(seen["posts"], 2)
            self.assertEqual([p["processed"] for p in seen["invites"]], [0, 0])

    def test_a_seed_hits_the_same_people_in_any_order(self):
        def hit(people, seed):
            options = ("--fail-share", "20%", "--drop-share", "10.5%")
            with Sandbox(*options, "--seed", seed) as sandbox:
                return dict(zip(people, statuses(sandbox, people)))

        first = hit(PEOPLE, 1)
        self.assertEqual(first, hit(PEOPLE[::-1], 1))
        self.assertNotEqual(first, hit(PEOPLE, 2))
        answers = list(first.values())
        self.assertTrue(20 <= answers.count(503) <= 60, answers)
        self.assertTrue(8 <= answers.count(None) <= 35, answers)

    def test_a_dropped_request_was_processed(self):
        with Sandbox("--drop-share", "100%") as sandbox:
            with self.assertRaises(http.client.RemoteDisconnected):
                sandbox.invite("a@b.c", key="k")
            (person,) = sandbox.invites()
            self.assertEqual((person["posts"], person["processed"]), (1, 1))
            self.assertEqual(person["idempotency_keys"], ["k"])

    def test_refusals_are_never_dropped(self):
        with Sandbox("--drop-share", "100%") as sandbox:
            self.assertEqual(sandbox.post(b"{}").status, 422)

    def test_a_persons_status_comes_first(self):
        with Sandbox(
            "--status-for",
            "odd=one@example.com=418",
            "--status-for",
            "None@example.com=204",
            "--rate-limit",
            "1/h",
        ) as sandbox:
            for _ in range(2):
                answer = sandbox.invite("ODD=one@example.com")
                self.assertEqual(answer.status, 418)
                self.assertIsInstance(answer.detail, str)
            empty = sandbox.invite("none@example.com")
            self.assertEqual((empty.status, empty.body), (204, b""))
            self.assertEqual(sandbox.invite("a@b.c").status, 200)
            self.assertEqual(
                [p["processed"] for p in sandbox.invites()], [0, 0, 1]
            )


def waiting_posts(test, sandbox, count):
    """Connections with a POST each that has arrived and is not answered."""
    connections = [sandbox.connect() for _ in range(count)]
    for i, connection in enumerate(connections):
        test.addCleanup(connection.close)
        body = b'{"email":"%d@b.c","role":"r"}' % i
        connection.request("POST", INVITE_PATH, body)
    wait_until(
        lambda: sandbox.seen()["posts"] >= count, "all requests arrived"
    )
    return connections


class Limits(unittest.TestCase):
    def test_windows_admit_their_number(self):
        for kind in ("fixed", "sliding"):
            with self.subTest(kind=kind), Sandbox(
                "--rate-limit", "3/h", "--limit-kind", kind
            ) as sandbox:
                self.assertEqual(
                    statuses(sandbox, PEOPLE[:5]), [200, 200, 200, 429, 429]
                )
                wait_s = int(sandbox.invite("a@b.c").headers["Retry-After"])
                self.assertTrue(3500 <= wait_s <= 3600, wait_s)
                self.assertEqual(
                    [p["processed"] for p in sandbox.invites()],
                    [1, 1, 1, 0, 0, 0],
                )

    def test_a_bucket_holds_one_seconds_worth(self):
        with Sandbox("--rate-limit", "50/h") as sandbox:
            self.assertEqual(sandbox.config()["burst"], 1)
            self.assertEqual(statuses(sandbox, PEOPLE[:2]), [200, 429])

    def test_only_so_many_are_worked_on_at_once(self):
        with Sandbox(
            *("--limit-kind", "concurrent", "--max-concurrent", 3),
            *("--latency", "1h"),
        ) as sandbox:
            connections = waiting_posts(self, sandbox, 5)
            answers = [request["status"] for request in sandbox.requests()]
            self.assertEqual(answers.count(200), 3)
            self.assertEqual(answers.count(429), 2)
            sandbox.stop()
            answers = [c.getresponse() for c in connections]
            for answer in answers:
                if answer.status == 429:
                    self.assertEqual(answer.headers["Retry-After"], "1")
            self.assertEqual(
                sorted(answer.status for answer in answers),
                [200, 200, 200, 429, 429],
            )

    def test_an_answer_makes_room(self):
        with Sandbox(
            *("--limit-kind", "concurrent", "--max-concurrent", 1),
            *("--latency", "5ms"),
        ) as sandbox:
            self.assertEqual(statuses(sandbox, PEOPLE[:9]), [200] * 9)

    def test_failures_and_lost_answers_make_room_too(self):
        for fault in ("--fail-share", "--drop-share"):
            with self.subTest(fault=fault), Sandbox(
                *("--limit-kind", "concurrent", "--max-concurrent", 1),
                *("--latency", "5ms", fault, "50%"),
            ) as sandbox:
                self.assertNotIn(429, statuses(sandbox, PEOPLE[:20]))

    def test_a_client_that_leaves_makes_room(self):
        with Sandbox(
            *("--limit-kind", "concurrent", "--max-concurrent", 1),
            *("--latency", "50ms"),
        ) as sandbox:
            (leaver,) = waiting_posts(self, sandbox, 1)
            leaver.close()
            wait_until(
                lambda: sandbox.invite("stays@b.c").status == 200, "room"
            )


class LimitHeaders(unittest.TestCase):
    def answers(self, headers):
        """An admitted and a refused one, of a window of one an hour."""
        options = ("--rate-limit", "1/h", "--limit-kind", "fixed")
        if headers:
            options += ("--limit-headers", headers)
        with Sandbox(*options) as sandbox:
            return [sandbox.invite(email) for email in PEOPLE[:2]]

    def about(self, answer):
        """Its headers about limits; a time may have been counted down."""
        result = {}
        for name, value in answer.headers.items():
            name = name.lower()
            if "ratelimit" in name or name == "retry-after":
                result[name] = re.sub(r"\b(3[56]\d\d)$", "<hour>", value)
        return result

    def test_each_form_is_told_on_every_answer(self):
        hour = {"retry-after": "<hour>"}
        for headers, admitted, refused in (
            ("none", {}, {}),
            (None, {}, hour),
            ("retry-after", {}, hour),
            (
                "ratelimit",
                {
                    "ratelimit-policy": '"default";q=1;w=<hour>',
                    "ratelimit": '"default";r=0;t=<hour>',
                },
                hour,
            ),
            (
                "ratelimit-old",
                {
                    "ratelimit-limit": "1",
                    "ratelimit-remaining": "0",
                    "ratelimit-reset": "<hour>",
                },
                hour,
            ),
        ):
            with self.subTest(headers=headers):
                first, second = self.answers(headers)
                self.assertEqual((first.status, second.status), (200, 429))
                self.assertEqual(self.about(first), admitted)
                self.assertEqual(self.about(second), {**admitted, **refused})

    def test_x_ratelimit_resets_at_a_time_of_day(self):
        before = time.time()
        first, second = self.answers("x-ratelimit")
        after = time.time()
        for answer in (first, second):
            self.assertEqual(answer.headers["X-RateLimit-Limit"], "1")
            self.assertEqual(answer.headers["X-RateLimit-Remaining"], "0")
            reset = int(answer.headers["X-RateLimit-Reset"])
            self.assertTrue(before + 3600 <= reset <= after + 3602, reset)
        self.assertNotIn("Retry-After", first.headers)
        self.assertIn("Retry-After", second.headers)

    def test_refusals_tell_it_too(self):
        with Sandbox(
            *("--rate-limit", "9/h", "--limit-headers", "ratelimit"),
            *("--limit-kind", "sliding", "--token", "secret"),
        ) as sandbox:
            answer = sandbox.invite("a@b.c")
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
            self.assertEqual(
                answer.headers["RateLimit"], '"default";r=8;t=3600'
            )


class Outages(unittest.TestCase):
    def test_nobody_is_served_during_an_outage(self):
        with Sandbox(
            *("--outage", "0s+24h", "--rate-limit", "1/h"),
            *("--status-for", "odd@example.com=418"),
            *("--limit-headers", "ratelimit"),
        ) as sandbox:
            answer = sandbox.invite("odd@example.com")
            self.assertEqual(answer.status, 503)
            self.assertNotIn("Retry-After", answer.headers)
            self.assertNotIn("RateLimit", answer.headers)
            self.assertEqual(statuses(sandbox, PEOPLE[:2]), [503, 503])
            self.assertEqual(sandbox.invites()[0]["processed"], 0)
            sandbox.change(outage=False)
            self.assertEqual(statuses(sandbox, PEOPLE[:2]), [200, 429])

    def test_it_begins_and_ends_by_itself(self):
        with Sandbox("--outage", "100ms+100ms") as sandbox:
            self.assertIs(sandbox.config()["outage"], False)
            start = time.monotonic()
            sandbox.invite("first@b.c")
            posts = iter(f"{i}@b.c" for i in range(100000))
            wait_until(
                lambda: sandbox.invite(next(posts)).status == 200
                and time.monotonic() - start >= 0.2,
                "the end of the outage",
            )
            for request in sandbox.requests():
                is_out = 100000 <= request["at_us"] < 200000
                self.assertEqual(
                    request["status"], 503 if is_out else 200, request
                )


class SlowStart(unittest.TestCase):
    def test_the_first_answer_takes_that_long(self):
        with Sandbox("--slow-start", "200ms") as sandbox:
            self.assertEqual(sandbox.config()["slow_start"], "200ms")
            start = time.monotonic()
            self.assertEqual(sandbox.invite("a@b.c").status, 200)
            self.assertGreaterEqual(time.monotonic() - start, 0.2)
            self.assertEqual(sandbox.config()["slow_start"], "0s")

    def test_others_wait_for_it_too(self):
        """They would wait for an hour; the sandbox's end wakes it up."""
        with Sandbox("--slow-start", "1h") as sandbox:
            connections = waiting_posts(self, sandbox, 5)
            sandbox.change(latency="1ms")
            late = sandbox.connect()
            self.addCleanup(late.close)
            late.request("POST", INVITE_PATH, b'{"email":"l","role":"r"}')
            wait_until(lambda: len(sandbox.requests()) == 6, "its arrival")
            connections.append(late)
            self.assertEqual(sandbox.request("GET", "/").status, 404)
            for connection in connections:
                readable, _, _ = select.select([connection.sock], [], [], 0)
                self.assertEqual(readable, [])
            sandbox.stop()
            for connection in connections:
                self.assertEqual(connection.getresponse().status, 200)

    def test_a_shorter_latency_overtakes_a_longer_one(self):
        with Sandbox("--latency", "1h") as sandbox:
            (waiting,) = waiting_posts(self, sandbox, 1)
            sandbox.change(latency="10ms")
            self.assertEqual(sandbox.invite("quick@b.c").status, 200)
            sandbox.change(latency="0s")
            self.assertEqual(sandbox.invite("quicker@b.c").status, 200)
            sandbox.stop()
            self.assertEqual(waiting.getresponse().status, 200)


class Config(unittest.TestCase):
    def test_it_shows_what_is_in_force(self):
        with Sandbox() as sandbox:
            self.assertEqual(
                sandbox.config(),
                {
                    "rate_limit": "none",
                    "limit_kind": "bucket",
                    "burst": 1,
                    "max_concurrent": 0,
                    "limit_headers": "retry-after",
                    "latency": "0s",
                    "slow_start": "0s",
                    "fail_share": "0%",
                    "fail_status": 503,
                    "drop_share": "0%",
                    "outage": False,
                },
            )
        changed = {
            "rate_limit": "300/m",
            "limit_kind": "sliding",
            "burst": 7,
            "max_concurrent": 9,
            "limit_headers": "ratelimit-old",
            "latency": "1500ms",
            "slow_start": "2m",
            "fail_share": "12.5%",
            "fail_status": 500,
            "drop_share": "0.0001%",
            "outage": True,
        }
        options = []
        for name, value in changed.items():
            if name not in ("outage", "max_concurrent"):
                options += [f"--{name.replace('_', '-')}", value]
        with Sandbox(*options) as sandbox:
            started = {**changed, "max_concurrent": 0, "outage": False}
            self.assertEqual(sandbox.config(), started)
        with Sandbox() as sandbox:
            self.assertEqual(sandbox.change(**changed), changed)
            self.assertEqual(sandbox.config(), changed)

    def test_a_change_counts_from_then_on(self):
        with Sandbox("--rate-limit", "1/h") as sandbox:
            self.assertEqual(statuses(sandbox, PEOPLE[:2]), [200, 429])
            sandbox.change(latency="1ms")
            self.assertEqual(statuses(sandbox, PEOPLE[1:2]), [429])
            sandbox.change(rate_limit="none")
            self.assertEqual(statuses(sandbox, PEOPLE[1:3]), [200, 200])
            sandbox.change(fail_share=100, fail_status="502")
            self.assertEqual(statuses(sandbox, PEOPLE[3:4]), [502])
            sandbox.change(fail_share="0", drop_share=100.0)
            self.assertEqual(statuses(sandbox, PEOPLE[3:4]), [None])

    def test_what_cannot_be_changed_is_named_and_changes_nothing(self):
        with Sandbox() as sandbox:
            before = sandbox.config()
            for body, words in (
                (b'{"latency":"1s","rate_limt":"5/s"}', "rate_limt"),
                (b'{"outage":true,"port":80}', "port"),
                (b'{"outage":true,"--port":80}', "--port is not"),
                (b'{"latency":"1s","outage":"yes"}', "outage wants true"),
                (b'{"latency":["1s"]}', 'not "["1s"]"'),
                (b'{"burst":0}', "burst wants"),
                (b'{"burst":2.5}', 'not "2.5"'),
                (b'{"rate_limit":null}', 'not "null"'),
                (b'{"max_concurrent":-1}', "max_concurrent wants"),
                (b'{"limit_kind":"leaky"}', "sliding or concurrent"),
                (b'{"limit_headers":""}', "x-ratelimit"),
                (b"[]", "object"),
                (b"{", "object"),
            ):
                with self.subTest(body=body):
                    answer = sandbox.request("POST", "/_sandbox/config", body)
                    self.assertEqual(answer.status, 422)
                    self.assertIn(words, answer.detail)
                    self.assertEqual(sandbox.config(), before)

    def test_long_nonsense_is_answered_too(self):
        body = json.dumps({"\u00e9" * 30000: 1}, ensure_ascii=False).encode()
        with Sandbox() as sandbox:
            answer = sandbox.request("POST", "/_sandbox/config", body)
            self.assertEqual(answer.status, 422)
            body = b'{"latency":"1s"}' + b" " * 64 * 1024
            answer = sandbox.request("POST", "/_sandbox/config", body)
            self.assertEqual(answer.status, 422)
            self.assertEqual(sandbox.config()["latency"], "0s")

    def test_other_methods_are_not_allowed(self):
        with Sandbox() as sandbox:
            for path, allowed in (
                ("/_sandbox/config", "GET, POST"),
                ("/_sandbox/requests", "GET"),
                ("/_sandbox/invites", "GET"),
            ):
                answer = sandbox.request("PUT", path)
                self.assertEqual(answer.status, 405)
                self.assertEqual(answer.headers["Allow"], allowed)


class Requests(unittest.TestCase):
    def test_each_post_is_there_in_order(self):
        with Sandbox(
            "--rate-limit", "3/h", "--limit-kind", "fixed"
        ) as sandbox:
            self.assertEqual(sandbox.requests(), [])
            sandbox.invite("a@b.c")
            sandbox.post(b"{}")
            sandbox.change(drop_share="100%")
            statuses(sandbox, ["b@b.c", "c@b.c"])
            sandbox.request("GET", INVITE_PATH)
            requests = sandbox.requests()
        self.assertEqual(
            [(r["status"], r["email"]) for r in requests],
            [(200, "a@b.c"), (422, None), (None, "b@b.c"), (429, "c@b.c")],
        )
        times = [r["at_us"] for r in requests]
        self.assertEqual(times[0], 0)
        self.assertEqual(times, sorted(times))


class Script(unittest.TestCase):
    def script(self, text):
        file = tempfile.NamedTemporaryFile(prefix="bulk-invite-")
        self.addCleanup(file.close)
        file.write(text.encode())
        file.flush()
        return file.name

    def test_settings_change_on_a_timetable(self):
        script = self.script(
            "# a server that degrades\n"
            "\n"
            "24h outage=true\n"
            "  0s rate_limit=3/h limit_kind=fixed\t# from the first on\n"
            "100ms limit_kind=concurrent max_concurrent=5 latency=2ms"
        )
        with Sandbox("--script", script) as sandbox:
            self.assertEqual(sandbox.config()["rate_limit"], "none")
            start = time.monotonic()
            sandbox.invite(PEOPLE[0])
            self.assertEqual(sandbox.config()["rate_limit"], "3/h")
            config = wait_until(
                lambda: sandbox.config()["latency"] != "0s"
                and sandbox.config(),
                "the second change",
            )
            self.assertGreaterEqual(time.monotonic() - start, 0.1)
            self.assertEqual(config["limit_kind"], "concurrent")
            self.assertEqual(config["max_concurrent"], 5)
            self.assertIs(config["outage"], False)
            self.assertEqual(statuses(sandbox, PEOPLE[1:9]), [200] * 8)

    def test_a_bad_line_is_named(self):
        for text, number, words in (
            ("0s latency=1s\n5 latency=1s\n", 2, 'not "5"'),
            ("latency=1s\n", 1, "starts with a time"),
            ("25h latency=1s\n", 1, "up to 24h"),
            ("\n\n1s\n", 3, "name=value is missing"),
            ("1s # latency=1s\n", 1, "name=value is missing"),
            ("1s latency\n", 1, '"latency" should be name=value'),
            ("1s latency=\n", 1, "latency wants a time"),
            ("1s outage=10s+5s\n", 1, "outage wants true or false"),
            ("1s port=80\n", 1, "port is not a setting"),
            ("1s " + "latency=1s " * 200 + "\n", 1, "too long"),
            ("1s latency=1s\0 x\n", 1, "no text"),
        ):
            with self.subTest(text=text):
                script = self.script(text)
                done = run_sandbox("--script", script)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"{script} line {number}: ", done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_file_that_is_not_there_is_named(self):
        for path in ("/nowhere/script", "/"):
            with self.subTest(path=path):
                done = run_sandbox("--script", path)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(path, done.stderr)


class Latency(unittest.TestCase):
    def test_an_answer_takes_that_long(self):
        with Sandbox("--latency", "200ms") as sandbox:
            start = time.monotonic()
            self.assertEqual(sandbox.invite("a@b.c").status, 200)
            self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_a_dropped_answer_takes_that_long_too(self):
        with Sandbox("--latency", "200ms", "--drop-share", "100") as sandbox:
            start = time.monotonic()
            with self.assertRaises(http.client.RemoteDisconnected):
                sandbox.invite("a@b.c")
            self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_waiting_answers_block_nobody(self):
        """300 answers wait for an hour, others are served meanwhile, and the
        end of the sandbox brings all of them at once."""
        count = 300
        with Sandbox("--latency", "1h") as sandbox:
            connections = [sandbox.connect() for _ in range(count)]
            for connection in connections:
                self.addCleanup(connection.close)
            for i, connection in enumerate(connections):
                body = b'{"email":"%d@b.c","role":"r"}' % i
                connection.request("POST", INVITE_PATH, body)
            while sandbox.seen()["posts"] < count:
                pass
            self.assertEqual(len(sandbox.invites()), count)
            self.assertEqual(sandbox.request("GET", "/").status, 404)
            sandbox.stop()
            self.assertEqual(sandbox.exit_code, 0)
            for connection in connections:
                self.assertEqual(connection.getresponse().status, 200)

    def test_a_client_that_leaves_while_it_waits_harms_nobody(self):
        with Sandbox("--latency", "100ms") as sandbox:
            leaver = sandbox.connect()
            leaver.request(
                "POST", INVITE_PATH, b'{"email":"gone@b.c","role":"r"}'
            )
            leaver.close()
            self.assertEqual(sandbox.invite("stays@b.c").status, 200)

    def test_latencies_overlap(self):
        with Sandbox("--latency", "1s") as sandbox:
            start = time.monotonic()
            threads = [
                threading.Thread(target=sandbox.invite, args=(email,))
                for email in PEOPLE[:50]
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertLess(time.monotonic() - start, 25)
            self.assertEqual(sandbox.seen()["posts"], 50)


def run_sandbox(*args):
    return subprocess.run(
        [program("bulk-invite-sandbox"), *args],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class Program(unittest.TestCase):
    def test_help_says_that_it_is_a_rehearsal(self):
        done = run_sandbox("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("rehearsal", done.stdout)
        self.assertIn("never sends an\ne-mail", done.stdout)

    def test_version_names_program_and_number(self):
        done = run_sandbox("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^bulk-invite-sandbox \d+\.\d+\.\d+\n$")

    def test_wrong_usage_names_the_flag(self):
        for args, words in (
            (("--port", "65536"), "--port"),
            (("--port", "x"), "--port"),
            (("--latency", "5"), "--latency"),
            (("--latency", "2h"), "--latency"),
            (("--rate-limit", "10"), "--rate-limit"),
            (("--rate-limit", "0/s"), "--rate-limit"),
            (("--rate-limit", "1/ms"), "--rate-limit"),
            (("--limit-kind", "leaky"), "--limit-kind"),
            (("--limit-kind", "concurrent"), "--max-concurrent"),
            (("--limit-kind", "sliding"), "--rate-limit"),
            (("--max-concurrent", "5"), "--limit-kind concurrent"),
            (("--max-concurrent", "x"), "--max-concurrent"),
            (("--burst", "0"), "--burst"),
            (("--limit-headers", "all"), "--limit-headers"),
            (("--slow-start", "2h"), "--slow-start"),
            (("--outage", "10s"), "--outage"),
            (("--outage", "10s+"), "--outage"),
            (("--outage", "1s+2s+3s"), "--outage"),
            (("--outage", "25h+1s"), "--outage"),
            (("--fail-share", "101%"), "--fail-share"),
            (("--drop-share", "5.%"), "--drop-share"),
            (("--fail-status", "100"), "--fail-status"),
            (("--fail-first", "-1"), "--fail-first"),
            (("--status-for", "=500"), "--status-for"),
            (("--known-roles", "a,,b"), "--known-roles"),
            (("--seed", ""), "--seed"),
            (("--token", ""), "--token"),
            (("--seed",), "--seed"),
            (("--nonsense",), "--nonsense"),
            (("word",), "word"),
        ):
            with self.subTest(args=args):
                done = run_sandbox(*args)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            done = run_sandbox("--port", str(port))
        self.assertEqual((done.returncode, done.stdout), (5, ""))
        self.assertIn(str(port), done.stderr)

    def test_it_listens_on_the_port_asked_for(self):
        with Sandbox() as sandbox:
            port = sandbox.url.rsplit(":", 1)[1]
        with Sandbox("--port", port) as sandbox:
            self.assertEqual(sandbox.url, f"http://127.0.0.1:{port}")

    def test_both_signals_end_it_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                process = subprocess.Popen(
                    [program("bulk-invite-sandbox")],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                )
                read_line(process.stdout, 30)
                process.send_signal(number)
                out, err = process.communicate(timeout=30)
                self.assertEqual((process.returncode, out), (0, b""))
                self.assertIn(b"no e-mail sent", err)


if __name__ == "__main__":
    unittest.main()
