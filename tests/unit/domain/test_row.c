#include "domain/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void texts_are_copied_and_ended(void **state)
{
    char email[] = "Ann@Example.com,rest";
    char role[] = "member,rest";
    struct row *row = row_new(12, email, 15, role, 6, "ann@example.com");

    (void)state;
    memset(email, 'x', sizeof(email));
    memset(role, 'x', sizeof(role));
    assert_int_equal(row->line, 12);
    assert_string_equal(row->email, "Ann@Example.com");
    assert_string_equal(row->role, "member");
    assert_string_equal(row->person, "ann@example.com");
    row_free(row);
}

static void new_row_is_not_admitted_and_not_settled(void **state)
{
    struct row *row = row_new(1, "a@b.c", 5, "member", 6, NULL);

    (void)state;
    assert_int_equal(row->id, 0);
    assert_int_equal(row->attempts, 0);
    assert_int_equal(row->failed_attempts, 0);
    assert_int_equal(row->outcome.status, STATUS_NONE);
    assert_null(row->outcome.error);
    assert_false(row_has_idempotency_key(row));
    row_free(row);
}

static void invalid_row_has_no_person_and_maybe_no_texts(void **state)
{
    struct row *row = row_new(3, NULL, 0, NULL, 0, NULL);

    (void)state;
    assert_string_equal(row->email, "");
    assert_string_equal(row->role, "");
    assert_null(row->person);
    row_free(row);
}

static void freeing_a_row_frees_its_outcome(void **state)
{
    struct row *row = row_new(3, "a", 1, "", 0, NULL);

    (void)state;
    outcome_set(&row->outcome, STATUS_INVALID, CODE_INVALID_EMAIL, "no \"@\"");
    row_free(row); /* a leak is the sanitizer's to find */
    row_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied_and_ended),
        cmocka_unit_test(new_row_is_not_admitted_and_not_settled),
        cmocka_unit_test(invalid_row_has_no_person_and_maybe_no_texts),
        cmocka_unit_test(freeing_a_row_frees_its_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
