#include "send/retry_after.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 1994-11-06T08:49:37Z, the moment of RFC 9110's examples. */
#define RFC_MOMENT_US (INT64_C(784111777) * US_PER_S)

/* 2026-11-23T12:00:00Z, a Monday. */
#define NOW_US (INT64_C(1795435200) * US_PER_S)

#define UNTOUCHED INT64_C(-77)

static void assert_delay(const char *value, int64_t wall_now_us,
                         int64_t expected_us)
{
    int64_t delay_us = UNTOUCHED;

    if (!retry_after_parse(value, strlen(value), wall_now_us, &delay_us))
        fail_msg("\"%s\" is refused", value);
    if (delay_us != expected_us)
        fail_msg("\"%s\": %lld us, not %lld us", value, (long long)delay_us,
                 (long long)expected_us);
}

static void assert_refused(const char *value)
{
    int64_t delay_us = UNTOUCHED;

    if (retry_after_parse(value, strlen(value), NOW_US, &delay_us))
        fail_msg("\"%s\" is taken for %lld us", value, (long long)delay_us);
    assert_int_equal(delay_us, UNTOUCHED);
}

static void digits_are_seconds(void **state)
{
    static const struct {
        const char *value;
        int64_t seconds;
    } cases[] = {
        {"0", 0},         {"1", 1},    {"120", 120}, {"00120", 120},
        {"86400", 86400}, {" 7\t", 7}, {"9\r\n", 9}, {"604799", 604799},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_delay(cases[i].value, NOW_US, cases[i].seconds * US_PER_S);
}

static void long_waits_are_cut_to_a_week(void **state)
{
    static const char *const cases[] = {
        "604800",
        "604801",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999999999999999999999999999999999999999999",
        "Mon, 30 Nov 2026 12:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_delay(cases[i], NOW_US, RETRY_AFTER_MAX_US);
}

static void nonsense_counts_as_absent(void **state)
{
    static const char *const cases[] = {
        "",       " ",   "\r\n",     "-3",   "+3",      "1.5",
        "120abc", "abc", "1e3",      "0x10", "1 2",     "12,",
        "soon",   "inf", "\xd9\xa3", "120;", "\"120\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i]);
}

static void a_value_ends_where_its_length_says(void **state)
{
    int64_t delay_us = UNTOUCHED;

    (void)state;
    assert_true(retry_after_parse("120abc", 3, NOW_US, &delay_us));
    assert_int_equal(delay_us, 120 * US_PER_S);
    assert_false(retry_after_parse("12\0"
                                   "3",
                                   4, NOW_US, &delay_us));
    assert_int_equal(delay_us, 120 * US_PER_S);
}

static void all_three_date_forms_name_one_moment(void **state)
{
    static const char *const cases[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        " Sun, 06 Nov 1994 08:49:37 GMT\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_delay(cases[i], RFC_MOMENT_US - 90 * US_PER_S, 90 * US_PER_S);
        assert_delay(cases[i], RFC_MOMENT_US - 1, 1);
        assert_delay(cases[i], RFC_MOMENT_US, 0);
        assert_delay(cases[i], RFC_MOMENT_US + US_PER_HOUR, 0);
    }
}

static void a_past_date_means_now(void **state)
{
    static const char *const cases[] = {
        "Mon, 23 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 2026 11:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 0000 00:00:00 GMT", "Thu Jan  1 00:00:00 1970",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_delay(cases[i], NOW_US, 0);
}

static void calendar_and_leap_seconds_are_counted(void **state)
{
    /* 2028-02-28T23:59:00Z, the minute before a leap day. */
    const int64_t now_us = INT64_C(1835395140) * US_PER_S;
    /* 2016-12-31T23:59:00Z, the minute that had 61 seconds. */
    const int64_t leap_us = INT64_C(1483228740) * US_PER_S;

    (void)state;
    assert_delay("Tue, 29 Feb 2028 00:00:00 GMT", now_us, US_PER_MINUTE);
    assert_delay("Tue Feb 29 00:00:01 2028", now_us, 61 * US_PER_S);
    assert_delay("Sat, 31 Dec 2016 23:59:60 GMT", leap_us, US_PER_MINUTE);
}

/* Far dates are cut to a week and past ones to nothing, so the year shows. */
static void two_digit_years_are_at_most_fifty_years_ahead(void **state)
{
    (void)state;
    assert_delay("Monday, 23-Nov-26 12:00:01 GMT", NOW_US, US_PER_S);
    assert_delay("Friday, 01-Jan-27 00:00:00 GMT", NOW_US, RETRY_AFTER_MAX_US);
    assert_delay("Monday, 23-Nov-76 12:00:00 GMT", NOW_US, RETRY_AFTER_MAX_US);
    assert_delay("Wednesday, 24-Nov-76 12:00:00 GMT", NOW_US, 0);
    assert_delay("Tuesday, 01-Dec-76 12:00:00 GMT", NOW_US, 0);
    assert_delay("Saturday, 01-Jan-77 00:00:00 GMT", NOW_US, 0);
    assert_delay("Sunday, 06-Nov-94 08:49:37 GMT", NOW_US, 0);
    /* 2099-12-31T23:59:59Z: "00" is next year, not a century ago. */
    assert_delay("Friday, 01-Jan-00 00:00:01 GMT",
                 INT64_C(4102444799) * US_PER_S, 2 * US_PER_S);
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    static const char *const cases[] = {
        "Mon, 00 Nov 2026 12:00:00 GMT",  "Mon, 31 Nov 2026 12:00:00 GMT",
        "Mon, 32 Dec 2026 12:00:00 GMT",  "Sun, 29 Feb 2026 12:00:00 GMT",
        "Mon, 29 Feb 2100 12:00:00 GMT",  "Mon, 23 Nov 2026 24:00:00 GMT",
        "Mon, 23 Nov 2026 12:60:00 GMT",  "Mon, 23 Nov 2026 12:00:61 GMT",
        "Sunday, 31-Nov-94 08:49:37 GMT", "Sun Nov 31 08:49:37 1994",
        "Sun Nov  0 08:49:37 1994",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i]);
}

static void other_spellings_of_dates_are_refused(void **state)
{
    static const char *const cases[] = {
        "Mon, 23 Nov 2026 12:00:00",        "Mon, 23 Nov 2026 12:00:00 UTC",
        "Mon, 23 Nov 2026 12:00:00 +0000",  "Mon, 23 Nov 2026 12:00:00 gmt",
        "mon, 23 Nov 2026 12:00:00 GMT",    "Mon, 23 nov 2026 12:00:00 GMT",
        "Mon,23 Nov 2026 12:00:00 GMT",     "Mon, 3 Nov 2026 12:00:00 GMT",
        "Mon,  3 Nov 2026 12:00:00 GMT",    "Mon, 23 Nov 26 12:00:00 GMT",
        "Mon, 23-Nov-26 12:00:00 GMT",      "Mon, 23-Nov-2026 12:00:00 GMT",
        "Monday, 23 Nov 2026 12:00:00 GMT", "Monday, 23-Nov-2026 12:00:00 GMT",
        "Mon, 23 Nov 2026 12:00:00 GMT;",   "Mon, 23 Nov 2026 12:0:00 GMT",
        "Mon, 23 Nov 2026 -1:00:00 GMT",    "Foo, 23 Nov 2026 12:00:00 GMT",
        "Mon, 23 Foo 2026 12:00:00 GMT",    "Mon Nov 6 08:49:37 2026",
        "Mon Nov  16 08:49:37 2026",        "Mon Nov 16 08:49:37 2026 GMT",
        "Mon Nov 16 08:49:37 26",           "2026-11-23T12:00:00Z",
        "Mon, 23 Nov 20261 12:00:00 GMT",   "Mon, 23 Nov 2026  12:00:00 GMT",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i]);
}

static void every_cut_of_a_date_is_refused(void **state)
{
    static const char *const cases[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };
    int64_t delay_us;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t len = 0; len < strlen(cases[i]); len++)
            assert_false(retry_after_parse(cases[i], len, NOW_US, &delay_us));
}

static void any_wall_clock_is_borne(void **state)
{
    static const int64_t clocks[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    int64_t delay_us;

    (void)state;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        const char *value = "Sunday, 06-Nov-94 08:49:37 GMT";

        if (retry_after_parse(value, strlen(value), clocks[i], &delay_us))
            assert_in_range(delay_us, 0, RETRY_AFTER_MAX_US);
        value = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_true(
            retry_after_parse(value, strlen(value), clocks[i], &delay_us));
        assert_in_range(delay_us, 0, RETRY_AFTER_MAX_US);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_seconds),
        cmocka_unit_test(long_waits_are_cut_to_a_week),
        cmocka_unit_test(nonsense_counts_as_absent),
        cmocka_unit_test(a_value_ends_where_its_length_says),
        cmocka_unit_test(all_three_date_forms_name_one_moment),
        cmocka_unit_test(a_past_date_means_now),
        cmocka_unit_test(calendar_and_leap_seconds_are_counted),
        cmocka_unit_test(two_digit_years_are_at_most_fifty_years_ahead),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
        cmocka_unit_test(other_spellings_of_dates_are_refused),
        cmocka_unit_test(every_cut_of_a_date_is_refused),
        cmocka_unit_test(any_wall_clock_is_borne),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
