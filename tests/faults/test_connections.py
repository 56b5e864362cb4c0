#!/usr/bin/env python3
"""One attempt is one request, wherever a connection ends."""

import unittest

from raw_server import (
    RawServer,
    Script,
    fin,
    half_close,
    http,
    invited,
    pause,
    raw,
    rst,
    serve,
    when_readable,
)
from transport import DEATHS, FRESH, Case, TransportCase, cut_points, run_of


class ConnectionsThatDie(TransportCase):
    def test_each_way_to_die_sends_once_on_fresh_and_reused_connections(self):
        cases = []
        for death, act in DEATHS.items():
            for point, said in cut_points().items():
                for where, people in (
                    ("fresh", FRESH),
                    ("reused", ("good", "bad", "after")),
                ):
                    cases.append(
                        Case(
                            f"{death}_{point}_{where}",
                            raw(*said, act()),
                            "unknown",
                            "connection_lost",
                            people=people,
                            is_reused=where == "reused",
                        )
                    )
        self.check_cases(cases)

    def test_a_request_that_was_not_read_is_not_sent_again(self):
        cases = []
        for death, act in DEATHS.items():
            unread = when_readable(act())
            posts = 1 if act is half_close else 0
            for where, people, action in (
                ("fresh", FRESH, unread),
                (
                    "reused",
                    ("good", "bad", "after"),
                    raw(serve(1), unread),
                ),
            ):
                cases.append(
                    Case(
                        f"{death}_unread_{where}",
                        script=Script(connections={1: action}),
                        status="unknown",
                        code="connection_lost",
                        posts=posts,
                        people=people,
                    )
                )
        self.check_cases(cases)

    def test_dying_right_after_accept_is_no_second_request(self):
        """The request may or may not have left by then."""
        for death, act in (("fin", fin), ("rst", rst)):
            for count in (1, 3):
                script = Script(
                    connections={n: act() for n in range(1, count + 1)}
                )
                with (
                    self.subTest(death, count=count),
                    RawServer(script) as server,
                    run_of(server.url, ("one", "two", "three")) as run,
                ):
                    run.end()
                    self.check_sane(run)
                    for row in run.rows.values():
                        posts = server.posts[row["email"]]
                        self.assertIn(row["status"], ("unknown", "invited"))
                        self.assertEqual(posts, row["status"] == "invited", row)

    def test_an_end_right_after_an_answer_is_not_held_against_it(self):
        """Nor against the next row. A reset may destroy what was not read."""
        for death, act in DEATHS.items():
            wanted = ("invited", "unknown") if act is rst else ("invited",)
            for people in (FRESH, ("good", "bad", "after")):
                script = Script(rows={"bad": raw(invited, act())})
                with (
                    self.subTest(death, people=people),
                    RawServer(script) as server,
                    run_of(server.url, people, "--concurrency", "1") as run,
                ):
                    run.end()
                    self.check_sane(run)
                    self.assertIn(run.rows["bad"]["status"], wanted)
                    self.assertEqual(server.posts["bad@example.com"], 1)
                    # sent before the end was seen, or on another connection
                    self.assertIn(
                        run.rows["after"]["status"], ("invited", "unknown")
                    )
                    self.assertLessEqual(server.posts["after@example.com"], 1)

    def test_a_connection_closed_while_idle_costs_nothing(self):
        """Between two requests of a slow rate: seen before the next one."""
        self.check_cases(
            Case(
                f"{death}_while_idle",
                script=Script(connections={1: raw(serve(1), act())}),
                exit_code=0,
                options=("--rate", "3/s"),
            )
            for death, act in (("fin", fin), ("rst", rst))
        )

    def test_words_nobody_asked_for_are_not_taken_for_the_next_answer(self):
        """A second answer on the connection belongs to nobody."""
        for name, extra in (
            ("rejected", http(422, body=b'{"detail":"no"}')),
            ("conflict", http(409, body=b'{"detail":"there"}')),
            ("other", http(200, body=b"{}")),
        ):
            script = Script(
                # a pause, or libcurl reads both at once and closes by itself;
                # far shorter than that before the next request, as nobody can
                # tell what comes after that from its answer
                rows={"good": raw(invited, pause(0.02), extra)}
            )
            with (
                self.subTest(name),
                RawServer(script) as server,
                run_of(
                    server.url,
                    ("good", "bad", "after"),
                    *("--concurrency", "1", "--rate", "2/s"),
                ) as run,
            ):
                run.end()
                self.check_sane(run)
                for row in run.rows.values():
                    self.assertEqual(row["status"], "invited", row)
                    self.assertEqual(server.posts[row["email"]], 1)


if __name__ == "__main__":
    unittest.main()
