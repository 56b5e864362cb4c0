"""bulk-invite check: the plan, without the network."""

import json
import unittest

from support import SendCase


class Check(SendCase):
    def check(self, *args, expect=0, stdin=None):
        return self.run_program("check", *args, expect=expect, stdin=stdin)

    def check_json(self, *args, expect=0):
        return json.loads(self.check(*args, "--json", expect=expect).stdout)

    def test_it_says_what_it_assumed_and_what_it_would_do(self):
        self.write(
            "team.csv",
            "Liste\nE-Mail;Rôle\nada@example.com;admin\n"
            "bob@example.org;staff\nx\n".encode("cp1252"),
        )
        done = self.check("team.csv", "--rate", "1/m", expect=3)
        for words in (
            "text in Windows-1252",
            "separated by semicolons",
            "header in line 2",
            'role in "Rôle" (column 2)',
            "2  to invite",
            "1  invalid",
            "0:02:00",
            "line 3: ada@example.com as admin",
            'line 5, column 1: "E-Mail" has no "@"',
        ):
            self.assertIn(words, done.stdout)
        self.assertEqual(done.stderr, "")

    def test_roles_that_the_map_replaced_are_counted(self):
        self.team(
            "ada@example.com,Staff",
            "bob@example.com,staff",
            "x@example.com,y",
        )
        plan = self.check_json("team.csv", "--role-map", "staff=member")
        self.assertEqual(plan["read_as"]["mapped"], 2)

    def test_json_steers_no_terminal_and_loses_nothing(self):
        name = "ro\x9ble\x7f\u202e"
        self.write("team.csv", [f"email,{name}", "a@x.org,"])
        done = self.check("team.csv", "--json", "--role-column", "2", expect=3)
        for character in "\x9b\x7f\u202e":
            self.assertNotIn(character, done.stdout)
        self.assertEqual(json.loads(done.stdout)["problems"][0]["column"], name)

    def test_json_holds_the_same(self):
        self.team("ada@example.com,admin", "Ada@example.com,admin", "x,y")
        plan = self.check_json("team.csv", expect=3)
        self.assertEqual(plan["to_invite"], 1)
        self.assertEqual(plan["duplicate"], 1)
        self.assertEqual(plan["invalid"], 1)
        self.assertEqual(plan["need_look"], 1)
        self.assertEqual(plan["rows"], 3)
        self.assertEqual(plan["problems"][0]["first_lines"], [4])
        self.assertEqual(plan["read_as"]["delimiter"], ",")
        self.assertEqual(
            plan["first"],
            [{"line": 2, "email": "ada@example.com", "role": "admin"}],
        )

    def test_a_ledger_is_read_and_never_made(self):
        self.team("ada@example.com,admin")
        sandbox = self.sandbox()
        args = ("team.csv", "--ledger", "own.db", "--base-url", sandbox.url)
        plan = self.check_json(*args, "--org", "acme")
        self.assertEqual(plan["to_invite"], 1)
        self.assertFalse((self.folder / "own.db").exists())
        self.send(sandbox, "--ledger", "own.db", expect=0)
        self.team("ada@example.com,admin", "bob@example.com,admin")
        before = (self.folder / "own.db").read_bytes()
        plan = self.check_json(*args, "--org", "acme")
        self.assertEqual((plan["to_invite"], plan["already_invited"]), (1, 1))
        self.assertEqual((self.folder / "own.db").read_bytes(), before)
        self.assertEqual(sandbox.seen()["posts"], 1)

    def test_a_dry_run_is_a_check(self):
        self.team("ada@example.com,admin")
        sandbox = self.sandbox()
        done = self.send(sandbox, "--dry-run", expect=0)
        self.assertIn("1  to invite", done.stdout)
        self.assertEqual(sandbox.seen()["posts"], 0)

    def test_what_cannot_be_read(self):
        self.check("nowhere.csv", expect=4)
        self.write("team.csv", b"name,team\nAda,x\n")
        done = self.check("team.csv", expect=4)
        self.assertIn("--email-column", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_many_of_one_kind_are_grouped(self):
        self.team(*["nobody,member"] * 50)
        done = self.check("team.csv", expect=3)
        self.assertIn(
            "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 40 more, column 1: ",
            done.stdout,
        )

    def causes(self, *args):
        """Each problem's code, column, its number, rows and lines."""
        problems = self.check_json("team.csv", *args, expect=3)["problems"]
        for problem in problems:
            self.assertTrue(problem.pop("error"))
        return sorted(tuple(problem.values()) for problem in problems)

    def test_every_problem_has_its_code_column_and_lines(self):
        self.write(
            "team.csv",
            'Name,"E-Mail ",Rôle\n,x,admin\n,,admin\n,ada@example.com,\n'
            ",y,admin\n,bob@example.com,admin\n,Bob@example.com,staff\n"
            ",eve@example.net,admin\n,eve@example.com,guest\n"
            ',z@example.com,a\0b\n,,,,too many\n,"never closed\n',
        )
        self.assertEqual(
            self.causes(
                *("--allow-domain", "example.com"),
                *("--allow-role", "admin,staff"),
            ),
            [
                ("domain_not_allowed", "E-Mail ", 2, 1, [8]),
                ("duplicate_other_role", "Rôle", 3, 1, [7]),
                ("invalid_email", "E-Mail ", 2, 2, [2, 5]),
                ("missing_email", "E-Mail ", 2, 1, [3]),
                ("missing_role", "Rôle", 3, 1, [4]),
                ("nul_byte", "Rôle", 3, 1, [10]),
                ("role_not_allowed", "Rôle", 3, 1, [9]),
                ("too_many_columns", None, None, 1, [11]),
                ("unclosed_quote", None, None, 1, [12]),
            ],
        )

    def test_a_column_without_a_name_has_a_number(self):
        self.write("team.csv", ["ada@example.com", "x"])
        self.assertEqual(
            self.causes("--role", "admin"), [("invalid_email", None, 1, 1, [2])]
        )
        self.assertEqual(
            self.causes("--role", "admin", "--allow-role", "member"),
            [
                ("invalid_email", None, 1, 1, [2]),
                ("role_not_allowed", None, None, 1, [1]),
            ],
        )

    def test_a_typing_error_is_a_hint_and_no_change(self):
        self.team("ada@gmial.com,admin")
        plan = self.check_json("team.csv")
        self.assertEqual(plan["first"][0]["email"], "ada@gmial.com")
        self.assertEqual(
            plan["hints"][0]["hint"], "gmial.com: did you mean gmail.com?"
        )

    def test_a_list_of_many_names_stays_short(self):
        self.team(*[f"ada@d{i}.example,role {i}" for i in range(3000)])
        done = self.check("team.csv")
        self.assertLess(len(done.stdout.splitlines()), 60)
        plan = self.check_json("team.csv")
        self.assertEqual(len(plan["domains"]), 2000)
        self.assertEqual(plan["other_domains"], 1000)


if __name__ == "__main__":
    unittest.main()
