#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/values.h"
#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void durations_are_a_number_and_a_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"500ms", 500 * US_PER_MS},   {"150s", 150 * US_PER_S},
        {"15m", 15 * US_PER_MINUTE},  {"24h", 24 * US_PER_HOUR},
        {"7d", 7 * 24 * US_PER_HOUR}, {"0s", 0},
        {"007s", 7 * US_PER_S},       {"3650d", VALUE_DURATION_MAX_US},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        int64_t us = -1;

        assert_int_equal(value_parse_duration(cases[i].text, &us, &err),
                         ERROR_NONE);
        assert_int_equal(us, cases[i].us);
    }
}

static void a_duration_without_unit_is_told_the_units(void **state)
{
    struct error err = ERROR_INIT;
    int64_t us = 42;

    (void)state;
    assert_int_equal(value_parse_duration("150", &us, &err), ERROR_USAGE);
    assert_int_equal(us, 42);
    assert_string_equal(err.text, "\"150\" has no unit; write 150ms, 150s, "
                                  "150m, 150h or 150d");
}

static void what_is_no_duration_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "s",
        " 1s",
        "1s ",
        "1 s",
        "-1s",
        "+1s",
        "1.5h",
        "1S",
        "1min",
        "0x10s",
        "1h30m",
        "1e3s",
        "3651d",
        "inf",
        "1,000s",
        "99999999999999999999s",
        "9223372036854775807d",
        "1\xC2\xB5s",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error err = ERROR_INIT;
        int64_t us = 42;

        assert_int_equal(value_parse_duration(texts[i], &us, &err),
                         ERROR_USAGE);
        assert_int_equal(us, 42);
        assert_non_null(strstr(err.text, texts[i]));
    }
}

static void rates_are_a_count_for_a_time(void **state)
{
    static const struct {
        const char *text;
        struct rate rate;
    } cases[] = {
        {"10/s", {10, US_PER_S}},           {"300/m", {300, US_PER_MINUTE}},
        {"1000/h", {1000, US_PER_HOUR}},    {"1/s", {1, US_PER_S}},
        {"1000000/s", {1000000, US_PER_S}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        struct rate rate = {0, 0};

        assert_int_equal(value_parse_rate(cases[i].text, &rate, &err),
                         ERROR_NONE);
        assert_int_equal(rate.count, cases[i].rate.count);
        assert_int_equal(rate.per_us, cases[i].rate.per_us);
    }
}

static void a_rate_without_unit_is_told_the_units(void **state)
{
    struct error err = ERROR_INIT;
    struct rate rate = {7, 7};

    (void)state;
    assert_int_equal(value_parse_rate("10", &rate, &err), ERROR_USAGE);
    assert_int_equal(rate.count, 7);
    assert_string_equal(err.text,
                        "\"10\" has no unit; write 10/s, 10/m or 10/h");
}

static void what_is_no_rate_is_refused(void **state)
{
    static const char *const texts[] = {
        "",     "/s",    "0/s",    "1000001/s",    "10/",  "10/S",
        "10/d", "10 /s", "10/sec", "10s",          "-1/s", "1.5/s",
        "ten",  "10//s", "10/s/s", "4294967297/s",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error err = ERROR_INIT;
        struct rate rate = {7, 7};

        assert_int_equal(value_parse_rate(texts[i], &rate, &err), ERROR_USAGE);
        assert_int_equal(rate.count, 7);
        assert_non_null(strstr(err.text, texts[i]));
    }
}

static void counts_keep_to_their_range(void **state)
{
    static const struct {
        const char *text;
        uint64_t min, max;
        enum error_kind kind;
        uint64_t value;
    } cases[] = {
        {"1", 1, 1024, ERROR_NONE, 1},
        {"1024", 1, 1024, ERROR_NONE, 1024},
        {"0", 0, 5, ERROR_NONE, 0},
        {"18446744073709551614", 0, UINT64_MAX - 1, ERROR_NONE, UINT64_MAX - 1},
        {"0", 1, 1024, ERROR_USAGE, 42},
        {"1025", 1, 1024, ERROR_USAGE, 42},
        {"18446744073709551615", 0, UINT64_MAX - 1, ERROR_USAGE, 42},
        {"18446744073709551617", 0, UINT64_MAX - 1, ERROR_USAGE, 42},
        {"184467440737095516160", 0, UINT64_MAX - 1, ERROR_USAGE, 42},
        {"", 0, 5, ERROR_USAGE, 42},
        {"-1", 0, 5, ERROR_USAGE, 42},
        {"+1", 0, 5, ERROR_USAGE, 42},
        {" 1", 0, 5, ERROR_USAGE, 42},
        {"1 ", 0, 5, ERROR_USAGE, 42},
        {"0x1", 0, 5, ERROR_USAGE, 42},
        {"1.0", 0, 5, ERROR_USAGE, 42},
        {"many", 0, 5, ERROR_USAGE, 42},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        uint64_t value = 42;

        assert_int_equal(value_parse_count(cases[i].text, cases[i].min,
                                           cases[i].max, &value, &err),
                         cases[i].kind);
        assert_true(value == cases[i].value);
    }
}

static void a_count_out_of_range_is_told_the_range(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t value = 0;

    (void)state;
    assert_int_equal(value_parse_count("0", 1, 1024, &value, &err),
                     ERROR_USAGE);
    assert_string_equal(err.text,
                        "\"0\" is out of range; 1 to 1024 are possible");
    assert_int_equal(value_parse_count("0", 1, UINT64_MAX - 1, &value, &err),
                     ERROR_USAGE);
    assert_string_equal(err.text,
                        "\"0\" is out of range; at least 1 is possible");
}

static void yes_and_no_have_four_words_each(void **state)
{
    static const char *const words[2][5] = {
        {"false", "no", "off", "0", "NO"},
        {"true", "yes", "on", "1", "True"},
    };

    (void)state;
    for (int expected = 0; expected < 2; expected++)
        for (size_t i = 0; i < COUNT(words[0]); i++) {
            struct error err = ERROR_INIT;
            bool value = !expected;

            assert_int_equal(value_parse_bool(words[expected][i], &value, &err),
                             ERROR_NONE);
            assert_int_equal(value, expected);
        }
}

static void other_words_are_neither_yes_nor_no(void **state)
{
    static const char *const texts[] = {"", "y", "2", "maybe", " yes", "00"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct error err = ERROR_INIT;
        bool value = true;

        assert_int_equal(value_parse_bool(texts[i], &value, &err), ERROR_USAGE);
        assert_true(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_a_number_and_a_unit),
        cmocka_unit_test(a_duration_without_unit_is_told_the_units),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(rates_are_a_count_for_a_time),
        cmocka_unit_test(a_rate_without_unit_is_told_the_units),
        cmocka_unit_test(what_is_no_rate_is_refused),
        cmocka_unit_test(counts_keep_to_their_range),
        cmocka_unit_test(a_count_out_of_range_is_told_the_range),
        cmocka_unit_test(yes_and_no_have_four_words_each),
        cmocka_unit_test(other_words_are_neither_yes_nor_no),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
