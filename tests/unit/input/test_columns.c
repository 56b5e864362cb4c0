#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/columns.h"

#define NAMES_MAX 8

struct column_case {
    const char *names[NAMES_MAX]; /* the header */
    struct input_options options;
    size_t email;
    size_t role;
    const char *error; /* a part of it; NULL when the columns are found */
};

static enum error_kind find(const struct column_case *expected,
                            struct columns *columns, struct error *err)
{
    struct csv_field fields[NAMES_MAX];
    struct csv_record header = {.line = 1, .fields = fields};

    for (size_t i = 0; i < NAMES_MAX && expected->names[i]; i++) {
        fields[i].bytes = expected->names[i];
        fields[i].len = strlen(expected->names[i]);
        header.field_count++;
    }
    return columns_find(&header, &expected->options, "team.csv", columns, err);
}

static void columns_are_found_by_name(void **state)
{
    static const struct column_case cases[] = {
        {.names = {"email", "role"}, .email = 0, .role = 1},
        {.names = {"Role", "Name", "E-Mail"}, .email = 2, .role = 0},
        {.names = {"EMAIL_ADDRESS", "ROLE"}, .email = 0, .role = 1},
        {.names = {"e.mail address", " role "}, .email = 0, .role = 1},
        {.names = {"x", "mail"},
         .options = {.fixed_role = "member"},
         .email = 1,
         .role = COLUMNS_NONE},
        {.names = {"email", "role"},
         .options = {.fixed_role = "member"},
         .email = 0,
         .role = COLUMNS_NONE},
        {.names = {"email", "Work Email", "Job"},
         .options = {.email_column = "work-email", .role_column = "JOB"},
         .email = 1,
         .role = 2},
        {.names = {"Email", "email", "role"},
         .options = {.email_column = "email"},
         .email = 1,
         .role = 2},
        {.names = {"kontakt@", "role"},
         .options = {.email_column = "kontakt@"},
         .email = 0,
         .role = 1},
    };
    struct columns columns;
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(find(&cases[i], &columns, &err), ERROR_NONE);
        assert_int_equal(columns.email.place, cases[i].email);
        assert_int_equal(columns.role.place, cases[i].role);
        columns_clear(&columns);
    }
}

static void none_or_two_is_a_question_that_can_be_answered(void **state)
{
    static const struct column_case cases[] = {
        {.names = {"name", "role"},
         .error = "team.csv has no email column: name it with --email-column "
                  "(columns: \"name\", \"role\")"},
        {.names = {"email", "team"},
         .error = "team.csv has no role column: name it with --role-column, "
                  "or give everybody one with --role (columns: \"email\", "
                  "\"team\")"},
        {.names = {"email", "E-Mail", "role"},
         .error = "2 columns that could be the email: choose one with "
                  "--email-column"},
        {.names = {"email", "role"},
         .options = {.email_column = "work email"},
         .error = "no column \"work email\" for --email-column"},
        {.names = {"email", "role"},
         .options = {.role_column = "job"},
         .error = "no column \"job\" for --role-column"},
        {.names = {"email", "email", "role"},
         .options = {.email_column = "email"},
         .error = "2 columns that could be the email"},
        {.names = {"x"},
         .options = {.email_column = "x", .role_column = "X"},
         .error = "cannot both be in column 1"},
        {.names = {"ada@example.com", "Lovelace"},
         .error = "team.csv has no header"},
        {.names = {"x\x1b[31m", "role"}, .error = "\"x\\x1B[31m\""},
    };
    struct columns columns;
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(find(&cases[i], &columns, &err), ERROR_INPUT);
        if (!strstr(err.text, cases[i].error))
            fail_msg("%s", err.text);
        columns_clear(&columns);
    }
}

static void a_header_without_a_header_keeps_the_address_to_itself(void **state)
{
    static const struct column_case data = {
        .names = {"ada@example.com", "Lovelace"}};
    struct columns columns;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(find(&data, &columns, &err), ERROR_INPUT);
    assert_null(strstr(err.text, "ada"));
    columns_clear(&columns);
}

static void a_long_list_of_columns_is_cut(void **state)
{
    struct csv_field fields[1000];
    const struct csv_record header = {.fields = fields, .field_count = 1000};
    const struct input_options options = {.fixed_role = "member"};
    struct columns columns;
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        fields[i] = (struct csv_field){"department", 10};
    assert_int_equal(
        columns_find(&header, &options, "team.csv", &columns, &err),
        ERROR_INPUT);
    assert_non_null(strstr(err.text, " more)"));
    columns_clear(&columns);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    static const struct column_case data = {
        .names = {"12345678901234567890123456789012345678901234567\xc3\xa9tage",
                  "role"},
        .options = {.email_column = "1"}};
    struct columns columns;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(find(&data, &columns, &err), ERROR_NONE);
    assert_string_equal(columns.email.header, data.names[0]);
    assert_string_equal(
        columns.email.name,
        "\"12345678901234567890123456789012345678901234567...\"");
    assert_string_equal(columns.role.name, "\"role\"");
    columns_clear(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(none_or_two_is_a_question_that_can_be_answered),
        cmocka_unit_test(a_header_without_a_header_keeps_the_address_to_itself),
        cmocka_unit_test(a_long_list_of_columns_is_cut),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
