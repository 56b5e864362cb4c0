#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sandbox/sandbox_limit.h"

/* Any start will do; 0 would hide a start that is forgotten. */
#define T0 (INT64_C(77) * US_PER_HOUR + 123)

static uint32_t take_all(struct sandbox_limit *limit, int64_t now_us)
{
    uint32_t admitted = 0;

    while (sandbox_limit_take(limit, now_us))
        admitted++;
    return admitted;
}

static struct sandbox_limit limit_of(enum sandbox_limit_kind kind,
                                     uint32_t count, int64_t per_us,
                                     uint32_t burst)
{
    const struct sandbox_limit_options options = {
        .kind = kind, .count = count, .per_us = per_us, .burst = burst};
    struct sandbox_limit limit;

    sandbox_limit_init(&limit, &options, T0);
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
        struct sandbox_limit limit =
            limit_of(SANDBOX_LIMIT_BUCKET, cases[i].count, cases[i].per_us,
                     cases[i].burst);
        assert_int_equal(take_all(&limit, T0), cases[i].size);
        /* However long the pause, there is no more than that. */
        assert_int_equal(take_all(&limit, T0 + 1000 * US_PER_HOUR),
                         cases[i].size);
        sandbox_limit_clear(&limit);
    }
}

static void a_bucket_fills_to_the_microsecond(void **state)
{
    struct sandbox_limit limit = limit_of(SANDBOX_LIMIT_BUCKET, 3, US_PER_S, 1);

    (void)state;
    assert_true(sandbox_limit_take(&limit, T0));
    assert_int_equal(sandbox_limit_state(&limit, T0).retry_us, 333334);
    assert_false(sandbox_limit_take(&limit, T0 + 333333));
    assert_true(sandbox_limit_take(&limit, T0 + 333334));
    sandbox_limit_clear(&limit);
}

static void asking_often_does_not_lose_tokens(void **state)
{
    struct sandbox_limit limit =
        limit_of(SANDBOX_LIMIT_BUCKET, 7, US_PER_MINUTE, 1);
    uint32_t admitted = 0;

    (void)state;
    for (int64_t us = 0; us <= US_PER_MINUTE; us += 17)
        admitted += sandbox_limit_take(&limit, T0 + us) ? 1 : 0;
    /* One at the start, then seven, each up to 17 us late without loss: the
     * bucket is full only for that long. */
    assert_in_range(admitted, 7, 8);
    sandbox_limit_clear(&limit);
}

static void a_bucket_is_reset_when_it_is_full(void **state)
{
    struct sandbox_limit limit =
        limit_of(SANDBOX_LIMIT_BUCKET, 10, US_PER_S, 4);
    struct sandbox_limit_state told;

    (void)state;
    assert_true(sandbox_limit_take(&limit, T0));
    assert_true(sandbox_limit_take(&limit, T0));
    told = sandbox_limit_state(&limit, T0);
    assert_true(told.is_limited);
    assert_int_equal(told.limit, 10);
    assert_int_equal(told.remaining, 2);
    assert_int_equal(told.window_us, US_PER_S);
    assert_int_equal(told.reset_us, 200 * US_PER_MS);
    assert_int_equal(told.retry_us, 0);
    sandbox_limit_clear(&limit);
}

static void
fixed_windows_follow_one_another_from_the_first_request(void **state)
{
    struct sandbox_limit limit =
        limit_of(SANDBOX_LIMIT_FIXED, 5, US_PER_MINUTE, 0);
    const int64_t first_us = T0 + 10 * US_PER_S;
    struct sandbox_limit_state told = sandbox_limit_state(&limit, first_us);

    (void)state;
    assert_int_equal(told.remaining, 5);
    assert_int_equal(told.reset_us, US_PER_MINUTE);
    assert_true(sandbox_limit_take(&limit, first_us));
    assert_int_equal(take_all(&limit, first_us + 59 * US_PER_S), 4);
    told = sandbox_limit_state(&limit, first_us + 59 * US_PER_S);
    assert_int_equal(told.remaining, 0);
    assert_int_equal(told.reset_us, US_PER_S);
    assert_int_equal(told.retry_us, US_PER_S);
    /* As with all fixed windows, twice the limit fits around a boundary. */
    assert_int_equal(take_all(&limit, first_us + US_PER_MINUTE), 5);
    /* An idle window doesn't move the next ones. */
    assert_int_equal(take_all(&limit, first_us + 7 * US_PER_MINUTE / 2), 5);
    told = sandbox_limit_state(&limit, first_us + 7 * US_PER_MINUTE / 2);
    assert_int_equal(told.retry_us, US_PER_MINUTE / 2);
    sandbox_limit_clear(&limit);
}

/* No stretch of a second has more than 5, whatever is asked when. */
static void a_sliding_window_has_no_boundary(void **state)
{
    enum {
        ASKED = 4000
    };
    struct sandbox_limit limit =
        limit_of(SANDBOX_LIMIT_SLIDING, 5, US_PER_S, 0);
    int64_t admitted_us[ASKED];
    size_t admitted = 0;
    int64_t now_us = T0;

    (void)state;
    for (int64_t i = 0; i < ASKED; i++) {
        now_us += i * 7919 % 9001;
        if (sandbox_limit_take(&limit, now_us))
            admitted_us[admitted++] = now_us;
    }
    assert_true(admitted > 20);
    for (size_t i = 5; i < admitted; i++)
        assert_true(admitted_us[i] - admitted_us[i - 5] >= US_PER_S);
    sandbox_limit_clear(&limit);
}

static void a_sliding_window_opens_when_the_oldest_leaves(void **state)
{
    struct sandbox_limit limit =
        limit_of(SANDBOX_LIMIT_SLIDING, 2, US_PER_S, 0);
    struct sandbox_limit_state told = sandbox_limit_state(&limit, T0);

    (void)state;
    assert_int_equal(told.remaining, 2);
    assert_int_equal(told.reset_us, 0);
    assert_true(sandbox_limit_take(&limit, T0));
    assert_true(sandbox_limit_take(&limit, T0 + 300000));
    told = sandbox_limit_state(&limit, T0 + 400000);
    assert_int_equal(told.remaining, 0);
    assert_int_equal(told.retry_us, 600000);
    assert_int_equal(told.reset_us, 600000);
    assert_false(sandbox_limit_take(&limit, T0 + US_PER_S - 1));
    assert_true(sandbox_limit_take(&limit, T0 + US_PER_S));
    assert_false(sandbox_limit_take(&limit, T0 + US_PER_S));
    assert_true(sandbox_limit_take(&limit, T0 + US_PER_S + 300000));
    sandbox_limit_clear(&limit);
}

static void who_waits_as_told_is_admitted(void **state)
{
    static const enum sandbox_limit_kind kinds[] = {
        SANDBOX_LIMIT_BUCKET, SANDBOX_LIMIT_FIXED, SANDBOX_LIMIT_SLIDING};
    static const struct {
        uint32_t count;
        int64_t per_us;
    } rates[] = {{7, US_PER_S}, {300, US_PER_MINUTE}, {50, US_PER_HOUR}};

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct sandbox_limit limit =
            limit_of(kinds[i / 3], rates[i % 3].count, rates[i % 3].per_us, 0);
        int64_t now_us = T0;
        for (int round = 0; round < 200; round++) {
            take_all(&limit, now_us);
            int64_t retry_us = sandbox_limit_state(&limit, now_us).retry_us;
            assert_true(retry_us > 0);
            assert_false(sandbox_limit_take(&limit, now_us + retry_us - 1));
            now_us += retry_us;
            assert_true(sandbox_limit_take(&limit, now_us));
        }
        sandbox_limit_clear(&limit);
    }
}

static void concurrency_counts_what_is_being_worked_on(void **state)
{
    const struct sandbox_limit_options options = {
        .kind = SANDBOX_LIMIT_CONCURRENT, .max_concurrent = 3};
    struct sandbox_limit limit;
    struct sandbox_limit_state told;

    (void)state;
    sandbox_limit_init(&limit, &options, T0);
    assert_int_equal(take_all(&limit, T0), 3);
    assert_int_equal(take_all(&limit, T0 + US_PER_HOUR), 0);
    told = sandbox_limit_state(&limit, T0);
    assert_int_equal(told.limit, 3);
    assert_int_equal(told.remaining, 0);
    assert_int_equal(told.window_us, 0);
    assert_int_equal(told.reset_us, 0);
    assert_int_equal(told.retry_us, US_PER_S);
    sandbox_limit_done(&limit);
    sandbox_limit_done(&limit);
    assert_int_equal(take_all(&limit, T0), 2);
    sandbox_limit_clear(&limit);
}

static void without_a_number_there_is_no_limit(void **state)
{
    (void)state;
    for (int kind = SANDBOX_LIMIT_BUCKET; kind <= SANDBOX_LIMIT_CONCURRENT;
         kind++) {
        struct sandbox_limit limit =
            limit_of((enum sandbox_limit_kind)kind, 0, 0, 0);
        for (int i = 0; i < 1000; i++)
            assert_true(sandbox_limit_take(&limit, T0));
        assert_false(sandbox_limit_state(&limit, T0).is_limited);
        sandbox_limit_clear(&limit);
    }
}

static void another_limit_starts_afresh_and_the_same_goes_on(void **state)
{
    struct sandbox_limit_options options = {
        .kind = SANDBOX_LIMIT_SLIDING, .count = 4, .per_us = US_PER_HOUR};
    struct sandbox_limit limit;

    (void)state;
    sandbox_limit_init(&limit, &options, T0);
    assert_int_equal(take_all(&limit, T0), 4);
    sandbox_limit_change(&limit, &options, T0 + 1);
    assert_int_equal(take_all(&limit, T0 + 1), 0);
    options.count = 6;
    sandbox_limit_change(&limit, &options, T0 + 2);
    assert_int_equal(take_all(&limit, T0 + 2), 6);
    /* All ten are still being worked on. */
    options.kind = SANDBOX_LIMIT_CONCURRENT;
    options.max_concurrent = 9;
    sandbox_limit_change(&limit, &options, T0 + 3);
    assert_int_equal(sandbox_limit_state(&limit, T0 + 3).remaining, 0);
    sandbox_limit_done(&limit);
    sandbox_limit_done(&limit);
    assert_int_equal(take_all(&limit, T0 + 3), 1);
    sandbox_limit_clear(&limit);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
