"""Whoever can put files where a run writes cannot make it write elsewhere, nor
wait for ever."""

import os
import unittest

from support import SendCase

# what a run writes, by option
FILES = {
    "--report": "out.csv",
    "--retry-file": "out.retry",
    "--metrics-file": "out.prom",
    "--log-file": "out.log",
    "--ledger": "team.db",
}
PRECIOUS = "nobody writes here\n"


class Links(SendCase):
    def run_once(self):
        """With a row for the retry file."""
        self.team("ada@example.com,member", "nonsense,member")
        options = [word for pair in FILES.items() for word in pair]
        return self.send(self.server, *options)

    def setUp(self):
        super().setUp()
        self.server = self.recorder()

    def check(self, name, target, exit_codes):
        """A run where `name` is a link to `target`, which may be there."""
        (self.folder / "precious").write_text(PRECIOUS)
        (self.folder / name).symlink_to(target)
        done = self.run_once()
        told = f"{name} -> {target}: {done.stderr}"
        self.assertIn(done.returncode, exit_codes, told)
        self.assertEqual((self.folder / "precious").read_text(), PRECIOUS, told)
        self.assertFalse((self.folder / "absent").exists(), told)
        if done.returncode == 6:
            self.assertIn(name.removesuffix("-wal"), done.stderr)
        for file in self.folder.iterdir():
            if file.name not in ("precious", "absent") and not file.is_dir():
                file.unlink()

    def test_a_link_is_never_written_through(self):
        refused, replaced = {6}, {3}
        for name, exit_codes in (
            ("out.csv", replaced),
            ("out.csv.partial", refused),
            ("out.csv.1", replaced),
            ("out.retry", replaced),
            ("out.retry.partial", refused),
            ("out.prom", replaced),  # is left out, and the run goes on
            ("out.log", replaced),  # likewise
            ("team.db", refused),
            ("team.db-wal", {3, 6}),
            ("team.db.lock", refused),
        ):
            for target in ("precious", "absent"):
                with self.subTest(name, target=target):
                    self.check(name, target, exit_codes)

    def test_a_pipe_in_the_way_stops_nothing_for_ever(self):
        for name in ("team.db", "team.db.lock", "out.csv.partial", "out.prom"):
            with self.subTest(name):
                self.run_once()
                (self.folder / name).unlink(missing_ok=True)
                os.mkfifo(self.folder / name)
                done = self.run_once()
                self.assertIn(done.returncode, (3, 6), done.stderr)
                self.assertIn(name, done.stderr)
                done = self.run_program(
                    "status", "--ledger", "team.db", timeout=20
                )
                self.assertIn(done.returncode, (0, 3, 6), done.stderr)
                for file in self.folder.glob("*"):
                    if not file.is_dir():
                        file.unlink()

    def test_devices_and_links_to_them_are_written(self):
        self.team(1)
        (self.folder / "nothing").symlink_to("/dev/null")
        for path in ("/dev/null", "nothing"):
            done = self.send(
                self.server, "--report", path, "--ledger", ":memory:"
            )
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.folder / "nothing").is_symlink())


if __name__ == "__main__":
    unittest.main()
