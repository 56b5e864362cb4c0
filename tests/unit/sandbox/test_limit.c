#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sandbox/limit.h"

/* Any start will do; 0 would hide a start that is forgotten. */
#define T0 (INT64_C(77) * US_PER_HOUR + 123)

static uint32_t take_all(struct limit *limit, int64_t now_us)
{
    uint32_t admitted = 0;

    while (limit_take(limit, now_us))
        admitted++;
    return admitted;
}

static struct limit limit_of(enum limit_kind kind, uint32_t count,
                             int64_t per_us, uint32_t burst)
{
    const struct limit_options options = {
        .kind = kind, .count = count, .per_us = per_us, .burst = burst};
    struct limit limit = {0};

    limit_set(&limit, &options, T0);
    return limit;
}

static void a_bucket_holds_one_seconds_worth(void **state)
{
    static const struct {
        uint32_t count;
        int64_t per_us;
        uint32_t burst;
        uint32_t size;
    } cases[] = {
        {10, US_PER_S, 0, 10},           {1, US_PER_S, 0, 1},
        {300, US_PER_MINUTE, 0, 5},      {50, US_PER_HOUR, 0, 1},
        {90, US_PER_MINUTE, 0, 1},       {50, US_PER_HOUR, 50, 50},
        {1000000, US_PER_S, 0, 1000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct limit limit = limit_of(LIMIT_BUCKET, cases[i].count,
                                      cases[i].per_us, cases[i].burst);
        assert_int_equal(take_all(&limit, T0), cases[i].size);
        /* However long the pause, there is no more than that. */
        assert_int_equal(take_all(&limit, T0 + 1000 * US_PER_HOUR),
                         cases[i].size);
        limit_clear(&limit);
    }
}

static void a_bucket_fills_to_the_microsecond(void **state)
{
    struct limit limit = limit_of(LIMIT_BUCKET, 3, US_PER_S, 1);

    (void)state;
    assert_true(limit_take(&limit, T0));
    assert_int_equal(limit_state(&limit, T0).retry_us, 333334);
    assert_false(limit_take(&limit, T0 + 333333));
    assert_true(limit_take(&limit, T0 + 333334));
    limit_clear(&limit);
}

static void asking_often_does_not_lose_tokens(void **state)
{
    struct limit limit = limit_of(LIMIT_BUCKET, 7, US_PER_MINUTE, 1);
    uint32_t admitted = 0;

    (void)state;
    for (int64_t us = 0; us <= US_PER_MINUTE; us += 17)
        admitted += limit_take(&limit, T0 + us) ? 1 : 0;
    /* One at the start, then seven, each up to 17 us late without loss: the
     * bucket is full only for that long. */
    assert_in_range(admitted, 7, 8);
    limit_clear(&limit);
}

static void a_bucket_is_reset_when_it_is_full(void **state)
{
    struct limit limit = limit_of(LIMIT_BUCKET, 10, US_PER_S, 4);
    struct limit_state told;

    (void)state;
    assert_true(limit_take(&limit, T0));
    assert_true(limit_take(&limit, T0));
    told = limit_state(&limit, T0);
    assert_int_equal(told.limit, 10);
    assert_int_equal(told.remaining, 2);
    assert_int_equal(told.window_us, US_PER_S);
    assert_int_equal(told.reset_us, 200 * US_PER_MS);
    assert_int_equal(told.retry_us, 0);
    limit_clear(&limit);
}

static void
fixed_windows_follow_one_another_from_the_first_request(void **state)
{
    struct limit limit = limit_of(LIMIT_FIXED, 5, US_PER_MINUTE, 0);
    const int64_t first_us = T0 + 10 * US_PER_S;
    struct limit_state told = limit_state(&limit, first_us);

    (void)state;
    assert_int_equal(told.remaining, 5);
    assert_int_equal(told.reset_us, US_PER_MINUTE);
    assert_true(limit_take(&limit, first_us));
    assert_int_equal(take_all(&limit, first_us + 59 * US_PER_S), 4);
    told = limit_state(&limit, first_us + 59 * US_PER_S);
    assert_int_equal(told.remaining, 0);
    assert_int_equal(told.reset_us, US_PER_S);
    assert_int_equal(told.retry_us, US_PER_S);
    /* As with all fixed windows, twice the limit fits around a boundary. */
    assert_int_equal(take_all(&limit, first_us + US_PER_MINUTE), 5);
    /* An idle window doesn't move the next ones. */
    assert_int_equal(take_all(&limit, first_us + 7 * US_PER_MINUTE / 2), 5);
    told = limit_state(&limit, first_us + 7 * US_PER_MINUTE / 2);
    assert_int_equal(told.retry_us, US_PER_MINUTE / 2);
    limit_clear(&limit);
}

/* No stretch of a second has more than 5, whatever is asked when. */
static void a_sliding_window_has_no_boundary(void **state)
{
    enum {
        ASKED = 4000
    };
    struct limit limit = limit_of(LIMIT_SLIDING, 5, US_PER_S, 0);
    int64_t admitted_us[ASKED];
    size_t admitted = 0;
    int64_t now_us = T0;

    (void)state;
    for (int64_t i = 0; i < ASKED; i++) {
        now_us += i * 7919 % 9001;
        if (limit_take(&limit, now_us))
            admitted_us[admitted++] = now_us;
    }
    assert_true(admitted > 20);
    for (size_t i = 5; i < admitted; i++)
        assert_true(admitted_us[i] - admitted_us[i - 5] >= US_PER_S);
    limit_clear(&limit);
}

static void a_sliding_window_opens_when_the_oldest_leaves(void **state)
{
    struct limit limit = limit_of(LIMIT_SLIDING, 2, US_PER_S, 0);
    struct limit_state told = limit_state(&limit, T0);

    (void)state;
    assert_int_equal(told.remaining, 2);
    assert_int_equal(told.reset_us, 0);
    assert_true(limit_take(&limit, T0));
    assert_true(limit_take(&limit, T0 + 300000));
    told = limit_state(&limit, T0 + 400000);
    assert_int_equal(told.remaining, 0);
    assert_int_equal(told.retry_us, 600000);
    assert_int_equal(told.reset_us, 600000);
    assert_false(limit_take(&limit, T0 + US_PER_S - 1));
    assert_true(limit_take(&limit, T0 + US_PER_S));
    assert_false(limit_take(&limit, T0 + US_PER_S));
    assert_true(limit_take(&limit, T0 + US_PER_S + 300000));
    limit_clear(&limit);
}

static void who_waits_as_told_is_admitted(void **state)
{
    static const enum limit_kind kinds[] = {LIMIT_BUCKET, LIMIT_FIXED,
                                            LIMIT_SLIDING};
    static const struct {
        uint32_t count;
        int64_t per_us;
    } rates[] = {{7, US_PER_S}, {300, US_PER_MINUTE}, {50, US_PER_HOUR}};

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct limit limit =
            limit_of(kinds[i / 3], rates[i % 3].count, rates[i % 3].per_us, 0);
        int64_t now_us = T0;
        for (int round = 0; round < 200; round++) {
            take_all(&limit, now_us);
            int64_t retry_us = limit_state(&limit, now_us).retry_us;
            assert_true(retry_us > 0);
            assert_false(limit_take(&limit, now_us + retry_us - 1));
            now_us += retry_us;
            assert_true(limit_take(&limit, now_us));
        }
        limit_clear(&limit);
    }
}

static void concurrency_counts_what_is_being_worked_on(void **state)
{
    const struct limit_options options = {.kind = LIMIT_CONCURRENT,
                                          .max_concurrent = 3};
    struct limit limit = {0};
    struct limit_state told;

    (void)state;
    limit_set(&limit, &options, T0);
    assert_int_equal(take_all(&limit, T0), 3);
    assert_int_equal(take_all(&limit, T0 + US_PER_HOUR), 0);
    told = limit_state(&limit, T0);
    assert_int_equal(told.limit, 3);
    assert_int_equal(told.remaining, 0);
    assert_int_equal(told.window_us, 0);
    assert_int_equal(told.reset_us, 0);
    assert_int_equal(told.retry_us, US_PER_S);
    limit.in_work--;
    limit.in_work--;
    assert_int_equal(take_all(&limit, T0), 2);
    limit_clear(&limit);
}

static void without_a_number_there_is_no_limit(void **state)
{
    (void)state;
    for (int kind = LIMIT_BUCKET; kind <= LIMIT_CONCURRENT; kind++) {
        struct limit limit = limit_of((enum limit_kind)kind, 0, 0, 0);
        for (int i = 0; i < 1000; i++)
            assert_true(limit_take(&limit, T0));
        assert_int_equal(limit_state(&limit, T0).limit, 0);
        limit_clear(&limit);
    }
}

static void another_limit_starts_afresh_and_the_same_goes_on(void **state)
{
    struct limit_options options = {
        .kind = LIMIT_SLIDING, .count = 4, .per_us = US_PER_HOUR};
    struct limit limit = {0};

    (void)state;
    limit_set(&limit, &options, T0);
    assert_int_equal(take_all(&limit, T0), 4);
    limit_set(&limit, &options, T0 + 1);
    assert_int_equal(take_all(&limit, T0 + 1), 0);
    options.count = 6;
    limit_set(&limit, &options, T0 + 2);
    assert_int_equal(take_all(&limit, T0 + 2), 6);
    /* All ten are still being worked on. */
    options.kind = LIMIT_CONCURRENT;
    options.max_concurrent = 9;
    limit_set(&limit, &options, T0 + 3);
    assert_int_equal(limit_state(&limit, T0 + 3).remaining, 0);
    limit.in_work--;
    limit.in_work--;
    assert_int_equal(take_all(&limit, T0 + 3), 1);
    limit_clear(&limit);
}

#define TEXT_SIZE 512
#define WALL_US   (INT64_C(1800000000) * US_PER_S + 333333)

static const struct limit_state open_window = {
    .limit = 50,
    .remaining = 12,
    .window_us = US_PER_HOUR,
    .reset_us = 29 * US_PER_S + 1,
};
static const struct limit_state used_up = {
    .limit = 50,
    .remaining = 0,
    .window_us = US_PER_HOUR,
    .reset_us = 30 * US_PER_S,
    .retry_us = 1,
};
static const struct limit_state slots = {
    .limit = 8,
    .remaining = 3,
};
static const struct limit_state no_limit = {.limit = 0};

static enum MHD_Result add_line(void *arg, enum MHD_ValueKind kind,
                                const char *name, const char *value)
{
    char *text = arg;
    size_t len = strlen(text);

    (void)kind;
    snprintf(text + len, TEXT_SIZE - len, "%s: %s\n", name, value);
    return MHD_YES;
}

static void assert_told(enum limit_headers how, const struct limit_state *told,
                        bool is_refused, const char *expected)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    char text[TEXT_SIZE] = "";

    limit_tell(told, how, is_refused, WALL_US, response);
    MHD_get_response_headers(response, add_line, text);
    assert_string_equal(text, expected);
    MHD_destroy_response(response);
}

static void each_form_tells_what_is_left(void **state)
{
    (void)state;
    assert_told(LIMIT_HEADERS_NONE, &open_window, false, "");
    assert_told(LIMIT_HEADERS_RETRY_AFTER, &open_window, false, "");
    assert_told(LIMIT_HEADERS_RATELIMIT, &open_window, false,
                "RateLimit-Policy: \"default\";q=50;w=3600\n"
                "RateLimit: \"default\";r=12;t=30\n");
    assert_told(LIMIT_HEADERS_RATELIMIT_OLD, &open_window, false,
                "RateLimit-Limit: 50\n"
                "RateLimit-Remaining: 12\n"
                "RateLimit-Reset: 30\n");
    assert_told(LIMIT_HEADERS_X_RATELIMIT, &open_window, false,
                "X-RateLimit-Limit: 50\n"
                "X-RateLimit-Remaining: 12\n"
                "X-RateLimit-Reset: 1800000030\n");
}

static void a_refusal_says_when_to_come_back(void **state)
{
    (void)state;
    assert_told(LIMIT_HEADERS_NONE, &used_up, true, "");
    assert_told(LIMIT_HEADERS_RETRY_AFTER, &used_up, true, "Retry-After: 1\n");
    assert_told(LIMIT_HEADERS_RATELIMIT, &used_up, true,
                "RateLimit-Policy: \"default\";q=50;w=3600\n"
                "RateLimit: \"default\";r=0;t=30\n"
                "Retry-After: 1\n");
    assert_told(LIMIT_HEADERS_RATELIMIT_OLD, &used_up, true,
                "RateLimit-Limit: 50\n"
                "RateLimit-Remaining: 0\n"
                "RateLimit-Reset: 30\n"
                "Retry-After: 1\n");
    assert_told(LIMIT_HEADERS_X_RATELIMIT, &used_up, true,
                "X-RateLimit-Limit: 50\n"
                "X-RateLimit-Remaining: 0\n"
                "X-RateLimit-Reset: 1800000031\n"
                "Retry-After: 1\n");
}

static void slots_have_no_window(void **state)
{
    (void)state;
    assert_told(LIMIT_HEADERS_RATELIMIT, &slots, false,
                "RateLimit-Policy: "
                "\"default\";q=8;qu=\"concurrent-requests\"\n"
                "RateLimit: \"default\";r=3\n");
    assert_told(LIMIT_HEADERS_RATELIMIT_OLD, &slots, false,
                "RateLimit-Limit: 8\n"
                "RateLimit-Remaining: 3\n");
    assert_told(LIMIT_HEADERS_X_RATELIMIT, &slots, false,
                "X-RateLimit-Limit: 8\n"
                "X-RateLimit-Remaining: 3\n");
}

static void without_a_limit_nothing_is_told(void **state)
{
    (void)state;
    assert_told(LIMIT_HEADERS_RATELIMIT, &no_limit, false, "");
    assert_told(LIMIT_HEADERS_X_RATELIMIT, &no_limit, false, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_one_seconds_worth),
        cmocka_unit_test(a_bucket_fills_to_the_microsecond),
        cmocka_unit_test(asking_often_does_not_lose_tokens),
        cmocka_unit_test(a_bucket_is_reset_when_it_is_full),
        cmocka_unit_test(
            fixed_windows_follow_one_another_from_the_first_request),
        cmocka_unit_test(a_sliding_window_has_no_boundary),
        cmocka_unit_test(a_sliding_window_opens_when_the_oldest_leaves),
        cmocka_unit_test(who_waits_as_told_is_admitted),
        cmocka_unit_test(concurrency_counts_what_is_being_worked_on),
        cmocka_unit_test(without_a_number_there_is_no_limit),
        cmocka_unit_test(another_limit_starts_afresh_and_the_same_goes_on),
        cmocka_unit_test(each_form_tells_what_is_left),
        cmocka_unit_test(a_refusal_says_when_to_come_back),
        cmocka_unit_test(slots_have_no_window),
        cmocka_unit_test(without_a_limit_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
