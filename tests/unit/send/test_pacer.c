#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "send/pacer.h"

static struct pacer pacer_with(struct rate rate, uint32_t concurrency)
{
    struct pacer pacer;
    struct pacer_options options = {
        .rate = rate,
        .concurrency = concurrency,
        .max_wait_us = 24 * US_PER_HOUR,
        .give_up_after_us = 15 * US_PER_MINUTE,
        .seed = 1,
    };
    pacer_init(&pacer, &options, 0);
    return pacer;
}

static const struct rate no_rate = {0, 0};

/* So fast that only lanes and holds matter. */
static const struct rate fast = {1000000, US_PER_S};

static void end_asking(struct pacer *pacer, enum result_kind kind,
                       int64_t started_us, int64_t retry_after_us,
                       int64_t now_us)
{
    struct server_wish wish = {retry_after_us, QUOTA_HINT_NONE};
    pacer_end(pacer, kind, started_us, &wish, now_us);
}

/* Past the first request, which goes alone. */
static void open_lanes(struct pacer *pacer, int64_t now_us)
{
    assert_true(pacer_take(pacer, now_us));
    end_asking(pacer, RESULT_ANSWERED, now_us, -1, now_us);
}

static void end(struct pacer *pacer, enum result_kind kind, int64_t now_us)
{
    end_asking(pacer, kind, now_us, -1, now_us);
}

static void the_first_request_goes_alone(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 16);
    assert_true(pacer_take(&pacer, 0));
    assert_false(pacer_take(&pacer, 0));
    assert_int_equal(pacer_startable(&pacer, 0, US_PER_S), 0);
    assert_true(pacer_next_us(&pacer, 0) == CLOCK_NEVER_US);
    end(&pacer, RESULT_ANSWERED, 10);
    for (int i = 0; i < 16; i++)
        assert_true(pacer_take(&pacer, 10));
    assert_false(pacer_take(&pacer, 10));
}

/* In any window of length w, at most rate * w + burst permits. */
static void a_rate_is_never_exceeded_in_any_window(void **state)
{
    (void)state;
    static const struct rate rates[] = {
        {2, US_PER_S},        {10, US_PER_S},    {500, US_PER_S},
        {300, US_PER_MINUTE}, {50, US_PER_HOUR}, {7, US_PER_MINUTE},
        {1000000, US_PER_S},  {1, US_PER_S},     {333, US_PER_S},
    };
    enum {
        PERMITS = 3000
    };
    static int64_t times[PERMITS];
    for (size_t r = 0; r < sizeof(rates) / sizeof(*rates); r++) {
        struct rate rate = rates[r];
        struct pacer pacer = pacer_with(rate, 64);
        uint64_t random = r + 1;
        int64_t now_us = 0;
        open_lanes(&pacer, now_us);
        for (int i = 0; i < PERMITS; i++) {
            while (!pacer_take(&pacer, now_us)) {
                int64_t next_us = pacer_next_us(&pacer, now_us);
                assert_true(next_us > now_us && next_us < CLOCK_NEVER_US);
                now_us = next_us;
                /* the caller is sometimes late */
                if (random_below(&random, 4) == 0)
                    now_us +=
                        random_below(&random, 3 * rate.per_us / rate.count + 2);
            }
            times[i] = now_us;
            end(&pacer, RESULT_ANSWERED, now_us);
        }
        int64_t burst = 10 * US_PER_MS * rate.count / rate.per_us;
        if (burst < 1)
            burst = 1;
        for (int first = 0; first < PERMITS; first += 17) {
            for (int last = first; last < PERMITS; last += 5) {
                int64_t window_us = times[last] - times[first];
                int64_t allowed = burst + window_us * rate.count / rate.per_us;
                assert_true(last - first + 1 <= allowed);
            }
        }
    }
}

/* The same whatever the server answers and however late. */
static void a_rate_is_never_exceeded_whatever_happens(void **state)
{
    (void)state;
    static const struct rate rates[] = {
        {5, US_PER_S}, {500, US_PER_S}, {600, US_PER_MINUTE}};
    enum {
        PERMITS = 2000
    };
    static int64_t times[PERMITS];
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct rate rate = rates[seed % 3];
        struct pacer pacer = pacer_with(rate, 8);
        uint64_t random = seed;
        int64_t now_us = 0;
        for (int taken = 0; taken < PERMITS;) {
            if (pacer_take(&pacer, now_us)) {
                times[taken++] = now_us;
                continue;
            }
            if (pacer.in_flight > 0) {
                int64_t started_us = now_us - random_below(&random, US_PER_S);
                struct server_wish wish = {
                    random_below(&random, 4) - 1,
                    {random_below(&random, 9) - 1,
                     random_below(&random, 3 * US_PER_S) - 1, -1, -1}};
                pacer_end(&pacer, (enum result_kind)random_below(&random, 6),
                          started_us, &wish, now_us);
            }
            int64_t next_us = pacer_next_us(&pacer, now_us);
            now_us += random_below(&random, 50 * US_PER_MS);
            if (next_us > now_us && next_us < CLOCK_NEVER_US)
                now_us = next_us;
        }
        int64_t burst = 10 * US_PER_MS * rate.count / rate.per_us;
        for (int first = 0; first < PERMITS; first += 7)
            for (int last = first; last < PERMITS; last += 3) {
                int64_t window_us = times[last] - times[first];
                assert_true(last - first + 1 <=
                            (burst > 1 ? burst : 1) +
                                window_us * rate.count / rate.per_us);
            }
    }
}

static void a_rate_is_used_whole_by_a_punctual_caller(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with((struct rate){500, US_PER_S}, 64);
    int64_t now_us = 0;
    open_lanes(&pacer, now_us);
    int permits = 0;
    while (now_us < 60 * US_PER_S) {
        if (pacer_take(&pacer, now_us)) {
            permits++;
            end(&pacer, RESULT_ANSWERED, now_us);
        } else {
            now_us = pacer_next_us(&pacer, now_us);
        }
    }
    assert_in_range(permits, 29990, 30010);
}

static void no_more_start_than_may_be_in_flight(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with((struct rate){1000000, US_PER_S}, 3);
    open_lanes(&pacer, 0);
    for (int i = 0; i < 3; i++)
        assert_true(pacer_take(&pacer, 1000));
    assert_false(pacer_take(&pacer, US_PER_S));
    end(&pacer, RESULT_ANSWERED, US_PER_S);
    assert_true(pacer_take(&pacer, US_PER_S));
}

static void at_a_slow_rate_only_the_next_one_is_asked_for(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with((struct rate){2, US_PER_S}, 16);
    open_lanes(&pacer, 0);
    int64_t horizon_us = 2 * US_PER_MS;
    assert_int_equal(pacer_startable(&pacer, 0, horizon_us), 0);
    assert_int_equal(pacer_startable(&pacer, 499 * US_PER_MS, horizon_us), 1);
    assert_int_equal(pacer_startable(&pacer, 499 * US_PER_MS, US_PER_S), 2);
}

static void
a_429_holds_every_lane_for_retry_after_and_a_little_more(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 16);
    open_lanes(&pacer, 0);
    assert_true(pacer_take(&pacer, 100));
    assert_true(pacer_take(&pacer, 100));
    end_asking(&pacer, RESULT_QUOTA, 100, 30 * US_PER_S, 200);
    int64_t until_us;
    assert_int_equal(pacer_hold(&pacer, 200, &until_us), HOLD_QUOTA);
    assert_true(until_us >= 200 + 30 * US_PER_S);
    assert_true(until_us <= 200 + 30 * US_PER_S * 105 / 100 + 1);
    /* an answer to a request of before the hold does not end it */
    end_asking(&pacer, RESULT_ANSWERED, 100, -1, 300);
    assert_false(pacer_take(&pacer, until_us - 1));
    /* and then a single probe goes */
    assert_true(pacer_take(&pacer, until_us));
    assert_false(pacer_take(&pacer, until_us));
    end_asking(&pacer, RESULT_ANSWERED, until_us, -1, until_us + 5);
    for (int i = 0; i < 16; i++)
        assert_true(pacer_take(&pacer, until_us + 5));
}

static void a_longer_retry_after_wins_and_a_shorter_one_does_not(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 16);
    open_lanes(&pacer, 0);
    for (int i = 0; i < 3; i++)
        assert_true(pacer_take(&pacer, 100));
    int64_t first_us, until_us;
    end_asking(&pacer, RESULT_QUOTA, 100, 10 * US_PER_S, 200);
    pacer_hold(&pacer, 200, &first_us);
    end_asking(&pacer, RESULT_QUOTA, 100, 2 * US_PER_S, 300);
    pacer_hold(&pacer, 300, &until_us);
    assert_true(until_us == first_us);
    end_asking(&pacer, RESULT_QUOTA, 100, 60 * US_PER_S, 400);
    pacer_hold(&pacer, 400, &until_us);
    assert_true(until_us >= 400 + 60 * US_PER_S);
}

/* A server that says "now" and refuses again is asked more and more slowly. */
static void a_retry_after_of_zero_is_a_backoff(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 16);
    int64_t now_us = 0;
    int64_t until_us;
    for (int i = 0; i < 8; i++) {
        assert_true(pacer_take(&pacer, now_us));
        end_asking(&pacer, RESULT_QUOTA, now_us, 0, now_us);
        assert_int_equal(pacer_hold(&pacer, now_us, &until_us), HOLD_QUOTA);
        assert_true(until_us - now_us >= US_PER_S / 2);
        now_us = until_us;
    }
    assert_true(now_us > US_PER_MINUTE);
}

/* One turn of the engine has one time for what it starts and what ends. */
static void an_attempt_of_the_moment_a_hold_began_does_not_end_it(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 4);
    int64_t until_us;
    open_lanes(&pacer, 0);
    assert_true(pacer_take(&pacer, 1));
    assert_true(pacer_take(&pacer, 5));
    end_asking(&pacer, RESULT_QUOTA, 1, 4 * US_PER_S, 5);
    end_asking(&pacer, RESULT_ANSWERED, 5, -1, 900);
    assert_int_equal(pacer_hold(&pacer, 1000, &until_us), HOLD_QUOTA);
    assert_false(pacer_take(&pacer, 1000));
}

static void one_503_with_a_retry_after_of_zero_holds_nobody(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 4);
    int64_t until_us;
    open_lanes(&pacer, 0);
    assert_true(pacer_take(&pacer, 1));
    end_asking(&pacer, RESULT_NOT_PROCESSED, 1, 0, 1);
    assert_int_equal(pacer_hold(&pacer, 1, &until_us), HOLD_NONE);
}

static void what_was_held_back_here_says_nothing_of_the_server(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 4);
    int64_t before_us, after_us;
    for (int i = 0; i < 20; i++) {
        assert_true(pacer_take(&pacer, 1));
        end(&pacer, RESULT_NOT_SENT, 1);
        assert_int_equal(pacer_hold(&pacer, 1, &after_us), HOLD_NONE);
    }
    /* the first request still goes alone */
    assert_true(pacer_take(&pacer, 1));
    assert_false(pacer_take(&pacer, 1));
    end_asking(&pacer, RESULT_QUOTA, 1, 5 * US_PER_S, 2);
    pacer_hold(&pacer, 2, &before_us);
    pacer.in_flight++;
    end(&pacer, RESULT_NOT_SENT, 3);
    pacer_hold(&pacer, 3, &after_us);
    assert_true(before_us == after_us);
}

static void one_503_does_not_stop_the_others_but_three_in_a_row_do(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 4);
    int64_t until_us;
    open_lanes(&pacer, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pacer_hold(&pacer, 1, &until_us), HOLD_NONE);
        assert_true(pacer_take(&pacer, 1));
        end(&pacer, RESULT_NOT_PROCESSED, 1);
    }
    assert_int_equal(pacer_hold(&pacer, 1, &until_us), HOLD_SERVER_DOWN);
}

static void five_unknowns_in_a_row_hold_the_run(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 4);
    int64_t until_us;
    open_lanes(&pacer, 0);
    for (int i = 0; i < 4; i++) {
        assert_true(pacer_take(&pacer, 1));
        end(&pacer, RESULT_UNKNOWN, 1);
    }
    assert_true(pacer_take(&pacer, 1));
    end(&pacer, RESULT_ANSWERED, 1); /* breaks the row of them */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pacer_hold(&pacer, 1, &until_us), HOLD_NONE);
        assert_true(pacer_take(&pacer, 1));
        end(&pacer, RESULT_UNKNOWN, 1);
    }
    assert_int_equal(pacer_hold(&pacer, 1, &until_us), HOLD_SERVER_DOWN);
}

/* Runs a server that never answers properly to the end of the run; returns how
 * many probes it cost. */
static int probes_until_given_up(enum result_kind kind, int64_t *ended_us)
{
    struct pacer pacer = pacer_with(fast, 16);
    int64_t now_us = 0;
    int probes = 0;
    while (!pacer_has_given_up(&pacer, now_us)) {
        int64_t next_us = pacer_next_us(&pacer, now_us);
        assert_true(next_us < CLOCK_NEVER_US);
        now_us = next_us;
        if (pacer_has_given_up(&pacer, now_us))
            break;
        assert_true(pacer_take(&pacer, now_us));
        end(&pacer, kind, now_us);
        probes++;
    }
    *ended_us = now_us;
    return probes;
}

static void a_dead_server_ends_the_run_on_time_after_few_probes(void **state)
{
    (void)state;
    static const enum result_kind kinds[] = {
        RESULT_NOT_PROCESSED, RESULT_UNREACHABLE, RESULT_UNKNOWN};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        int64_t ended_us;
        int probes = probes_until_given_up(kinds[i], &ended_us);
        assert_in_range(probes, 15, 100);
        assert_true(ended_us == 15 * US_PER_MINUTE);
    }
}

static void a_quota_that_opens_too_late_is_not_waited_for(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(fast, 16);
    open_lanes(&pacer, 0);
    assert_true(pacer_take(&pacer, 0));
    end_asking(&pacer, RESULT_QUOTA, 0, 25 * US_PER_HOUR, 10);
    assert_true(pacer_has_given_up(&pacer, 10));
}

static void
a_quota_without_retry_after_is_waited_out_with_growing_pauses(void **state)
{
    (void)state;
    int64_t ended_us;
    int probes = probes_until_given_up(RESULT_QUOTA, &ended_us);
    assert_true(ended_us > 23 * US_PER_HOUR);
    assert_true(probes < 24 * 60 * 2);
}

static struct quota_hint quota(int64_t remaining, int64_t reset_s)
{
    return (struct quota_hint){remaining, reset_s * US_PER_S, -1, -1};
}

static void answer_with_quota(struct pacer *pacer, struct quota_hint hint,
                              int64_t now_us)
{
    struct server_wish wish = {-1, hint};
    pacer_end(pacer, RESULT_ANSWERED, now_us, &wish, now_us);
}

static void no_more_is_sent_than_the_headers_leave(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(no_rate, 16);
    assert_true(pacer_take(&pacer, 0));
    answer_with_quota(&pacer, quota(5, 30), 10);
    for (int i = 0; i < 5; i++)
        assert_true(pacer_take(&pacer, 20));
    assert_false(pacer_take(&pacer, 20));
    int64_t until_us;
    assert_int_equal(pacer_hold(&pacer, 20, &until_us), HOLD_QUOTA);
    assert_true(until_us >= 10 + 30 * US_PER_S);
    for (int i = 0; i < 5; i++)
        answer_with_quota(&pacer, quota(4 - i, 30), 100);
    pacer_hold(&pacer, 100, &until_us);
    assert_false(pacer_take(&pacer, until_us - 1));
    /* then one asks how much there is now */
    assert_true(pacer_take(&pacer, until_us));
    assert_false(pacer_take(&pacer, until_us));
    answer_with_quota(&pacer, quota(3, 30), until_us);
    for (int i = 0; i < 3; i++)
        assert_true(pacer_take(&pacer, until_us));
    assert_false(pacer_take(&pacer, until_us));
}

static void an_answer_that_was_overtaken_gives_no_quota_back(void **state)
{
    (void)state;
    struct pacer pacer = pacer_with(no_rate, 16);
    assert_true(pacer_take(&pacer, 0));
    answer_with_quota(&pacer, quota(10, 30), 10);
    for (int i = 0; i < 4; i++)
        assert_true(pacer_take(&pacer, 20));
    answer_with_quota(&pacer, quota(6, 30), 100); /* the last comes first */
    answer_with_quota(&pacer, quota(9, 30), 110);
    int more = 0;
    while (pacer_take(&pacer, 120))
        more++;
    assert_true(more <= 6);
}

static void a_hold_of_an_earlier_run_is_kept(void **state)
{
    (void)state;
    struct pacer pacer;
    struct pacer_options options = {.held_until_us = 7 * US_PER_S,
                                    .concurrency = 4,
                                    .max_wait_us = US_PER_HOUR,
                                    .give_up_after_us = US_PER_HOUR};
    pacer_init(&pacer, &options, 0);
    assert_false(pacer_take(&pacer, 7 * US_PER_S - 1));
    assert_true(pacer_take(&pacer, 7 * US_PER_S));

    options.held_until_us = 2 * US_PER_HOUR; /* longer than the wait allowed */
    pacer_init(&pacer, &options, 0);
    assert_true(pacer_has_given_up(&pacer, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_request_goes_alone),
        cmocka_unit_test(a_rate_is_never_exceeded_in_any_window),
        cmocka_unit_test(a_rate_is_never_exceeded_whatever_happens),
        cmocka_unit_test(a_rate_is_used_whole_by_a_punctual_caller),
        cmocka_unit_test(no_more_start_than_may_be_in_flight),
        cmocka_unit_test(at_a_slow_rate_only_the_next_one_is_asked_for),
        cmocka_unit_test(
            a_429_holds_every_lane_for_retry_after_and_a_little_more),
        cmocka_unit_test(a_longer_retry_after_wins_and_a_shorter_one_does_not),
        cmocka_unit_test(a_retry_after_of_zero_is_a_backoff),
        cmocka_unit_test(an_attempt_of_the_moment_a_hold_began_does_not_end_it),
        cmocka_unit_test(one_503_with_a_retry_after_of_zero_holds_nobody),
        cmocka_unit_test(what_was_held_back_here_says_nothing_of_the_server),
        cmocka_unit_test(
            one_503_does_not_stop_the_others_but_three_in_a_row_do),
        cmocka_unit_test(five_unknowns_in_a_row_hold_the_run),
        cmocka_unit_test(a_dead_server_ends_the_run_on_time_after_few_probes),
        cmocka_unit_test(a_quota_that_opens_too_late_is_not_waited_for),
        cmocka_unit_test(
            a_quota_without_retry_after_is_waited_out_with_growing_pauses),
        cmocka_unit_test(no_more_is_sent_than_the_headers_leave),
        cmocka_unit_test(an_answer_that_was_overtaken_gives_no_quota_back),
        cmocka_unit_test(a_hold_of_an_earlier_run_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
