"""samples/systemd and samples/crontab, as far as it shows without systemd and
cron at work: trial.sh does the rest."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from support import clean_env, program

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SERVICE = SAMPLES / "systemd" / "bulk-invite@.service"
MOST_EXPOSURE = 20  # tenths


def run(command, env=None):
    return subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        check=False,
    )


class Unattended(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def succeeds_in_silence(self, command):
        """Runs a command of /bin/sh for a list and a profile named acme,
        against a sandbox; its files are below self.folder."""
        shutil.copy(SAMPLES / "team.csv", self.folder / "acme.csv")
        config = self.folder / "config" / "bulk-invite"
        config.mkdir(parents=True)
        (config / "config.ini").write_text("[acme]\norg = acme\n")
        command = command.replace("/srv/bulk-invite", str(self.folder))
        self.assertEqual(1, command.count("bulk-invite send "))
        command = re.sub("^.*bulk-invite send ", "", command)
        done = run(
            ["sh", "-c", f"{program('bulk-invite')} send --sandbox {command}"],
            env=clean_env(self.folder),
        )
        self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_the_crontab_has_a_line_that_works(self):
        lines = (SAMPLES / "crontab").read_text().splitlines()
        (job,) = [line for line in lines if re.match(r"[0-9*]", line)]
        self.assertNotIn("%", job)  # a line's end, to cron
        self.succeeds_in_silence(job.split(maxsplit=5)[5])
        self.assertTrue((self.folder / "acme.report.csv").exists())

    def test_the_service_has_a_command_that_works(self):
        text = SERVICE.read_text().replace("\\\n", "")
        (command,) = re.findall("^ExecStart=(.*)$", text, re.MULTILINE)
        state = self.folder / "bulk-invite"
        state.mkdir()
        self.succeeds_in_silence(
            command.replace("%i", "acme").replace("%S", str(self.folder))
        )
        self.assertTrue((state / "acme.report.csv").exists())

    def test_systemd_understands_the_units(self):
        for unit in SERVICE.parent.iterdir():
            (self.folder / unit.name).write_text(
                unit.read_text().replace(
                    "/usr/bin/bulk-invite", program("bulk-invite")
                )
            )
        units = sorted(self.folder.iterdir())
        self.assertEqual(2, len(units))
        done = run(["systemd-analyze", "--man=no", "verify", *units])
        self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_the_service_is_shut_in(self):
        done = run(
            ["systemd-analyze", "--no-pager", "security", "--offline=true"]
            + [f"--threshold={MOST_EXPOSURE}", SERVICE]
        )
        self.assertEqual(0, done.returncode, done.stdout)


if __name__ == "__main__":
    unittest.main()
