#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/schedule.h"

static struct schedule schedule_of(uint32_t count, int64_t per_us)
{
    struct schedule schedule;
    schedule_init(&schedule, (struct rate){count, per_us}, 0);
    return schedule;
}

static bool take(struct schedule *schedule, int64_t now_us)
{
    if (schedule_next_us(schedule) > now_us)
        return false;
    schedule_take(schedule, now_us);
    return true;
}

static void permits_come_one_interval_apart(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(10, US_PER_S);
    for (int64_t i = 0; i < 50; i++) {
        assert_int_equal(schedule_next_us(&schedule), i * 100 * US_PER_MS);
        schedule_take(&schedule, i * 100 * US_PER_MS);
    }
}

static void an_interval_that_is_no_whole_number_does_not_drift(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(7, US_PER_MINUTE);
    int64_t now_us = 0;
    for (int64_t i = 0; i < 7000; i++) {
        now_us = schedule_next_us(&schedule);
        schedule_take(&schedule, now_us);
    }
    assert_in_range(now_us, 999 * US_PER_MINUTE, 1000 * US_PER_MINUTE);
}

static void a_late_caller_catches_up_within_the_burst_only(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(1000, US_PER_S); /* burst of 10 */
    int taken = 0;
    while (take(&schedule, US_PER_S))
        taken++;
    assert_int_equal(taken, 10);
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(take(&schedule, 5));
    assert_int_equal(schedule_count(&schedule, 0, US_PER_S, 16), 16);
}

static void a_new_rate_counts_from_the_last_permit(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(1000, US_PER_S);
    assert_true(take(&schedule, 1000));
    schedule_set_rate(&schedule, (struct rate){1, US_PER_S}, 1500);
    assert_int_equal(schedule_next_us(&schedule), 1000 + US_PER_S);
}

static void credit_is_used_at_once_and_then_gone(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(10, US_PER_S);
    assert_true(take(&schedule, 0));
    int64_t now_us = 20 * US_PER_S;
    schedule_give_credit(&schedule, 2 * US_PER_S, now_us);
    int taken = 0;
    while (take(&schedule, now_us))
        taken++;
    assert_int_equal(taken, 21);
    assert_false(schedule.has_credit);
    assert_false(take(&schedule, now_us + 99 * US_PER_MS));
    assert_true(take(&schedule, now_us + 100 * US_PER_MS));
}

static void permits_are_counted_ahead(void **state)
{
    (void)state;
    struct schedule schedule = schedule_of(2, US_PER_S);
    schedule_take(&schedule, 0);
    assert_int_equal(schedule_count(&schedule, 0, 499 * US_PER_MS, 16), 0);
    assert_int_equal(schedule_count(&schedule, 0, 500 * US_PER_MS, 16), 1);
    assert_int_equal(schedule_count(&schedule, 0, 60 * US_PER_S, 16), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permits_come_one_interval_apart),
        cmocka_unit_test(an_interval_that_is_no_whole_number_does_not_drift),
        cmocka_unit_test(a_late_caller_catches_up_within_the_burst_only),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(a_new_rate_counts_from_the_last_permit),
        cmocka_unit_test(credit_is_used_at_once_and_then_gone),
        cmocka_unit_test(permits_are_counted_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
