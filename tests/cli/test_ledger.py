"""What is remembered: nobody is lost, nobody is invited twice, whatever became
of the run before; and the commands that look into the ledger and correct it.
"""

import csv
import io
import json
import shutil
import signal
import stat
import subprocess
import threading
import time
import unittest
from collections import Counter

from support import (
    SendCase,
    clean_env,
    invitation,
    members,
    program,
    reply,
    wait_until,
)
from test_terminal import Terminal


class Moody:
    """An answer for a Recorder: invites, until it is told otherwise."""

    def __init__(self):
        self.is_away = False  # 503 to everybody
        self.hang = set()  # addresses that get no answer until let_go()
        self.code = {}  # addresses that get this status
        self.is_let_go = threading.Event()

    def __call__(self, request):
        email = request.json["email"]
        if email in self.hang and not self.is_let_go.wait(30):
            return None
        if self.is_away:
            return reply(503)
        if email in self.code:
            return reply(self.code[email], {"detail": "no"})
        return invitation(request)

    def let_go(self):
        self.hang = set()
        self.is_let_go.set()


class LedgerCase(SendCase):
    def setUp(self):
        super().setUp()
        self.mood = Moody()
        self.server = self.recorder(self.mood)
        self.addCleanup(self.mood.let_go)

    def again(self, *args, expect=0, **how):
        """The same command, once more."""
        return self.send(self.server, *args, expect=expect, **how)

    def book(self, command, *args, expect=0, **how):
        """Another command on the same ledger."""
        server = ("--org", "acme", "--base-url", self.server.url)
        return self.run_program(command, *args, *server, expect=expect, **how)

    def status(self, *args):
        return json.loads(self.book("status", "--json", *args).stdout)

    def posts(self):
        """How often each person was asked for."""
        return Counter(r.json["email"] for r in self.server.requests)

    def check_posts(self, *expected):
        """These people were asked for, each once."""
        self.assertEqual(self.posts(), Counter(expected))

    def ledger(self):
        """The path of the one ledger there is."""
        (path,) = (self.folder / "state").rglob("*.db")
        return path

    def killed(self, *hanging, args=()):
        """A run that is killed while these people's requests are under way;
        returns who had been asked for."""
        self.mood.hang = set(hanging)
        running = self.start(self.server, *args, input_name="team.csv")
        wait_until(
            lambda: set(hanging) <= set(self.posts()), "all are under way"
        )
        running.signal(signal.SIGKILL)
        running.process.wait(30)
        asked = set(self.posts())
        self.mood.let_go()
        return asked


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


class RunAgain(LedgerCase):
    def test_after_success_nobody_is_asked_for(self):
        self.team(5)
        self.again()
        first = self.report()
        done = self.again()
        self.assertEqual(done.stderr, "")
        self.assertEqual(len(self.server.requests), 5)
        second = self.report()
        self.assertEqual({r["status"] for r in second}, {"already_invited"})
        self.assertEqual(
            [r["invitation_id"] for r in second],
            [r["invitation_id"] for r in first],
        )
        for row, line in zip(second, range(2, 7), strict=True):
            self.assertRegex(row["error"], rf"^invited by run 1 .*line {line}")

    def test_an_export_with_new_people_sends_to_these_only(self):
        self.team("a@x.org,member", "b@x.org,member")
        self.again()
        self.team("new@x.org,member", "B@X.org,member", "a@x.org,admin")
        self.again()
        self.check_posts("a@x.org", "b@x.org", "new@x.org")
        self.assertEqual(
            self.statuses(), ["invited", "already_invited", "already_invited"]
        )

    def test_a_row_corrected_after_a_rejection_is_sent(self):
        self.mood.code = {"b@x.org": 422}
        self.team("a@x.org,member", "b@x.org,boss", "nobody,member")
        self.again(expect=3)
        self.mood.code = {}
        self.team("a@x.org,member", "b@x.org,member", "c@x.org,member")
        self.again()
        self.assertEqual(
            self.posts(), {"a@x.org": 1, "b@x.org": 2, "c@x.org": 1}
        )
        self.assertEqual(self.server.requests[-2].json["role"], "member")

    def test_after_a_kill_only_what_is_owed_is_sent(self):
        self.team(12)
        limit = 3
        hanging = "person5@example.com"
        asked = self.killed(hanging, args=("--concurrency", limit))
        self.assertIn(hanging, asked)
        done = self.again("--verbose", expect=3)
        totals = self.check_totals(done, 12)
        self.assertEqual(set(self.posts().values()), {1}, "someone twice")
        self.assertLess(totals["unknown"], 2 * limit)
        self.assertGreaterEqual(totals["unknown"], 1)
        self.assertEqual(
            totals["invited"] + totals["already_invited"] + totals["unknown"],
            12,
        )
        unknown = {p["email"] for p in self.status()["unknown"]}
        self.assertIn(hanging, unknown)
        # Whoever was not asked for is not lost.
        self.assertEqual(set(self.posts()) | unknown, set(emails(12)))

    def test_unknown_stays_unknown_until_it_is_asked_for_again(self):
        self.team(3)
        hanging = "person2@example.com"
        self.killed(hanging, args=("--concurrency", "1"))
        for _ in range(2):
            done = self.again(expect=3)
            self.assertIn("bulk-invite resolve EMAIL", done.stderr)
            self.assertIn("--retry-unknown", done.stderr)
            row = self.report()[1]
            self.assertEqual(row["status"], "unknown")
            self.assertEqual(row["error_code"], "left_unknown")
        self.assertEqual(self.posts()[hanging], 1)
        self.again("--retry-unknown")
        self.again()
        keys = [
            request.idempotency_key
            for request in self.server.requests
            if request.json["email"] == hanging
        ]
        self.assertEqual(len(keys), 2)
        self.assertEqual(keys[0], keys[1])

    def test_after_an_unavailable_server_only_what_is_owed_is_sent(self):
        self.team(6)
        self.mood.code = {"person3@example.com": 422}
        self.team(3)
        self.again(expect=3)
        self.mood.code = {}
        self.mood.is_away = True
        self.team(6)
        done = self.again("--give-up-after", "300ms", expect=5)
        self.assertIn("only what is still owed", done.stderr)
        self.mood.is_away = False
        before = self.posts()
        self.again()
        self.assertEqual(
            dict(self.posts() - before),
            {f"person{i}@example.com": 1 for i in (3, 4, 5, 6)},
        )

    def test_after_a_signal_only_what_is_owed_is_sent(self):
        self.team(6)
        hanging = "person3@example.com"
        self.mood.hang = {hanging}
        running = self.start(
            *(self.server, "--concurrency", "1", "--verbose"),
            input_name="team.csv",
        )
        wait_until(lambda: hanging in self.posts(), "it is under way")
        running.signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in running.said(), "it heard")
        self.mood.let_go()
        self.finish(running, expect=143)
        self.again()
        self.check_posts(*emails(6))

    def test_stdin_and_a_file_share_what_is_remembered(self):
        self.team(2)
        self.again()
        text = "email,role\nPERSON1@example.com,member\nnew@x.org,member\n"
        self.again(input_name="-", stdin=text)
        self.check_posts(*emails(2), "new@x.org")

    def test_each_organization_and_server_has_its_own(self):
        self.team(1)
        self.again()
        done = self.run_program(
            *("send", "team.csv", "--org", "globex"),
            *("--base-url", self.server.url),
            expect=0,
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(len(self.server.requests), 2)
        self.send(self.sandbox(), expect=0)
        self.assertEqual(self.statuses(), ["invited"])
        ledgers = sorted((self.folder / "state").rglob("*.db"))
        self.assertEqual(len(ledgers), 3)
        for path in ledgers:
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)

    def test_the_ledger_must_exist_where_that_is_wanted(self):
        self.team(1)
        done = self.again("--ledger-must-exist", expect=6)
        self.assertIn("there is no ledger", done.stderr)
        self.assertEqual(self.server.requests, [])
        self.again()
        self.again("--ledger-must-exist")

    def test_a_copied_ledger_remembers_as_well(self):
        self.team(2)
        self.again()
        shutil.move(self.ledger(), self.folder / "copy.db")
        self.again("--ledger", "copy.db", "--ledger-must-exist")
        self.assertEqual(len(self.server.requests), 2)
        done = self.run_program(
            *("send", "team.csv", "--org", "globex", "--ledger", "copy.db"),
            *("--base-url", self.server.url),
            expect=2,
        )
        self.assertIn("belongs to the organization acme", done.stderr)
        status = self.run_program("status", "--ledger", "copy.db", expect=0)
        self.assertIn(f"acme at {self.server.url}\n", status.stdout)

    def test_what_is_no_ledger_is_left_as_it_is(self):
        self.team(1)
        for content in (b"email,role\n", b"SQLite format 3\0" + bytes(200)):
            (self.folder / "x.db").write_bytes(content)
            for command in (
                ("send", "team.csv", "--org", "acme"),
                ("status",),
                ("resolve", "a@x.org", "--invited"),
                ("forget", "a@x.org"),
            ):
                self.run_program(*command, "--ledger", "x.db", expect=6)
                self.assertEqual((self.folder / "x.db").read_bytes(), content)


class Resend(LedgerCase):
    def expiring(self, when):
        def answer(request):
            body = {"invitation_id": f"inv_{when}", "expires_at": when}
            return reply(200, {**request.json, **body})

        return answer

    def test_what_has_expired_is_sent_again(self):
        self.server.answers = (
            self.expiring("2020-01-01T00:00:00Z"),
            self.expiring("2999-01-01T00:00:00Z"),
        )
        self.team("old@x.org,member", "new@x.org,member")
        self.again("--concurrency", "1")
        self.again("--resend", "expired")
        self.assertEqual(self.posts(), {"old@x.org": 2, "new@x.org": 1})
        keys = {r.idempotency_key for r in self.server.requests}
        self.assertEqual(len(keys), 3)
        self.again("--resend", "expired")
        self.assertEqual(len(self.server.requests), 3)

    def test_a_changed_role_is_sent_again(self):
        self.team("a@x.org,member", "b@x.org,member")
        self.again()
        self.team("a@x.org,admin", "b@x.org,member", "A@x.org,member")
        self.again("--resend", "changed", expect=3)
        self.assertEqual(self.posts(), {"a@x.org": 2, "b@x.org": 1})
        third = self.report()[2]
        self.assertEqual(third["error_code"], "duplicate_other_role")

    def test_a_killed_resend_run_again_doubles_nobody(self):
        self.team(4)
        self.again()
        second = int(time.time()) + 1
        wait_until(lambda: time.time() > second, "the next second")
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        resend = ("--resend-before", when, "--concurrency", "1")
        hanging = "person3@example.com"
        self.mood.hang = {hanging}
        running = self.start(self.server, *resend, input_name="team.csv")
        wait_until(lambda: self.posts()[hanging] == 2, "it is under way")
        running.signal(signal.SIGKILL)
        running.process.wait(30)
        self.mood.let_go()
        for _ in range(2):
            self.again(*resend, expect=3)
            self.assertLessEqual(max(self.posts().values()), 2)
            first, second, third, fourth = self.statuses()
            self.assertEqual((first, second), ("already_invited",) * 2)
            self.assertEqual(third, "unknown")
            # Its intent may have been on disk at the kill.
            self.assertIn(fourth, ("invited", "already_invited", "unknown"))

    def test_a_rejected_resend_leaves_the_old_invitation(self):
        self.team(1)
        self.again()
        first = self.report()[0]["invitation_id"]
        self.mood.code = {"person1@example.com": 422}
        self.again("--resend-before", "2100-01-01", expect=3)
        self.again()
        row = self.report()[0]
        self.assertEqual(row["status"], "already_invited")
        self.assertEqual(row["invitation_id"], first)

    def test_other_words_are_refused(self):
        self.team(1)
        done = self.again("--resend", "all", expect=2)
        self.assertIn("expired", done.stderr)


class TwoAtOnce(LedgerCase):
    def hold(self):
        """A run that holds the ledger until the mood lets go."""
        self.team(1)
        self.mood.hang = {"person1@example.com"}
        running = self.start(self.server, input_name="team.csv")
        wait_until(lambda: self.server.requests, "it is under way")
        return running

    def test_the_second_leaves_and_names_the_first(self):
        running = self.hold()
        pid = running.process.pid
        for command in (
            ("send", "team.csv"),
            ("resolve", "a@x.org", "--invited"),
            ("forget", "a@x.org"),
            ("import", "old.csv"),
        ):
            self.write("old.csv", "line,email,role,status\n")
            done = self.book(*command, expect=11)
            self.assertRegex(
                done.stderr, rf"in use by pid {pid} \(send team.csv\) since 2"
            )
        self.mood.let_go()
        self.finish(running, expect=0)
        self.assertEqual(len(self.server.requests), 1)

    def test_the_second_waits_if_asked(self):
        running = self.hold()
        second = self.start(
            *(self.server, "--lock-wait", "1m", "--report", "second.csv"),
            input_name="team.csv",
        )
        third = self.again("--lock-wait", "200ms", expect=11)
        self.assertIn("in use", third.stderr)
        self.assertIsNone(second.process.poll())
        self.mood.let_go()
        self.finish(running, expect=0)
        self.finish(second, expect=0)
        self.assertEqual(self.statuses("second.csv"), ["already_invited"])
        self.assertEqual(len(self.server.requests), 1)

    def test_readers_work_while_a_run_is_going(self):
        running = self.hold()
        status = self.status()
        self.assertRegex(status["in_use_by"], r"^pid \d+ \(send team.csv\) si")
        self.assertEqual(status["people"]["in_hand"], 1)
        self.assertEqual(status["people"]["unknown"], 0)
        self.assertEqual(status["unknown"], [])
        self.assertEqual(status["runs"][0]["end"], "going on")
        text = self.book("status").stdout
        self.assertIn("In use by pid", text)
        self.assertIn("1 in the hands of the run that is going", text)
        done = self.book("report")
        self.assertEqual(rows(done.stdout), [])
        self.assertIn("still going: 1 row is not settled yet", done.stderr)
        self.mood.let_go()
        self.finish(running, expect=0)
        self.assertIsNone(self.status()["in_use_by"])


class Status(LedgerCase):
    def test_a_first_status_says_that_there_is_no_ledger(self):
        done = self.book("status", expect=6)
        self.assertIn("there is no ledger", done.stderr)
        self.assertFalse((self.folder / "state").exists())

    def test_people_runs_and_what_needs_a_look(self):
        self.mood.code = {"b@x.org": 500, "c@x.org": 422, "d@x.org": 409}
        self.team(*(f"{c}@x.org,member" for c in "abcd"), "nobody,member")
        self.again(expect=3)
        self.team("a@x.org,member")
        self.again()
        text = self.book("status").stdout
        for line in (
            f"acme at {self.server.url}",
            f"Ledger: {self.ledger()}",
            "  1 invited",
            "  1 already invited",
            "  1 rejected by the server",
            "  1 unknown",
            "  run 1, line 3: b@x.org",
            "    bulk-invite resolve EMAIL --invited --org acme",
            "    bulk-invite resolve EMAIL --not-sent --org acme",
            "    bulk-invite send FILE --retry-unknown --org acme",
        ):
            self.assertIn(line + "\n", text)
        self.assertNotIn("In use", text)
        self.assertRegex(text, r" 1  2\S+Z .* 5  team.csv: done, some rows")
        self.assertRegex(text, r" 2  2\S+Z .* 1  team.csv: done\n")
        self.assertLess(text.index("     2  2"), text.index("     1  2"))

        status = self.status()
        self.assertEqual(status["organization"], "acme")
        self.assertEqual(status["server"], self.server.url)
        self.assertEqual(status["ledger"], str(self.ledger()))
        people = {k: v for k, v in status["people"].items() if v}
        self.assertEqual(
            people,
            {"invited": 1, "already_invited": 1, "rejected": 1, "unknown": 1},
        )
        self.assertEqual(
            [(r["run"], r["rows"], r["exit_code"]) for r in status["runs"]],
            [(2, 1, 0), (1, 5, 3)],
        )
        (unknown,) = status["unknown"]
        for key, value in (("email", "b@x.org"), ("run", 1), ("line", 3)):
            self.assertEqual(unknown[key], value)

    def test_the_five_newest_runs_are_listed(self):
        self.team(1)
        for _ in range(6):
            self.again()
        self.assertEqual(
            [r["run"] for r in self.status()["runs"]], [6, 5, 4, 3, 2]
        )

    def test_a_killed_run_is_said_before_the_next_one_finds_out(self):
        self.team(2)
        self.killed("person1@example.com")
        text = self.book("status").stdout
        self.assertIn("team.csv: killed", text)
        self.assertIn("  run 1, line 2: person1@example.com\n", text)
        self.assertEqual(self.status()["runs"][0]["exit_code"], None)

    def test_invitations_that_expire_soon(self):
        self.team(2)
        sandbox = self.sandbox()  # a week from now
        self.send(sandbox, expect=0)
        args = ("--org", "acme", "--base-url", sandbox.url)
        text = self.run_program("status", *args, expect=0).stdout
        self.assertNotIn("expire", text)
        for within in ("8d", "3650d"):
            text = self.run_program(
                "status", "--within", within, *args, expect=0
            ).stdout
            self.assertRegex(
                text, r"\n  2\S+Z  run 1, line 2: person1@example.com\n"
            )
        done = self.run_program(
            "status", "--within", "8d", "--json", *args, expect=0
        )
        people = json.loads(done.stdout)["expiring"]
        self.assertEqual([p["email"] for p in people], emails(2))
        self.assertTrue(all(p["invitation_id"] for p in people))

    def test_a_long_list_is_cut_and_json_has_all_of_it(self):
        self.write(
            "old.csv",
            ["line,email,role,status"]
            + [f"{i},{e},x,unknown" for i, e in enumerate(emails(30), 2)],
        )
        self.book("import", "old.csv")
        text = self.book("status").stdout
        self.assertEqual(text.count("@example.com\n"), 20)
        self.assertIn("  and 10 more; --json lists all\n", text)
        self.assertEqual(
            [p["email"] for p in self.status()["unknown"]], emails(30)
        )

    def test_strangers_words_cannot_steer_the_terminal(self):
        name = "te\x1b[2Jam.csv"
        self.write(name, ["email,role", "a@x.org,member"])
        self.again(input_name=name)
        text = self.book("status").stdout
        self.assertNotIn("\x1b", text)
        self.assertIn("te\\x1B[2Jam.csv: done", text)
        self.assertEqual(self.status()["runs"][0]["input"], name)

    def test_a_closed_stdout_is_an_error(self):
        self.team(1)
        self.again()
        done = subprocess.run(
            [
                *("/bin/sh", "-c", 'exec "$@" >&-', "sh"),
                *(program("bulk-invite"), "status"),
                *("--ledger", self.ledger()),
            ],
            env=clean_env(self.folder),
            capture_output=True,
            check=False,
        )
        self.assertEqual(done.returncode, 6, done.stderr)


class Report(LedgerCase):
    def setUp(self):
        super().setUp()
        self.mood.code = {"b@x.org": 500, "c@x.org": 422}
        self.team(
            *("a@x.org,member", "b@x.org,member", "c@x.org,member"),
            *("nobody,member", "A@X.ORG,admin", '"=d"@x.org,"=1+1"'),
            "e@x.org,mé",
        )
        self.again(expect=3)

    def test_it_is_the_runs_own_in_the_order_of_the_input(self):
        done = self.book("report")
        self.assertEqual(rows(done.stdout), self.report())
        self.assertEqual(done.stderr, "")
        own = (self.folder / "team.csv.report.csv").read_text().splitlines()
        self.assertEqual(sorted(done.stdout.splitlines()), sorted(own))

    def test_any_run_can_be_had(self):
        first = self.report()
        self.mood.code = {}
        self.again(expect=3)
        self.assertEqual(rows(self.book("report", "1").stdout), first)
        done = self.book("report", "2")
        self.assertEqual(rows(self.book("report").stdout), rows(done.stdout))
        self.assertEqual(
            rows(done.stdout),
            [r for r in self.report() if r["status"] != "already_invited"],
        )
        counted = len(self.report()) - len(rows(done.stdout))
        self.assertIn(f"{counted} more rows of people invited", done.stderr)
        done = self.book("report", "3", expect=2)
        self.assertIn("there is no run 3", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_409_is_a_row_and_not_only_counted(self):
        self.mood.code = {"x@x.org": 409}
        self.team("x@x.org,member")
        self.again()
        done = self.book("report")
        self.assertEqual(
            [r["status"] for r in rows(done.stdout)], ["already_invited"]
        )
        self.assertEqual(done.stderr, "")

    def test_formats_and_files(self):
        done = self.book("report", "--format", "jsonl")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([row["line"] for row in lines], list(range(2, 9)))
        done = self.book("report", "-o", "x.jsonl")
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.report("x.jsonl"), lines)
        self.book("report", "--output", "y.csv")
        self.assertEqual(self.report("y.csv"), self.report())
        mode = (self.folder / "y.csv").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_a_wrong_run_makes_no_file(self):
        self.book("report", "9", "-o", "x.csv", expect=2)
        self.assertEqual(list(self.folder.glob("x.csv*")), [])


class Resolve(LedgerCase):
    def setUp(self):
        super().setUp()
        self.mood.code = {"a@x.org": 500, "b@x.org": 502}
        self.team("a@x.org,member", "b@x.org,member", "c@x.org,member")
        self.again(expect=3)
        self.mood.code = {}

    def test_both_ways(self):
        done = self.book("resolve", "A@X.org", "--invited")
        self.assertIn("invited", done.stderr)
        done = self.book("resolve", " b@x.org ", "--not-sent")
        self.assertIn("not sent", done.stderr)
        self.assertEqual(self.status()["unknown"], [])
        self.again()
        self.assertEqual(
            self.posts(), {"a@x.org": 1, "b@x.org": 2, "c@x.org": 1}
        )
        self.assertEqual(
            self.statuses(), ["already_invited", "invited", "already_invited"]
        )

    def test_whom_it_cannot_settle(self):
        done = self.book("resolve", "c@x.org", "--not-sent", expect=2)
        self.assertIn("not unknown but invited", done.stderr)
        done = self.book("resolve", "z@x.org", "--invited", expect=2)
        self.assertIn("does not know that person", done.stderr)
        done = self.book("resolve", "nobody", "--invited", expect=2)
        self.assertIn("not an e-mail address", done.stderr)
        self.book("resolve", "a@x.org", expect=2)
        self.book("resolve", "a@x.org", "--invited", "--not-sent", expect=2)
        self.assertEqual(len(self.status()["unknown"]), 2)

    def test_there_must_be_a_ledger(self):
        self.run_program(
            *("resolve", "a@x.org", "--invited", "--org", "globex"), expect=6
        )


class Forget(LedgerCase):
    def traces(self, text):
        """The files of the ledger that hold this."""
        return [
            path.name
            for path in self.ledger().parent.iterdir()
            if text.encode() in path.read_bytes()
        ]

    def test_nothing_stays_and_the_person_is_not_invited_again(self):
        self.mood.code = {"ada@x.org": 422}
        self.team("ada@x.org,adas-first-role", *members(200))
        self.again(expect=3)
        self.mood.code = {}
        self.team("Ada@x.org,adas-role", *members(200), "ada@X.org,x")
        self.again(expect=3)
        self.assertEqual(self.posts()["Ada@x.org"], 1)
        words = ("ada@", "Ada@", "adas-role", "adas-first-role")
        for word in words:
            self.assertNotEqual(self.traces(word), [])
        done = self.book("forget", "ADA@x.org")
        self.assertIn("3 rows", done.stderr)
        self.assertIn("Not touched: reports", done.stderr)
        for word in words:
            self.assertEqual(self.traces(word), [])
        self.assertNotEqual(self.traces("person200@"), [])
        count = len(self.server.requests)
        self.again()
        self.assertEqual(len(self.server.requests), count)
        self.assertEqual(self.statuses()[0], "already_invited")
        done = self.book("forget", "ADA@x.org")
        self.assertIn("No row", done.stderr)

    def test_all_before_a_date(self):
        self.team(3)
        self.again()
        done = self.book("forget", "--before", "2001-01-01")
        self.assertIn("No row", done.stderr)
        self.assertNotEqual(self.traces("@example.com"), [])
        done = self.book("forget", "--before", "2100-01-01", "--yes")
        self.assertIn("3 rows", done.stderr)
        self.assertEqual(self.traces("@example.com"), [])
        done = self.book("report")
        self.assertEqual({r["email"] for r in rows(done.stdout)}, {""})
        self.again()
        self.assertEqual(len(self.server.requests), 3)

    def test_somebody_at_a_terminal_is_asked(self):
        self.team(1)
        self.again()
        path = self.ledger()
        for answer, code, is_there in (
            ("\n", 8, True),
            ("n\n", 8, True),
            ("y\n", 0, False),
        ):
            terminal = Terminal(
                ["forget", "person1@example.com", "--ledger", path],
                self.folder,
            )
            self.addCleanup(terminal.stop)
            terminal.read_until("[y/N] ")
            terminal.type(answer)
            self.assertEqual(terminal.finish(), code)
            self.assertEqual(bool(self.traces("person1@")), is_there)


class Import(LedgerCase):
    def lost(self):
        """As on a new machine: the ledger is gone, the report is not."""
        shutil.rmtree(self.folder / "state")

    def test_a_new_ledger_learns_who_was_invited(self):
        people = ["a@x.org,member", "b@x.org,member", "c@x.org,member"]
        people += ["d@x.org,member", "'=e@x.org,member", "=f@x.org,=1"]
        self.mood.code = {"b@x.org": 500, "c@x.org": 422, "d@x.org": 409}
        for name in ("old.csv", "old.jsonl"):
            with self.subTest(name=name):
                self.server.requests.clear()
                self.team(*people, "nobody,member")
                self.again("--report", name, expect=3)
                count = len(self.server.requests)
                self.assertEqual(count, 6)
                self.lost()
                done = self.book("import", name)
                self.assertIn("5 new, 0 known", done.stderr)
                self.assertIn("2 skipped", done.stderr)
                done = self.book("import", name)
                self.assertIn("0 new, 5 known", done.stderr)
                self.team(*people)
                self.again(expect=3)
                asked = [r.json["email"] for r in self.server.requests[count:]]
                self.assertEqual(asked, ["c@x.org"])
                self.assertEqual(
                    Counter(self.statuses()),
                    {"already_invited": 4, "unknown": 1, "rejected": 1},
                )
                self.lost()

    def test_what_an_import_brought_is_a_run(self):
        self.team(2)
        self.again()
        first = self.report()
        self.lost()
        self.book("import", "team.csv.report.csv")
        self.assertEqual(rows(self.book("report").stdout), first)
        (run,) = self.status()["runs"]
        self.assertEqual(run["input"], "import team.csv.report.csv")
        self.assertEqual((run["rows"], run["exit_code"]), (2, 0))

    def test_stdin_and_a_named_ledger(self):
        self.team(2)
        self.again()
        text = (self.folder / "team.csv.report.csv").read_bytes()
        self.book("import", "-", "--ledger", "new.db", stdin=text)
        done = self.run_program(
            *("import", "-", "--ledger", "new.db"), stdin=text, expect=0
        )
        self.assertIn("0 new, 2 known", done.stderr)
        done = self.run_program(
            *("import", "-", "--ledger", "newer.db"), stdin=text, expect=2
        )
        self.assertIn("--org", done.stderr)
        self.assertFalse((self.folder / "newer.db").exists())

    def test_a_newer_report_settles_what_was_unknown(self):
        head = "line,email,role,status\n"
        self.write("one.csv", head + "2,a@x.org,member,unknown\n")
        self.write("two.csv", head + "2,a@x.org,member,invited\n")
        self.book("import", "one.csv")
        self.assertEqual(len(self.status()["unknown"]), 1)
        self.book("import", "two.csv")
        self.assertEqual(self.status()["unknown"], [])
        done = self.book("import", "one.csv")
        self.assertIn("0 new, 1 known", done.stderr)
        self.assertEqual(self.status()["unknown"], [])

    def test_what_is_no_report_is_said_and_changes_nothing(self):
        head = "line,email,role,status\n"
        good = "2,a@x.org,member,invited\n"
        cases = (
            ("team.csv", "email,role\na@x.org,member\n", ':1: no "line"'),
            ("x.csv", head + good + "3,b@x.org,member,so\n", ":3: its status"),
            ("x.csv", head + good + "3,b@x.org,member\n", ":3: not as many fields"),
            ("x.csv", head + good + "3,bob,member,invited\n", ":3: its email"),
            ("x.csv", "", "is empty"),
            ("x.xlsx", b"PK\x03\x04\x00\x00", "zip file"),
            ("x.jsonl", "hello\n", ":1: no JSON object"),
            ("x.jsonl", '{"email":"a@x.org"}\n', ':1: no "status"'),
        )
        for name, content, words in cases:
            with self.subTest(content=content):
                self.write(name, content)
                done = self.book("import", name, expect=4)
                self.assertIn(name, done.stderr)
                self.assertIn(words, done.stderr)
        self.book("import", "missing.csv", expect=4)
        status = self.status()
        self.assertEqual(sum(status["people"].values()), 0)
        self.assertIn("could not be read", status["runs"][0]["end"])


def emails(count):
    return [row.split(",")[0] for row in members(count)]


if __name__ == "__main__":
    unittest.main()
