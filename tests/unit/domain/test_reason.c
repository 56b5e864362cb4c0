#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/reason.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void note(struct tally *reasons, const char *role, enum status status,
                 enum outcome_code code, const char *error, uint64_t line)
{
    struct row *row = row_new(line, "ada@example.com", 15, role, strlen(role),
                              "ada@example.com");

    outcome_set(&row->outcome, status, code, error);
    reason_note(reasons, row);
    row_free(row);
}

static void a_reason_is_told_in_plain_words(void **state)
{
    static const struct {
        const char *role;
        enum status status;
        enum outcome_code code;
        const char *error;
        const char *words;
    } cases[] = {
        {"enginer", STATUS_REJECTED, CODE_VALIDATION, "role: no such role",
         "role \"enginer\" was refused by the server: no such role"},
        {"enginer", STATUS_REJECTED, CODE_REFUSED, "Unknown Role",
         "role \"enginer\" was refused by the server: Unknown Role"},
        {"bob@example.com", STATUS_REJECTED, CODE_VALIDATION, "role: no",
         "a role that is none was refused by the server: no"},
        {"member", STATUS_REJECTED, CODE_VALIDATION, "email: not a mailbox",
         "refused by the server: email: not a mailbox"},
        {"member", STATUS_REJECTED, CODE_REFUSED, "on parole, enroled",
         "refused by the server: on parole, enroled"},
        {"member", STATUS_REJECTED, CODE_FORBIDDEN, "your role is too low",
         "refused by the server: your role is too low"},
        {"member", STATUS_REJECTED, CODE_REFUSED,
         "the server refuses this row (HTTP 400, an empty body)",
         "the server refuses this row (HTTP 400, an empty body)"},
        {"boss", STATUS_INVALID, CODE_ROLE_NOT_ALLOWED,
         "role is not one that --allow-role names",
         "role \"boss\": role is not one that --allow-role names"},
        {"member", STATUS_INVALID, CODE_MISSING_EMAIL, "\"email\" is empty",
         "\"email\" is empty"},
        {"member", STATUS_UNKNOWN, CODE_TIMEOUT, "no answer came in time",
         "may have been invited: no answer came in time"},
        {"member", STATUS_FAILED, CODE_UNAVAILABLE, "the server is down",
         "not invited: the server is down"},
        {"member", STATUS_DUPLICATE, CODE_DUPLICATE_OTHER_ROLE,
         "same person as line 4, which asks for the role \"x@y.z\"",
         "same person as an earlier line, with another role"},
        {"member", STATUS_UNPROCESSED, CODE_LIMIT, "not sent (--limit)",
         "not sent (--limit)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tally *reasons = tally_new();
        note(reasons, cases[i].role, cases[i].status, cases[i].code,
             cases[i].error, 2);
        assert_int_equal(reasons->count, 1);
        assert_string_equal(reasons->entries[0].name, cases[i].words);
        tally_free(reasons);
    }
}

static void what_differs_by_the_row_alone_is_one_reason(void **state)
{
    struct tally *reasons = tally_new();
    const enum status rejected = STATUS_REJECTED;

    (void)state;
    note(reasons, "m", rejected, CODE_REFUSED, "user 4711 is barred", 4);
    note(reasons, "m", rejected, CODE_REFUSED, "user 12 is barred", 2);
    note(reasons, "m", rejected, CODE_REFUSED, "user usr_8f-3a is barred", 3);
    note(reasons, "m", rejected, CODE_REFUSED, "user bob is barred", 5);
    note(reasons, "L1", rejected, CODE_VALIDATION, "role: no", 6);
    note(reasons, "L2", rejected, CODE_VALIDATION, "role: no", 7);
    note(reasons, "L1", rejected, CODE_VALIDATION, "role: no", 8);
    tally_sort(reasons);
    assert_int_equal(reasons->count, 4);
    assert_string_equal(reasons->entries[0].name,
                        "refused by the server: user 4711 is barred");
    assert_int_equal(reasons->entries[0].count, 3);
    assert_int_equal(reasons->entries[0].lines[0], 2);
    assert_int_equal(reasons->entries[0].lines[2], 4);
    assert_int_equal(reasons->entries[1].count, 2);
    assert_non_null(strstr(reasons->entries[1].name, "\"L1\""));
    tally_free(reasons);
}

static void rows_without_trouble_or_a_try_give_no_reason(void **state)
{
    struct tally *reasons = tally_new();

    (void)state;
    note(reasons, "m", STATUS_INVITED, CODE_NONE, NULL, 2);
    note(reasons, "m", STATUS_ALREADY_INVITED, CODE_CONFLICT, "is there", 3);
    note(reasons, "m", STATUS_DUPLICATE, CODE_DUPLICATE, "as line 2", 4);
    note(reasons, "m", STATUS_UNPROCESSED, CODE_STOPPED, "stopped", 5);
    note(reasons, "m", STATUS_UNPROCESSED, CODE_FORBIDDEN, "not allowed", 5);
    note(NULL, "m", STATUS_INVALID, CODE_MISSING_EMAIL, "empty", 6);
    assert_int_equal(reasons->count, 0);
    tally_free(reasons);
}

static void a_long_text_is_cut_between_two_characters(void **state)
{
    struct tally *reasons = tally_new();
    char error[401] = "x";

    (void)state;
    for (size_t i = 1; i + 1 < sizeof(error); i += 2)
        memcpy(error + i, "\xc3\xa4", 2);
    error[399] = '\0';
    note(reasons, "m", STATUS_INVALID, CODE_MISSING_EMAIL, error, 2);
    assert_int_equal(strlen(reasons->entries[0].name), 199 + 3);
    assert_string_equal(reasons->entries[0].name + 197, "\xc3\xa4...");
    tally_free(reasons);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reason_is_told_in_plain_words),
        cmocka_unit_test(what_differs_by_the_row_alone_is_one_reason),
        cmocka_unit_test(rows_without_trouble_or_a_try_give_no_reason),
        cmocka_unit_test(a_long_text_is_cut_between_two_characters),
    };

    return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
