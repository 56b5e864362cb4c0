"""Lists as people send them, from the file to the request."""

import gzip
import os
import subprocess
import unittest

from support import SendCase, program

ADA = "ada@example.com"


class Spreadsheets(SendCase):
    def sent(self, sandbox):
        return [(row["email"], row["role"]) for row in self.report()]

    def check_sent(self, content, expected, *args, expect=0):
        self.write("team.csv", content)
        sandbox = self.sandbox()
        self.send(sandbox, *args, expect=expect)
        self.assertEqual(self.sent(sandbox), expected)

    def test_excel_in_paris(self):
        self.check_sent(
            f"sep=;\r\nNom;Adresse e-mail;Rôle\r\nZoë;{ADA};Éditeur\r\n".encode(
                "cp1252"
            ),
            [(ADA, "Éditeur")],
        )

    def test_unicode_text(self):
        self.check_sent(
            f"Name\tE-Mail\tRolle\r\nZoë\t{ADA}\tRedakteur ✓\r\n".encode(
                "utf-16"
            ),
            [(ADA, "Redakteur ✓")],
        )

    def test_gzip(self):
        self.check_sent(
            gzip.compress(f"email,role\n{ADA},admin\n".encode()),
            [(ADA, "admin")],
        )

    def test_addresses_are_cleaned(self):
        self.check_sent(
            f'email,role\n"Lovelace, Ada <{ADA}>",admin\n'
            "mailto:bob@example.com,admin\n\u200beve@example.com\u00a0.,x\n"
            "zoë@bücher.example,x\n".encode(),
            [
                (ADA, "admin"),
                ("bob@example.com", "admin"),
                ("eve@example.com", "x"),
                ("zoë@bücher.example", "x"),
            ],
        )

    def test_an_address_in_an_assumed_encoding_is_not_sent(self):
        content = "email,role\nzoë@example.com,x\n".encode("latin-1")
        self.write("team.csv", content)
        self.send(self.sandbox(), expect=3)
        self.assertEqual(self.report()[0]["error_code"], "bad_encoding")
        self.check_sent(
            content, [("zoë@example.com", "x")], "--encoding", "latin1"
        )

    def test_roles_are_mapped_and_guarded(self):
        self.write("map.txt", ["# ours", "Staff = member"])
        self.write(
            "team.csv",
            [
                "email,role",
                f"{ADA},team-lead",
                "bob@example.com,STAFF",
                "eve@example.com,intern",
                "mallory@example.net,Staff",
            ],
        )
        sandbox = self.sandbox()
        self.send(
            sandbox,
            *("--role-map", "Team Lead=admin", "--role-map-file", "map.txt"),
            *("--allow-role", "admin, member"),
            *("--allow-domain", "EXAMPLE.com"),
            expect=3,
        )
        self.assertEqual(
            [(row["role"], row["error_code"]) for row in self.report()],
            [
                ("admin", ""),
                ("member", ""),
                ("intern", "role_not_allowed"),
                ("member", "domain_not_allowed"),
            ],
        )
        self.assertEqual(sandbox.seen()["posts"], 2)

    def test_options_that_make_no_sense(self):
        self.team(f"{ADA},admin")
        for args, words in (
            (("--delimiter", ",,"), "--delimiter"),
            (("--delimiter", '"'), "--delimiter"),
            (("--encoding", "excel"), "iconv -l"),
            (("--role-map", "admin"), "WORD=ROLE"),
            (("--role-map-file", "nowhere"), "nowhere"),
            (("--allow-domain", "a b,"), "--allow-domain"),
        ):
            with self.subTest(args=args):
                done = self.run_program("check", "team.csv", *args, expect=2)
                self.assertIn(words, done.stderr)

    def follow(self, name, path=""):
        """What the advice for a workbook prints, with `check` for `send`."""
        done = self.run_program("check", "--", name, expect=4)
        command = done.stderr.split("run: ", 1)[1].strip()
        self.assertTrue(command.endswith("| bulk-invite send - ..."))
        folder = os.path.dirname(program("bulk-invite"))
        piped = subprocess.run(
            command.replace("send - ...", "check -"),
            shell=True,
            cwd=self.folder,
            env={
                "PATH": f"{path}:{folder}:{os.environ['PATH']}",
                "TMPDIR": str(self.folder),
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(piped.returncode, 0, piped.stderr)
        self.assertIn(f"line 2: {ADA} as admin", piped.stdout)

    def test_the_advice_for_a_workbook_works(self):
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(["Name", "E-Mail", "Role"])
        book.active.append(["Ada", ADA, "admin"])
        for name in ("Ada's team list.xlsx", "-team.xlsx"):
            book.save(self.folder / name)
            self.follow(name)

    def test_the_advice_for_other_workbooks_works(self):
        """With a stand-in for LibreOffice 7.4, which is too large for this:
        it names its file after the workbook's and says so on stdout."""
        self.write(
            "soffice",
            '#!/bin/sh\n[ "$1 $2 $3 $4" = "--headless --convert-to csv:Text -'
            ' txt - csv (StarCalc):44,34,76 --outdir" ] || exit 1\n'
            '[ -f "$6" ] || exit 1\n[ $# = 6 ] || exit 1\n'
            'to="$5/$(basename "${6%.*}").csv"\n'
            'echo "convert $6 -> $to"\n'
            f'printf "email,role\\n{ADA},admin\\n" >"$to"\n',
        )
        (self.folder / "soffice").chmod(0o755)
        for name in ("Ada's team.v2.xls", "-team.xls", "team $HOME"):
            self.write(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
            before = set(os.listdir(self.folder))
            self.follow(name, path=self.folder)
            self.assertEqual(set(os.listdir(self.folder)), before)


if __name__ == "__main__":
    unittest.main()
