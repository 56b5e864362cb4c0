#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/values.h"
#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define OF(type_, field_) \
    .type = OPTION_##type_, .offset = offsetof(struct options, field_)

static const struct option_spec duration = {OF(DURATION, timeout_us)};
static const struct option_spec rate = {OF(RATE, rate)};
static const struct option_spec flag = {OF(BOOL, yes)};

static void assert_reads(const struct option_spec *option, const char *text,
                         struct options *options)
{
    struct error err = ERROR_INIT;

    if (value_parse(option, text, options, &err))
        fail_msg("%s", err.text);
}

/* The message quotes the text, and the field is left alone. */
static void assert_refuses(const struct option_spec *option, const char *text,
                           const char *part)
{
    struct error err = ERROR_INIT;
    struct options options, before;

    memset(&options, 0x11, sizeof(options));
    memcpy(&before, &options, sizeof(before));
    if (value_parse(option, text, &options, &err) != ERROR_USAGE)
        fail_msg("accepted: %s", text);
    assert_memory_equal(&options, &before, sizeof(before));
    assert_non_null(strstr(err.text, text));
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

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
        struct options options = {.timeout_us = -1};

        assert_reads(&duration, cases[i].text, &options);
        assert_int_equal(options.timeout_us, cases[i].us);
    }
}

static void a_quantity_without_unit_is_told_the_units(void **state)
{
    (void)state;
    assert_refuses(&duration, "150",
                   "\"150\" has no unit; write it like 500ms, 150s, 15m, 24h "
                   "or 7d");
    assert_refuses(&rate, "10",
                   "\"10\" has no unit; write it like 10/s, 300/m or 1000/h");
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
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_refuses(&duration, texts[i], "");
}

static void a_duration_may_have_a_least(void **state)
{
    const struct option_spec some = {OF(DURATION, timeout_us),
                                     .min = US_PER_MS};
    struct options options;

    (void)state;
    assert_refuses(&some, "0s", "too short");
    assert_reads(&some, "1ms", &options);
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
        struct options options = {.rate = {0, 0}};

        assert_reads(&rate, cases[i].text, &options);
        assert_int_equal(options.rate.count, cases[i].rate.count);
        assert_int_equal(options.rate.per_us, cases[i].rate.per_us);
    }
}

static void what_is_no_rate_is_refused(void **state)
{
    static const char *const texts[] = {
        "",     "/s",    "0/s",    "1000001/s",    "10/",  "10/S",
        "10/d", "10 /s", "10/sec", "10s",          "-1/s", "1.5/s",
        "ten",  "10//s", "10/s/s", "4294967297/s",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_refuses(&rate, texts[i], "");
}

static void counts_keep_to_their_range(void **state)
{
    static const struct {
        const char *text;
        uint64_t min, max;
        bool is_good;
        uint64_t value;
    } cases[] = {
        {"1", 1, 1024, true, 1},
        {"1024", 1, 1024, true, 1024},
        {"0", 0, 5, true, 0},
        {"18446744073709551614", 0, UINT64_MAX - 1, true, UINT64_MAX - 1},
        {"0", 1, 1024, false, 0},
        {"1025", 1, 1024, false, 0},
        {"18446744073709551615", 0, UINT64_MAX - 1, false, 0},
        {"18446744073709551617", 0, UINT64_MAX - 1, false, 0},
        {"184467440737095516160", 0, UINT64_MAX - 1, false, 0},
        {"", 0, 5, false, 0},
        {"-1", 0, 5, false, 0},
        {"+1", 0, 5, false, 0},
        {" 1", 0, 5, false, 0},
        {"1 ", 0, 5, false, 0},
        {"0x1", 0, 5, false, 0},
        {"1.0", 0, 5, false, 0},
        {"many", 0, 5, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct option_spec count = {OF(COUNT, limit), .min = cases[i].min,
                                          .max = cases[i].max};
        struct options options;

        if (cases[i].is_good) {
            assert_reads(&count, cases[i].text, &options);
            assert_true(options.limit == cases[i].value);
        } else {
            assert_refuses(&count, cases[i].text, "");
        }
    }
}

static void a_count_out_of_range_is_told_the_range(void **state)
{
    const struct option_spec count = {OF(COUNT, limit), .min = 1, .max = 1024};

    (void)state;
    assert_refuses(&count, "0",
                   "\"0\" is out of range; 1 to 1024 are possible");
}

static void shares_are_a_number_or_a_percentage(void **state)
{
    static const struct option_spec share = {OF(SHARE, max_errors)};
    static const char *const wrong[] = {
        "",    "%",   "101%", "5%%", "-5%",
        "5 %", "1.5", "many", "%5",  "18446744073709551616"};
    struct options options;

    (void)state;
    assert_reads(&share, "25", &options);
    assert_int_equal(options.max_errors.number, 25);
    assert_false(options.max_errors.is_percent);
    assert_reads(&share, "100%", &options);
    assert_int_equal(options.max_errors.number, 100);
    assert_true(options.max_errors.is_percent);
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_refuses(&share, wrong[i], "25 or 5%");
}

static void times_are_a_day_or_a_moment(void **state)
{
    static const struct option_spec when = {OF(TIME, before_s)};
    static const char *const wrong[] = {"",
                                        "soon",
                                        "2026-13-01",
                                        "2026-11-01T",
                                        "2026-11-01T12:00:00",
                                        "2026-11-01 ",
                                        "2026-11-01T25:00:00Z"};
    struct options options;

    (void)state;
    assert_reads(&when, "1970-01-02", &options);
    assert_int_equal(options.before_s, 86400);
    assert_reads(&when, "1970-01-02T00:01:00Z", &options);
    assert_int_equal(options.before_s, 86460);
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_refuses(&when, wrong[i], "write it like 2026-11-01");
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
            struct options options = {.yes = !expected};

            assert_reads(&flag, words[expected][i], &options);
            assert_int_equal(options.yes, expected);
        }
}

static void other_words_are_neither_yes_nor_no(void **state)
{
    static const char *const texts[] = {"", "y", "2", "maybe", " yes", "00"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_refuses(&flag, texts[i], "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_a_number_and_a_unit),
        cmocka_unit_test(a_quantity_without_unit_is_told_the_units),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(a_duration_may_have_a_least),
        cmocka_unit_test(rates_are_a_count_for_a_time),
        cmocka_unit_test(what_is_no_rate_is_refused),
        cmocka_unit_test(counts_keep_to_their_range),
        cmocka_unit_test(a_count_out_of_range_is_told_the_range),
        cmocka_unit_test(shares_are_a_number_or_a_percentage),
        cmocka_unit_test(times_are_a_day_or_a_moment),
        cmocka_unit_test(yes_and_no_have_four_words_each),
        cmocka_unit_test(other_words_are_neither_yes_nor_no),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
