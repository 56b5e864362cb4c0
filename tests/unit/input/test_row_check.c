#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/row_check.h"

/* Columns: name, Email, Role. */
static const struct columns three = {
    .email = {.place = 1, .name = (char[]){"\"Email\""}},
    .role = {.place = 2, .name = (char[]){"\"Role\""}},
    .count = 3,
    .has_header = true};

static struct row *check_record(const struct csv_record *record)
{
    const struct input_options by_column = {.cancel_fd = -1};
    struct row_check_counts counts = {0};

    return row_check(record, &three, &by_column, false, &counts);
}

static struct row *check(const char *email, const char *role)
{
    const struct csv_field fields[] = {
        {"Ada", 3}, {email, strlen(email)}, {role, strlen(role)}};
    const struct csv_record record = {
        .line = 7, .fields = fields, .field_count = 3};

    return check_record(&record);
}

static void a_good_row_is_an_invite(void **state)
{
    struct row *row = check("Ada@Example.COM", "Team lead");

    (void)state;
    assert_int_equal(row->line, 7);
    assert_string_equal(row->email, "Ada@Example.COM");
    assert_string_equal(row->role, "Team lead");
    assert_string_equal(row->person, "ada@example.com");
    assert_int_equal(row->outcome.status, STATUS_NONE);
    assert_int_equal(row->outcome.code, CODE_NONE);
    assert_null(row->outcome.error);
    row_free(row);
}

static void blanks_around_email_and_role_are_trimmed(void **state)
{
    struct row *row = check(" \xc2\xa0\t ada@example.com\r\n\xc2\xa0 ",
                            "\xc2\xa0member\xc2\xa0\xc2\xa0");

    (void)state;
    assert_string_equal(row->email, "ada@example.com");
    assert_string_equal(row->role, "member");
    assert_int_equal(row->outcome.status, STATUS_NONE);
    row_free(row);
}

static void a_bad_cell_is_named_with_its_column_and_reason(void **state)
{
    static const struct {
        const char *email;
        const char *role;
        enum outcome_code code;
        const char *error;
    } cases[] = {
        {"", "member", CODE_MISSING_EMAIL, "\"Email\" is empty"},
        {" \xc2\xa0", "member", CODE_MISSING_EMAIL, "\"Email\" is empty"},
        {"ada@example.com", "", CODE_MISSING_ROLE, "\"Role\" is empty"},
        {"ada", "", CODE_INVALID_EMAIL, "\"Email\" has no \"@\""},
        {"ada@@example.com", "member", CODE_INVALID_EMAIL,
         "\"Email\" has more than one \"@\""},
        {"ad\xe9@example.com", "member", CODE_BAD_ENCODING,
         "\"Email\" is not in the encoding of the text before it: name the "
         "right one with --encoding, or export as CSV UTF-8"},
        {"ada@example.com", "m\xe9mber", CODE_BAD_ENCODING,
         "\"Role\" is not in the encoding of the text before it: name the "
         "right one with --encoding, or export as CSV UTF-8"},
        {"ada\x07@example.com", "member", CODE_INVALID_EMAIL,
         "\"Email\" has a line end or control character in it"},
        {"ada@example.com", "mem\n\x1b", CODE_INVALID_ROLE,
         "\"Role\" has a control character in it"},
        {"ada@b\xc3\xbc--\xcc\x81.example", "member", CODE_INVALID_EMAIL,
         "\"Email\" has a domain that cannot exist (IDNA refuses it)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct row *row = check(cases[i].email, cases[i].role);
        assert_int_equal(row->outcome.status, STATUS_INVALID);
        assert_string_equal(row->outcome.error, cases[i].error);
        assert_int_equal(row->outcome.code, cases[i].code);
        assert_null(row->person);
        row_free(row);
    }
}

static void an_invalid_row_holds_what_could_be_read(void **state)
{
    struct row *row = check("ad\xe9@example.com", "member");

    (void)state;
    assert_string_equal(row->email, "ad\xe9@example.com");
    assert_string_equal(row->role, "member");
    row_free(row);
}

static void a_nul_byte_is_refused_where_it_matters(void **state)
{
    const struct csv_field fields[] = {
        {"A\0a", 3}, {"ada@example.com\0x", 17}, {"member", 6}};
    const struct csv_field other[] = {
        {"A\0a", 3}, {"ada@example.com", 15}, {"member", 6}};
    struct csv_record record = {.line = 2, .fields = fields, .field_count = 3};
    struct row *row = check_record(&record);

    (void)state;
    assert_int_equal(row->outcome.code, CODE_NUL_BYTE);
    assert_string_equal(row->outcome.error, "\"Email\" has a NUL byte in it");
    assert_string_equal(row->email, "ada@example.com");
    row_free(row);

    record.fields = other;
    row = check_record(&record);
    assert_int_equal(row->outcome.status, STATUS_NONE);
    row_free(row);
}

static void a_damaged_record_is_refused_with_the_reason(void **state)
{
    static const struct {
        struct csv_record damage;
        enum outcome_code code;
        const char *told;
    } cases[] = {
        {{.has_open_quote = true, .open_quote_line = 12, .is_over_cap = true},
         CODE_UNCLOSED_QUOTE,
         "opens on line 12"},
        {{.has_stray_quote = true}, CODE_UNCLOSED_QUOTE, "double it"},
        {{.is_over_cap = true}, CODE_FIELD_TOO_LONG, "64 KiB"},
    };
    const struct csv_field fields[] = {
        {"Ada", 3}, {"ada@example.com", 15}, {"member", 6}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct csv_record record = cases[i].damage;
        record.line = 3;
        record.fields = fields;
        record.field_count = 3;
        struct row *row = check_record(&record);
        assert_int_equal(row->outcome.status, STATUS_INVALID);
        assert_int_equal(row->outcome.code, cases[i].code);
        assert_non_null(strstr(row->outcome.error, cases[i].told));
        assert_string_equal(row->email, "ada@example.com");
        assert_null(row->person);
        row_free(row);
    }
}

static void columns_too_many_matter_only_with_something_in_them(void **state)
{
    struct csv_field fields[CSV_COLUMN_CAP];
    struct csv_record record = {.line = 3, .fields = fields};
    struct row *row;

    (void)state;
    for (size_t i = 0; i < CSV_COLUMN_CAP; i++)
        fields[i] = (struct csv_field){"", 0};
    fields[1] = (struct csv_field){"ada@example.com", 15};
    fields[2] = (struct csv_field){"member", 6};
    record.field_count = 5;
    row = check_record(&record);
    assert_int_equal(row->outcome.status, STATUS_NONE);
    row_free(row);

    fields[4] = (struct csv_field){"x", 1};
    row = check_record(&record);
    assert_int_equal(row->outcome.code, CODE_TOO_MANY_COLUMNS);
    assert_non_null(strstr(row->outcome.error, "5 columns, the header 3"));
    row_free(row);

    record.field_count = CSV_COLUMN_CAP;
    record.is_over_cap = true;
    row = check_record(&record);
    assert_int_equal(row->outcome.code, CODE_TOO_MANY_COLUMNS);
    row_free(row);
}

static void columns_too_few_are_told_by_number(void **state)
{
    const struct csv_field fields[] = {{"Ada", 3}, {"ada@example.com", 15}};
    struct csv_record record = {.line = 3, .fields = fields, .field_count = 2};
    struct row *row = check_record(&record);

    (void)state;
    assert_int_equal(row->outcome.code, CODE_TOO_FEW_COLUMNS);
    assert_string_equal(row->outcome.error,
                        "the row has 2 columns, \"Role\" is column 3");
    assert_string_equal(row->email, "ada@example.com");
    assert_string_equal(row->role, "");
    row_free(row);
}

static void a_fixed_role_needs_no_column(void **state)
{
    const struct columns one = {
        .email = three.email, .role = {.place = COLUMNS_NONE}, .count = 2};
    const struct input_options fixed = {.fixed_role = "member"};
    struct row_check_counts counts = {0};
    const struct csv_field fields[] = {{"Ada", 3}, {"ada@example.com", 15}};
    const struct csv_record record = {
        .line = 2, .fields = fields, .field_count = 2};
    struct row *row = row_check(&record, &one, &fixed, false, &counts);

    (void)state;
    assert_int_equal(row->outcome.status, STATUS_NONE);
    assert_string_equal(row->role, "member");
    row_free(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_row_is_an_invite),
        cmocka_unit_test(blanks_around_email_and_role_are_trimmed),
        cmocka_unit_test(a_bad_cell_is_named_with_its_column_and_reason),
        cmocka_unit_test(an_invalid_row_holds_what_could_be_read),
        cmocka_unit_test(a_nul_byte_is_refused_where_it_matters),
        cmocka_unit_test(a_damaged_record_is_refused_with_the_reason),
        cmocka_unit_test(columns_too_many_matter_only_with_something_in_them),
        cmocka_unit_test(columns_too_few_are_told_by_number),
        cmocka_unit_test(a_fixed_role_needs_no_column),
    };
    return cmocka_run_group_tests_name("row_check", tests, NULL, NULL);
}
