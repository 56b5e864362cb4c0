"""What is wrong is named, with the way out; nothing crashes, and nobody is
invited by mistake."""

import os
import socket
import ssl
import subprocess
import unittest

from support import SendCase, invitation, members, reply


class BadCase(SendCase):
    def check_words(self, done, words):
        for word in words:
            self.assertIn(word, done.stderr)

    def check_sentence(self, done, *words):
        """One line for a person: what is wrong, and the way out."""
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("bulk-invite: "), done.stderr)
        self.assertEqual(done.stdout, "")
        self.check_words(done, words)

    def check_unprocessed(self, done, count, **others):
        """Nothing counts as sent."""
        totals = self.check_totals(done, count)
        self.assertEqual(totals, {"unprocessed": count, **others})
        for row in self.report():
            self.assertEqual(row["invitation_id"], "")


class Files(BadCase):
    """Exit code 4, one sentence, no request."""

    def refused(self, *words, args=(), input_name="team.csv", **how):
        sandbox = self.sandbox()
        done = self.send(
            sandbox, *args, input_name=input_name, expect=4, **how
        )
        self.check_sentence(done, input_name.replace("-", "stdin"), *words)
        self.assertEqual(sandbox.seen()["posts"], 0)
        self.assertEqual(
            [n for n in os.listdir(self.folder) if "report" in n], []
        )
        return done

    def test_a_missing_file(self):
        self.refused("cannot open", "No such file or directory")

    def test_a_directory(self):
        (self.folder / "team.csv").mkdir()
        self.refused("is a directory, not a CSV file")

    def test_an_empty_file(self):
        self.write("team.csv", "")
        self.refused("is empty", "for example: email,role")

    def test_an_empty_stdin(self):
        self.refused("is empty", input_name="-", stdin="")

    def test_a_file_of_blank_lines(self):
        self.write("team.csv", "\n\r\n\n")
        self.refused("is empty")

    def test_no_email_column(self):
        self.write("team.csv", ["name,phone,role", "Ada,1,admin"])
        self.refused(
            "no email column", '"name", "phone", "role"', "--email-column"
        )

    def test_no_role_column(self):
        self.write("team.csv", ["name,email", "Ada,ada@example.com"])
        self.refused(
            "no role column", '"name", "email"', "--role-column", "--role"
        )

    def test_a_chosen_column_that_is_not_there(self):
        self.team("ada@example.com,admin")
        for flag in ("--email-column", "--role-column"):
            with self.subTest(flag=flag):
                self.refused(
                    'no column "nope"',
                    flag,
                    '"email", "role"',
                    args=(flag, "nope"),
                )

    def test_two_columns_that_could_be_meant(self):
        self.write("team.csv", ["email,Mail,role", "a@b.c,d@e.f,admin"])
        self.refused(
            "2 columns that could be the email", "--email-column", '"Mail"'
        )

    def test_no_header(self):
        self.write("team.csv", ["ada@example.com,Ada", "bob@example.com,Bob"])
        self.refused("has no header", "email,role")

    def test_a_header_with_unmatched_quotes(self):
        self.write("team.csv", ['"email,role', "ada@example.com,admin"])
        self.refused("quotes in the header", "line 1")

    def test_a_header_without_end(self):
        self.write("team.csv", b"x" * 1_000_000)
        self.refused("header", "is it a CSV file")

    def test_files_that_are_no_text(self):
        for content, words in (
            (b"PK\x03\x04rest", "zip file"),
            (b"\x1f\x8brest", "gzip data in team.csv is damaged"),
            (b"%PDF-1.4", "PDF"),
            (b"\xd0\xcf\x11\xe0rest", ".xls"),
            (b"email\0,role\n", "NUL"),
        ):
            with self.subTest(words=words):
                self.write("team.csv", content)
                self.refused(words)

    def test_hostile_column_names_are_shown_tamely(self):
        # The first letter decides what the text is in: direction marks are
        # there only in UTF-8.
        for name, words in (
            (b"na\x1b[31mme\x07", '"na\\x1B[31mme\\x07"'),
            (b"\xe2\x80\xaerole \xe2\x81\xa6", '"\\u{202E}role \\u{2066}"'),
            (b"\xc3\xb4\xff", '"ô\\xFF"'),
        ):
            with self.subTest(name=name):
                self.write("team.csv", b"name," + name + b",x\n")
                self.refused(words)


class Rows(BadCase):
    """A bad row is reported as it is; the others are sent."""

    def invalid(self, *rows, **how):
        """The codes and words of the rows between two good ones."""
        self.write(
            "team.csv",
            b"email,role\nfirst@example.com,member\n"
            + b"".join(row + b"\n" for row in rows)
            + b"last@example.com,member\n",
        )
        sandbox = self.sandbox()
        done = self.send(sandbox, expect=3, **how)
        report = self.report()
        self.check_totals(done, len(report))
        self.assertEqual(
            sandbox.seen()["posts"], self.statuses().count("invited")
        )
        bad = [row for row in report if row["status"] == "invalid"]
        self.assertEqual({row["http_status"] for row in bad}, {""})
        self.assertEqual({row["attempts"] for row in bad}, {"0"})
        return report, bad

    def test_ragged_rows(self):
        report, bad = self.invalid(
            b"short@example.com", b"long@example.com,member,x", b",,,,"
        )
        self.assertEqual(len(report), 4)
        self.assertEqual(
            [(row["line"], row["error_code"]) for row in bad],
            [("3", "too_few_columns"), ("4", "too_many_columns")],
        )
        self.assertIn('1 column, "role" is column 2', bad[0]["error"])
        self.assertIn("3 columns, the header 2", bad[1]["error"])

    def test_columns_too_many_that_are_empty_are_fine(self):
        self.team("ada@example.com,admin,,,")
        self.send(self.sandbox(), expect=0)
        self.assertEqual(self.statuses(), ["invited"])

    def test_missing_and_malformed_values(self):
        rows = (
            (b",member", "missing_email", '"email" is empty'),
            (b"ada@example.com,", "missing_role", '"role" is empty'),
            (b"ada,member", "invalid_email", 'no "@"'),
            (b"a@b@c,member", "invalid_email", 'more than one "@"'),
            (b"@example.com,member", "invalid_email", "nothing before"),
            (b"ada@,member", "invalid_email", "nothing after"),
            (b"Ada <a@b.c,member", "invalid_email", "name@domain"),
            (b"a@b..c,member", "invalid_email", "a dot too many"),
            (b"\xe9t\xe9@b.c,member", "bad_encoding", "CSV UTF-8"),
            (b'"a@b\n.c",member', "invalid_email", "line end"),
            (b'a@b.c,"mem\x07ber"', "invalid_role", "control character"),
        )
        _, bad = self.invalid(*(row for row, _, _ in rows))
        for row, (content, code, words) in zip(bad, rows, strict=True):
            with self.subTest(row=content):
                self.assertEqual(row["error_code"], code)
                self.assertIn(words, row["error"])

    def test_a_nul_byte(self):
        report, bad = self.invalid(
            b"ada\0@example.com,member",
            b"ada@example.com,mem\0ber",
            b"\0,\0",
        )
        self.assertEqual(len(report), 5)
        self.assertEqual({row["error_code"] for row in bad}, {"nul_byte"})
        self.assertIn("NUL", bad[0]["error"])

    def test_a_field_over_the_cap(self):
        report, bad = self.invalid(
            b"x" * 70_000 + b"@example.com,member",
            b"ada@example.com," + b"y" * 3_000_000,
            b'"' + b"z,\n" * 30_000 + b'",member',
        )
        self.assertEqual(len(report), 5)
        self.assertEqual(
            [(row["line"], row["error_code"]) for row in bad],
            [(line, "field_too_long") for line in ("3", "4", "5")],
        )
        self.assertEqual(report[-1]["line"], str(5 + 30_001))
        self.assertIn("64 KiB", bad[0]["error"])

    def test_more_columns_than_anyone_has(self):
        _, bad = self.invalid(b"ada@example.com,member" + b"," * 9_999 + b"x")
        self.assertEqual(
            [row["error_code"] for row in bad], ["too_many_columns"]
        )

    def test_an_unclosed_quote_takes_no_row_with_it_unseen(self):
        report, bad = self.invalid(b'"ada@example.com,member')
        self.assertEqual(
            [row["status"] for row in report], ["invited", "invalid"]
        )
        self.assertEqual(bad[0]["error_code"], "unclosed_quote")
        self.assertIn("line 3", bad[0]["error"])

    def test_a_stray_quote(self):
        _, bad = self.invalid(b'"ada"x@example.com",member')
        self.assertEqual(bad[0]["error_code"], "unclosed_quote")


class Server(BadCase):
    def unlistened(self):
        """A port that refuses connections for as long as the test lasts."""
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:%d" % holder.getsockname()[1]

    def test_an_unreachable_server(self):
        self.team(*members(3), "bad,member")
        done = self.send(
            None,
            "--base-url",
            self.unlistened(),
            "--give-up-after",
            "300ms",
            expect=5,
        )
        totals = self.check_totals(done, 4)
        self.assertEqual(totals, {"unprocessed": 3, "invalid": 1})
        self.check_words(
            done, ["unavailable for 300 ms", "--give-up-after", "connect"]
        )
        self.assertIn("only what is still owed is sent", done.stderr)

    def test_a_host_that_does_not_exist(self):
        self.team(2)
        done = self.send(
            None,
            "--base-url",
            "https://no-such-host.invalid",
            "--give-up-after",
            "0s",
            expect=5,
        )
        self.check_unprocessed(done, 2)
        self.check_words(done, ["no-such-host.invalid", "resolve"])

    def test_a_refused_token(self):
        self.team(*members(3))
        sandbox = self.sandbox("--token", "right")
        for env, words in (
            ({}, "Not authenticated"),
            ({"BULK_INVITE_TOKEN": "wrong"}, "Invalid token"),
        ):
            with self.subTest(words=words):
                before = sandbox.seen()["posts"]
                done = self.send(sandbox, env=env, expect=7)
                self.check_unprocessed(done, 3)
                self.assertEqual(sandbox.seen()["posts"] - before, 1)
                self.check_words(done, ["token", "HTTP 401", words])
                self.assertNotIn("wrong\n", done.stderr.split("expired")[-1])
                first, *rest = self.report()
                self.assertEqual(first["error_code"], "unauthorized")
                self.assertEqual(first["http_status"], "401")
                self.assertEqual(
                    {row["error_code"] for row in rest}, {"stopped"}
                )

    def test_a_token_that_expires_in_the_middle(self):
        self.team(*members(4))
        refusal = reply(401, {"detail": "expired"})
        recorder = self.recorder(invitation, invitation, refusal)
        done = self.send(recorder, "--concurrency", "1", expect=7)
        self.assertEqual(
            self.check_totals(done, 4), {"invited": 2, "unprocessed": 2}
        )
        self.assertEqual(len(recorder.requests), 3)

    def test_wrong_urls(self):
        """Whatever stands there, one request finds out, and nobody counts as
        refused."""
        self.team(*members(3))
        page = "<html><title>Welcome</title></html>"
        for answer, words in (
            (reply(403, {"detail": "Forbidden"}), ["does not allow", "403"]),
            (reply(404, {"detail": "Not Found"}), ["organization or URL"]),
            (reply(405, {"detail": "No"}), ["takes no invitations", "405"]),
            (
                reply(307, location="http://elsewhere.example/"),
                ["points to another address", "307"],
            ),
            (reply(302, page, location="/login"), ["302", '"Welcome"']),
            (reply(404, page), ["organization or URL", '"Welcome"']),
        ):
            with self.subTest(words=words):
                recorder = self.recorder(answer)
                done = self.send(recorder, expect=7)
                self.check_unprocessed(done, 3)
                self.check_words(done, words)
                self.assertEqual(len(recorder.requests), 1)

    def test_a_stranger_that_says_200(self):
        """The first row may have been an invitation after all."""
        self.team(*members(3))
        for answer, words in (
            (reply(200, "<html><title>Hi</title></html>"), ["HTML", '"Hi"']),
            (reply(200, {"ok": True}), ['"invitation_id"', "HTTP 200"]),
            (reply(204), ["not an answer of the Almanac API", "204"]),
            (reply(200, b"[1, 2"), ["not an answer of the Almanac API"]),
            (reply(418 + 100, b"x"), ["not an answer", "518"]),
        ):
            with self.subTest(words=words):
                recorder = self.recorder(answer)
                done = self.send(recorder, expect=7)
                self.assertEqual(
                    self.check_totals(done, 3),
                    {"unknown": 1, "unprocessed": 2},
                )
                self.check_words(done, words)
                self.assertEqual(len(recorder.requests), 1)
                self.assertEqual(
                    self.report()[0]["error_code"], "bad_response"
                )

    def test_an_invitation_of_somebody_else(self):
        self.team(2)

        def somebody_else(request):
            return reply(
                200,
                {"invitation_id": "1", "email": "eve@b.c", "role": "member"},
            )

        done = self.send(
            self.recorder(somebody_else, somebody_else), expect=7
        )
        self.check_totals(done, 2)
        self.assertEqual(
            self.report()[0]["error_code"], "response_mismatch"
        )
        self.assertIn("another person", done.stderr)

    def test_a_server_that_does_not_speak_http(self):
        self.team(2)
        for garbage in (b"SSH-2.0-OpenSSH\r\n", b"\0" * 100, b"HTTP/1.1 "):
            with self.subTest(garbage=garbage):
                recorder = self.recorder(lambda request, g=garbage: g)
                # It may be a proxy's word about a request that went through.
                done = self.send(
                    recorder, "--timeout", "1s", "--limit", "1"
                )
                self.assertIn(done.returncode, (3, 5, 7))
                self.assertEqual(self.statuses()[0], "unknown")

    def test_bodies_and_headers_without_end_are_capped(self):
        self.team(1)
        long_header = reply(422, {"detail": "no"}, x="y" * 400_000)
        long_body = reply(422, b'{"detail":"' + b"x" * 5_000_000 + b'"}')
        for answer in (long_header, long_body):
            done = self.send(self.recorder(answer), expect=None)
            self.assertIn(done.returncode, (3, 5, 7))
            self.assertLess(len(done.stderr), 3000)

    def test_an_untrusted_certificate(self):
        self.team(*members(2))
        subprocess.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
            " -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
            " -addext subjectAltName=DNS:localhost".split(),
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.folder / "cert.pem", self.folder / "key.pem"
        )
        recorder = self.recorder()
        recorder.server.socket = context.wrap_socket(
            recorder.server.socket, server_side=True
        )
        url = recorder.url.replace("http://127.0.0.1", "https://localhost")
        trusted = ("--cacert", "cert.pem")
        for base_url, args in (
            (url, ()),
            (url.replace("localhost", "127.0.0.1"), trusted),
        ):
            with self.subTest(base_url=base_url):
                done = self.send(
                    None, "--base-url", base_url, *args, expect=7
                )
                self.check_unprocessed(done, 2)
                self.check_words(done, ["certificate"])
        self.assertEqual(recorder.requests, [])
        self.send(None, "--base-url", url, *trusted, expect=0)
        self.assertEqual(len(recorder.requests), 2)


class Usage(BadCase):
    """Exit code 2, one sentence, no request, no report."""

    def refused(self, args, *words, **how):
        done = self.run_program(*args, expect=2, **how)
        self.check_sentence(done, *words)
        self.assertEqual(
            [n for n in os.listdir(self.folder) if "report" in n], []
        )
        return done

    def refused_send(self, args, *words, **how):
        """With a server that works and must not be asked."""
        self.team("ada@example.com,admin")
        sandbox = self.sandbox()
        self.refused(self.arguments(sandbox, "team.csv", args), *words, **how)
        self.assertEqual(sandbox.seen()["posts"], 0)

    def test_a_result_in_place_of_the_list_or_of_another_result(self):
        link = self.folder / "link.csv"
        link.symlink_to("team.csv")
        for flag, path, words in (
            ("--report", "team.csv", "is the list itself"),
            ("--report", "link.csv", "is the list itself"),
            ("--log-file", "./team.csv", "is the list itself"),
            ("--metrics-file", "team.csv", "is the list itself"),
            ("--report", "team.csv.retry.csv", "or its retry file"),
        ):
            with self.subTest(flag=flag, path=path):
                self.refused_send([flag, path], flag, words)
                self.assertEqual(
                    (self.folder / "team.csv").read_text(),
                    "email,role\nada@example.com,admin\n",
                )
                # Nor does a run that fails before that is looked at.
                self.run_program(
                    *("send", "team.csv", "--org", "acme", flag, path), expect=2
                )
                self.assertEqual(
                    (self.folder / "team.csv").read_text(),
                    "email,role\nada@example.com,admin\n",
                )

    def test_one_file_for_two_results(self):
        self.team("ada@example.com,admin")
        self.run_program(
            *("send", "team.csv", "--sandbox", "--ledger", "team.db"),
            *("--report", "first.csv"),
        )
        ledger = (self.folder / "team.db").read_bytes()
        for one, other, path in (
            ("--report", "--metrics-file", "both"),
            ("--report", "--log-file", "both"),
            ("--metrics-file", "--log-file", "both"),
            ("--report", "--ledger", "team.db"),
            ("--metrics-file", "--ledger", "team.db"),
            ("--log-file", "--ledger", "./team.db"),
        ):
            with self.subTest(one=one, other=other):
                done = self.run_program(
                    *("send", "team.csv", "--sandbox"),
                    *(one, "team.db" if other == "--ledger" else path),
                    *(other, path),
                    expect=2,
                )
                self.check_sentence(done, one, other, path)
                self.assertFalse((self.folder / "both").exists())
                self.assertEqual(
                    (self.folder / "team.db").read_bytes(), ledger
                )
        done = self.run_program(
            "report", "--ledger", "team.db", "-o", "./team.db", expect=2
        )
        self.check_sentence(done, "is the ledger itself")
        self.assertEqual((self.folder / "team.db").read_bytes(), ledger)

    def test_a_device_takes_several_results(self):
        self.team("ada@example.com,admin")
        self.run_program(
            *("send", "team.csv", "--sandbox", "--report", "/dev/null"),
            *("--log-file", "/dev/null"),
            expect=0,
        )

    def test_no_command(self):
        self.refused([], "bulk-invite send FILE --org ORG", "--help")

    def test_an_unknown_command(self):
        self.refused(["sned", "team.csv"], "sned", "did you mean send?")
        self.refused(["dance"], "dance", "--help")

    def test_a_file_where_the_command_belongs(self):
        self.refused(["team.csv"], "bulk-invite send team.csv --org ORG")

    def test_an_unknown_flag(self):
        self.refused_send(
            ["--concurency", "3"], "--concurency", "did you mean --concurrency"
        )
        self.refused_send(["--zzz=1"], "--zzz", "send --help")
        self.refused_send(["-z"], "-z", "send --help")

    def test_a_token_on_the_command_line(self):
        done_words = ("--token-file", "$BULK_INVITE_TOKEN")
        self.refused_send(["--token", "s3cret"], *done_words)
        self.refused_send(["--token=s3cret"], *done_words)

    def test_no_organization(self):
        self.team("ada@example.com,admin")
        self.refused(
            ["send", "team.csv"], "--org", "$BULK_INVITE_ORG", "--sandbox"
        )

    def test_no_file(self):
        self.refused(["send", "--org", "acme"], "FILE", "- in its place")

    def test_two_files(self):
        self.refused(
            ["send", "a.csv", "b.csv", "--org", "acme"], "b.csv", "a.csv"
        )

    def test_a_flag_without_its_value(self):
        self.refused_send(["--rate"], "--rate needs a value", "--rate RATE")
        self.refused_send(["--role", "--yes"], "--role needs a value")
        self.refused_send(["--report="], "--report", "empty")

    def test_a_rate_without_a_unit(self):
        self.refused_send(
            ["--rate", "10"], "--rate", '"10" has no unit', "10/s", "300/m"
        )

    def test_values_that_make_no_sense(self):
        for flag, value, words in (
            ("--rate", "0/s", "out of range"),
            ("--rate", "fast", "10/s, 300/m or 1000/h"),
            ("--rate", "10/d", "10/s, 300/m or 1000/h"),
            ("--timeout", "30", "has no unit; write it like 500ms, 150s"),
            ("--timeout", "0s", "too short"),
            ("--give-up-after", "-1s", "not a duration"),
            ("--concurrency", "0", "1 to 1024"),
            ("--concurrency", "many", "not a whole number"),
            ("--limit", "0", "1 to 1000000000"),
            ("--max-new", "-1", "not a whole number"),
            ("--max-attempts", "1.5", "not a whole number"),
            ("--yes", None, None),
        ):
            if value is None:
                flag, words = f"{flag}=perhaps", "neither yes nor no"
                args = [flag]
            else:
                args = [flag, value]
            with self.subTest(args=args):
                self.refused_send(args, flag.partition("=")[0], words)

    def test_a_base_url_that_is_none(self):
        for url, words in (
            ("nonsense:", "is not"),
            ("ftp://example.com", "not an http or https URL"),
            ("example com", "space"),
            ("https://", "is not a URL"),
            ("https://api.example.com/?a=b", "query"),
            ("https://api.example.com/#x", "fragment"),
        ):
            with self.subTest(url=url):
                self.refused_send(["--base-url", url], "base-url", url, words)

    def test_a_base_url_with_a_password(self):
        self.refused_send(
            ["--base-url", "https://me:s3cret@example.com"],
            "base-url",
            "$BULK_INVITE_TOKEN",
        )

    def test_plain_http_to_another_machine(self):
        for url in (
            "http://example.com",
            "http://192.0.2.1",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0",
        ):
            with self.subTest(url=url):
                self.refused_send(["--base-url", url], url, "https://")

    def test_control_bytes(self):
        for args in (
            ["--org", "ac\x1bme"],
            ["--org", "ac\nme"],
            ["--org", "ac\u0085me"],
            ["--base-url", "https://example.com/\x07"],
            ["--role", "a\rb"],
        ):
            with self.subTest(args=args):
                self.refused_send(args, args[0], "control character")

    def test_bytes_that_are_not_utf8(self):
        self.refused_send(["--org", os.fsdecode(b"\xff")], "--org", "UTF-8")

    def test_no_organization_is_empty_or_dots(self):
        for organization in (".", ".."):
            self.refused_send(["--org", organization], "organization's id")
        self.refused_send(["--org", ""], "--org", "empty")

    def test_a_token_file_that_others_can_read(self):
        self.write("token", "s3cret")
        for mode in (0o640, 0o604, 0o660, 0o644):
            with self.subTest(mode=oct(mode)):
                (self.folder / "token").chmod(mode)
                self.refused_send(
                    ["--token-file", "token"], "token", "%04o" % mode, "600"
                )

    def test_tokens_that_are_none(self):
        self.write("token", "two\nlines\n")
        (self.folder / "token").chmod(0o600)
        for args, env, words in (
            (["--token-file", "token"], {}, "bearer token"),
            (["--token-file", "nowhere"], {}, "No such file"),
            (["--token-file", "/dev/null"], {}, "regular file"),
            (["--token-command", "true"], {}, "empty"),
            (["--token-command", "exit 3"], {}, "exit code 3"),
            ([], {"BULK_INVITE_TOKEN": ""}, "empty"),
            ([], {"BULK_INVITE_TOKEN": "a b"}, "bearer token"),
            ([], {"BULK_INVITE_TOKEN": "a\x1b"}, "bearer token"),
            ([], {"BULK_INVITE_TOKEN": "ä"}, "bearer token"),
        ):
            with self.subTest(args=args, env=env):
                self.refused_send(args, words, env=env)

    def test_an_unknown_key(self):
        self.write("own.ini", ["rate = 10/s", "[test]", "  base-ulr = x"])
        self.refused_send(
            ["--config", "own.ini"], "own.ini:3", "did you mean base-url?"
        )

    def test_a_key_with_a_wrong_value(self):
        self.write("own.ini", ["# pace", "rate = 10"])
        self.refused_send(
            ["--config", "own.ini"], "own.ini:2", "rate", "10/s"
        )

    def test_what_must_be_typed_is_no_key_and_no_variable(self):
        self.write("own.ini", ["yes = true"])
        self.refused_send(["--config", "own.ini"], "own.ini:1", "--yes")
        self.refused_send([], "--yes", env={"BULK_INVITE_YES": "1"})

    def test_a_token_in_the_config_file(self):
        self.write("own.ini", ["token = s3cret"])
        self.refused_send(["--config", "own.ini"], "own.ini:1", "token-file")

    def test_a_config_file_that_is_none(self):
        self.refused_send(["--config", "no.ini"], "no.ini", "No such file")
        self.write("own.ini", ["base-url"])
        self.refused_send(["--config", "own.ini"], "own.ini:1")
        self.write("own.ini", b"\x1b[31m = x\n")
        self.refused_send(
            ["--config", "own.ini"], r"own.ini:1: unknown key \x1B[31m"
        )

    def test_an_unknown_profile(self):
        self.write("own.ini", ["[staging]", "rate = 10/s"])
        self.refused_send(
            ["--config", "own.ini", "--profile", "stagign"],
            "[stagign]",
            "did you mean [staging]?",
        )

    def test_a_variable_with_a_wrong_value(self):
        self.refused_send(
            [], "$BULK_INVITE_RATE", "10/s", env={"BULK_INVITE_RATE": "10"}
        )

    def test_a_cacert_that_is_not_there(self):
        self.team("ada@example.com,admin")
        url = self.recorder().url.replace("http", "https")
        done = self.send(
            None, "--base-url", url, "--cacert", "nowhere.pem", expect=7
        )
        self.check_unprocessed(done, 1)
        self.assertIn("nowhere.pem", done.stderr)


if __name__ == "__main__":
    unittest.main()
