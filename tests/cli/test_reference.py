"""Against FastAPI itself: its error bodies, redirects and refusals are the
framework's own."""

import http.client
import json
import unittest
import urllib.parse
import uuid

from support import Recorder, Reference, SendCase


class Meddler(Recorder):
    """Stands before a server and changes what passes: `change(path, body)`
    gives what is sent on. The answer comes back as it is."""

    def __init__(self, server, change):
        self.address = urllib.parse.urlsplit(server.url)
        self.change = change
        super().__init__(self.pass_on)

    def pass_on(self, request):
        path, body = self.change(request.path, request.body)
        connection = http.client.HTTPConnection(self.address.netloc)
        headers = dict(request.headers)
        headers["Content-Length"] = str(len(body))
        connection.request(request.method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        lines = [f"HTTP/1.1 {response.status} {response.reason}"]
        lines += [f"{k}: {v}" for k, v in response.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + content


class ReferenceCase(SendCase):
    token = None

    @classmethod
    def setUpClass(cls):
        cls.reference = Reference(cls.token).__enter__()
        cls.addClassCleanup(cls.reference.stop)

    def setUp(self):
        super().setUp()
        # One server for all tests: each has people and a domain of its own.
        self.domain = f"{uuid.uuid4().hex}.test"
        self.posts_before = self.reference.seen()["posts"]

    def posts(self):
        return self.reference.seen()["posts"] - self.posts_before

    def invited(self):
        return [
            invite
            for invite in self.reference.invites()
            if invite["email"].endswith(self.domain)
        ]

    def people(self, *names):
        self.team(*(f"{name}@{self.domain},member" for name in names))

    def changed(self, change, *args, **how):
        """A run whose requests are changed on their way."""
        meddler = self.serve(Meddler(self.reference, change))
        return self.send(meddler, *args, **how)


def change_body(change):
    """Changes the body of requests for people named odd...; the framework
    judges what is left of it."""

    def changed(path, body):
        members = json.loads(body)
        if members["email"].startswith("odd"):
            body = change(members)
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        return path, body

    return changed


class Invited(ReferenceCase):
    def test_the_report_has_what_the_server_keeps(self):
        self.people("ada", "bob", "zoë")
        self.send(self.reference, expect=0)
        rows = {row["email"]: row for row in self.report()}
        invited = self.invited()
        self.assertEqual(len(invited), 3)
        for invite in invited:
            row = rows[invite["email"]]
            self.assertEqual(row["status"], "invited")
            for name in (
                "role",
                "invitation_id",
                "state",
                "created_at",
                "expires_at",
            ):
                self.assertEqual(row[name], invite[name])

    def test_a_hundred_rows_over_connections_that_are_kept(self):
        self.people(*(f"p{i}" for i in range(100)))
        done = self.send(self.reference, "--verbose", expect=0)
        self.assertEqual(self.check_totals(done, 100), {"invited": 100})
        self.assertEqual(self.posts(), 100)

    def test_each_has_an_idempotency_key_of_its_own(self):
        self.people("ada", "bob")
        self.send(self.reference, expect=0)
        keys = {invite["idempotency_key"] for invite in self.invited()}
        self.assertEqual(len(keys), 2)
        self.assertNotIn(None, keys)

    def test_an_organization_with_odd_characters_arrives_whole(self):
        self.people("ada")
        self.send(self.reference, "--org", "a b?ü%#&", expect=0)
        (invite,) = self.invited()
        self.assertEqual(invite["organization"], "a b?ü%#&")


class Refused(ReferenceCase):
    def test_who_the_server_knows_is_already_invited(self):
        self.people("ada", "conflict")
        self.send(self.reference, expect=0)
        self.assertEqual(self.statuses(), ["invited", "already_invited"])
        # Without a memory of its own, only the server can tell.
        self.send(self.reference, "--ledger", ":memory:", expect=0)
        for row in self.report():
            self.assertEqual(row["status"], "already_invited")
            self.assertEqual(row["http_status"], "409")
            self.assertEqual(row["error"], "Member already invited")
        self.assertEqual(self.posts(), 4)

    def rejected(self, change, *, status=422):
        """The error on a row whose body was changed."""
        self.people("ada", "odd", "bob")
        self.changed(
            change_body(change), "--concurrency", "1", expect=3
        )
        ada, odd, bob = self.report()
        self.assertEqual((ada["status"], bob["status"]), ("invited",) * 2)
        self.assertEqual(odd["status"], "rejected")
        self.assertEqual(odd["http_status"], str(status))
        self.assertEqual(odd["attempts"], "1")
        self.assertNotIn("@", odd["error"])
        return odd["error"]

    def test_a_member_is_missing(self):
        self.assertEqual(
            self.rejected(lambda body: {"email": body["email"]}),
            "role: field required",
        )

    def test_a_member_is_too_short(self):
        self.assertEqual(
            self.rejected(lambda body: {**body, "role": ""}),
            "role: ensure this value has at least 1 characters",
        )

    def test_two_members_are_wrong(self):
        self.assertEqual(
            self.rejected(lambda body: {"email": [], "role": None}),
            "email: str type expected; "
            "role: none is not an allowed value",
        )

    def test_a_member_nobody_asked_for(self):
        self.assertEqual(
            self.rejected(lambda body: {**body, "name": "Ada"}),
            "name: extra fields not permitted",
        )

    def test_the_body_as_a_whole_is_wrong(self):
        self.assertEqual(
            self.rejected(lambda body: "text"), "value is not a valid dict"
        )

    def test_the_body_is_not_json(self):
        """loc is ["body", 12] then: a position, and no column."""
        error = self.rejected(lambda body: b'{"email":"a",}')
        self.assertTrue(error.startswith("Expecting property name"), error)

    def test_the_body_is_not_utf8(self):
        self.assertEqual(
            self.rejected(lambda body: b'{"email":"\xff"}', status=400),
            "There was an error parsing the body",
        )

    def test_detail_is_an_object(self):
        self.people("ada", "object")
        self.send(self.reference, "--concurrency", "1", expect=3)
        _, refused = self.report()
        self.assertEqual(refused["status"], "rejected")
        self.assertEqual(refused["http_status"], "400")
        self.assertEqual(
            refused["error"], "The organization has no seats left"
        )


class Failed(ReferenceCase):
    def test_an_unhandled_error_leaves_it_unknown_and_is_not_repeated(self):
        self.people("ada", "boom", "bob")
        self.send(self.reference, "--concurrency", "1", expect=3)
        self.assertEqual(self.statuses(), ["invited", "unknown", "invited"])
        boom = self.report()[1]
        self.assertEqual(boom["http_status"], "500")
        self.assertEqual(boom["attempts"], "1")
        self.assertEqual(boom["error_code"], "server_error")
        self.assertIn("Internal Server Error", boom["error"])
        self.assertEqual(self.posts(), 3)

    def test_a_redirect_is_not_followed(self):
        """The framework's own, to a path without the slash at its end."""
        self.people("ada", "bob")
        done = self.changed(
            lambda path, body: (path + "/", body),
            env={"BULK_INVITE_TOKEN": "s3cret"},
            expect=7,
        )
        self.assertEqual(
            self.check_totals(done, 2), {"unprocessed": 2}
        )
        self.assertIn("HTTP 307", done.stderr)
        self.assertEqual(self.posts(), 1)
        self.assertEqual(self.invited(), [])

    def test_a_wrong_path(self):
        self.people("ada", "bob")
        done = self.send(
            None, "--base-url", self.reference.url + "/api", expect=7
        )
        self.assertEqual(
            self.check_totals(done, 2), {"unprocessed": 2}
        )
        self.assertIn("HTTP 404", done.stderr)
        self.assertIn("Not Found", done.stderr)

    def test_a_slash_in_the_organization_is_no_way_elsewhere(self):
        """uvicorn decodes %2F before it looks for a route."""
        self.people("ada")
        for organization in ("a/b", "../organizations/other"):
            with self.subTest(organization=organization):
                done = self.send(
                    self.reference, "--org", organization, expect=7
                )
                self.assertIn("HTTP 404", done.stderr)
                self.assertEqual(self.invited(), [])


class WithToken(ReferenceCase):
    token = "right"

    def test_the_right_token_invites(self):
        self.people("ada")
        self.send(
            self.reference, env={"BULK_INVITE_TOKEN": "right"}, expect=0
        )

    def test_no_token_and_a_wrong_one_are_refused_once(self):
        self.people("ada", "bob")
        for env, words in (
            ({}, ["HTTP 403", "Not authenticated"]),
            ({"BULK_INVITE_TOKEN": "wrong"}, ["HTTP 401", "Invalid token"]),
        ):
            with self.subTest(env=env):
                before = self.posts()
                done = self.send(self.reference, env=env, expect=7)
                self.assertEqual(
                    self.check_totals(done, 2), {"unprocessed": 2}
                )
                self.assertEqual(self.posts() - before, 1)
                for word in words:
                    self.assertIn(word, done.stderr)
        self.assertEqual(self.invited(), [])


if __name__ == "__main__":
    unittest.main()
