#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ledger/ledger_books.h"

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

/* --- who is owed an invitation again --- */

static void set_policy(struct ledger *ledger, struct ledger_policy policy)
{
    if (policy.resend_before_s == 0)
        policy.resend_before_s = INT64_MIN;
    ledger_set_policy(ledger, &policy);
    ok(ledger_begin_run(ledger, "team.csv", &err));
}

/* Sends the row, as the committer and the engine would; it ends like this. */
static void send_row(struct ledger *ledger, struct row *row, enum status status,
                     const char *invitation_id, const char *expires_at)
{
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    outcome_set(&row->outcome, status, CODE_NONE, NULL);
    if (invitation_id)
        row->outcome.invitation_id = xstrdup(invitation_id);
    if (expires_at)
        row->outcome.expires_at = xstrdup(expires_at);
    ok(ledger_settle(ledger, row, &err));
}

static void send_to(struct ledger *ledger, const char *person,
                    enum status status, const char *invitation_id,
                    const char *expires_at)
{
    struct row *row = row_of(2, person, "member");
    assert_true(is_owed(ledger, row));
    send_row(ledger, row, status, invitation_id, expires_at);
    row_free(row);
}

static bool is_person_owed(struct ledger *ledger, const char *person,
                           const char *role)
{
    struct row *row = row_of(2, person, role);
    bool owed = is_owed(ledger, row);
    row_free(row);
    return owed;
}

static void a_retried_unknown_keeps_its_idempotency_key(void **state)
{
    struct ledger *ledger = *state;
    struct row *row = row_of(2, "ada@x.org", "member");
    assert_true(is_owed(ledger, row));
    memcpy(row->idempotency_key, "sixteen bytes...", IDEMPOTENCY_KEY_SIZE);
    send_row(ledger, row, STATUS_UNKNOWN, NULL, NULL);
    row_free(row);
    set_policy(ledger, (struct ledger_policy){.retries_unknown = true});

    struct row *again = row_of(2, "ada@x.org", "member");
    assert_true(is_owed(ledger, again));
    assert_memory_equal(again->idempotency_key, "sixteen bytes...",
                        IDEMPOTENCY_KEY_SIZE);
    row_free(again);
    /* Another role is another request. */
    struct row *other = row_of(2, "ada@x.org", "admin");
    assert_true(is_owed(ledger, other));
    assert_false(row_has_idempotency_key(other));
    row_free(other);
}

static void a_retried_unknown_that_is_refused_stays_unknown(void **state)
{
    struct ledger *ledger = *state;
    send_to(ledger, "ada@x.org", STATUS_UNKNOWN, NULL, NULL);
    set_policy(ledger, (struct ledger_policy){.retries_unknown = true});
    send_to(ledger, "ada@x.org", STATUS_REJECTED, NULL, NULL);
    set_policy(ledger, (struct ledger_policy){0});
    assert_false(is_person_owed(ledger, "ada@x.org", "member"));
}

static void what_has_expired_is_sent_again_if_asked(void **state)
{
    struct ledger *ledger = *state;
    send_to(ledger, "old@x.org", STATUS_INVITED, "1", "2020-01-01T00:00:00Z");
    send_to(ledger, "new@x.org", STATUS_INVITED, "2", "9999-01-01T00:00:00Z");
    send_to(ledger, "odd@x.org", STATUS_INVITED, "3", NULL);
    set_policy(ledger, (struct ledger_policy){0});
    assert_false(is_person_owed(ledger, "old@x.org", "member"));
    set_policy(ledger, (struct ledger_policy){.resends_expired = true});
    assert_true(is_person_owed(ledger, "old@x.org", "member"));
    assert_false(is_person_owed(ledger, "new@x.org", "member"));
    assert_false(is_person_owed(ledger, "odd@x.org", "member"));
}

static void a_changed_role_is_sent_again_if_asked(void **state)
{
    struct ledger *ledger = *state;
    uint64_t erased;
    send_to(ledger, "ada@x.org", STATUS_INVITED, "1", NULL);
    send_to(ledger, "bob@x.org", STATUS_INVITED, "2", NULL);
    ok(ledger_forget_person(ledger, "bob@x.org", &erased, &err));
    assert_false(is_person_owed(ledger, "ada@x.org", "admin"));
    set_policy(ledger, (struct ledger_policy){.resends_changed = true});
    assert_true(is_person_owed(ledger, "ada@x.org", "admin"));
    assert_false(is_person_owed(ledger, "ada@x.org", "member"));
    /* Nobody remembers which role it was. */
    assert_false(is_person_owed(ledger, "bob@x.org", "admin"));
}

static void one_with_two_roles_is_sent_again_for_neither_twice(void **state)
{
    struct ledger *ledger = *state;
    static const char *const roles[][2] = {{"admin", "member"},
                                           {"member", "admin"}};
    send_to(ledger, "ada@x.org", STATUS_INVITED, "1", NULL);
    for (size_t i = 0; i < 2; i++) {
        ledger_close(ledger);
        ok(ledger_open(&ledger, &temporary, &err));
        *state = ledger;
        ok(ledger_begin_run(ledger, "team.csv", &err));
        send_to(ledger, "ada@x.org", STATUS_INVITED, "1", NULL);
        set_policy(ledger, (struct ledger_policy){.resends_changed = true});
        struct row *first = row_of(2, "ada@x.org", roles[i][0]);
        bool owed = is_owed(ledger, first);
        assert_int_equal(owed, i == 0);
        ok(ledger_add(ledger, first, owed ? ROW_INTENT : ROW_SETTLED, &err));
        row_free(first);
        struct row *second = row_of(3, "ada@x.org", roles[i][1]);
        assert_false(is_owed(ledger, second));
        assert_int_equal(second->outcome.code, CODE_DUPLICATE_OTHER_ROLE);
        row_free(second);
    }
}

static void a_resend_before_a_time_happens_once(void **state)
{
    struct ledger *ledger = *state;
    const struct ledger_policy later = {.resend_before_s = 4102444800};
    const struct ledger_policy earlier = {.resend_before_s = 1000000000};
    send_to(ledger, "ada@x.org", STATUS_INVITED, "1", NULL);
    set_policy(ledger, earlier);
    assert_false(is_person_owed(ledger, "ada@x.org", "member"));
    set_policy(ledger, later);
    send_to(ledger, "ada@x.org", STATUS_INVITED, "2", NULL);
    assert_false(is_person_owed(ledger, "ada@x.org", "member"));
    set_policy(ledger, earlier);
    struct row *row = row_of(2, "ada@x.org", "member");
    assert_false(is_owed(ledger, row));
    assert_string_equal(row->outcome.invitation_id, "2");
    row_free(row);
}

/* However a resend ends that did not come to an invitation. */
static void an_old_invitation_stands_until_the_new_one_is_known(void **state)
{
    struct ledger *ledger = *state;
    static const enum status ends[] = {STATUS_REJECTED, STATUS_FAILED,
                                       STATUS_UNPROCESSED, STATUS_NONE};
    send_to(ledger, "ada@x.org", STATUS_INVITED, "old", "2020-01-01T00:00:00Z");
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        set_policy(ledger, (struct ledger_policy){.resends_expired = true});
        struct row *row = row_of(2, "ada@x.org", "member");
        assert_true(is_owed(ledger, row));
        if (ends[i] != STATUS_NONE) {
            send_row(ledger, row, ends[i], NULL, NULL);
        } else { /* parked, and then the run is killed */
            ok(ledger_add(ledger, row, ROW_INTENT, &err));
            ok(ledger_set_state(ledger, row->id, ROW_PENDING, &err));
        }
        row_free(row);
        set_policy(ledger, (struct ledger_policy){0});
        struct row *again = row_of(2, "ada@x.org", "member");
        assert_false(is_owed(ledger, again));
        assert_int_equal(again->outcome.status, STATUS_ALREADY_INVITED);
        assert_string_equal(again->outcome.invitation_id, "old");
        row_free(again);
    }
}

static void a_resend_killed_under_way_is_unknown(void **state)
{
    struct ledger *ledger = *state;
    send_to(ledger, "ada@x.org", STATUS_INVITED, "old", "2020-01-01T00:00:00Z");
    set_policy(ledger, (struct ledger_policy){.resends_expired = true});
    struct row *row = row_of(2, "ada@x.org", "member");
    assert_true(is_owed(ledger, row));
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    row_free(row);
    set_policy(ledger, (struct ledger_policy){.resends_expired = true});
    struct row *again = row_of(2, "ada@x.org", "member");
    assert_false(is_owed(ledger, again));
    assert_int_equal(again->outcome.status, STATUS_UNKNOWN);
    row_free(again);
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
        CASE(a_retried_unknown_keeps_its_idempotency_key),
        CASE(a_retried_unknown_that_is_refused_stays_unknown),
        CASE(what_has_expired_is_sent_again_if_asked),
        CASE(a_changed_role_is_sent_again_if_asked),
        CASE(one_with_two_roles_is_sent_again_for_neither_twice),
        CASE(a_resend_before_a_time_happens_once),
        CASE(an_old_invitation_stands_until_the_new_one_is_known),
        CASE(a_resend_killed_under_way_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
