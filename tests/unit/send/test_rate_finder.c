#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/rate_finder.h"

static struct rate_finder finder_of(double learned_per_s)
{
    struct rate_finder finder;
    rate_finder_init(&finder, 64, learned_per_s);
    return finder;
}

/* `count` answers, one each `gap_us`, each after 1 ms. */
static int64_t answer(struct rate_finder *finder, int count, int64_t gap_us,
                      int64_t now_us)
{
    for (int i = 0; i < count; i++) {
        now_us += gap_us;
        rate_finder_answered(finder, now_us - US_PER_MS, now_us);
    }
    return now_us;
}

static void it_grows_by_doubling_within_half_the_refusals_allowed(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(0);
    uint32_t before = rate_finder_lanes(&finder);
    assert_int_equal(before, 1);
    for (int i = 0; i < 900; i++) {
        answer(&finder, 1, US_PER_MS, i * US_PER_MS);
        uint32_t lanes = rate_finder_lanes(&finder);
        assert_true(lanes <= 2 * before);
        assert_true(lanes <= 5);
        before = lanes;
    }
    assert_int_equal(before, 5);
    /* with 20,000 answers, 200 refusals would be allowed */
    answer(&finder, 20000, US_PER_MS, US_PER_S);
    assert_int_equal(rate_finder_lanes(&finder), 64);
}

static void it_stops_growing_when_latency_doubles(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(0);
    int64_t now_us = answer(&finder, 1, US_PER_MS, 0);
    for (int i = 0; i < 3000; i++) {
        now_us += US_PER_MS;
        rate_finder_answered(&finder, now_us - 50 * US_PER_MS, now_us);
    }
    assert_in_range(rate_finder_lanes(&finder), 1, 4);
}

static void what_a_window_let_through_is_its_rate(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(0);
    int64_t now_us = answer(&finder, 600, 10 * US_PER_MS, 0); /* 6 s */
    rate_finder_refused(&finder, now_us);
    now_us += 54 * US_PER_S;
    assert_true(rate_finder_answered(&finder, now_us - US_PER_MS, now_us));
    assert_in_range((int)(finder.rate_per_s * 100), 940, 1000);
}

static void a_step_that_is_refused_is_taken_back(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(10);
    finder.step = 0.5;
    int64_t now_us = answer(&finder, 1, 100 * US_PER_MS, 0);
    while (finder.rate_per_s <= 10)
        now_us = answer(&finder, 1, 100 * US_PER_MS, now_us);
    assert_in_range((int)finder.rate_per_s, 15, 15);
    rate_finder_refused(&finder, now_us);
    now_us += US_PER_S;
    rate_finder_answered(&finder, now_us - US_PER_MS, now_us);
    assert_in_range((int)(finder.rate_per_s * 10), 90, 100);
    assert_true(finder.step < 0.5);
}

static void pauses_grow_until_the_server_answers(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(0);
    int64_t now_us = answer(&finder, 10, US_PER_MS, 0);
    int64_t before_us = 0;
    for (int i = 0; i < 20; i++) {
        int64_t pause_us = rate_finder_refused(&finder, now_us);
        assert_true(pause_us >= before_us);
        assert_true(pause_us <= US_PER_HOUR);
        before_us = pause_us;
        now_us += pause_us;
    }
    assert_true(before_us == US_PER_HOUR);
}

static void refusals_that_are_used_up_end_the_steps(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(10);
    for (int i = 0; i < 10; i++)
        rate_finder_refused_late(&finder);
    assert_int_equal(rate_finder_refusals_left(&finder), 0);
    answer(&finder, 900, 100 * US_PER_MS, 0);
    assert_true(finder.rate_per_s <= 10);
}

static void after_an_outage_it_measures_anew(void **state)
{
    (void)state;
    struct rate_finder finder = finder_of(0);
    int64_t now_us = answer(&finder, 100, 10 * US_PER_MS, 0);
    rate_finder_restart(&finder, now_us + US_PER_HOUR);
    now_us = answer(&finder, 100, 10 * US_PER_MS, now_us + US_PER_HOUR);
    rate_finder_refused(&finder, now_us);
    now_us += US_PER_S;
    rate_finder_answered(&finder, now_us, now_us);
    assert_in_range((int)finder.rate_per_s, 40, 60); /* 100 in 2 s */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_by_doubling_within_half_the_refusals_allowed),
        cmocka_unit_test(it_stops_growing_when_latency_doubles),
        cmocka_unit_test(what_a_window_let_through_is_its_rate),
        cmocka_unit_test(a_step_that_is_refused_is_taken_back),
        cmocka_unit_test(pauses_grow_until_the_server_answers),
        cmocka_unit_test(refusals_that_are_used_up_end_the_steps),
        cmocka_unit_test(after_an_outage_it_measures_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
