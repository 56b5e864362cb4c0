#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sandbox/sandbox_faults.h"

#define T0 (INT64_C(77) * US_PER_HOUR + 123)

/* A server that started long before its first request, at T0. */
static void start(struct sandbox_faults *faults,
                  struct sandbox_fault_options *options)
{
    sandbox_timetable_plan_outages(&options->timetable);
    sandbox_faults_init(faults, options, T0 - US_PER_HOUR);
}

static void stop(struct sandbox_faults *faults,
                 struct sandbox_fault_options *options)
{
    sandbox_faults_clear(faults);
    sandbox_timetable_clear(&options->timetable);
}

/* The status a POST meets, 0 when none. */
static int status_at(struct sandbox_faults *faults, int64_t now_us)
{
    const struct sandbox_post post = {.organization = "acme", .ordinal = 1};

    (void)sandbox_faults_arrive(faults, now_us);
    return sandbox_faults_before(faults, &post, now_us).status;
}

static void an_outage_counts_from_the_first_request(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_faults faults;

    (void)state;
    assert_true(sandbox_timetable_add_outage(&options.timetable, "10s+30s"));
    start(&faults, &options);
    assert_int_equal(status_at(&faults, T0), 0);
    assert_int_equal(status_at(&faults, T0 + 10 * US_PER_S - 1), 0);
    assert_int_equal(status_at(&faults, T0 + 10 * US_PER_S), 503);
    assert_int_equal(status_at(&faults, T0 + 40 * US_PER_S - 1), 503);
    assert_int_equal(status_at(&faults, T0 + 40 * US_PER_S), 0);
    stop(&faults, &options);
}

static void outages_that_overlap_are_one(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_faults faults;

    (void)state;
    assert_true(sandbox_timetable_add_outage(&options.timetable, "20s+10s"));
    assert_true(sandbox_timetable_add_outage(&options.timetable, "0s+15s"));
    assert_true(sandbox_timetable_add_outage(&options.timetable, "5s+2s"));
    assert_true(sandbox_timetable_add_outage(&options.timetable, "10s+10s"));
    assert_true(sandbox_timetable_add_outage(&options.timetable, "1m+0s"));
    start(&faults, &options);
    assert_int_equal(options.timetable.count, 4);
    for (int64_t s = 0; s < 30; s++)
        assert_int_equal(status_at(&faults, T0 + s * US_PER_S), 503);
    assert_int_equal(status_at(&faults, T0 + 30 * US_PER_S), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_MINUTE), 0);
    stop(&faults, &options);
}

static void an_outage_is_ended_by_a_change(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_settings settings;
    struct sandbox_faults faults;

    (void)state;
    assert_true(sandbox_timetable_add_outage(&options.timetable, "0s+1h"));
    start(&faults, &options);
    assert_int_equal(status_at(&faults, T0), 503);
    settings = *sandbox_faults_settings(&faults, T0 + 1);
    settings.is_outage = false;
    sandbox_faults_change(&faults, &settings, T0 + 1);
    assert_int_equal(status_at(&faults, T0 + 2), 0);
    stop(&faults, &options);
}

static void an_outage_uses_nobodys_quota(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_faults faults;

    (void)state;
    options.settings.limit.count = 1;
    options.settings.limit.per_us = US_PER_HOUR;
    assert_true(sandbox_timetable_add_outage(&options.timetable, "0s+1m"));
    start(&faults, &options);
    assert_int_equal(status_at(&faults, T0), 503);
    assert_int_equal(status_at(&faults, T0 + US_PER_MINUTE), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_MINUTE), 429);
    stop(&faults, &options);
}

static void all_wait_for_a_slow_start(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_faults faults;
    const int64_t awake_us = T0 + 40 * US_PER_S;

    (void)state;
    options.settings.slow_start_us = 40 * US_PER_S;
    options.settings.latency_us = US_PER_S;
    start(&faults, &options);
    assert_true(sandbox_faults_settings(&faults, T0 - 1)->slow_start_us > 0);
    assert_int_equal(sandbox_faults_arrive(&faults, T0), awake_us);
    assert_int_equal(sandbox_faults_settings(&faults, T0 + 1)->slow_start_us,
                     0);
    assert_int_equal(sandbox_faults_arrive(&faults, awake_us - 2 * US_PER_S),
                     awake_us);
    assert_int_equal(sandbox_faults_arrive(&faults, awake_us - 1),
                     awake_us - 1 + US_PER_S);
    stop(&faults, &options);
}

static void a_server_falls_asleep_again(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_settings settings;
    struct sandbox_faults faults;

    (void)state;
    start(&faults, &options);
    assert_int_equal(sandbox_faults_arrive(&faults, T0), T0);
    settings = *sandbox_faults_settings(&faults, T0 + 1);
    settings.slow_start_us = 30 * US_PER_S;
    sandbox_faults_change(&faults, &settings, T0 + 1);
    assert_int_equal(sandbox_faults_arrive(&faults, T0 + US_PER_MINUTE),
                     T0 + US_PER_MINUTE + 30 * US_PER_S);
    stop(&faults, &options);
}

static void settings_of_one_time_change_together(void **state)
{
    char rate_limit[] = "rate_limit";
    char rate[] = "60/m";
    char burst[] = "burst";
    char two[] = "2";
    struct sandbox_event events[] = {
        {.at_us = US_PER_S, .name = rate_limit, .value = rate},
        {.at_us = US_PER_S, .name = burst, .value = two},
    };
    struct sandbox_fault_options options = {
        .settings = sandbox_settings_default(),
        .timetable = {.events = events, .count = 2},
    };
    struct sandbox_faults faults;

    (void)state;
    sandbox_faults_init(&faults, &options, T0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(status_at(&faults, T0), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S - 1), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S), 429);
    sandbox_faults_clear(&faults);
}

static void without_a_request_no_time_passes(void **state)
{
    struct sandbox_fault_options options = {.settings =
                                                sandbox_settings_default()};
    struct sandbox_faults faults;

    (void)state;
    assert_true(sandbox_timetable_add_outage(&options.timetable, "0s+1s"));
    start(&faults, &options);
    assert_false(sandbox_faults_settings(&faults, T0)->is_outage);
    assert_int_equal(status_at(&faults, T0 + US_PER_HOUR), 503);
    stop(&faults, &options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_counts_from_the_first_request),
        cmocka_unit_test(outages_that_overlap_are_one),
        cmocka_unit_test(an_outage_is_ended_by_a_change),
        cmocka_unit_test(an_outage_uses_nobodys_quota),
        cmocka_unit_test(all_wait_for_a_slow_start),
        cmocka_unit_test(a_server_falls_asleep_again),
        cmocka_unit_test(settings_of_one_time_change_together),
        cmocka_unit_test(without_a_request_no_time_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
