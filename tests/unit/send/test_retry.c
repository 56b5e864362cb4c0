#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/retry.h"

struct fixture {
    struct retry retry;
    struct row *row;
    struct result result;
    struct decision decision;
};

static int set_up(void **state)
{
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    retry_init(&fixture->retry, 5, 20, 42);
    fixture->row =
        row_new(2, "a@example.com", 13, "member", 6, "a@example.com");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    row_free(fixture->row);
    outcome_clear(&fixture->result.outcome);
    free(fixture);
    return 0;
}

static enum step decide(struct fixture *fixture, enum result_kind kind,
                        enum status status, enum outcome_code code)
{
    outcome_clear(&fixture->result.outcome);
    fixture->result = (struct result){.kind = kind, .wish = SERVER_WISH_NONE};
    outcome_set(&fixture->result.outcome, status, code, "the server's words");
    fixture->row->attempts++;
    retry_decide(&fixture->retry, fixture->row, &fixture->result, 1000,
                 &fixture->decision);
    return fixture->decision.step;
}

static enum step succeed(struct fixture *fixture)
{
    return decide(fixture, RESULT_ANSWERED, STATUS_INVITED, CODE_NONE);
}

static enum step refuse(struct fixture *fixture)
{
    return decide(fixture, RESULT_WRONG_DOOR, STATUS_REJECTED, CODE_FORBIDDEN);
}

static enum step unavailable(struct fixture *fixture)
{
    return decide(fixture, RESULT_NOT_PROCESSED, STATUS_FAILED,
                  CODE_UNAVAILABLE);
}

static void answers_and_unknowns_are_final(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(succeed(fixture), STEP_SETTLE);
    assert_int_equal(
        decide(fixture, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_TIMEOUT),
        STEP_SETTLE);
}

static void
a_401_stops_the_run_at_any_time_and_leaves_the_row_unprocessed(void **state)
{
    struct fixture *fixture = *state;
    succeed(fixture);
    assert_int_equal(decide(fixture, RESULT_UNAUTHORIZED, STATUS_REJECTED,
                            CODE_UNAUTHORIZED),
                     STEP_STOP);
    assert_int_equal(fixture->decision.why.kind, ERROR_REFUSED);
    assert_int_equal(fixture->result.outcome.status, STATUS_UNPROCESSED);
    assert_int_equal(fixture->result.outcome.code, CODE_UNAUTHORIZED);
}

static void an_untrusted_certificate_stops_the_run(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(decide(fixture, RESULT_MISCONFIGURED, STATUS_UNPROCESSED,
                            CODE_CERTIFICATE),
                     STEP_STOP);
    assert_int_equal(fixture->decision.why.kind, ERROR_REFUSED);
}

static void a_403_before_any_success_stops_the_run(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(refuse(fixture), STEP_STOP);
    assert_int_equal(fixture->result.outcome.status, STATUS_UNPROCESSED);
}

static void a_rejection_that_anyone_could_write_is_no_success(void **state)
{
    struct fixture *fixture = *state;
    decide(fixture, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED);
    assert_int_equal(refuse(fixture), STEP_STOP);
}

static void a_validation_error_shows_that_the_door_is_right(void **state)
{
    struct fixture *fixture = *state;
    decide(fixture, RESULT_ANSWERED, STATUS_REJECTED, CODE_VALIDATION);
    assert_int_equal(refuse(fixture), STEP_WITHHOLD);
}

static void the_fifth_403_in_a_row_stops_the_run(void **state)
{
    struct fixture *fixture = *state;
    succeed(fixture);
    for (int i = 0; i < 4; i++)
        assert_int_equal(refuse(fixture), STEP_WITHHOLD);
    assert_int_equal(refuse(fixture), STEP_STOP);
}

static void a_success_between_starts_the_count_of_403s_anew(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < 3; round++) {
        succeed(fixture);
        for (int i = 0; i < 4; i++)
            assert_int_equal(refuse(fixture), STEP_WITHHOLD);
    }
}

static void a_strange_first_answer_stops_and_the_row_stays_unknown(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(
        decide(fixture, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE),
        STEP_STOP);
    assert_int_equal(fixture->result.outcome.status, STATUS_UNKNOWN);
}

static void a_strange_later_answer_is_just_unknown(void **state)
{
    struct fixture *fixture = *state;
    succeed(fixture);
    assert_int_equal(
        decide(fixture, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE),
        STEP_SETTLE);
}

static void a_dead_server_uses_up_nobodys_attempts(void **state)
{
    struct fixture *fixture = *state;
    succeed(fixture);
    fixture->row->answers_seen = fixture->retry.answers;
    for (int i = 0; i < 100; i++)
        assert_int_equal(unavailable(fixture), STEP_RETRY);
    assert_int_equal(fixture->row->failed_attempts, 0);
}

static void a_row_that_fails_while_others_succeed_fails_after_five(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 4; i++) {
        fixture->retry.answers++;
        assert_int_equal(unavailable(fixture), STEP_RETRY);
    }
    fixture->retry.answers++;
    assert_int_equal(unavailable(fixture), STEP_SETTLE);
    assert_int_equal(fixture->result.outcome.status, STATUS_FAILED);
}

static void quota_connections_and_what_was_held_back_never_count(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 20; i++) {
        fixture->retry.answers++;
        assert_int_equal(
            decide(fixture, RESULT_QUOTA, STATUS_FAILED, CODE_RATE_LIMITED),
            STEP_RETRY);
        assert_int_equal(decide(fixture, RESULT_UNREACHABLE, STATUS_UNPROCESSED,
                                CODE_CANNOT_CONNECT),
                         STEP_RETRY);
        assert_int_equal(decide(fixture, RESULT_NOT_SENT, STATUS_UNPROCESSED,
                                CODE_CANNOT_CONNECT),
                         STEP_RETRY);
        assert_true(fixture->decision.due_us == 1000);
    }
}

static void delays_are_random_parts_of_a_doubling_cap(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t caps_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (unsigned n = 0; n < sizeof(caps_s) / sizeof(*caps_s); n++) {
        int64_t longest_us = 0;
        for (int i = 0; i < 200; i++) {
            fixture->row->attempts = n;
            fixture->row->answers_seen = fixture->retry.answers;
            assert_int_equal(unavailable(fixture), STEP_RETRY);
            int64_t delay_us = fixture->decision.due_us - 1000;
            assert_in_range(delay_us, 0, caps_s[n] * US_PER_S);
            if (delay_us > longest_us)
                longest_us = delay_us;
        }
        assert_true(longest_us > caps_s[n] * US_PER_S / 2);
    }
}

static void retry_after_beats_backoff(void **state)
{
    struct fixture *fixture = *state;
    fixture->result = (struct result){
        .kind = RESULT_NOT_PROCESSED,
        .wish = {.retry_after_us = 90 * US_PER_S},
    };
    fixture->row->attempts = 1;
    retry_decide(&fixture->retry, fixture->row, &fixture->result, 0,
                 &fixture->decision);
    assert_int_equal(fixture->decision.step, STEP_RETRY);
    assert_true(fixture->decision.due_us >= 90 * US_PER_S);
}

static enum step reject(struct fixture *fixture, const char *words)
{
    outcome_clear(&fixture->result.outcome);
    fixture->result = (struct result){.kind = RESULT_ANSWERED};
    outcome_set(&fixture->result.outcome, STATUS_REJECTED, CODE_VALIDATION,
                words);
    retry_decide(&fixture->retry, fixture->row, &fixture->result, 0,
                 &fixture->decision);
    return fixture->decision.step;
}

static void twenty_identical_refusals_in_a_row_stop_the_run(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 19; i++)
        assert_int_equal(reject(fixture, "role: no such role"), STEP_SETTLE);
    assert_int_equal(reject(fixture, "email: bad"), STEP_SETTLE);
    for (int i = 0; i < 19; i++)
        assert_int_equal(reject(fixture, "role: no such role"), STEP_SETTLE);
    assert_int_equal(reject(fixture, "role: no such role"), STEP_STOP);
    assert_int_equal(fixture->decision.why.kind, ERROR_GUARD);
    assert_int_equal(fixture->result.outcome.status, STATUS_REJECTED);
}

static void a_success_between_starts_the_count_of_refusals_anew(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 100; i++) {
        if (i % 19 == 0)
            succeed(fixture);
        assert_int_equal(reject(fixture, "role: no such role"), STEP_SETTLE);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(answers_and_unknowns_are_final),
        CASE(a_401_stops_the_run_at_any_time_and_leaves_the_row_unprocessed),
        CASE(an_untrusted_certificate_stops_the_run),
        CASE(a_403_before_any_success_stops_the_run),
        CASE(a_rejection_that_anyone_could_write_is_no_success),
        CASE(a_validation_error_shows_that_the_door_is_right),
        CASE(the_fifth_403_in_a_row_stops_the_run),
        CASE(a_success_between_starts_the_count_of_403s_anew),
        CASE(a_strange_first_answer_stops_and_the_row_stays_unknown),
        CASE(a_strange_later_answer_is_just_unknown),
        CASE(a_dead_server_uses_up_nobodys_attempts),
        CASE(a_row_that_fails_while_others_succeed_fails_after_five),
        CASE(quota_connections_and_what_was_held_back_never_count),
        CASE(delays_are_random_parts_of_a_doubling_cap),
        CASE(retry_after_beats_backoff),
        CASE(twenty_identical_refusals_in_a_row_stop_the_run),
        CASE(a_success_between_starts_the_count_of_refusals_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
