#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sandbox/faults.h"

#define T0 (INT64_C(77) * US_PER_HOUR + 123)

/* A server with these flags, whose first request comes at T0. */
static void start(struct faults *faults, struct options *options,
                  const char *const *flags)
{
    char *argv[16] = {xstrdup("sandbox")};
    struct error err = ERROR_INIT;
    int argc = 1;

    for (; flags[argc - 1]; argc++)
        argv[argc] = xstrdup(flags[argc - 1]);
    optind = 0; /* getopt starts anew */
    assert_int_equal(options_parse(options, argc, argv, &err), ERROR_NONE);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    *faults =
        (struct faults){.options = options, .settings = options->settings};
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void stop(struct faults *faults, struct options *options)
{
    limit_clear(&faults->limit);
    options_clear(options);
}

/* The status a POST meets, 0 when none. */
static int status_at(struct faults *faults, int64_t now_us)
{
    (void)faults_arrive(faults, now_us);
    return faults_meet(faults, NULL, 1, now_us).status;
}

static struct change change_to(const char *key, const char *value)
{
    struct error err = ERROR_INIT;
    struct change change = {.at_us = US_PER_S};

    assert_int_equal(change_read(&change, key, value, false, &err), ERROR_NONE);
    return change;
}

static void set(struct faults *faults, const char *key, const char *value)
{
    struct change change = change_to(key, value);

    change_apply(&change, &faults->settings);
}

static void an_outage_counts_from_the_first_request(void **state)
{
    struct options options;
    struct faults faults;

    (void)state;
    start(&faults, &options, FLAGS("--outage=10s+30s"));
    assert_int_equal(status_at(&faults, T0), 0);
    assert_int_equal(status_at(&faults, T0 + 10 * US_PER_S - 1), 0);
    assert_int_equal(status_at(&faults, T0 + 10 * US_PER_S), 503);
    assert_int_equal(status_at(&faults, T0 + 40 * US_PER_S - 1), 503);
    assert_int_equal(status_at(&faults, T0 + 40 * US_PER_S), 0);
    stop(&faults, &options);
}

static void outages_that_overlap_are_one(void **state)
{
    struct options options;
    struct faults faults;

    (void)state;
    start(&faults, &options,
          FLAGS("--outage=20s+10s", "--outage=0s+15s", "--outage=5s+2s",
                "--outage=10s+10s", "--outage=1m+0s"));
    for (int64_t s = 0; s < 30; s++)
        assert_int_equal(status_at(&faults, T0 + s * US_PER_S), 503);
    assert_int_equal(status_at(&faults, T0 + 30 * US_PER_S), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_MINUTE), 0);
    stop(&faults, &options);
}

static void an_outage_is_ended_by_a_change(void **state)
{
    struct options options;
    struct faults faults;

    (void)state;
    start(&faults, &options, FLAGS("--outage=0s+1h"));
    assert_int_equal(status_at(&faults, T0), 503);
    set(&faults, "outage", "false");
    assert_int_equal(status_at(&faults, T0 + 2), 0);
    stop(&faults, &options);
}

static void an_outage_uses_nobodys_quota(void **state)
{
    struct options options;
    struct faults faults;

    (void)state;
    start(&faults, &options, FLAGS("--outage=0s+1m", "--rate-limit=1/h"));
    assert_int_equal(status_at(&faults, T0), 503);
    assert_int_equal(status_at(&faults, T0 + US_PER_MINUTE), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_MINUTE), 429);
    stop(&faults, &options);
}

static void all_wait_for_a_slow_start(void **state)
{
    struct options options;
    struct faults faults;
    const int64_t awake_us = T0 + 40 * US_PER_S;

    (void)state;
    start(&faults, &options, FLAGS("--slow-start=40s", "--latency=1s"));
    faults_catch_up(&faults, T0 - 1);
    assert_true(faults.settings.slow_start_us > 0);
    assert_int_equal(faults_arrive(&faults, T0), awake_us);
    assert_int_equal(faults.settings.slow_start_us, 0);
    assert_int_equal(faults_arrive(&faults, awake_us - 2 * US_PER_S), awake_us);
    assert_int_equal(faults_arrive(&faults, awake_us - 1),
                     awake_us - 1 + US_PER_S);
    stop(&faults, &options);
}

static void a_server_falls_asleep_again(void **state)
{
    struct options options;
    struct faults faults;

    (void)state;
    start(&faults, &options, FLAGS("--quiet"));
    assert_int_equal(faults_arrive(&faults, T0), T0);
    set(&faults, "slow_start", "30s");
    assert_int_equal(faults_arrive(&faults, T0 + US_PER_MINUTE),
                     T0 + US_PER_MINUTE + 30 * US_PER_S);
    stop(&faults, &options);
}

static void settings_of_one_time_change_together(void **state)
{
    struct change changes[] = {change_to("rate_limit", "60/m"),
                               change_to("burst", "2")};
    const struct options options = {
        .settings = SETTINGS_DEFAULT, .changes = changes, .change_count = 2};
    struct faults faults = {.options = &options, .settings = options.settings};

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(status_at(&faults, T0), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S - 1), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S), 0);
    assert_int_equal(status_at(&faults, T0 + US_PER_S), 429);
    limit_clear(&faults.limit);
}

static void without_a_request_no_time_passes(void **state)
{
    struct options options;
    struct faults faults;

    (void)state;
    start(&faults, &options, FLAGS("--outage=0s+1s"));
    faults_catch_up(&faults, T0);
    assert_int_equal(faults.settings.outage_until_us, 0);
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
