#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/report.h"

#define HEADER                                                          \
    "line,email,role,status,invitation_id,state,created_at,expires_at," \
    "http_status,attempts,error_code,error\r\n"

static char folder[] = "/tmp/test_report.XXXXXX";
static char path[sizeof(folder) + 32];
static char partial[sizeof(path) + 8];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/report.csv", folder);
    snprintf(partial, sizeof(partial), "%s.partial", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(partial);
    return rmdir(folder);
}

static void expect_content(const char *name, const char *expected)
{
    char content[1024];
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    assert_true(fd >= 0);
    len = read(fd, content, sizeof(content) - 1);
    assert_true(len >= 0);
    content[len] = '\0';
    assert_string_equal(content, expected);
    close(fd);
}

static struct report *open_report(enum report_format format)
{
    struct error err = ERROR_INIT;
    struct report *report;

    if (report_open(&report, path, format, &err) != ERROR_NONE)
        fail_msg("%s", err.text);
    return report;
}

static void add(struct report *report, const char *email)
{
    struct error err = ERROR_INIT;
    struct row *row = row_new(2, email, strlen(email), "admin", 5, NULL);

    outcome_set(&row->outcome, STATUS_INVALID, CODE_INVALID_EMAIL, "no");
    assert_int_equal(report_add(report, row, &err), ERROR_NONE);
    row_free(row);
}

static void the_ending_of_the_name_tells_the_format(void **state)
{
    (void)state;
    assert_int_equal(report_format_of("team.csv.report.csv", NULL), REPORT_CSV);
    assert_int_equal(report_format_of("-", NULL), REPORT_CSV);
    assert_int_equal(report_format_of("", NULL), REPORT_CSV);
    assert_int_equal(report_format_of("jsonl", NULL), REPORT_CSV);
    assert_int_equal(report_format_of("a.jsonl", NULL), REPORT_JSONL);
    assert_int_equal(report_format_of("a.ndjson", NULL), REPORT_JSONL);
    assert_int_equal(report_format_of("a.jsonl.csv", NULL), REPORT_CSV);
    assert_int_equal(report_format_of("a.jsonl", "csv"), REPORT_CSV);
    assert_int_equal(report_format_of("-", "jsonl"), REPORT_JSONL);
}

static void a_committed_report_has_its_name_and_is_private(void **state)
{
    struct report *report = open_report(REPORT_CSV);
    struct error err = ERROR_INIT;
    struct stat info;

    (void)state;
    add(report, "ada");
    assert_int_equal(report_flush(report, &err), ERROR_NONE);
    expect_content(partial,
                   HEADER "2,ada,admin,invalid,,,,,,0,invalid_email,no\r\n");
    add(report, "bob");
    assert_int_equal(report_commit(report, &err), ERROR_NONE);
    expect_content(path,
                   HEADER "2,ada,admin,invalid,,,,,,0,invalid_email,no\r\n"
                          "2,bob,admin,invalid,,,,,,0,invalid_email,no\r\n");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
}

static void json_lines_have_no_header(void **state)
{
    struct report *report = open_report(REPORT_JSONL);
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(report_commit(report, &err), ERROR_NONE);
    expect_content(path, "");
    assert_int_equal(unlink(path), 0);
}

static void an_abandoned_report_stays_partial(void **state)
{
    struct report *report = open_report(REPORT_CSV);
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(report_flush(report, &err), ERROR_NONE);
    report_abandon(report);
    report_abandon(NULL);
    assert_int_equal(access(path, F_OK), -1);
    expect_content(partial, HEADER);
    assert_int_equal(unlink(partial), 0);
}

static void a_place_that_cannot_be_written_is_an_error(void **state)
{
    struct error err = ERROR_INIT;
    struct report *report;

    (void)state;
    assert_int_equal(
        report_open(&report, "/nonexistent/report.csv", REPORT_CSV, &err),
        ERROR_STORAGE);
    assert_null(report);
}

static void a_full_disk_is_an_error(void **state)
{
    struct error err = ERROR_INIT;
    struct report *report;

    (void)state;
    assert_int_equal(report_open(&report, "/dev/full", REPORT_CSV, &err),
                     ERROR_STORAGE);
    assert_null(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ending_of_the_name_tells_the_format),
        cmocka_unit_test(a_committed_report_has_its_name_and_is_private),
        cmocka_unit_test(json_lines_have_no_header),
        cmocka_unit_test(an_abandoned_report_stays_partial),
        cmocka_unit_test(a_place_that_cannot_be_written_is_an_error),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests_name("report", tests, make_folder,
                                       remove_folder);
}
