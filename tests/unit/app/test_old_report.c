#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "app/old_report.h"
#include "base/strbuf.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char path[] = "/tmp/test_old_report.XXXXXX";

static void write_text(const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* All rows as "LINE EMAIL ROLE STATUS; ", or the error. */
static enum error_kind read_all(enum report_format format, struct strbuf *seen,
                                struct error *err)
{
    struct old_report *report;
    enum error_kind kind = old_report_open(&report, path, format, err);
    for (struct row *row = NULL; !kind; row_free(row)) {
        kind = old_report_next(report, &row, err);
        if (!row)
            break;
        strbuf_addf(seen, "%llu %s %s %s; ", (unsigned long long)row->line,
                    row->email, row->role, status_name(row->outcome.status));
    }
    if (report)
        old_report_close(report);
    return kind;
}

static void rows_are_read_in_both_formats(void **state)
{
    static const struct {
        enum report_format format;
        const char *text;
    } cases[] = {
        {REPORT_CSV, "line,email,role,status,invitation_id\r\n"
                     "2,a@x.org,admin,invited,1\r\n"
                     "3,\"'=b@x.org\",\"a\"\"b\",unknown,\r\n"
                     "4,nobody,,invalid,\r\n"
                     "5,,,invited,\r\n"},
        {REPORT_CSV, "\xef\xbb\xbfstatus,role,more,email,line\n"
                     "invited,admin,x,a@x.org,2\n"
                     "unknown,\"a\"\"b\",x,=b@x.org,3\n"
                     "invalid,,x,nobody,4\n"
                     "invited,,x,,5"},
        {REPORT_JSONL,
         "{\"line\":2,\"email\":\"a@x.org\",\"role\":\"admin\","
         "\"status\":\"invited\",\"more\":[]}\n"
         "\n"
         "{\"line\":3,\"email\":\"=b@x.org\",\"role\":\"a\\\"b\","
         "\"status\":\"unknown\"}\r\n"
         "{\"line\":4,\"email\":\"nobody\",\"role\":null,"
         "\"status\":\"invalid\"}\n"
         "{\"line\":5,\"email\":null,\"role\":null,\"status\":\"invited\"}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        struct strbuf seen;
        strbuf_init(&seen, 1000);
        write_text(cases[i].text);
        if (read_all(cases[i].format, &seen, &err))
            fail_msg("%s", err.text);
        assert_string_equal(strbuf_str(&seen),
                            "2 a@x.org admin invited; 3 =b@x.org a\"b unknown; "
                            "4 nobody  invalid; 5   invited; ");
        strbuf_clear(&seen);
    }
}

static void what_is_no_report_is_said_with_its_line(void **state)
{
    static const struct {
        enum report_format format;
        const char *text;
        const char *message; /* after the file's name */
    } cases[] = {
        {REPORT_CSV, "", " is empty: it is no report"},
        {REPORT_CSV, "email,role\na@x.org,admin\n",
         ":1: no \"line\" here, so this is not a report of bulk-invite"},
        {REPORT_CSV, "line,email,role\n2,a@x.org,admin\n",
         ":1: no \"status\" here, so this is not a report of bulk-invite"},
        {REPORT_CSV, "line,email,role,status\n2,a@x.org,admin\n",
         ":2: not as many fields as the first line has"},
        {REPORT_CSV, "line,email,role,status\n2,a@x.org,admin,sent\n",
         ":2: its status, \"sent\", is not one of a report"},
        {REPORT_CSV, "line,email,role,status\n2,a@x.org,admin,\n",
         ":2: it has no status"},
        {REPORT_CSV, "line,email,role,status\n2,nobody,admin,invited\n",
         ":2: its email is not an e-mail address"},
        {REPORT_CSV, "line,email,role,status\n2,a@x.org,\"admin,invited\n",
         ":2: its quotes do not match"},
        {REPORT_JSONL, "line,email,role,status\n",
         ":1: no JSON object, so this is not a report in JSON Lines"},
        {REPORT_JSONL, "\n{\"email\":\"a@x.org\"}\n",
         ":2: no \"status\" here, so this is not a report of bulk-invite"},
        {REPORT_JSONL,
         "{\"status\":\"invalid\"}\n{\"status\":\"unknown\",\"email\":\"a\"}",
         ":2: its email is not an e-mail address"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        struct strbuf seen;
        char message[256];
        strbuf_init(&seen, 1000);
        write_text(cases[i].text);
        snprintf(message, sizeof(message), "%s%s", path, cases[i].message);
        assert_int_equal(read_all(cases[i].format, &seen, &err), ERROR_INPUT);
        assert_string_equal(err.text, message);
        strbuf_clear(&seen);
    }
}

static void a_line_that_never_ends_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    struct old_report *report;
    struct row *row;
    (void)state;
    assert_int_equal(old_report_open(&report, "/dev/zero", REPORT_JSONL, &err),
                     ERROR_NONE);
    assert_int_equal(old_report_next(report, &row, &err), ERROR_INPUT);
    assert_string_equal(err.text,
                        "/dev/zero:1: it is longer than any report's");
    old_report_close(report);
}

/* As a file system may leave it when the power fails. */
static void a_file_whose_end_is_zeros_is_refused(void **state)
{
    static const char text[] = "{\"status\":\"invalid\"}\n";
    struct error err = ERROR_INIT;
    struct strbuf seen;
    (void)state;
    write_text(text);
    assert_int_equal(truncate(path, sizeof(text) + 100), 0);
    strbuf_init(&seen, 1000);
    assert_int_equal(read_all(REPORT_JSONL, &seen, &err), ERROR_INPUT);
    assert_non_null(strstr(err.text, ":2: no JSON object"));
    strbuf_clear(&seen);
}

static void a_missing_file_is_said(void **state)
{
    struct error err = ERROR_INIT;
    struct old_report *report;
    (void)state;
    assert_int_equal(
        old_report_open(&report, "/nonexistent/r.csv", REPORT_CSV, &err),
        ERROR_INPUT);
    assert_null(report);
    assert_non_null(strstr(err.text, "/nonexistent/r.csv"));
}

static int make_file(void **state)
{
    int fd = mkstemp(path);
    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_in_both_formats),
        cmocka_unit_test(what_is_no_report_is_said_with_its_line),
        cmocka_unit_test(a_line_that_never_ends_is_refused),
        cmocka_unit_test(a_file_whose_end_is_zeros_is_refused),
        cmocka_unit_test(a_missing_file_is_said),
    };
    return cmocka_run_group_tests_name("old_report", tests, make_file,
                                       remove_file);
}
