#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "report/report_format.h"
#include "report/report_parse.h"

static struct error err;

static void the_columns_are_those_that_are_written(void **state)
{
    struct strbuf header, names;

    (void)state;
    strbuf_init(&header, 1000);
    strbuf_init(&names, 1000);
    report_csv_header(&header);
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++) {
        const char *name = report_column_name((enum report_column)i);
        strbuf_addf(&names, "%s%s", i > 0 ? "," : "", name);
        assert_int_equal(report_column_of(name), i);
    }
    strbuf_add_str(&names, "\r\n");
    assert_string_equal(strbuf_str(&names), strbuf_str(&header));
    assert_int_equal(report_column_of("Email"), REPORT_COLUMN_COUNT);
    assert_int_equal(report_column_of(""), REPORT_COLUMN_COUNT);
    strbuf_clear(&header);
    strbuf_clear(&names);
}

static void a_row_is_what_was_written(void **state)
{
    const char *values[REPORT_COLUMN_COUNT] = {"7",
                                               "Ada@Example.com",
                                               "admin",
                                               "invited",
                                               "inv_1",
                                               "pending",
                                               "2026-11-23T15:54:05Z",
                                               "2026-11-30T15:54:05Z",
                                               "200",
                                               "2",
                                               "conflict",
                                               "words"};
    struct row *row;

    (void)state;
    assert_int_equal(report_parse_row(&row, values, &err), ERROR_NONE);
    assert_int_equal(row->line, 7);
    assert_string_equal(row->email, "Ada@Example.com");
    assert_string_equal(row->person, "ada@example.com");
    assert_string_equal(row->role, "admin");
    assert_int_equal(row->outcome.status, STATUS_INVITED);
    assert_string_equal(row->outcome.invitation_id, "inv_1");
    assert_string_equal(row->outcome.state, "pending");
    assert_string_equal(row->outcome.created_at, "2026-11-23T15:54:05Z");
    assert_string_equal(row->outcome.expires_at, "2026-11-30T15:54:05Z");
    assert_int_equal(row->outcome.http_status, 200);
    assert_int_equal(row->outcome.attempts, 2);
    assert_int_equal(row->outcome.code, CODE_CONFLICT);
    assert_string_equal(row->outcome.error, "words");
    row_free(row);
}

static void what_is_empty_is_nothing(void **state)
{
    const char *values[REPORT_COLUMN_COUNT] = {[REPORT_STATUS] = "invalid"};
    struct row *row;

    (void)state;
    assert_int_equal(report_parse_row(&row, values, &err), ERROR_NONE);
    assert_int_equal(row->line, 0);
    assert_string_equal(row->email, "");
    assert_null(row->person);
    assert_null(row->outcome.invitation_id);
    assert_null(row->outcome.error);
    row_free(row);
}

static void values_that_no_report_has_are_refused(void **state)
{
    static const struct {
        enum report_column column;
        const char *value;
        const char *words;
    } cases[] = {
        {REPORT_STATUS, NULL, "it has no status"},
        {REPORT_STATUS, "Invited", "its status, \"Invited\", is not one of"},
        {REPORT_LINE, "x", "its line, \"x\""},
        {REPORT_LINE, "-1", "its line"},
        {REPORT_LINE, "9223372036854775808", "its line"},
        {REPORT_HTTP_STATUS, "1000", "its http_status"},
        {REPORT_HTTP_STATUS, "20x", "its http_status"},
        {REPORT_ATTEMPTS, "4294967296", "its attempts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *values[REPORT_COLUMN_COUNT] = {[REPORT_STATUS] = "invited"};
        struct row *row;
        values[cases[i].column] = cases[i].value;
        assert_int_equal(report_parse_row(&row, values, &err), ERROR_INPUT);
        assert_non_null(strstr(err.text, cases[i].words));
        assert_null(row);
    }
}

/* Whatever the cell said, it says again. */
static void an_apostrophe_is_taken_away_where_one_was_added(void **state)
{
    static const char *const cells[] = {
        "",   "ada", "'",    "''", "=1",   "'=1",  "''=1",
        "-a", "'-a", "'ada", "\t", "'\t@", "a'=1", "+49@x.org"};
    char neutral[32];

    (void)state;
    for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
        bool needs_one = report_needs_apostrophe(cells[i]);
        snprintf(neutral, sizeof(neutral), "%s%s", needs_one ? "'" : "",
                 cells[i]);
        assert_string_equal(report_cell_text(neutral), cells[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_columns_are_those_that_are_written),
        cmocka_unit_test(a_row_is_what_was_written),
        cmocka_unit_test(what_is_empty_is_nothing),
        cmocka_unit_test(values_that_no_report_has_are_refused),
        cmocka_unit_test(an_apostrophe_is_taken_away_where_one_was_added),
    };
    return cmocka_run_group_tests_name("report_parse", tests, NULL, NULL);
}
