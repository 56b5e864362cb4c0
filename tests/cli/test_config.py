"""`config show`: what each setting is, and where that was said."""

import re
import unittest

from support import TESTS_DIR, SendCase

CONFIG = [
    "max-new = 500",
    "proxy = http://me:hunter2@proxy.example.com:3128",
    "",
    "[acme]",
    "org = acme",
    "role = member",
    "rate = 10/s",
    "token-command = pass show hunter2",
]


class Show(SendCase):
    def show(self, *args, **env):
        """{name: [value, origin]} and the names that are not set."""
        done = self.run_program("config", "show", *args, env=env, expect=0)
        self.assertEqual(done.stderr, "")
        self.assertNotIn("hunter2", done.stdout)
        table, _, unset = done.stdout.partition("\nNot set: ")
        settings = {}
        for line in table.splitlines():
            value, _, origin = line[19:].partition("  ")
            settings[line[:19].strip()] = [value, origin.strip()]
        return settings, unset.replace("\n", "").replace(" ", "").split(",")

    def test_each_place_is_named_and_the_stronger_one_wins(self):
        self.write("my.ini", CONFIG)
        settings, _ = self.show(
            *("--config", "my.ini", "--profile", "acme", "--rate", "5/m"),
            BULK_INVITE_CONCURRENCY="8",
            BULK_INVITE_ORG="",
        )
        self.assertEqual(settings["config"], ["my.ini", ""])
        for name, value, origin in (
            ("profile", "acme", "--profile"),
            ("rate", "5/m", "--rate"),
            ("concurrency", "8", "$BULK_INVITE_CONCURRENCY"),
            ("org", "acme", "my.ini:5 [acme]"),
            ("max-new", "500", "my.ini:1 [default]"),
            ("timeout", "150s", "default"),
        ):
            with self.subTest(name):
                self.assertEqual(settings[name], [value, origin])

    def test_the_users_own_file_is_found_and_named(self):
        folder = self.folder / "config" / "bulk-invite"
        folder.mkdir(parents=True)
        (folder / "config.ini").write_text("rate = 10/s\n")
        settings, _ = self.show()
        path = str(folder / "config.ini")
        self.assertEqual(settings["config"], [path, ""])
        self.assertEqual(settings["rate"], ["10/s", f"{path}:1 [default]"])

    def test_what_may_be_a_secret_is_hidden(self):
        self.write("my.ini", CONFIG)
        settings, _ = self.show("--config", "my.ini", "--profile", "acme")
        for name in ("proxy", "token-command", "token"):
            with self.subTest(name):
                self.assertEqual(settings[name][0], "(hidden)")
        self.assertEqual(
            settings["token"], ["(hidden)", "the output of token-command"]
        )

    def test_where_the_token_comes_from_is_said(self):
        for env, args, origin in (
            ({}, [], ""),
            ({"CREDENTIALS_DIRECTORY": "/x"}, [], "$CREDENTIALS_DIRECTORY/"),
            ({}, ["--token-file", "t"], "the file of token-file"),
            (
                {"BULK_INVITE_TOKEN": "hunter2"},
                ["--token-file", "t"],
                "$BULK_INVITE_TOKEN",
            ),
        ):
            with self.subTest(origin):
                settings, _ = self.show(*args, **env)
                value = "(hidden)" if origin else "(none)"
                self.assertEqual(settings["token"][0], value)
                self.assertTrue(settings["token"][1].startswith(origin))

    def test_what_a_stronger_place_excludes_is_not_used(self):
        self.write("my.ini", CONFIG)
        settings, unset = self.show(
            *("--config", "my.ini", "--profile", "acme", "--role-column", "2")
        )
        self.assertEqual(settings["role-column"], ["2", "--role-column"])
        self.assertEqual(
            settings["role"], ["(not used)", "my.ini:6 [acme]"]
        )
        self.assertNotIn("role", unset)

    def test_the_rest_is_listed_as_not_set(self):
        settings, unset = self.show("--limit", "3")
        self.assertEqual(settings["config"], ["(none)", ""])
        self.assertIn("max-new", unset)
        self.assertIn("verbose", unset)
        for name in ("limit", "yes", "sandbox", "config"):
            self.assertNotIn(name, unset)

    def test_flags_that_must_be_typed_each_time_are_no_settings(self):
        done = self.run_program("config", "show", "--yes", expect=2)
        self.assertIn("config does not take --yes", done.stderr)
        done = self.run_program("config", expect=2)
        self.assertIn("bulk-invite config show", done.stderr)

    def test_the_sample_is_true_with_every_comment_sign_off(self):
        sample = (TESTS_DIR.parent / "samples" / "bulk-invite.ini").read_text()
        settings = re.sub(r"^#(?=[a-z-]+ = )", "", sample, flags=re.M)
        settings = settings.replace("\ntoken-command", "\n#token-command")
        self.write("my.ini", settings)
        for profile in ("acme", "hr"):
            shown, _ = self.show("--config", "my.ini", "--profile", profile)
            self.assertEqual(shown["rate"][0], "300/m")
        self.assertEqual(shown["log-format"][0], "json")

    def test_a_wrong_setting_is_an_error_as_everywhere(self):
        self.write("my.ini", ["[acme]", "rte = 10/s"])
        done = self.run_program(
            "config", "show", "--config", "my.ini", expect=2
        )
        self.assertIn("my.ini:2: unknown key rte; did you", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
