#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sandbox/sandbox_limit_headers.h"

/* A wall clock a third into a second. */
#define WALL_US (INT64_C(1800000000) * US_PER_S + 333333)

static const struct sandbox_limit_state open_window = {
    .is_limited = true,
    .limit = 50,
    .remaining = 12,
    .window_us = US_PER_HOUR,
    .reset_us = 29 * US_PER_S + 1,
};
static const struct sandbox_limit_state used_up = {
    .is_limited = true,
    .limit = 50,
    .remaining = 0,
    .window_us = US_PER_HOUR,
    .reset_us = 30 * US_PER_S,
    .retry_us = 1,
};
static const struct sandbox_limit_state slots = {
    .is_limited = true,
    .limit = 8,
    .remaining = 3,
};
static const struct sandbox_limit_state no_limit = {.is_limited = false};

static void assert_told(enum sandbox_limit_headers how,
                        const struct sandbox_limit_state *told, bool is_refused,
                        const char *expected)
{
    struct sandbox_reply reply = {0};
    char text[512] = "";

    sandbox_limit_headers_add(&reply, how, told, is_refused, WALL_US);
    for (size_t i = 0; i < reply.header_count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s: %s\n",
                 reply.headers[i].name, reply.headers[i].value);
    }
    assert_string_equal(text, expected);
    sandbox_reply_clear(&reply);
}

static void each_form_tells_what_is_left(void **state)
{
    (void)state;
    assert_told(SANDBOX_HEADERS_NONE, &open_window, false, "");
    assert_told(SANDBOX_HEADERS_RETRY_AFTER, &open_window, false, "");
    assert_told(SANDBOX_HEADERS_RATELIMIT, &open_window, false,
                "RateLimit-Policy: \"default\";q=50;w=3600\n"
                "RateLimit: \"default\";r=12;t=30\n");
    assert_told(SANDBOX_HEADERS_RATELIMIT_OLD, &open_window, false,
                "RateLimit-Limit: 50\n"
                "RateLimit-Remaining: 12\n"
                "RateLimit-Reset: 30\n");
    assert_told(SANDBOX_HEADERS_X_RATELIMIT, &open_window, false,
                "X-RateLimit-Limit: 50\n"
                "X-RateLimit-Remaining: 12\n"
                "X-RateLimit-Reset: 1800000030\n");
}

static void a_refusal_says_when_to_come_back(void **state)
{
    (void)state;
    assert_told(SANDBOX_HEADERS_NONE, &used_up, true, "");
    assert_told(SANDBOX_HEADERS_RETRY_AFTER, &used_up, true,
                "Retry-After: 1\n");
    assert_told(SANDBOX_HEADERS_RATELIMIT, &used_up, true,
                "RateLimit-Policy: \"default\";q=50;w=3600\n"
                "RateLimit: \"default\";r=0;t=30\n"
                "Retry-After: 1\n");
    assert_told(SANDBOX_HEADERS_RATELIMIT_OLD, &used_up, true,
                "RateLimit-Limit: 50\n"
                "RateLimit-Remaining: 0\n"
                "RateLimit-Reset: 30\n"
                "Retry-After: 1\n");
    assert_told(SANDBOX_HEADERS_X_RATELIMIT, &used_up, true,
                "X-RateLimit-Limit: 50\n"
                "X-RateLimit-Remaining: 0\n"
                "X-RateLimit-Reset: 1800000031\n"
                "Retry-After: 1\n");
}

static void slots_have_no_window(void **state)
{
    (void)state;
    assert_told(SANDBOX_HEADERS_RATELIMIT, &slots, false,
                "RateLimit-Policy: "
                "\"default\";q=8;qu=\"concurrent-requests\"\n"
                "RateLimit: \"default\";r=3\n");
    assert_told(SANDBOX_HEADERS_RATELIMIT_OLD, &slots, false,
                "RateLimit-Limit: 8\n"
                "RateLimit-Remaining: 3\n");
    assert_told(SANDBOX_HEADERS_X_RATELIMIT, &slots, false,
                "X-RateLimit-Limit: 8\n"
                "X-RateLimit-Remaining: 3\n");
}

static void without_a_limit_nothing_is_told(void **state)
{
    (void)state;
    assert_told(SANDBOX_HEADERS_RATELIMIT, &no_limit, false, "");
    assert_told(SANDBOX_HEADERS_X_RATELIMIT, &no_limit, false, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_tells_what_is_left),
        cmocka_unit_test(a_refusal_says_when_to_come_back),
        cmocka_unit_test(slots_have_no_window),
        cmocka_unit_test(without_a_limit_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
