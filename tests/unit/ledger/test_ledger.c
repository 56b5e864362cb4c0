#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ledger/ledger.h"

static struct error err;

static void ok(enum error_kind kind)
{
    if (kind != ERROR_NONE)
        fail_msg("%s", err.text);
}

static const struct ledger_pace no_pace;

static const struct ledger_options temporary = {
    .server = "https://example.com",
    .organization = "acme",
};

static int set_up(void **state)
{
    struct ledger *ledger;
    ok(ledger_open(&ledger, &temporary, &err));
    ok(ledger_begin_run(ledger, "team.csv", &err));
    *state = ledger;
    return 0;
}

static int tear_down(void **state)
{
    ledger_close(*state);
    return 0;
}

static struct row *row_of(uint64_t line, const char *person, const char *role)
{
    return row_new(line, person, strlen(person), role, strlen(role), person);
}

static bool is_owed(struct ledger *ledger, struct row *row)
{
    bool owed;
    ok(ledger_look(ledger, row, &owed, &err));
    return owed;
}

static void add_intent(struct ledger *ledger, uint64_t line, const char *person)
{
    struct row *row = row_of(line, person, "member");
    assert_true(is_owed(ledger, row));
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    assert_true(row->id > 0);
    row_free(row);
}

static void a_person_is_owed_one_invitation_and_then_a_duplicate(void **state)
{
    struct ledger *ledger = *state;
    add_intent(ledger, 2, "ada@example.com");
    struct row *again = row_of(7, "ada@example.com", "member");
    assert_false(is_owed(ledger, again));
    assert_int_equal(again->outcome.status, STATUS_DUPLICATE);
    assert_int_equal(again->outcome.code, CODE_DUPLICATE);
    assert_string_equal(again->outcome.error, "same person as line 2");
    ok(ledger_add(ledger, again, ROW_SETTLED, &err));
    row_free(again);

    struct row *third = row_of(9, "ada@example.com", "admin");
    assert_false(is_owed(ledger, third));
    assert_int_equal(third->outcome.code, CODE_DUPLICATE_OTHER_ROLE);
    assert_string_equal(
        third->outcome.error,
        "same person as line 2, which asks for the role \"member\"");
    row_free(third);
}

static void people_of_an_earlier_run_are_already_invited(void **state)
{
    struct ledger *ledger = *state;
    struct row *row = row_of(2, "ada@example.com", "member");
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    outcome_set(&row->outcome, STATUS_INVITED, CODE_NONE, NULL);
    row->outcome.invitation_id = xstrdup("inv_1");
    row->outcome.expires_at = xstrdup("2026-12-01T00:00:00Z");
    ok(ledger_settle(ledger, row, &err));
    row_free(row);
    ok(ledger_begin_run(ledger, "team.csv", &err));

    struct row *again = row_of(2, "ada@example.com", "member");
    assert_false(is_owed(ledger, again));
    assert_int_equal(again->outcome.status, STATUS_ALREADY_INVITED);
    assert_string_equal(again->outcome.invitation_id, "inv_1");
    assert_string_equal(again->outcome.expires_at, "2026-12-01T00:00:00Z");
    row_free(again);
}

static void what_an_earlier_run_left_open_is_unknown(void **state)
{
    struct ledger *ledger = *state;
    add_intent(ledger, 2, "ada@example.com");
    ok(ledger_begin_run(ledger, "team.csv", &err));
    struct row *again = row_of(2, "ada@example.com", "member");
    assert_false(is_owed(ledger, again));
    assert_int_equal(again->outcome.status, STATUS_UNKNOWN);
    assert_int_equal(again->outcome.code, CODE_LEFT_UNKNOWN);
    row_free(again);
}

static void
what_was_parked_rejected_failed_or_unprocessed_is_owed_again(void **state)
{
    struct ledger *ledger = *state;
    static const enum status statuses[] = {STATUS_NONE, STATUS_REJECTED,
                                           STATUS_FAILED, STATUS_UNPROCESSED};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        struct row *row = row_of(2, "ada@example.com", "member");
        assert_true(is_owed(ledger, row));
        ok(ledger_add(ledger, row, ROW_INTENT, &err));
        if (statuses[i] == STATUS_NONE) {
            ok(ledger_set_state(ledger, row->id, ROW_PENDING, &err));
        } else {
            outcome_set(&row->outcome, statuses[i], CODE_NONE, NULL);
            ok(ledger_settle(ledger, row, &err));
        }
        row_free(row);
        ok(ledger_begin_run(ledger, "team.csv", &err));
    }
}

static void
an_invalid_row_does_not_stand_in_the_way_of_a_later_one(void **state)
{
    struct ledger *ledger = *state;
    struct row *bad = row_new(2, "ada@@example.com", 16, "", 0, NULL);
    outcome_set(&bad->outcome, STATUS_INVALID, CODE_INVALID_EMAIL, "two @");
    ok(ledger_add(ledger, bad, ROW_SETTLED, &err));
    row_free(bad);
    add_intent(ledger, 3, "ada@example.com");
}

static void totals_are_reconciled_and_a_difference_is_said(void **state)
{
    struct ledger *ledger = *state;
    struct counters counters = {0};
    struct row *row = row_of(2, "ada@example.com", "member");
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    outcome_set(&row->outcome, STATUS_INVITED, CODE_NONE, NULL);
    ok(ledger_settle(ledger, row, &err));
    row_free(row);
    counters.rows_read = 1;
    counters.settled[STATUS_INVITED] = 1;
    ok(ledger_end_run(ledger, &counters, &no_pace, 0, &err));

    counters.settled[STATUS_INVITED] = 2;
    assert_int_equal(ledger_end_run(ledger, &counters, &no_pace, 0, &err),
                     ERROR_STORAGE);
    assert_non_null(strstr(err.text, "1 rows invited"));
}

static void an_intent_that_was_never_settled_is_a_difference(void **state)
{
    struct ledger *ledger = *state;
    struct counters counters = {0};
    add_intent(ledger, 2, "ada@example.com");
    assert_int_equal(ledger_end_run(ledger, &counters, &no_pace, 0, &err),
                     ERROR_STORAGE);
}

static void a_plan_finds_what_a_run_would_find_and_leaves_no_trace(void **state)
{
    struct ledger *ledger = *state;
    for (int pass = 0; pass < 2; pass++) {
        static const enum status expected[] = {STATUS_NONE, STATUS_NONE,
                                               STATUS_DUPLICATE};
        static const char *const people[] = {"a@x.org", "b@x.org", "a@x.org"};
        ok(ledger_begin_plan(ledger, &err));
        for (uint64_t i = 0; i < 3; i++) {
            struct row *row = row_of(i + 2, people[i], "member");
            ok(ledger_plan(ledger, row, &err));
            assert_int_equal(row->outcome.status, expected[i]);
            row_free(row);
        }
        ok(ledger_end_plan(ledger, &err));
    }
    ok(ledger_begin_run(ledger, "team.csv", &err));
    add_intent(ledger, 2, "a@x.org");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_person_is_owed_one_invitation_and_then_a_duplicate),
        CASE(people_of_an_earlier_run_are_already_invited),
        CASE(what_an_earlier_run_left_open_is_unknown),
        CASE(what_was_parked_rejected_failed_or_unprocessed_is_owed_again),
        CASE(an_invalid_row_does_not_stand_in_the_way_of_a_later_one),
        CASE(totals_are_reconciled_and_a_difference_is_said),
        CASE(an_intent_that_was_never_settled_is_a_difference),
        CASE(a_plan_finds_what_a_run_would_find_and_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
