#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/ratelimit_headers.h"

#define NOW_S INT64_C(1795449245)

static struct quota_hint read_all(const char *const (*headers)[2])
{
    struct quota_hint hint = QUOTA_HINT_NONE;
    for (; (*headers)[0]; headers++)
        ratelimit_header_read(&hint, (*headers)[0], strlen((*headers)[0]),
                              (*headers)[1], strlen((*headers)[1]),
                              NOW_S * US_PER_S);
    return hint;
}

static void every_form_in_use_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *headers[3][2];
        int64_t remaining, reset_s;
    } cases[] = {
        {{{"RateLimit", "\"default\";r=50;t=30"}}, 50, 30},
        {{{"ratelimit", "\"a\";r=50;t=30, \"b\";r=3;t=600"}}, 3, 600},
        {{{"RateLimit", "\"p\"; r=7; t=9"}}, 7, 9},
        {{{"RateLimit", "limit=100, remaining=50, reset=5"}}, 50, 5},
        {{{"RateLimit-Remaining", "4"}, {"RateLimit-Reset", "12"}}, 4, 12},
        {{{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "60"}}, 0, 60},
        {{{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset", "1795449275"}},
         1,
         30},
        {{{"X-RateLimit-Reset", "1795449000"}, {"X-RateLimit-Remaining", "1"}},
         1,
         0},
        {{{"RateLimit-Remaining", "5, 5;w=60"}}, 5, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct quota_hint hint = read_all(cases[i].headers);
        assert_int_equal(hint.remaining, cases[i].remaining);
        int64_t reset_us =
            cases[i].reset_s < 0 ? -1 : cases[i].reset_s * US_PER_S;
        assert_int_equal(hint.reset_us, reset_us);
    }
}

static void the_slowest_policy_counts(void **state)
{
    (void)state;
    static const char *const cases[][2][2] = {
        {{"RateLimit-Policy", "\"a\";q=100;w=1, \"b\";q=600;w=60"}, {NULL}},
        {{"RateLimit-Policy", "100;w=1, 600;w=60"}, {NULL}},
        {{"RateLimit-Limit", "600, 600;w=60"}, {NULL}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct quota_hint hint = read_all(cases[i]);
        assert_int_equal(hint.limit, 600);
        assert_int_equal(hint.window_us, 60 * US_PER_S);
    }
}

static void nonsense_is_ignored(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"RateLimit", ""},
        {"RateLimit", "r"},
        {"RateLimit", "r="},
        {"RateLimit", ";;;==,,"},
        {"RateLimit", "\"p\";xr=5"},
        {"RateLimit", "\"p\";r=-5;t=3"},
        {"RateLimit-Remaining", "many"},
        {"RateLimit-Remaining", "-1"},
        {"RateLimit-Remaining", "1.5"},
        {"RateLimit-Reset", ""},
        {"X-RateLimit-Limit", "100"},
        {"RateLimit-Limit", "100"},
        {"RateLimit-Policy", "q=;w=,;,q=5"},
        {"X-Other", "5"},
        {NULL, NULL},
    };
    struct quota_hint hint = read_all(cases);
    assert_int_equal(hint.remaining, -1);
    assert_int_equal(hint.reset_us, -1);
    assert_int_equal(hint.limit, -1);
}

static void extremes_are_capped(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"RateLimit-Remaining", "99999999999999999999999999"},
        {"RateLimit-Reset", "999999999"},
        {NULL, NULL},
    };
    struct quota_hint hint = read_all(cases);
    assert_int_equal(hint.remaining, 1000000);
    assert_int_equal(hint.reset_us, 24 * US_PER_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_in_use_is_understood),
        cmocka_unit_test(the_slowest_policy_counts),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(extremes_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
