#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "report/summary.h"

static void expect(const struct summary *summary, const char *expected)
{
    struct strbuf out;

    strbuf_init(&out, 1 << 14);
    summary_format(summary, &out);
    assert_string_equal(strbuf_str(&out), expected);
    strbuf_clear(&out);
}

static void totals_add_up_and_the_next_step_is_named(void **state)
{
    struct counters counters = {.rows_read = 120, .need_look = 5};
    const struct summary summary = {.counters = &counters,
                                    .input_name = "team.csv",
                                    .organization = "acme",
                                    .server = "https://api.example",
                                    .report_path = "team.csv.report.csv",
                                    .elapsed_us = 12 * US_PER_S};

    (void)state;
    counters.settled[STATUS_INVITED] = 112;
    counters.settled[STATUS_ALREADY_INVITED] = 3;
    counters.settled[STATUS_REJECTED] = 2;
    counters.settled[STATUS_INVALID] = 3;
    expect(&summary,
           "120 rows read from team.csv in 12 s\n"
           "  112 invited\n"
           "    3 already invited\n"
           "    2 rejected by the server\n"
           "    3 invalid\n"
           "Organization: acme on https://api.example\n"
           "Report: team.csv.report.csv\n"
           "Look at: 5 rows (2 rejected, 3 invalid)\n"
           "  rejected, invalid: correct these rows and run the same command "
           "again: only\n"
           "  what is still owed is sent.\n");
}

static void a_clean_run_is_short(void **state)
{
    struct counters counters = {.rows_read = 1};
    const struct summary summary = {.counters = &counters,
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
                                    .input_name = "team.csv",
                                    .elapsed_us = US_PER_MS};

    (void)state;
    expect(&summary, "No rows read from team.csv in 1 ms\n");
}

static void an_early_stop_says_why_and_what_is_unknown(void **state)
{
    struct counters counters = {.rows_read = 12, .need_look = 9};
    const struct summary summary = {.counters = &counters,
                                    .input_name = "stdin",
                                    .stop_reason = "SIGTERM",
                                    .is_input_unread = true,
                                    .elapsed_us = 12 * US_PER_S};

    (void)state;
    counters.settled[STATUS_INVITED] = 2;
    counters.settled[STATUS_DUPLICATE] = 1;
    counters.settled[STATUS_UNKNOWN] = 1;
    counters.settled[STATUS_UNPROCESSED] = 7;
    expect(&summary,
           "12 rows read from stdin in 12 s\n"
           "   2 invited\n"
           "   1 duplicate\n"
           "   1 unknown\n"
           "   7 unprocessed\n"
           "   1 not settled\n"
           "Stopped early: SIGTERM\n"
           "Not read to its end: stdin\n"
           "Look at: 9 rows (1 unknown, 7 unprocessed, "
           "1 duplicate with another role)\n"
           "  failed, unprocessed: nobody was invited by these rows; run the "
           "same command\n"
           "  again: only what is still owed is sent.\n"
           "  unknown: these people may have been invited, nobody can tell. "
           "They are not\n"
           "  sent again unasked: ask them, or look in Almanac; then settle "
           "each one by\n"
           "    bulk-invite resolve EMAIL --invited|--not-sent\n"
           "  or send to all of them once more with --retry-unknown.\n");
}

static void strangers_words_cannot_steer_a_terminal(void **state)
{
    struct counters counters = {.rows_read = 0};
    const struct summary summary = {.counters = &counters,
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
        cmocka_unit_test(totals_add_up_and_the_next_step_is_named),
        cmocka_unit_test(a_clean_run_is_short),
        cmocka_unit_test(no_rows_are_said),
        cmocka_unit_test(an_early_stop_says_why_and_what_is_unknown),
        cmocka_unit_test(strangers_words_cannot_steer_a_terminal),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
