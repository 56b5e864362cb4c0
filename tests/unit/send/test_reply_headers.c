#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/reply_headers.h"

static void add(struct reply_headers *headers, const char *line)
{
    reply_headers_add(headers, line, strlen(line), 0);
}

static void retry_after_is_read_whatever_its_letters_and_spaces(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Retry-After: 7\r\n", "retry-after:7\r\n", "RETRY-AFTER:\t 7 \r\n",
        "Retry-After: 7\n",   "Retry-After: 7",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct reply_headers headers;
        reply_headers_reset(&headers);
        assert_int_equal(headers.wish.retry_after_us, -1);
        add(&headers, lines[i]);
        assert_int_equal(headers.wish.retry_after_us, 7 * US_PER_S);
    }
}

static void nonsense_and_other_headers_are_ignored(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        ":",
        "Retry-After",
        "Retry-After: soon",
        "Retry: 7",
        "\r\n",
        "X-Retry-After: 7",
        "Retry-After : 7",
        "Retry-After: 1.5",
        "Retry-After: -4",
    };
    struct reply_headers headers;
    reply_headers_reset(&headers);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        add(&headers, lines[i]);
    assert_int_equal(headers.wish.retry_after_us, -1);
    assert_false(headers.is_edge_refusal);
}

static void a_new_status_line_starts_anew(void **state)
{
    (void)state;
    struct reply_headers headers;
    reply_headers_reset(&headers);
    add(&headers, "HTTP/1.1 103 Early Hints\r\n");
    add(&headers, "Retry-After: 9\r\n");
    add(&headers, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_int_equal(headers.wish.retry_after_us, -1);
}

static void renders_edge_is_known_by_its_header(void **state)
{
    (void)state;
    struct reply_headers headers;
    reply_headers_reset(&headers);
    add(&headers, "x-render-routing: dynamic\r\n");
    assert_false(headers.is_edge_refusal);
    add(&headers, "X-Render-Routing: no-server\r\n");
    assert_true(headers.is_edge_refusal);
}

#define NOW_S INT64_C(1795449245)

static struct quota_hint read_quota(const char *const (*headers)[2])
{
    struct reply_headers read;
    reply_headers_reset(&read);
    for (; (*headers)[0]; headers++) {
        char line[256];
        int len = snprintf(line, sizeof(line), "%s: %s\r\n", (*headers)[0],
                           (*headers)[1]);
        reply_headers_add(&read, line, (size_t)len, NOW_S * US_PER_S);
    }
    return read.wish.quota;
}

static void every_form_of_a_quota_is_understood(void **state)
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
        {{{"X-RateLimit-Remaining", "1"},
          {"X-RateLimit-Reset", "1795449275000"}},
         1,
         30},
        {{{"X-RateLimit-Reset", "1795449000"}, {"X-RateLimit-Remaining", "1"}},
         1,
         0},
        {{{"RateLimit-Remaining", "5, 5;w=60"}}, 5, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct quota_hint hint = read_quota(cases[i].headers);
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
        struct quota_hint hint = read_quota(cases[i]);
        assert_int_equal(hint.limit, 600);
        assert_int_equal(hint.window_us, 60 * US_PER_S);
    }
}

static void nonsense_about_quotas_is_ignored(void **state)
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
    struct quota_hint hint = read_quota(cases);
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
    struct quota_hint hint = read_quota(cases);
    assert_int_equal(hint.remaining, 1000000);
    assert_int_equal(hint.reset_us, 24 * US_PER_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read_whatever_its_letters_and_spaces),
        cmocka_unit_test(nonsense_and_other_headers_are_ignored),
        cmocka_unit_test(a_new_status_line_starts_anew),
        cmocka_unit_test(renders_edge_is_known_by_its_header),
        cmocka_unit_test(every_form_of_a_quota_is_understood),
        cmocka_unit_test(the_slowest_policy_counts),
        cmocka_unit_test(nonsense_about_quotas_is_ignored),
        cmocka_unit_test(extremes_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
