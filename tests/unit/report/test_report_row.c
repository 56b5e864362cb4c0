#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "report/report_row.h"

/* Only these two are filled with what the tests hand in. */
static void format(struct strbuf *out,
                   void (*add)(struct strbuf *out, const struct row *row),
                   const char *email, const char *role)
{
    struct row *row =
        row_new(7, email, strlen(email), role, strlen(role), NULL);

    row->outcome.status = STATUS_INVALID;
    strbuf_init(out, 1 << 16);
    add(out, row);
    row_free(row);
}

static struct row *full_row(void)
{
    struct row *row = row_new(7, "ada@example.com", 15, "admin", 5, NULL);

    row->outcome.status = STATUS_INVITED;
    row->outcome.http_status = 200;
    row->outcome.attempts = 2;
    row->outcome.invitation_id = xstrdup("inv_1");
    row->outcome.state = xstrdup("pending");
    row->outcome.created_at = xstrdup("2026-11-23T15:54:05Z");
    row->outcome.expires_at = xstrdup("2026-11-30T15:54:05Z");
    return row;
}

static void the_header_names_the_columns_in_order(void **state)
{
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 1000);
    report_csv_header(&out);
    assert_string_equal(strbuf_str(&out),
                        "line,email,role,status,invitation_id,state,"
                        "created_at,expires_at,http_status,attempts,"
                        "error_code,error\r\n");
    strbuf_clear(&out);
}

static void a_full_row_is_plain_in_both_formats(void **state)
{
    struct row *row = full_row();
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 1000);
    report_csv_row(&out, row);
    assert_string_equal(strbuf_str(&out),
                        "7,ada@example.com,admin,invited,inv_1,pending,"
                        "2026-11-23T15:54:05Z,2026-11-30T15:54:05Z,200,2,,"
                        "\r\n");
    strbuf_reset(&out);
    report_jsonl_row(&out, row);
    assert_string_equal(
        strbuf_str(&out),
        "{\"line\":7,\"email\":\"ada@example.com\",\"role\":\"admin\","
        "\"status\":\"invited\",\"invitation_id\":\"inv_1\","
        "\"state\":\"pending\",\"created_at\":\"2026-11-23T15:54:05Z\","
        "\"expires_at\":\"2026-11-30T15:54:05Z\",\"http_status\":200,"
        "\"attempts\":2,\"error_code\":null,\"error\":null}\n");
    strbuf_clear(&out);
    row_free(row);
}

static void what_is_missing_is_empty_or_null(void **state)
{
    struct strbuf out;

    (void)state;
    format(&out, report_csv_row, "", "");
    assert_string_equal(strbuf_str(&out), "7,,,invalid,,,,,,0,,\r\n");
    strbuf_clear(&out);
    format(&out, report_jsonl_row, "", "");
    assert_string_equal(
        strbuf_str(&out),
        "{\"line\":7,\"email\":null,\"role\":null,\"status\":\"invalid\","
        "\"invitation_id\":null,\"state\":null,\"created_at\":null,"
        "\"expires_at\":null,\"http_status\":null,\"attempts\":0,"
        "\"error_code\":null,\"error\":null}\n");
    strbuf_clear(&out);
}

static void csv_cells_are_quoted_and_formulas_neutralised(void **state)
{
    static const struct {
        const char *cell;
        const char *written;
    } cases[] = {
        {"ada", "ada"},
        {"a b", "a b"},
        {"a'b", "a'b"},
        {"b\xc3\xbc", "b\xc3\xbc"},
        {"a,b", "\"a,b\""},
        {"a;=1+1", "\"a;=1+1\""},
        {"a\"b\"", "\"a\"\"b\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"a\r\nb", "\"a\r\nb\""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"\x01", "\"\x01\""},
        {"m\xe9", "\"m\xef\xbf\xbd\""},
        {"=1+1", "\"'=1+1\""},
        {"+1", "\"'+1\""},
        {"-1", "\"'-1\""},
        {"@a", "\"'@a\""},
        {"\ta", "\"'\ta\""},
        {"\ra", "\"'\ra\""},
        {"\na", "\"'\na\""},
        {" =1", "\"' =1\""},
        {"' +1", "\"'' +1\""},
        {"=\"x\"", "\"'=\"\"x\"\"\""},
        {"\xef\xbc\x9d"
         "1",
         "\"'\xef\xbc\x9d"
         "1\""},
        {"\xef\xbc\x8b", "\"'\xef\xbc\x8b\""},
        {"\xef\xbc\x8d", "\"'\xef\xbc\x8d\""},
        {"\xef\xbc\xa0", "\"'\xef\xbc\xa0\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char expected[64];
        struct strbuf out;
        snprintf(expected, sizeof(expected), "7,x,%s,invalid,,,,,,0,,\r\n",
                 cases[i].written);
        format(&out, report_csv_row, "x", cases[i].cell);
        assert_string_equal(strbuf_str(&out), expected);
        strbuf_clear(&out);
    }
}

static void json_texts_are_escaped_and_always_utf8(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"=1+1", "=1+1"},
        {"a\"b\\c", "a\\\"b\\\\c"},
        {"\n\r\t", "\\n\\r\\t"},
        {"\x01\x1f", "\\u0001\\u001f"},
        {"\x7f", "\\u007f"},
        {"b\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
         "b\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"m\xe9mber", "m\xef\xbf\xbdmber"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xff\"", "\xef\xbf\xbd\\\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char expected[64];
        struct strbuf out;
        snprintf(expected, sizeof(expected), "\"role\":\"%s\",\"status\"",
                 cases[i].written);
        format(&out, report_jsonl_row, "x", cases[i].text);
        assert_non_null(strstr(strbuf_str(&out), expected));
        strbuf_clear(&out);
    }
}

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
        "",    "ada",  "'",    "''",  "=1",   "'=1",  "''=1",
        "-a",  "'-a",  "'ada", "\t",  "'\t@", "a'=1", "+49@x.org",
        " =1", "' =1", " '=1", " ' ", "  "};
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
        cmocka_unit_test(the_header_names_the_columns_in_order),
        cmocka_unit_test(a_full_row_is_plain_in_both_formats),
        cmocka_unit_test(what_is_missing_is_empty_or_null),
        cmocka_unit_test(csv_cells_are_quoted_and_formulas_neutralised),
        cmocka_unit_test(json_texts_are_escaped_and_always_utf8),
        cmocka_unit_test(the_columns_are_those_that_are_written),
        cmocka_unit_test(a_row_is_what_was_written),
        cmocka_unit_test(what_is_empty_is_nothing),
        cmocka_unit_test(values_that_no_report_has_are_refused),
        cmocka_unit_test(an_apostrophe_is_taken_away_where_one_was_added),
    };
    return cmocka_run_group_tests_name("report_row", tests, NULL, NULL);
}
