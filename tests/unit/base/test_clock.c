#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void utc_is_rfc_3339_to_the_second(void **state)
{
    static const struct {
        int64_t wall_us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {-US_PER_S, "1969-12-31T23:59:59Z"},
        {INT64_C(951782400) * US_PER_S, "2000-02-29T00:00:00Z"},
        {INT64_C(1795449245) * US_PER_S + 999999, "2026-11-23T15:54:05Z"},
        {INT64_C(4102444800) * US_PER_S, "2100-01-01T00:00:00Z"},
        {INT64_MAX, "9999-12-31T23:59:59Z"},
        {INT64_MIN, "0001-01-01T00:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLOCK_UTC_SIZE];

        clock_format_utc(cases[i].wall_us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void durations_read_like_a_person_says_them(void **state)
{
    static const struct {
        int64_t duration_us;
        const char *text;
    } cases[] = {
        {-5, "0 ms"},
        {0, "0 ms"},
        {999, "0 ms"},
        {850 * US_PER_MS, "850 ms"},
        {US_PER_S - 1, "999 ms"},
        {US_PER_S, "1 s"},
        {12 * US_PER_S, "12 s"},
        {US_PER_MINUTE - 1, "59 s"},
        {US_PER_MINUTE, "1 min 00 s"},
        {200 * US_PER_S, "3 min 20 s"},
        {US_PER_HOUR, "1 h 00 min"},
        {65 * US_PER_MINUTE, "1 h 05 min"},
        {25 * US_PER_HOUR, "25 h 00 min"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLOCK_DURATION_SIZE];

        clock_format_duration(cases[i].duration_us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void longest_duration_fits(void **state)
{
    char text[CLOCK_DURATION_SIZE];

    (void)state;
    clock_format_duration(CLOCK_NEVER_US, text);
    assert_string_equal(text, "2562047788 h 00 min");
}

static void monotonic_time_never_goes_back(void **state)
{
    int64_t before = clock_monotonic_us();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now_us = clock_monotonic_us();

        assert_true(now_us >= before);
        before = now_us;
    }
}

static void wall_time_is_after_this_test_was_written(void **state)
{
    (void)state;
    assert_true(clock_wall_us() > INT64_C(1700000000) * US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utc_is_rfc_3339_to_the_second),
        cmocka_unit_test(durations_read_like_a_person_says_them),
        cmocka_unit_test(longest_duration_fits),
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(wall_time_is_after_this_test_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
