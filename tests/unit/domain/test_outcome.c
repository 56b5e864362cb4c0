#include "domain/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void set_replaces_status_code_and_sentence(void **state)
{
    struct outcome outcome = {.http_status = 422, .attempts = 2};

    (void)state;
    outcome_set(&outcome, STATUS_REJECTED, CODE_VALIDATION, "not a role");
    outcome_set(&outcome, STATUS_UNKNOWN, CODE_TIMEOUT, "no answer");
    assert_int_equal(outcome.status, STATUS_UNKNOWN);
    assert_int_equal(outcome.code, CODE_TIMEOUT);
    assert_string_equal(outcome.error, "no answer");
    assert_int_equal(outcome.http_status, 422);
    assert_int_equal(outcome.attempts, 2);
    outcome_set(&outcome, STATUS_INVITED, CODE_NONE, NULL);
    assert_null(outcome.error);
    outcome_clear(&outcome);
}

static void sentence_is_copied_and_may_be_the_old_one(void **state)
{
    struct outcome outcome = {0};
    char words[] = "words";

    (void)state;
    outcome_set(&outcome, STATUS_FAILED, CODE_UNAVAILABLE, words);
    words[0] = 'X';
    assert_string_equal(outcome.error, "words");
    outcome_set(&outcome, STATUS_UNPROCESSED, CODE_STOPPED, outcome.error);
    assert_string_equal(outcome.error, "words");
    outcome_clear(&outcome);
}

static void stopped_row_is_unprocessed(void **state)
{
    struct outcome outcome = {0};

    (void)state;
    outcome_set_stopped(&outcome);
    assert_int_equal(outcome.status, STATUS_UNPROCESSED);
    assert_int_equal(outcome.code, CODE_STOPPED);
    assert_non_null(outcome.error);
    outcome_clear(&outcome);
}

static void clear_sets_all_to_none_and_is_fine_twice(void **state)
{
    struct outcome outcome = {
        .status = STATUS_INVITED,
        .code = CODE_CONFLICT,
        .http_status = 201,
        .attempts = 1,
        .invitation_id = xstrdup("inv_1"),
        .state = xstrdup("pending"),
        .created_at = xstrdup("2026-11-23T15:54:05Z"),
        .expires_at = xstrdup("2026-12-23T15:54:05Z"),
        .error = xstrdup("error"),
    };

    (void)state;
    for (int i = 0; i < 2; i++) {
        outcome_clear(&outcome);
        assert_int_equal(outcome.status, STATUS_NONE);
        assert_int_equal(outcome.code, CODE_NONE);
        assert_int_equal(outcome.http_status, 0);
        assert_int_equal(outcome.attempts, 0);
        assert_null(outcome.invitation_id);
        assert_null(outcome.state);
        assert_null(outcome.created_at);
        assert_null(outcome.expires_at);
        assert_null(outcome.error);
    }
}

static void status_names_lead_back_to_their_status(void **state)
{
    (void)state;
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++) {
        enum status status = (enum status)i;

        assert_true(strlen(status_name(status)) > 0);
        assert_true(strlen(status_label(status)) > 0);
        assert_int_equal(status_from_name(status_name(status)), status);
    }
    assert_string_equal(status_name(STATUS_ALREADY_INVITED), "already_invited");
    assert_string_equal(status_label(STATUS_REJECTED),
                        "rejected by the server");
}

static void ledgers_know_a_status_by_its_number(void **state)
{
    (void)state;
    assert_int_equal(STATUS_NONE, 0);
    assert_int_equal(STATUS_INVITED, 1);
    assert_int_equal(STATUS_ALREADY_INVITED, 2);
    assert_int_equal(STATUS_REJECTED, 3);
    assert_int_equal(STATUS_INVALID, 4);
    assert_int_equal(STATUS_DUPLICATE, 5);
    assert_int_equal(STATUS_UNKNOWN, 6);
    assert_int_equal(STATUS_FAILED, 7);
    assert_int_equal(STATUS_UNPROCESSED, 8);
}

static void other_names_are_no_status(void **state)
{
    static const char *const names[] = {"", "Invited", "invited ", "nobody"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(status_from_name(names[i]), STATUS_NONE);
}

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(outcome_code_name(CODE_NONE), "");
    assert_string_equal(outcome_code_name(CODE_LEFT_UNKNOWN), "left_unknown");
    for (int i = CODE_NONE + 1; i < CODE_COUNT; i++)
        for (int j = CODE_NONE; j < i; j++)
            assert_string_not_equal(outcome_code_name((enum outcome_code)i),
                                    outcome_code_name((enum outcome_code)j));
}

static void what_needs_a_look_is_what_a_person_must_decide(void **state)
{
    static const struct {
        enum status status;
        enum outcome_code code;
        bool needs_look;
    } cases[] = {
        {STATUS_NONE, CODE_NONE, false},
        {STATUS_INVITED, CODE_NONE, false},
        {STATUS_ALREADY_INVITED, CODE_ALREADY_INVITED, false},
        {STATUS_REJECTED, CODE_VALIDATION, true},
        {STATUS_INVALID, CODE_MISSING_EMAIL, true},
        {STATUS_DUPLICATE, CODE_DUPLICATE, false},
        {STATUS_DUPLICATE, CODE_DUPLICATE_OTHER_ROLE, true},
        {STATUS_UNKNOWN, CODE_TIMEOUT, true},
        {STATUS_FAILED, CODE_UNAVAILABLE, true},
        {STATUS_UNPROCESSED, CODE_STOPPED, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct outcome outcome = {.status = cases[i].status,
                                        .code = cases[i].code};

        assert_int_equal(outcome_needs_look(&outcome), cases[i].needs_look);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_replaces_status_code_and_sentence),
        cmocka_unit_test(sentence_is_copied_and_may_be_the_old_one),
        cmocka_unit_test(stopped_row_is_unprocessed),
        cmocka_unit_test(clear_sets_all_to_none_and_is_fine_twice),
        cmocka_unit_test(status_names_lead_back_to_their_status),
        cmocka_unit_test(ledgers_know_a_status_by_its_number),
        cmocka_unit_test(other_names_are_no_status),
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(what_needs_a_look_is_what_a_person_must_decide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
