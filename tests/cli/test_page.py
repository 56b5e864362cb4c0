"""`report --html` as people meet it: in a browser, on a phone, on paper.

Needs Debian's chromium and chromium-driver, and axe-core in build/npm:
tests/run.sh installs them.
"""

import pty
import os
import re
import stat
import subprocess
import unittest

from browser import Browser
from support import (
    TESTS_DIR,
    SendCase,
    clean_env,
    invitation,
    members,
    program,
    reply,
)

AXE = TESTS_DIR.parent / "build/npm/node_modules/axe-core/axe.min.js"
WIDE, PHONE = 1280, 390

HOSTILE = [
    "mallory@example.com,<script>window.hacked = 1</script>",
    'eve@example.com,"<img src=x onerror=""window.hacked = 1"">"',
]
SHOWN = [
    "<script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 1">',
]


def answer(request):
    """Something of everything."""
    email = request.json["email"]
    if email.startswith("twice"):
        return reply(409, {"detail": "already a member"})
    if email.startswith("lost"):
        return None
    if request.json["role"] != "member":
        return reply(
            422,
            {
                "detail": [
                    {
                        "loc": ["body", "role"],
                        "msg": "<b>no</b> \u202esuch role",
                        "type": "value_error",
                    }
                ]
            },
        )
    return invitation(request)


MESSY = [
    *members(30),
    *HOSTILE,
    "person3@example.com,admin",
    "person4@example.com,member",
    "twice@example.org,member",
    "lost@example.org,member",
    "nobody(at)example.org,member",
    "person99@example.net,",
    *(f"late{i}@example.org,member" for i in range(40)),
]


class PageCase(SendCase):
    def page(self, *args, expect=0):
        """page.html of the newest run."""
        self.run_program(
            *("report", "--html", "-o", "page.html"),
            *("--ledger", "ledger.db", *args),
            expect=expect,
        )
        return self.folder / "page.html"

    def messy(self):
        self.team(*MESSY)
        self.send(
            self.recorder(answer),
            *("--ledger", "ledger.db", "--limit", "40", "--keep-going"),
            expect=3,
        )
        return self.page()

    def well(self, count=5):
        self.team(count)
        self.send(self.sandbox(), "--ledger", "ledger.db", expect=0)
        return self.page()


class InABrowser(PageCase):
    @classmethod
    def setUpClass(cls):
        cls.axe = AXE.read_text(encoding="utf-8")
        cls.browser = Browser()
        cls.browser.__enter__()
        cls.addClassCleanup(cls.browser.__exit__)

    def open(self, path, width=WIDE, scheme="light", media="screen"):
        self.browser.resize(width)
        self.browser.prefer(scheme, media)
        self.browser.open(path)
        self.assertEqual(self.browser.log(), [])

    def look_at(self, path, width, scheme="light", media="screen"):
        """axe-core finds nothing, and nothing is wider than the page."""
        self.open(path, width, scheme, media)
        result = self.browser.run(
            self.axe
            + """;
            for (const details of document.querySelectorAll("details"))
                details.open = true;
            const result = await axe.run();
            const names = (rules) => rules.map((rule) =>
                `${rule.id}: ${rule.nodes.map((node) => node.html).join()}`);
            return [names(result.violations), names(result.passes)];"""
        )
        violations, passes = result
        self.assertEqual(violations, [])
        checked = {name.partition(":")[0] for name in passes}
        self.assertLessEqual(
            {"color-contrast", "region", "document-title"}, checked
        )
        scroll, room = self.browser.run(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        self.assertLessEqual(scroll, room)

    def look_from_all_sides(self, page):
        for width in (WIDE, PHONE):
            for scheme in ("light", "dark"):
                self.look_at(page, width, scheme)
        self.look_at(page, 700, media="print")

    def test_a_page_without_trouble_is_accessible(self):
        self.look_from_all_sides(self.well())

    def test_a_page_full_of_trouble_is_accessible(self):
        self.look_from_all_sides(self.messy())

    def cells(self):
        """The text of every row of the list."""
        return self.browser.run(
            """return Array.from(document.querySelectorAll(".block tbody tr"),
            (row) => Array.from(row.cells, (cell) => cell.textContent))"""
        )

    def test_it_says_what_the_report_says(self):
        self.open(self.messy())
        rows = self.report()
        look = [
            row
            for row in rows
            if row["status"] not in ("invited", "already_invited")
            and row["error_code"] != "duplicate"
        ]
        cells = self.cells()
        self.assertEqual(
            [(cell[0], cell[3]) for cell in cells],
            [(row["line"], row["status"]) for row in look],
        )
        for cell, row in zip(cells, look):
            self.assertEqual(cell[1], row["email"])
            self.assertEqual(
                cell[4], row["error"].replace("\u202e", "\\u{202E}")
            )
        totals = self.browser.run(
            """return Array.from(document.querySelectorAll(".totals tr"),
            (row) => [row.cells[0].textContent, row.cells[1].textContent])"""
        )[1:]
        expected = self.check_totals_of(rows)
        self.assertEqual({name: int(count) for name, count in totals}, expected)
        headline = self.browser.run(
            "return document.querySelector('h1').textContent"
        )
        self.assertEqual(
            headline,
            f"{expected['invited']} people were invited, "
            f"{len(look)} rows need a look",
        )

    def check_totals_of(self, rows):
        expected = {"All rows": len(rows)}
        for row in rows:
            name = row["status"].replace("_", " ")
            if name == "rejected":
                name += " by the server"
            expected[name] = expected.get(name, 0) + 1
        return expected

    def test_markup_and_tricks_of_strangers_are_only_text(self):
        self.open(self.messy())
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        roles = [cell[2] for cell in self.cells()]
        for role in SHOWN:
            self.assertIn(role, roles)
        self.assertTrue(
            any("<b>no</b> \\u{202E}such role" in cell[4] for cell in self.cells())
        )
        self.assertEqual(
            self.browser.run(
                "return document.querySelectorAll('script, img, b').length"
            ),
            1,
        )
        # Even markup that got through would not run.
        self.browser.run(
            """document.body.insertAdjacentHTML("beforeend",
            "<img src=x onerror='window.hacked = 1'>");
            const script = document.createElement("script");
            script.textContent = "window.hacked = 1";
            document.body.append(script);
            return new Promise((done) => setTimeout(done, 50));"""
        )
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        self.assertTrue(
            any("Content Security" in said["message"]
                for said in self.browser.log())
        )

    def test_nothing_is_fetched(self):
        self.open(self.messy())
        self.assertEqual(
            self.browser.run(
                "return performance.getEntriesByType('resource').length"
            ),
            0,
        )
        text = (self.folder / "page.html").read_text()
        self.assertEqual(re.findall(r'<[^<>]* (?:src|href)=(?!"#)', text), [])

    def seen(self):
        return self.browser.run(
            """return Array.from(document.querySelectorAll(".block tbody tr"))
            .filter((row) => row.checkVisibility()).length"""
        )

    def search(self, words):
        return self.browser.run(
            """const box = document.querySelector("#search input");
            box.value = arguments[0];
            box.dispatchEvent(new Event("input"));
            return new Promise((done) => setTimeout(() =>
                done(document.querySelector("output").textContent)));""",
            words,
        )

    def test_the_search_finds_rows_with_all_words(self):
        self.open(self.messy())
        count = self.seen()
        self.assertEqual(self.search("LATE1 unprocessed"), f"10 of {count} rows")
        self.assertEqual(self.seen(), 10)
        self.assertEqual(self.search("nowhere"), f"0 of {count} rows")
        self.assertEqual(self.seen(), 0)
        self.assertEqual(self.search(" "), "")
        self.assertEqual(self.seen(), count)

    def test_without_script_every_row_is_there(self):
        page = self.messy()
        self.open(page)
        count = self.seen()
        self.browser.command("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.open(page)
            self.assertFalse(
                self.browser.run("return !!document.querySelector('input')")
            )
            self.assertEqual(self.seen(), count)
        finally:
            self.browser.command(
                "Emulation.setScriptExecutionDisabled", value=False
            )

    def test_many_rows_are_laid_out_only_in_sight(self):
        self.team(*(f"nobody{i},member" for i in range(1200)))
        self.send(self.sandbox(), "--ledger", "ledger.db", expect=3)
        self.open(self.page())
        self.assertEqual(len(self.cells()), 1200)
        blocks = self.browser.run(
            """return Array.from(document.querySelectorAll(".block"), (block) =>
            [block.querySelectorAll("tbody tr").length,
             getComputedStyle(block).contentVisibility])"""
        )
        self.assertEqual(
            blocks, [[500, "auto"], [500, "auto"], [200, "visible"]]
        )
        self.assertEqual(self.search("nobody1199"), "1 of 1,200 rows")
        self.assertEqual(self.seen(), 1)

    def test_a_wait_is_drawn_and_told(self):
        self.team(3)
        wait = reply(429, {"detail": "slow down"}, retry_after="4")
        self.send(
            self.recorder(invitation, wait, invitation),
            *("--ledger", "ledger.db"),
            expect=0,
        )
        self.open(self.page())
        width = self.browser.run(
            """return document.querySelector(".chart .quota")
            .getBoundingClientRect().width"""
        )
        self.assertGreater(width, 100)
        text = self.browser.run("return document.body.textContent")
        self.assertIn("Everything waited once, for", text)
        self.assertIn("The server asked to wait", text)


class TheFile(PageCase):
    def test_its_name_and_title_name_nobody(self):
        self.write("ada@example.com.csv", ["email,role", *members(2)])
        self.send(
            self.sandbox(),
            *("--ledger", "ledger.db"),
            input_name="ada@example.com.csv",
            expect=0,
        )
        text = self.page().read_text()
        head, _, body = text.partition("<body>")
        self.assertIn("<title>Run 1 of bulk-invite</title>", head)
        self.assertNotIn("ada@", head)
        self.assertIn("ada@example.com.csv", body)
        for name in re.findall(r' (?:id|href|class)=("[^"]*"|[^ >]*)', text):
            self.assertNotIn("@", name)

    def test_only_its_owner_reads_it_and_the_one_before_stays(self):
        first = self.well().read_text()
        path = self.page()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual((self.folder / "page.html.1").read_text(), first)

    def test_it_goes_into_a_pipe(self):
        text = self.well().read_text()
        done = self.run_program(
            *("report", "--html", "1", "--ledger", "ledger.db"), expect=0
        )
        nonce = re.compile(r"nonce[-=]\"?[0-9a-f]{32}")
        self.assertEqual(nonce.sub("", done.stdout), nonce.sub("", text))
        self.assertNotEqual(done.stdout, text)

    def test_a_terminal_is_no_place_for_it(self):
        self.well()
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        done = subprocess.run(
            [program("bulk-invite"), "report", "--html"]
            + ["--ledger", "ledger.db"],
            stdout=terminal,
            stderr=subprocess.PIPE,
            env=clean_env(self.folder),
            cwd=self.folder,
            check=False,
        )
        os.close(terminal)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"add -o page.html", done.stderr)

    def test_a_page_has_no_other_format(self):
        self.well()
        done = self.run_program(
            *("report", "--html", "--format", "csv", "--ledger", "ledger.db"),
            expect=2,
        )
        self.assertIn("--html and --format", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
