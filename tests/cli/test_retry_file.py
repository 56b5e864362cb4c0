"""The rows that need a look, in a file that can be sent as it is."""

import gzip
import re
import stat
import unittest

from support import SendCase, reply

RETRY = "team.csv.retry.csv"
STATUSES = "rejected|invalid|duplicate|unknown|failed|unprocessed"

# Rows as one way of writing has them: Bo's role is refused at first.
TABLE = (
    ("Name", "E-Mail", "Rolle", "Notiz"),
    ("Ada", "ada@example.com", "admin", ""),
    ("Bär", "bo@example.com", "owner", 'a{d}b{n}"c" '),
)


def written(delimiter=",", line_end="\n", table=TABLE, above=""):
    def cell(text):
        text = text.format(d=delimiter, n=line_end)
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if set(text) & set('"\r\n ') else text

    rows = (delimiter.join(map(cell, row)) + line_end for row in table)
    return above + "".join(rows)


class RetryCase(SendCase):
    def setUp(self):
        super().setUp()
        self.strict = self.sandbox("--known-roles", "admin,member")

    def retry(self, name=RETRY):
        return (self.folder / name).read_bytes()

    def records(self, name=RETRY):
        """What stands between head and error, in the file's order."""
        lines = self.retry(name).decode().splitlines()[1:]
        cell = re.compile(rf'(.*),"((?:{STATUSES}): .*)"')
        return [cell.fullmatch(line).groups() for line in lines]

    def first_pass(self, content, *args, expect=3):
        self.write("team.csv", content)
        return self.send(self.strict, *args, expect=expect)

    def second_pass(self, *args, expect=0, name=RETRY):
        """Whom a server invites that takes any role."""
        server = self.sandbox()
        self.send(server, *args, input_name=name, expect=expect)
        return [(i["email"], i["role"]) for i in server.invites()]


class AsItIs(RetryCase):
    def check(self, text, encoding, *args, mark=False, pack=None):
        content = (("\ufeff" if mark else "") + text).encode(encoding)
        self.first_pass(pack(content) if pack else content, *args)
        retry = self.retry().decode(encoding)
        # Take the errors away, and put Ada back: that was the list.
        delimiter = re.search("Notiz(.)error", retry).group(1)
        retry = retry.replace(f"{delimiter}error", "", 1)
        cell = f'{re.escape(delimiter)}"rejected: .*?"(?=[\r\n]|$)'
        retry, count = re.subn(cell, "", retry)
        self.assertEqual(count, 1, retry)
        ada = re.search("Ada.*?[\r\n]+", text).group()
        self.assertEqual(retry, ("\ufeff" if mark else "") + text.replace(ada, ""))
        self.assertEqual(
            self.second_pass(*args), [("bo@example.com", "owner")]
        )

    def test_in_any_dialect_and_encoding(self):
        told = ("--encoding", "SHIFT_JIS")
        title = "The team, Zoë's\r\n\r\n"
        for delimiter, line_end, encoding, mark, above, args in (
            (",", "\n", "utf-8", False, "", ()),
            (";", "\r\n", "utf-8", True, "", ()),
            ("|", "\r", "utf-8", False, title, ()),
            ("\t", "\r\n", "utf-16-le", True, "", ()),
            ("\t", "\r\n", "utf-16-le", False, "", ()),
            (",", "\n", "utf-16-be", True, title, ()),
            (";", "\r\n", "cp1252", False, "", ()),
            (";", "\r\n", "cp1252", False, "sep=;\r\n", ()),
            (":", "\n", "utf-8", False, "", ("--delimiter", ":")),
            (",", "\n", "utf-8", True, "E-Mail,Rolle\n", ("--skip-rows", 1)),
            (",", "\n", "koi8-r", False, "Ж\n", ("--encoding", "KOI8-R")),
            (",", "\n", "shift_jis", False, "日本\n", told),
        ):
            with self.subTest(delimiter, encoding=encoding, above=above):
                table = TABLE
                if "--encoding" in args:
                    table = TABLE[:2] + (("Я",) + TABLE[2][1:],)
                text = written(delimiter, line_end, table, above)
                self.check(text, encoding, *args, mark=mark)

    def test_a_packed_list_is_plain_text_afterwards(self):
        self.check(written(), "utf-8", pack=gzip.compress)

    def test_utf_16_in_the_order_that_its_mark_tells(self):
        text = written(";", "\r\n")
        self.first_pass(
            b"\xfe\xff" + text.encode("utf-16-be"), "--encoding", "UTF-16"
        )
        self.assertIn("Bär", self.retry().decode("utf-16"))
        self.assertEqual(
            self.second_pass("--encoding", "UTF-16"),
            [("bo@example.com", "owner")],
        )

    def test_what_was_damaged_is_still_there(self):
        for content in (
            b"email,role,x\nada@example.com,admin,\xe9\n"
            b"bo@example.com,owner,\xc3\xa9 \x81\xe9\n",
            b"email,role,x\nada@example.com,admin,\xc3\xa9\n"
            b"bo@example.com,owner,\xe9 \xed\xa0\x80 \xf8\x80\n",
            "email,role,x\nbo@example.com,owner,".encode("utf-16-le")
            + b"\x00\xd8y\x00\n\x00",
        ):
            with self.subTest(content=content):
                self.first_pass(content)
                bo = re.search(rb"bo@.*|b\0o\0@\0.*(?=\n\0)", content)
                self.assertIn(bo.group(), self.retry())

    def test_words_that_the_encoding_does_not_have(self):
        detail = [{"loc": ["body", "role"], "msg": "né 役", "type": "value"}]
        server = self.recorder(reply(422, {"detail": detail}))
        for name, encoding, shown in (
            ("Zoë", "utf-8", "né 役"),
            ("Zoë", "cp1252", "né ?"),
            ("Zoe", "ascii", "n? ?"),
            ("Zoë", "utf-16", "né 役"),
        ):
            with self.subTest(encoding=encoding):
                text = f"name,email,role\n{name},bo@x.org,owner\n"
                self.write(f"{encoding}.csv", text.encode(encoding))
                self.send(server, input_name=f"{encoding}.csv", expect=3)
                retry = self.retry(f"{encoding}.csv.retry.csv")
                self.assertIn(shown, retry.decode(encoding))

    def test_roles_by_a_map_and_by_option(self):
        lead = ("--role-map", "Lead=owner,Staff=member")
        self.first_pass("email,role\nada@x.org,Staff\nbo@x.org,Lead\n", *lead)
        self.assertIn(b"\nbo@x.org,Lead,", self.retry())
        self.assertEqual(self.second_pass(*lead), [("bo@x.org", "owner")])

        everybody = ("--role", "owner")
        self.first_pass("email\nbo@x.org\n", *everybody)
        self.assertEqual(self.second_pass(*everybody), [("bo@x.org", "owner")])


class WithoutAHeader(RetryCase):
    def check(self, lines, *args, expect=3):
        self.first_pass("".join(f"{line}\n" for line in lines), *args)
        self.assertEqual(
            self.second_pass(*args, expect=expect), [("bo@example.com", "owner")]
        )

    def test_columns_found_by_what_is_in_them(self):
        self.check(["ada@example.com,admin", "bo@example.com,owner"], expect=0)

    def test_the_first_row_left_is_no_longer_one_with_an_address(self):
        lines = ["ada@example.com,admin", "nobody,admin", "bo@example.com,owner"]
        self.check(lines)
        self.assertTrue(self.retry().startswith(b"email,role,error\nnobody,"))

    def test_columns_by_number(self):
        self.check(
            ["1;x;ada@example.com;;admin", "2;;;;", "3;y;bo@example.com;z;owner"],
            *("--email-column", "3", "--role-column", "5"),
        )
        self.assertIn(b";;email;;role;error\n", self.retry())

    def test_one_column_and_titles_above(self):
        args = ("--role", "owner", "--skip-rows", "2")
        self.check(["The team", "", "bo@example.com"], *args, expect=0)
        self.assertTrue(self.retry().startswith(b"The team\n\nemail,error\nbo@"))


class SecondPass(RetryCase):
    def test_the_error_is_replaced_and_nothing_else_changes(self):
        lines = [
            "email,role,note",
            "bo@example.com,owner,x",
            "few@example.com,owner",
            "none@example.com",
            "empty@example.com,owner,x,,",
            "many@example.com,neer,x,y",
            'stray@example.com,"a"b,x"',
            '"stray,"2@example.com,owner,"x"',
            '5" rack,owner,"a"" "',
            'open@example.com,"admin',
        ]
        self.first_pass("".join(f"{line}\n" for line in lines))
        first = self.retry()
        self.assertEqual(first.count(b'"rejected: '), 3)
        for line in lines[1:]:
            known = line.rstrip(",").encode()
            self.assertIn(b"\n" + known, first)
        self.send(self.strict, input_name=RETRY, expect=3)
        second = self.retry()
        self.assertEqual(self.retry(f"{RETRY}.1"), first)
        bare = [
            re.sub(rb',"(invalid|rejected): .*"', b"", text).split(b"\n")
            for text in (first, second)
        ]
        self.assertEqual(*map(sorted, bare))
        self.assertEqual(second.count(b'"invalid: '), 6)
        self.send(self.strict, input_name=RETRY, expect=3)
        self.assertEqual(
            sorted(self.retry().split(b"\n")), sorted(second.split(b"\n"))
        )
        self.assertEqual(
            sorted(self.second_pass(expect=3)),
            [
                (f"{name}@example.com", "owner")
                for name in ("bo", "empty", "few")
            ],
        )

    def test_rows_that_somebody_has_worked_on(self):
        self.first_pass("email,role,note\nbo@x.org,owner\n\n,admin\n")
        head = self.retry().split(b"\n")[0].decode()
        self.assertEqual(head, "email,role,note,error")
        self.write(
            RETRY,
            [
                head,
                "bo@x.org,owner,,rejected: a spreadsheet took the quotes",
                "cy@x.org,owner,,",
                "di@x.org,owner",
                "ed@x.org,owner,invalid: is a note",
            ],
        )
        self.send(self.strict, input_name=RETRY, expect=3)
        rows = sorted(row for row, _ in self.records())
        self.assertEqual(
            rows,
            [
                "bo@x.org,owner,",
                "cy@x.org,owner,",
                "di@x.org,owner,",
                "ed@x.org,owner,invalid: is a note",
            ],
        )

    def test_nothing_is_left(self):
        self.first_pass("email,role\nbo@x.org,owner\n")
        before = self.retry()
        self.second_pass()
        self.assertEqual(self.retry(), before)


class Rows(RetryCase):
    def test_none_that_is_well(self):
        self.first_pass(
            "email,role\nada@x.org,admin\nADA@x.org,admin\nbo@x.org,member\n",
            expect=0,
        )
        self.send(self.strict, expect=0)
        self.assertEqual(list(self.folder.glob("*retry*")), [])

    def test_all_that_a_stopped_run_left(self):
        self.team("ada@x.org,admin", "bo@x.org,member", "ada@x.org,member")
        self.send(self.sandbox("--token", "secret"), expect=7)
        self.assertEqual(
            sorted(row for row, _ in self.records()),
            ["ada@x.org,admin", "ada@x.org,member", "bo@x.org,member"],
        )

    def test_the_row_that_is_meant_comes_before_its_duplicate(self):
        self.first_pass(
            "email,role\nada@x.org,owner\nada@x.org,admin\nnobody,admin\n"
        )
        rows = [row for row, _ in self.records()]
        self.assertEqual(rows[-1], "ada@x.org,admin")
        self.assertEqual(
            self.second_pass(expect=3), [("ada@x.org", "owner")]
        )

    def test_one_that_nobody_knows_of_is_not_sent_again(self):
        self.team("ada@x.org,admin", "bo@x.org,admin")
        server = self.sandbox("--status-for", "bo@x.org=500")
        self.send(server, expect=3)
        (bo,) = self.records()
        self.assertEqual(bo[0], "bo@x.org,admin")
        self.assertTrue(bo[1].startswith("unknown: "))
        asked = len(server.requests())
        self.send(server, input_name=RETRY, expect=3)
        self.assertEqual(len(server.requests()), asked)

    def test_one_that_is_too_long_is_told_of(self):
        long = "x" * 300_000
        done = self.first_pass(
            f"email,role\n{long},admin\nbo@x.org,owner\n", "--verbose"
        )
        self.assertEqual([row for row, _ in self.records()], ["bo@x.org,owner"])
        self.assertIn("retry file", done.stderr)
        self.assertIn("line 2", done.stderr)

    def test_lines_without_end_above_the_header(self):
        self.first_pass(
            "x" * 5_000_000 + "\nemail,role\nbo@x.org,owner\n",
            *("--skip-rows", "1", "--verbose"),
        )
        self.assertEqual(list(self.folder.glob("*retry*")), [])

    def test_words_of_the_server_stay_in_their_cell(self):
        done = self.first_pass('email,role\nbo@x.org,"=1+1,""\n;x"\n')
        self.assertEqual(done.returncode, 3)
        _, row, cell, _ = self.retry().decode().split("\n")
        self.assertEqual(row, 'bo@x.org,"=1+1,""')
        self.assertRegex(cell, r'^;x","rejected: [^"]*(""[^"]*)*"$')


class Places(RetryCase):
    def test_of_a_stream(self):
        self.send(
            self.strict,
            "--yes",
            input_name="-",
            stdin="email,role\nbo@x.org,owner\n",
            expect=3,
        )
        self.assertEqual(
            self.second_pass(name="stdin.retry.csv"), [("bo@x.org", "owner")]
        )

    def test_a_name_of_ones_own_for_its_owner_alone(self):
        self.first_pass(
            "email,role\nbo@x.org,owner\n", "--retry-file", "again.csv"
        )
        mode = (self.folder / "again.csv").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertFalse((self.folder / RETRY).exists())
        self.assertEqual(list(self.folder.glob("*.partial")), [])

    def test_a_full_disk_is_a_failed_report(self):
        self.team("bo@x.org,owner", "ada@x.org,admin")
        done = self.send(self.strict, "--retry-file", "/dev/full", expect=6)
        self.assertIn("/dev/full", done.stderr)
        self.assertEqual(len(self.report()), 2)

    def test_a_folder_that_is_not_there(self):
        self.team("nobody,owner", "ada@x.org,admin")
        done = self.send(self.strict, "--retry-file", "no/r.csv", expect=6)
        self.assertIn("no/r.csv", done.stderr)

    def test_check_makes_none(self):
        self.team("nobody,owner")
        self.run_program("check", "team.csv", expect=3)
        self.assertEqual(list(self.folder.glob("*retry*")), [])


if __name__ == "__main__":
    unittest.main()
