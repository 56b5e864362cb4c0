"""The Debian package and the release tarball: what is in them, that they work,
and that one commit gives the same bytes.

Everything is made from a commit of its own that holds the tree as it is now:
once in a clone, and once from the release tarball, in another folder.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMIT_TIME = 1_764_158_400  # 2025-11-26 12:00 UTC

DOC = "./usr/share/doc/bulk-invite/"
MAN = "./usr/share/man/man1/"
MUST_HAVE = {
    "./usr/bin/bulk-invite": 0o755,
    "./usr/bin/bulk-invite-sandbox": 0o755,
    DOC + "README.md": 0o644,
    DOC + "changelog.gz": 0o644,
    DOC + "copyright": 0o644,
    DOC + "docs/ledger.md": 0o644,
    DOC + "samples/bulk-invite.ini": 0o644,
    DOC + "samples/crontab": 0o644,
    DOC + "samples/systemd/bulk-invite@.service": 0o644,
    DOC + "samples/systemd/bulk-invite@.timer": 0o644,
    DOC + "samples/team.csv": 0o644,
    MAN + "bulk-invite.1.gz": 0o644,
    "./usr/share/man/man5/bulk-invite.conf.5.gz": 0o644,
    "./usr/share/bash-completion/completions/bulk-invite": 0o644,
    "./usr/share/zsh/vendor-completions/_bulk-invite": 0o644,
    "./usr/share/fish/vendor_completions.d/bulk-invite.fish": 0o644,
    MAN + "bulk-invite-sandbox.1.gz": 0o644,
}


def run(*command, cwd=None, umask=-1, text=True):
    """Its output; a failure shows it."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        umask=umask,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=text,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_DATE": f"{COMMIT_TIME} +0000",
            "GIT_COMMITTER_DATE": f"{COMMIT_TIME} +0000",
        },
    )
    if done.returncode != 0:
        raise AssertionError(f"{command} failed: {done.stdout}")
    return done.stdout


def commit_tree(folder):
    """A repository in `folder` with one commit: the tree as it is now."""
    names = run(
        *("git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z"),
        *("--cached", "--others", "--exclude-standard", "--deduplicate"),
    )
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run("git", "init", "-q", folder)
    run("git", "add", "--all", cwd=folder)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    run("git", *who, "commit", "-q", "-m", "all", cwd=folder)


def build(source):
    """Where it was built."""
    where = source / "build"
    configure = ("cmake", "-S", source, "-B", where, "-G", "Ninja")
    run(*configure, "-DBUILD_TESTING=OFF")
    run("ninja", "-C", where)
    return where


def make_deb(where, umask=0o022):
    run("cpack", cwd=where, umask=umask)
    (deb,) = where.glob("*.deb")
    return deb


def make_tarball(where, umask=0o022):
    run("ninja", "-C", where, "dist", umask=umask)
    (tarball,) = where.glob("*.tar.gz")
    return tarball


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="bulk-invite-package-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        clone = cls.folder / "clone"
        commit_tree(clone)
        # What a rehearsal leaves there, and names people.
        (clone / "samples/team.csv.report.csv").write_text("left here")
        cls.built = build(clone)
        # By somebody whose files are private: it is for everybody even so.
        private = make_deb(cls.built, 0o077)
        cls.deb = private.rename(cls.folder / private.name)
        cls.tarball = make_tarball(cls.built)
        cls.version = re.search(
            r"^bulk-invite-(.+)\.tar\.gz$", cls.tarball.name
        )[1]
        run("dpkg-deb", "-x", cls.deb, cls.folder / "root")
        with tarfile.open(cls.tarball) as tar:
            tar.extractall(cls.folder / "from a tarball")

    def contents(self):
        """Of the package: {name: tarfile.TarInfo}."""
        data = self.folder / "data.tar"
        with open(data, "wb") as out:
            subprocess.run(
                ["dpkg-deb", "--fsys-tarfile", self.deb], stdout=out, check=True
            )
        with tarfile.open(data) as tar:
            return {member.name: member for member in tar}

    def field(self, name):
        return run("dpkg-deb", "-f", self.deb, name).strip()

    def test_lintian_has_nothing_to_say(self):
        said = run("lintian", "--no-cfg", "--allow-root", self.deb)
        self.assertEqual("", said)

    def test_it_holds_what_it_should_as_root_would_have_it(self):
        contents = {
            name if name.startswith(".") else f"./{name}": member
            for name, member in self.contents().items()
        }
        for name, mode in MUST_HAVE.items():
            self.assertEqual(oct(mode), oct(contents[name].mode), name)
        for name, member in contents.items():
            is_program = member.isdir() or name.startswith("./usr/bin/")
            self.assertEqual(0o755 if is_program else 0o644, member.mode, name)
            self.assertEqual((0, 0), (member.uid, member.gid), name)
            self.assertTrue(member.isdir() or member.isfile(), name)
            self.assertNotIn(".report.", name)

    def test_everything_is_as_old_as_the_commit(self):
        for name, member in self.contents().items():
            self.assertEqual(COMMIT_TIME, member.mtime, name)

    def test_the_version_is_the_same_everywhere(self):
        program = self.folder / "root/usr/bin/bulk-invite"
        changelog = self.folder / "root" / DOC / "changelog.gz"
        (self.folder / "changelog").write_bytes(
            run("zcat", changelog, text=False)
        )
        newest = run(
            *("dpkg-parsechangelog", "-S", "Version"),
            *("-l", self.folder / "changelog"),
        )
        self.assertEqual(self.version, self.field("Version"))
        self.assertEqual(self.version, newest.strip())
        self.assertEqual(f"bulk-invite {self.version}\n", run(program, "version"))
        changes = (ROOT / "docs/CHANGELOG.md").read_text(encoding="utf-8")
        self.assertEqual(
            self.version, re.search(r"^## (\S+)", changes, re.M)[1]
        )

    def test_it_depends_on_the_libraries_it_uses(self):
        depends = self.field("Depends")
        for library in ("libc6", "libcurl4", "libsqlite3-0", "libmicrohttpd12"):
            self.assertRegex(depends, rf"\b{re.escape(library)} \(>= ")

    def test_the_programs_are_stripped_and_name_no_folder_of_the_build(self):
        for name in ("bulk-invite", "bulk-invite-sandbox"):
            program = self.folder / "root/usr/bin" / name
            self.assertNotIn(".debug_info", run("readelf", "-SW", program))
            self.assertNotIn(
                str(self.folder).encode(), program.read_bytes(), name
            )

    def test_it_runs_from_where_it_is_unpacked(self):
        said = run(
            *(self.folder / "root/usr/bin/bulk-invite", "send"),
            self.folder / "root" / DOC / "samples/team.csv",
            *("--sandbox", "--yes", "--report", "-"),
        )
        header, *rows = said.splitlines()
        self.assertIn(",status,", header)
        self.assertEqual(6, len(rows))
        for row in rows:
            self.assertIn(",invited,", row)

    def test_the_tarball_has_the_whole_commit_in_one_folder(self):
        clone = self.folder / "clone"
        names = run("git", "ls-files", "-z", cwd=clone).split("\0")
        top = f"bulk-invite-{self.version}"
        with tarfile.open(self.tarball) as tar:
            files = {m.name for m in tar if not m.isdir()}
        self.assertEqual({f"{top}/{n}" for n in names if n}, files)

    def test_the_same_commit_gives_the_same_bytes(self):
        (source,) = (self.folder / "from a tarball").iterdir()
        deb = make_deb(self.built)
        other = make_deb(build(source))
        self.assertEqual(deb.name, other.name)
        self.assertTrue(deb.read_bytes() == other.read_bytes())

        first = self.tarball.read_bytes()
        again = make_tarball(self.built, 0o077)
        self.assertTrue(first == again.read_bytes())


if __name__ == "__main__":
    unittest.main()
