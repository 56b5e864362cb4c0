"""The main job: who is invited, with which requests, and who is not."""

import os
import shutil
import signal
import threading
import unittest
from pathlib import Path
from unittest import mock

from support import (
    INVITE_PATH,
    Running,
    SendCase,
    invitation,
    members,
    program,
    reply,
    wait_until,
)

COLUMNS = [
    "line",
    "email",
    "role",
    "status",
    "invitation_id",
    "state",
    "created_at",
    "expires_at",
    "http_status",
    "attempts",
    "error_code",
    "error",
]
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


class Invitations(SendCase):
    def test_everyone_in_a_file_is_invited_with_the_role_of_the_row(self):
        self.team("ada@example.com,admin", "bob@example.com,member")
        sandbox = self.sandbox()
        self.send(sandbox, expect=0)
        self.assertEqual(
            [
                (p["organization"], p["email"], p["role"], p["posts"])
                for p in sandbox.invites()
            ],
            [
                ("acme", "ada@example.com", "admin", 1),
                ("acme", "bob@example.com", "member", 1),
            ],
        )

    def test_the_report_has_the_servers_word_on_every_row(self):
        self.team("ada@example.com,admin", "bob@example.com,member")
        sandbox = self.sandbox()
        self.send(sandbox, expect=0)
        report = self.report()
        for row, seen in zip(report, sandbox.invites(), strict=True):
            self.assertEqual(list(row), COLUMNS)
            self.assertRegex(row.pop("created_at"), TIME)
            self.assertRegex(row.pop("expires_at"), TIME)
            self.assertEqual(row.pop("invitation_id"), seen["invitation_id"])
            self.assertEqual(row.pop("email"), seen["email"])
            self.assertEqual(row.pop("role"), seen["role"])
        self.assertEqual([row.pop("line") for row in report], ["2", "3"])
        invited = {
            "status": "invited",
            "state": "pending",
            "http_status": "200",
            "attempts": "1",
            "error_code": "",
            "error": "",
        }
        self.assertEqual(report, [invited, invited])

    def test_success_is_silent_without_a_terminal(self):
        self.team(3)
        done = self.send(self.sandbox(), expect=0)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_the_summary_names_totals_organization_and_report(self):
        self.team(
            "ada@example.com,admin",
            "bob@example.com,",
            "Ada@EXAMPLE.com,admin",
        )
        sandbox = self.sandbox()
        done = self.send(sandbox, expect=3)
        self.assertEqual(
            self.check_totals(done, 3),
            {"invited": 1, "invalid": 1, "duplicate": 1},
        )
        self.assertIn(f"acme on {sandbox.url}", done.stderr)
        self.assertIn("team.csv.report.csv", done.stderr)
        self.assertIn("1 row needs a look:\n", done.stderr)

    def test_no_address_is_in_what_it_says(self):
        self.team("ada@example.com,admin", "bob@example.com,", "carl at,x")
        sandbox = self.sandbox("--status-for", "ada@example.com=500")
        done = self.send(sandbox, "--verbose", expect=3)
        for word in ("ada", "bob", "carl", "example.com"):
            self.assertNotIn(word, done.stderr)

    def test_a_list_without_rows_is_fine(self):
        self.team()
        done = self.send(self.sandbox(), expect=0)
        self.assertEqual(self.report(), [])
        self.assertEqual(done.stderr, "")

    def test_a_list_without_rows_is_an_error_when_asked(self):
        self.team()
        done = self.send(self.sandbox(), "--error-on-no-rows", expect=9)
        self.assertIn("No rows", done.stderr)

    def test_who_was_invited_before_is_already_invited(self):
        self.team("ada@example.com,admin", "bob@example.com,member")
        sandbox = self.sandbox()
        sandbox.invite("bob@example.com")
        self.send(sandbox, expect=0)
        ada, bob = self.report()
        self.assertEqual(ada["status"], "invited")
        self.assertEqual(bob["status"], "already_invited")
        self.assertEqual(bob["http_status"], "409")
        self.assertEqual(bob["error_code"], "conflict")
        self.assertIn("already been invited", bob["error"])

    def test_a_refused_row_has_the_servers_words_and_the_column(self):
        self.team("ada@example.com,admin", "bob@example.com,boss")
        sandbox = self.sandbox("--known-roles", "admin,member")
        done = self.send(sandbox, expect=3)
        ada, bob = self.report()
        self.assertEqual(ada["status"], "invited")
        self.assertEqual(bob["status"], "rejected")
        self.assertEqual(bob["http_status"], "422")
        self.assertEqual(bob["error_code"], "validation")
        self.assertRegex(bob["error"], r"^role: .*admin")
        self.assertNotIn("bob@", bob["error"])
        self.check_totals(done, 2)
        self.assertEqual([p["posts"] for p in sandbox.invites()], [1, 1])

    def test_a_person_is_invited_once_and_the_first_line_counts(self):
        self.team(
            "ada@example.com,admin",
            "Ada@Example.COM,admin",
            " ada@example.com ,admin",
        )
        sandbox = self.sandbox()
        self.send(sandbox, expect=0)
        self.assertEqual(
            self.statuses(), ["invited", "duplicate", "duplicate"]
        )
        for row in self.report()[1:]:
            self.assertEqual(row["error_code"], "duplicate")
            self.assertIn("line 2", row["error"])
        self.assertEqual(sandbox.seen()["posts"], 1)

    def test_a_duplicate_with_another_role_needs_a_look(self):
        self.team("ada@example.com,admin", "ada@example.com,member")
        sandbox = self.sandbox()
        done = self.send(sandbox, expect=3)
        _, second = self.report()
        self.assertEqual(second["error_code"], "duplicate_other_role")
        self.assertIn("line 2", second["error"])
        self.assertIn("another role", done.stderr)
        self.assertEqual(sandbox.seen()["posts"], 1)

    def test_hundreds_of_rows_get_one_status_each(self):
        count = 400
        self.team(count)
        sandbox = self.sandbox()
        done = self.send(sandbox, "--verbose", expect=0)
        self.assertEqual(self.check_totals(done, count), {"invited": count})
        self.assertEqual(sandbox.seen()["posts"], count)
        self.assertEqual(
            {p["posts"] for p in sandbox.invites()}, {1}, "someone twice"
        )


class Input(SendCase):
    def test_stdin_is_sent_while_it_is_written(self):
        sandbox = self.sandbox()
        running = self.start(sandbox)
        running.write("email,role\nada@example.com,admin\n")
        wait_until(sandbox.invites, "the first row is sent")
        self.assertIsNone(running.process.poll())
        running.write("bob@example.com,member\n")
        running.close_stdin()
        done = self.finish(running, expect=0)
        self.assertEqual(done.stderr, "")
        self.assertEqual(
            self.statuses("stdin.report.csv"), ["invited", "invited"]
        )

    def test_each_row_of_stdin_leaves_at_once(self):
        sandbox = self.sandbox()
        running = self.start(sandbox)
        running.write("email,role\n")
        for count in range(1, 6):
            running.write(f"person{count}@example.com,member\n")
            wait_until(
                lambda count=count: len(sandbox.invites()) == count,
                f"row {count} is sent",
            )
        running.close_stdin()
        self.finish(running, expect=0)

    def test_a_last_row_without_a_line_end_counts(self):
        sandbox = self.sandbox()
        self.send(
            sandbox,
            input_name="-",
            stdin="email,role\nada@example.com,admin",
            expect=0,
        )
        self.assertEqual(self.statuses("stdin.report.csv"), ["invited"])

    def test_one_role_for_all_needs_no_column(self):
        self.write("team.csv", ["Email", "ada@example.com", "bob@example.com"])
        sandbox = self.sandbox()
        self.send(sandbox, "--role", "guest", expect=0)
        self.assertEqual(
            [p["role"] for p in sandbox.invites()], ["guest", "guest"]
        )

    def test_one_role_for_all_beats_the_column(self):
        self.team("ada@example.com,admin")
        sandbox = self.sandbox()
        self.send(sandbox, "--role", "guest", expect=0)
        self.assertEqual([p["role"] for p in sandbox.invites()], ["guest"])

    def test_columns_can_be_chosen(self):
        self.write(
            "team.csv",
            [
                "name,private mail,email,level,role",
                "Ada,ada@home.example,ada@work.example,high,x",
            ],
        )
        sandbox = self.sandbox()
        self.send(
            sandbox,
            "--email-column=Private Mail",
            "--role-column",
            "level",
            expect=0,
        )
        (seen,) = sandbox.invites()
        self.assertEqual(
            (seen["email"], seen["role"]), ("ada@home.example", "high")
        )

    def test_a_spreadsheets_export_is_read(self):
        """Byte order mark, CRLF, quotes, blank lines, columns nobody asked
        for, and names beyond ASCII."""
        self.write(
            "team.csv",
            b"\xef\xbb\xbfName,E-Mail,Role\r\n"
            b'"Lovelace, Ada",ada@example.com,"team ""a"""\r\n'
            b",,\r\n\r\n"
            + "Bób,bób@exämple.com,gast\r\n".encode(),
        )
        sandbox = self.sandbox()
        self.send(sandbox, expect=0)
        self.assertEqual(
            [(p["email"], p["role"]) for p in sandbox.invites()],
            [("ada@example.com", 'team "a"'), ("bób@exämple.com", "gast")],
        )
        self.assertEqual([row["line"] for row in self.report()], ["2", "5"])


class Guards(SendCase):
    def test_limit_sends_the_first_few(self):
        self.team(5)
        sandbox = self.sandbox()
        done = self.send(sandbox, "--limit", "2", expect=3)
        self.assertEqual(
            sorted(p["email"] for p in sandbox.invites()),
            ["person1@example.com", "person2@example.com"],
        )
        self.assertEqual(
            self.check_totals(done, 5), {"invited": 2, "unprocessed": 3}
        )
        for row in self.report()[2:]:
            self.assertEqual(row["error_code"], "limit")
            self.assertIn("--limit", row["error"])

    def test_limit_counts_invitations_and_not_lines(self):
        self.team("bad,member", *members(2))
        sandbox = self.sandbox()
        self.send(sandbox, "--limit", "2", expect=3)
        self.assertEqual(self.statuses(), ["invalid", "invited", "invited"])

    def test_too_many_new_people_stop_a_file_before_the_first(self):
        self.team(3)
        sandbox = self.sandbox()
        done = self.send(sandbox, "--max-new", "2", expect=8)
        self.assertEqual(sandbox.seen()["posts"], 0)
        self.assertIn("3 new people", done.stderr)
        self.assertIn("--max-new 2", done.stderr)
        self.assertIn("nothing was sent", done.stderr)

    def test_as_many_new_people_as_allowed_are_sent(self):
        self.team("person1@example.com,member", *members(2))
        sandbox = self.sandbox()
        self.send(sandbox, "--max-new", "2", expect=0)
        self.assertEqual(sandbox.seen()["posts"], 2)

    def test_a_stream_stops_at_the_most_new_people(self):
        sandbox = self.sandbox()
        done = self.send(
            sandbox,
            "--max-new",
            "2",
            input_name="-",
            stdin="\n".join(["email,role", *members(5), ""]),
            expect=8,
        )
        self.assertLessEqual(sandbox.seen()["posts"], 2)
        self.assertIn("--max-new", done.stderr)


    def test_too_many_errors_stop_the_run(self):
        for share, bad in (("3", 4), ("5%", 50)):
            with self.subTest(share):
                sandbox = self.sandbox()
                self.team(*["nobody,member"] * bad, *members(40))
                done = self.send(sandbox, "--max-errors", share, expect=8)
                self.assertIn(f"more than --max-errors {share}", done.stderr)
                self.assertEqual(self.statuses().count("invalid"), bad)
                self.assertGreater(self.statuses().count("unprocessed"), 30)
                self.assertLess(len(sandbox.invites()), 10)

    def test_fewer_errors_do_not(self):
        for share, bad in (("4", 4), ("100%", 60), ("5%", 9)):
            with self.subTest(share):
                self.team(*["nobody,member"] * bad, *members(40))
                self.send(
                    self.sandbox(), "--max-errors", share, expect=3
                )
                self.assertEqual(self.statuses().count("invited"), 40)


class Pace(SendCase):
    def test_a_rate_spaces_the_requests(self):
        self.team(11)
        recorder = self.recorder()
        self.send(recorder, "--rate", "20/s", expect=0)
        times = [request.at for request in recorder.requests]
        self.assertEqual(len(times), 11)
        # A request can be late but not early.
        self.assertGreaterEqual(times[-1] - times[0], 0.45)

    def test_requests_in_flight_reach_the_limit_and_stay_below_it(self):
        self.team(20)
        lock = threading.Lock()
        three = threading.Barrier(3)
        now = most = 0

        def answer(request, meanwhile=lambda: None):
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            meanwhile()
            with lock:
                now -= 1
            return invitation(request)

        def meet(request):
            """Nobody is answered before three are there."""
            return answer(request, lambda: three.wait(timeout=30))

        recorder = self.recorder(answer, meet, meet, meet, answer)
        self.send(
            recorder, "--concurrency", "3", "--rate", "1000/s", expect=0
        )
        self.assertEqual(most, 3)

    def test_the_first_request_goes_alone(self):
        """It proves token, organization and URL before others follow."""
        self.team(20)
        sandbox = self.sandbox("--latency", "200ms", "--token", "right")
        self.send(sandbox, env={"BULK_INVITE_TOKEN": "wrong"}, expect=7)
        self.assertEqual(sandbox.seen()["posts"], 1)


class Requests(SendCase):
    def sent(self, *args, answers=(), expect=0, **how):
        recorder = self.recorder(*answers)
        self.send(recorder, *args, expect=expect, **how)
        return recorder.requests

    def test_the_request_is_the_contracts(self):
        self.team('ada@example.com,"say ""hé"""')
        (request,) = self.sent()
        self.assertEqual((request.method, request.path), ("POST", INVITE_PATH))
        self.assertEqual(
            request.body.decode(),
            '{"email":"ada@example.com","role":"say \\"hé\\""}',
        )
        self.assertEqual(request.content_type, "application/json")
        self.assertEqual(request.accept, "application/json")
        self.assertRegex(request.user_agent, r"^bulk-invite/\d+\.\d+\.\d+$")
        self.assertRegex(request.idempotency_key, f'^"{UUID4}"$')
        for name in ("Authorization", "Expect", "Cookie", "Accept-Encoding"):
            self.assertNotIn(name, request.headers)

    def test_each_row_has_its_own_idempotency_key(self):
        self.team(20)
        keys = [request.idempotency_key for request in self.sent()]
        self.assertEqual(len(set(keys)), 20)

    def test_a_retry_is_the_same_request_with_the_same_key(self):
        self.team("ada@example.com,admin")
        first, second = self.sent(
            answers=(reply(503, {"detail": "away"}), invitation)
        )
        self.assertEqual(first.body, second.body)
        self.assertEqual(first.idempotency_key, second.idempotency_key)
        self.assertEqual(self.report()[0]["attempts"], "2")

    def test_a_later_run_has_other_keys(self):
        self.team("ada@example.com,admin")
        (first,), (second,) = self.sent(), self.sent()
        self.assertNotEqual(first.idempotency_key, second.idempotency_key)

    def test_the_organization_is_one_segment_whatever_it_contains(self):
        self.team("ada@example.com,admin")
        for organization, segment in (
            ("acme", "acme"),
            ("a/b", "a%2Fb"),
            ("../x", "..%2Fx"),
            ("a b?c#d%", "a%20b%3Fc%23d%25"),
            ("ünï", "%C3%BCn%C3%AF"),
            ("org_1.2~3-4", "org_1.2~3-4"),
        ):
            with self.subTest(organization=organization):
                (request,) = self.sent("--org", organization)
                self.assertEqual(
                    request.path,
                    f"/v1/organizations/{segment}/members/invite",
                )

    def test_the_base_url_may_have_a_path_and_slashes(self):
        self.team("ada@example.com,admin")
        for path in ("/", "/api", "/api/", "/api//"):
            with self.subTest(path=path):
                recorder = self.recorder()
                self.send(
                    None, "--base-url", recorder.url + path, expect=0
                )
                (request,) = recorder.requests
                self.assertEqual(
                    request.path, path.rstrip("/") + INVITE_PATH
                )

    def test_the_host_is_the_servers(self):
        self.team("ada@example.com,admin")
        recorder = self.recorder()
        self.send(recorder, expect=0)
        self.assertEqual(
            recorder.requests[0].host, recorder.url.removeprefix("http://")
        )

    def test_the_token_comes_from_the_variable(self):
        self.team("ada@example.com,admin")
        (request,) = self.sent(env={"BULK_INVITE_TOKEN": "t0k.en_="})
        self.assertEqual(request.authorization, "Bearer t0k.en_=")

    def test_a_long_token_is_sent_whole(self):
        self.team("ada@example.com,admin")
        token = 3000 * "long.t0k-"
        (request,) = self.sent(env={"BULK_INVITE_TOKEN": token})
        self.assertEqual(request.authorization, f"Bearer {token}")

    def test_the_token_comes_from_a_file(self):
        self.team("ada@example.com,admin")
        self.write("token", "from-file\n")
        (self.folder / "token").chmod(0o600)
        (request,) = self.sent("--token-file", "token")
        self.assertEqual(request.authorization, "Bearer from-file")

    def test_the_token_comes_from_a_command(self):
        self.team("ada@example.com,admin")
        (request,) = self.sent("--token-command", "echo from-$((40 + 2))")
        self.assertEqual(request.authorization, "Bearer from-42")

    def test_a_parent_that_ignores_its_children_is_no_obstacle_to_that(self):
        """Ignored signals are inherited."""
        self.team("ada@example.com,admin")
        recorder = self.recorder()
        running = self.start(
            recorder,
            *("--token-command", "echo from-a-command"),
            input_name="team.csv",
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
        )
        self.finish(running, expect=0)
        (request,) = recorder.requests
        self.assertEqual(request.authorization, "Bearer from-a-command")

    def test_the_token_comes_from_systemd(self):
        self.team("ada@example.com,admin")
        folder = self.folder / "credentials"
        folder.mkdir()
        self.write("credentials/token", "from-systemd")
        (folder / "token").chmod(0o600)
        (request,) = self.sent(env={"CREDENTIALS_DIRECTORY": str(folder)})
        self.assertEqual(request.authorization, "Bearer from-systemd")

    def test_the_token_is_nowhere_but_in_the_request(self):
        self.team("ada@example.com,admin", "bob@example.com,")
        done = self.send(
            self.recorder(),
            "--verbose",
            env={"BULK_INVITE_TOKEN": "s3cret"},
            expect=3,
        )
        written = [
            path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        ]
        self.assertNotIn("s3cret", done.stdout + done.stderr)
        self.assertFalse([1 for content in written if b"s3cret" in content])

    def test_proxies_of_the_environment_and_netrc_have_no_say(self):
        self.team("ada@example.com,admin")
        self.write(".netrc", "default login someone password secret\n")
        (self.folder / ".netrc").chmod(0o600)
        proxy = self.recorder()
        (request,) = self.sent(
            env={"http_proxy": proxy.url, "ALL_PROXY": proxy.url}
        )
        self.assertNotIn("Authorization", request.headers)
        self.assertEqual(proxy.requests, [])

    def test_a_proxy_that_is_asked_for_is_used(self):
        self.team("ada@example.com,admin")
        proxy = self.recorder()
        self.send(
            None,
            "--base-url",
            "http://127.0.0.1:9",
            "--proxy",
            proxy.url,
            expect=0,
        )
        (request,) = proxy.requests
        self.assertEqual(request.path, f"http://127.0.0.1:9{INVITE_PATH}")

    def test_settings_come_from_the_config_file_and_flags_beat_them(self):
        self.team("ada@example.com,admin")
        recorder = self.recorder()
        self.write(
            "own.ini",
            [
                "org = from-default",
                "role = guest",
                "[test]",
                f"base-url = {recorder.url}",
                "org = from-profile",
            ],
        )
        for args, env, organization in (
            ((), {}, "from-profile"),
            ((), {"BULK_INVITE_ORG": "from-variable"}, "from-variable"),
            (
                ("--org", "from-flag"),
                {"BULK_INVITE_ORG": "from-variable"},
                "from-flag",
            ),
        ):
            with self.subTest(organization=organization):
                self.run_program(
                    "send",
                    "team.csv",
                    "--config",
                    "own.ini",
                    "--profile",
                    "test",
                    *args,
                    env=env,
                    expect=0,
                )
                request = recorder.requests[-1]
                self.assertIn(f"/{organization}/", request.path)
                self.assertEqual(request.json["role"], "guest")


class Rehearsal(SendCase):
    def test_a_rehearsal_needs_neither_organization_nor_token(self):
        self.team("ada@example.com,admin", "bob@example.com,")
        done = self.run_program(
            "send",
            "team.csv",
            "--sandbox",
            env={"BULK_INVITE_TOKEN": "not valid, and not looked at"},
            expect=3,
        )
        self.assertEqual(self.statuses(), ["invited", "invalid"])
        self.assertIn("http://127.0.0.1:", done.stderr)

    def test_the_rehearsals_server_is_gone_afterwards(self):
        self.team("ada@example.com,admin")
        self.run_program("send", "team.csv", "--sandbox", expect=0)
        self.assertEqual(processes_at_home(self.folder), [])

    def test_a_killed_rehearsal_leaves_no_server(self):
        running = Running(["send", "-", "--sandbox"], self.folder)
        self.addCleanup(running.stop)
        wait_until(
            lambda: len(processes_at_home(self.folder)) == 2,
            "the sandbox has started",
        )
        running.process.kill()
        running.process.wait()
        wait_until(
            lambda: not processes_at_home(self.folder), "the sandbox is gone"
        )

    def test_why_the_rehearsals_server_did_not_start(self):
        shutil.copy(program("bulk-invite"), self.folder)
        self.team("ada@example.com,admin")
        stand_in = self.folder / "bulk-invite-sandbox"
        cases = (
            (None, 2, "neither beside bulk-invite nor in $PATH"),
            ("exit 3", 5, "ended with exit code 3 before it listened"),
            ("echo hello; exec sleep 60", 5, "did not say where it listens"),
        )
        for script, code, words in cases:
            env = {}
            if script:
                stand_in.write_text(f"#!/bin/sh\n{script}\n")
                stand_in.chmod(0o700)
            else:
                env["PATH"] = str(self.folder / "none")
            with (
                self.subTest(words),
                mock.patch.dict(
                    os.environ, BULK_INVITE_BIN_DIR=str(self.folder)
                ),
            ):
                done = self.run_program(
                    "send", "team.csv", "--sandbox", env=env, expect=code
                )
                self.assertIn(words, done.stderr)


def processes_at_home(folder):
    """Whoever runs with this folder as its HOME."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = environ.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"HOME={folder}".encode() in variables:
            found.append(environ.parent.name)
    return found


if __name__ == "__main__":
    unittest.main()
