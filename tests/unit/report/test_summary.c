#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "report/summary.h"

/* Of the case that runs. */
static struct tally *reasons;

static int set_up(void **state)
{
    (void)state;
    reasons = tally_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tally_free(reasons);
    return 0;
}

static void expect(const struct summary *summary, const char *expected)
{
    struct strbuf out;

    strbuf_init(&out, 1 << 14);
    summary_format(summary, &out);
    assert_string_equal(strbuf_str(&out), expected);
    strbuf_clear(&out);
}

static void totals_reasons_and_the_next_step_are_told(void **state)
{
    struct counters counters = {.rows_read = 120, .need_look = 43};
    struct summary summary = {.counters = &counters,
                              .reasons = reasons,
                              .input_name = "team.csv",
                              .organization = "acme",
                              .server = "https://api.example",
                              .report_path = "team.csv.report.csv",
                              .again = "bulk-invite send team.csv",
                              .correct = "bulk-invite send team.retry.csv",
                              .elapsed_us = 12 * US_PER_S};
    static const char told[] =
        "120 rows read from team.csv in 12 s\n"
        "   74 invited\n"
        "    3 already invited\n"
        "   37 rejected by the server\n"
        "    6 invalid\n"
        "43 rows need a look:\n"
        "  37 rows: no such role (lines 4, 5, 6 and 34 more)\n"
        "  2 rows: reason 0 (lines 100, 200)\n"
        "  1 row: reason 1 (line 101)\n"
        "  1 row: reason 2 (line 102)\n"
        "  1 row: reason 3 (line 103)\n"
        "  1 row: other reasons, see the report\n"
        "Organization: acme on https://api.example\n"
        "Report: team.csv.report.csv\n";
    char expected[2048];

    (void)state;
    counters.settled[STATUS_INVITED] = 74;
    counters.settled[STATUS_ALREADY_INVITED] = 3;
    counters.settled[STATUS_REJECTED] = 37;
    counters.settled[STATUS_INVALID] = 6;
    for (uint64_t line = 4; line < 4 + 37; line++)
        tally_add(reasons, "no such role", line);
    for (uint64_t i = 0; i < 5; i++) {
        char name[] = "reason 0";
        name[7] = (char)('0' + i);
        tally_add(reasons, name, 100 + i);
    }
    tally_add(reasons, "reason 0", 200);
    tally_sort(reasons);
    snprintf(expected, sizeof(expected),
             "%sNext: correct these rows and send the list again; only what is "
             "still owed is sent:\n"
             "  bulk-invite send team.csv\n",
             told);
    expect(&summary, expected);

    char *where = strstr(expected, "Next:");
    snprintf(where, 500,
             "Retry file: team.retry.csv\n"
             "Next: correct the rows in the retry file and send it:\n"
             "  bulk-invite send team.retry.csv\n");
    summary.retry_path = "team.retry.csv";
    expect(&summary, expected);

    /* A rehearsal. */
    snprintf(where, 500, "Next: correct these rows\n");
    summary.retry_path = NULL;
    summary.again = NULL;
    expect(&summary, expected);
}

static void a_clean_run_is_short(void **state)
{
    struct counters counters = {.rows_read = 1};
    const struct summary summary = {.counters = &counters,
                                    .reasons = reasons,
                                    .input_name = "stdin",
                                    .elapsed_us = 850 * US_PER_MS};

    (void)state;
    counters.settled[STATUS_INVITED] = 1;
    expect(&summary, "1 row read from stdin in 850 ms\n"
                     "  1 invited\n");
}

static void no_rows_are_said(void **state)
{
    struct counters counters = {.rows_read = 0};
    const struct summary summary = {.counters = &counters,
                                    .reasons = reasons,
                                    .input_name = "team.csv",
                                    .elapsed_us = US_PER_MS};

    (void)state;
    expect(&summary, "No rows read from team.csv in 1 ms\n");
}

static void an_early_stop_says_why_and_what_is_unknown(void **state)
{
    struct counters counters = {.rows_read = 12, .need_look = 9};
    const struct summary summary = {.counters = &counters,
                                    .reasons = reasons,
                                    .input_name = "stdin",
                                    .stop_reason = "the token is wrong",
                                    .is_to_mend = true,
                                    .is_input_unread = true,
                                    .elapsed_us = 12 * US_PER_S,
                                    .again = "bulk-invite send - --org a",
                                    .resolve =
                                        "bulk-invite resolve EMAIL --org a"};

    (void)state;
    counters.settled[STATUS_INVITED] = 2;
    counters.settled[STATUS_DUPLICATE] = 1;
    counters.settled[STATUS_UNKNOWN] = 1;
    counters.settled[STATUS_UNPROCESSED] = 7;
    tally_add(reasons, "no answer", 2);
    tally_add(reasons, "same person", 3);
    expect(&summary,
           "12 rows read from stdin in 12 s\n"
           "   2 invited\n"
           "   1 duplicate\n"
           "   1 unknown\n"
           "   7 unprocessed\n"
           "   1 not settled\n"
           "Stopped early: the token is wrong\n"
           "Not read to its end: stdin\n"
           "9 rows need a look:\n"
           "  1 row: no answer (line 2)\n"
           "  1 row: same person (line 3)\n"
           "  7 rows: not sent, the run stopped\n"
           "Next: put that right, then the same once more; only what is still "
           "owed is sent:\n"
           "  bulk-invite send - --org a\n"
           "Unknown: not sent again unasked (--retry-unknown does). Ask these "
           "people,\n"
           "or look in Almanac, and say what became of each:\n"
           "  bulk-invite resolve EMAIL --org a\n");
}

static void however_bad_it_was_it_fits_a_screen(void **state)
{
    struct counters counters = {.rows_read = 2000000, .need_look = 2000000};
    const struct summary summary = {.counters = &counters,
                                    .reasons = reasons,
                                    .input_name = "team.csv",
                                    .organization = "acme",
                                    .server = "https://api.example",
                                    .report_path = "r",
                                    .retry_path = "t",
                                    .stop_reason = "e",
                                    .is_input_unread = true,
                                    .again = "a",
                                    .correct = "c",
                                    .resolve = "s"};
    struct strbuf out;
    int lines = 0;

    (void)state;
    for (int i = 1; i < STATUS_COUNT; i++)
        counters.settled[i] = 1000;
    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "reason %d", i);
        tally_add(reasons, name, 1);
    }
    strbuf_init(&out, 1 << 14);
    summary_format(&summary, &out);
    for (const char *at = strbuf_str(&out); *at; at++)
        lines += *at == '\n';
    assert_in_range(lines, 20, 28);
    assert_non_null(strstr(strbuf_str(&out), "  2995 rows: other reasons"));
    strbuf_clear(&out);
}

static void colour_is_where_the_eye_should_go(void **state)
{
    struct counters counters = {.rows_read = 2, .need_look = 1};
    const struct summary summary = {.counters = &counters,
                                    .reasons = reasons,
                                    .input_name = "team.csv",
                                    .stop_reason = "no token",
                                    .has_colour = true,
                                    .elapsed_us = US_PER_S};

    (void)state;
    counters.settled[STATUS_INVITED] = 1;
    counters.settled[STATUS_INVALID] = 1;
    tally_add(reasons, "email is empty", 3);
    expect(&summary, "2 rows read from team.csv in 1 s\n"
                     "\033[32m  1 invited\n\033[0m"
                     "  1 invalid\n"
                     "\033[31mStopped early: no token\n\033[0m"
                     "\033[33m1 row needs a look:\n\033[0m"
                     "  1 row: email is empty (line 3)\n");
}

static void strangers_words_cannot_steer_a_terminal(void **state)
{
    struct counters counters = {.rows_read = 0};
    const struct summary summary = {.counters = &counters,
                                    .reasons = reasons,
                                    .input_name = "a\x1b[2J",
                                    .organization = "b\x1b[2J",
                                    .server = "c\x1b[2J",
                                    .report_path = "d\x1b[2J",
                                    .stop_reason = "e\x1b[2J\n",
                                    .is_input_unread = true};
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 1 << 14);
    summary_format(&summary, &out);
    assert_null(strchr(strbuf_str(&out), '\x1b'));
    assert_non_null(strstr(strbuf_str(&out), "e\\x1B[2J\\n\n"));
    strbuf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            totals_reasons_and_the_next_step_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clean_run_is_short, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_rows_are_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_early_stop_says_why_and_what_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(however_bad_it_was_it_fits_a_screen,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(colour_is_where_the_eye_should_go,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_words_cannot_steer_a_terminal,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
