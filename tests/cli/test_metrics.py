"""The figures that a run leaves for node_exporter's textfile collector."""

import os
import shutil
import stat
import subprocess
import time
import unittest

from prometheus_client.parser import text_string_to_metric_families

from support import SendCase, invitation, members, reply

STATUSES = {
    "invited",
    "already_invited",
    "rejected",
    "invalid",
    "duplicate",
    "unknown",
    "failed",
    "unprocessed",
}


class Metrics(SendCase):
    def setUp(self):
        super().setUp()
        (self.folder / "textfile").mkdir()

    def run_with_metrics(self, server, *args, org="acme", **how):
        before = time.time()
        self.send(
            server, *args, "--metrics-file", "textfile/b.prom", **how
        )
        self.assertEqual(os.listdir(self.folder / "textfile"), ["b.prom"])
        figures = self.figures()
        start = figures.pop("start_time_seconds", "")
        end = figures.pop("end_time_seconds", "")
        self.assertLess(before - 1, start)
        self.assertLess(start, end)
        self.assertLess(end, time.time() + 1)
        duration = figures.pop("duration_seconds", "")
        self.assertAlmostEqual(end - start, duration, places=3)
        return figures

    def figures(self):
        """Each sample by its name and labels, but the organization's."""
        text = (self.folder / "textfile" / "b.prom").read_text()
        figures = {}
        for family in text_string_to_metric_families(text):
            self.assertEqual(family.type, "gauge")
            self.assertTrue(family.documentation)
            for sample in family.samples:
                labels = dict(sample.labels)
                self.assertEqual(labels.pop("organization"), "acme")
                name = sample.name.removeprefix("bulk_invite_")
                self.assertNotEqual(name, sample.name)
                key = " ".join([name, *labels.values()])
                self.assertNotIn(key, figures)
                figures[key] = sample.value
        return figures

    def test_they_are_those_of_the_run(self):
        self.team(*members(4), "person1@example.com,member", "bad,member")
        figures = self.run_with_metrics(
            self.recorder(
                reply(429, retry_after="1"),
                reply(422, {"detail": "no"}),
                invitation,
            ),
            expect=3,
        )
        self.assertEqual(
            {name[5:] for name in figures if name.startswith("rows ")},
            STATUSES,
        )
        held = figures["hold_seconds quota"]
        self.assertGreater(held, 0.9)
        self.assertLess(held, 30)
        for name, figure in {
            "exit_code": 3,
            "finished": 1,
            "rows invited": 3,
            "rows rejected": 1,
            "rows duplicate": 1,
            "rows invalid": 1,
            "rows unknown": 0,
            "need_look_rows": 2,
            "requests": 5,
            "hold_seconds server_down": 0,
        }.items():
            self.assertEqual(figures[name], figure, name)

    def test_they_replace_those_of_the_run_before_for_every_reader(self):
        self.team(2)
        sandbox = self.sandbox()
        self.run_with_metrics(sandbox, expect=0)
        path = self.folder / "textfile" / "b.prom"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o644)
        with open(path) as old:
            figures = self.run_with_metrics(sandbox, expect=0)
            # Not written over: who reads it meanwhile has it whole.
            self.assertIn('status="invited"} 2', old.read())
        self.assertEqual(figures["rows invited"], 0)
        self.assertEqual(figures["rows already_invited"], 2)

    def test_a_run_that_ends_early_has_them_too(self):
        self.team(2)
        for code, server, name in (
            (7, self.recorder(reply(401)), "team.csv"),
            (4, None, "missing.csv"),
            (8, self.recorder(), "team.csv"),
        ):
            args = ("--max-new", "1") if code == 8 else ()
            figures = self.run_with_metrics(
                server, *args, input_name=name, expect=code
            )
            self.assertEqual(figures["exit_code"], code)
            self.assertEqual(figures["finished"], 0)

    def test_a_run_that_finds_the_ledger_locked_has_them_too(self):
        self.team(2)
        sandbox = self.sandbox()
        holder = self.start(sandbox)
        holder.write("email,role\nfirst@example.com,member\n")
        while not sandbox.invites():
            time.sleep(0.01)
        figures = self.run_with_metrics(sandbox, expect=11)
        self.assertEqual(figures["exit_code"], 11)
        holder.close_stdin()
        self.finish(holder, expect=0)

    def test_where_they_cannot_be_written_the_run_goes_on(self):
        self.team(2)
        for place in ("no/such/folder", "/dev/null", "textfile"):
            done = self.send(self.sandbox(), "--metrics-file", place)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(f"cannot write the metrics {place}", done.stderr)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    @unittest.skipUnless(shutil.which("promtool"), "no promtool")
    def test_promtool_finds_nothing(self):
        self.team(2)
        self.run_with_metrics(self.sandbox(), expect=0)
        text = (self.folder / "textfile" / "b.prom").read_bytes()
        done = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text,
            capture_output=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
