#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/retry_file.h"

static char folder[] = "/tmp/test_retry_file.XXXXXX";
static char path[sizeof(folder) + 32];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/r.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static struct row *make_row(uint64_t line, const char *text, size_t len,
                            const char *encoding, enum status status,
                            const char *error)
{
    struct row *row = row_new(line, "", 0, "", 0, NULL);

    outcome_set(&row->outcome, status,
                status == STATUS_DUPLICATE ? CODE_DUPLICATE_OTHER_ROLE
                                           : CODE_NONE,
                error);
    row->record = xmalloc(sizeof(*row->record) + len);
    row->record->encoding = encoding;
    row->record->len = len;
    memcpy(row->record->text, text, len);
    return row;
}

static void add(struct retry_file *file, struct row *row)
{
    struct error err = ERROR_INIT;

    assert_int_equal(retry_file_add(file, row, &err), ERROR_NONE);
    row_free(row);
}

static void commit(struct retry_file *file)
{
    struct error err = ERROR_INIT;

    assert_null(retry_file_path(file));
    assert_int_equal(retry_file_commit(file, &err), ERROR_NONE);
}

/* The file's content, and the file is gone. */
static void expect_file(const char *expected, size_t len)
{
    char content[1024];
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_int_equal(fread(content, 1, sizeof(content), file), len);
    assert_memory_equal(content, expected, len);
    fclose(file);
    unlink(path);
}

static const struct row_form form = {"a,error\n", 8, ',', "\n"};

static void only_rows_that_need_a_look_are_written_duplicates_last(void **state)
{
    static const char expected[] = "a,error\n"
                                   "3,\"rejected: no\"\n"
                                   "2,\"duplicate: line 1\"\n";
    struct retry_file *file = retry_file_new(path, "team.csv", &form);

    (void)state;
    add(file, make_row(1, "1", 1, NULL, STATUS_INVITED, NULL));
    assert_int_equal(access(path, F_OK), -1);
    add(file, make_row(2, "2", 1, NULL, STATUS_DUPLICATE, "line 1"));
    add(file, make_row(3, "3", 1, NULL, STATUS_REJECTED, "no"));
    commit(file);
    assert_string_equal(retry_file_path(file), path);
    retry_file_free(file);
    expect_file(expected, sizeof(expected) - 1);
}

static void an_error_is_one_cell_of_one_line(void **state)
{
    static const char expected[] =
        "a,error\n"
        "x,\"failed: a \"\"b\"\", c  d \xef\xbf\xbd\xc3\xa9\"\n"
        "y,\"unprocessed: \"\n";
    struct retry_file *file = retry_file_new(path, "team.csv", &form);

    (void)state;
    add(file, make_row(1, "x", 1, NULL, STATUS_FAILED,
                       "a \"b\", c\r\nd\x1b\xff\xc3\xa9"));
    add(file, make_row(2, "y", 1, NULL, STATUS_UNPROCESSED, NULL));
    commit(file);
    retry_file_free(file);
    expect_file(expected, sizeof(expected) - 1);
}

static void it_is_in_the_encoding_of_the_input(void **state)
{
    static const struct {
        const char *encoding;
        const char *head;
        const char *text;
        const char *expected;
        size_t len;
    } cases[] = {
#define CASE(encoding, head, text, expected) \
    {encoding, head, text, expected, sizeof(expected) - 1}
        CASE("Windows-1252", "\xc3\xa9\n", "\xfa\x81\xe2\x82\xac\xfb\xa9",
             "\xe9\n\x81\x80\xe9,\"failed: \xe9?\"\n"),
        CASE("ASCII", "h\n", "x", "h\nx,\"failed: ??\"\n"),
        CASE("KOI8-R", "\xd0\x96\n", "x", "\xf6\nx,\"failed: ??\"\n"),
        CASE("UTF-16LE", "\xef\xbb\xbfh\n", "\xf8\x80\xfb\x98",
             "\xff\xfeh\0\n\0\0\xd8,\0\"\0"
             "f\0a\0i\0l\0e\0d\0:\0 \0\xe9\0y_\"\0\n\0"),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct row_form here = {cases[i].head, strlen(cases[i].head), ',',
                                      "\n"};
        struct retry_file *file = retry_file_new(path, "team.csv", &here);
        add(file,
            make_row(1, cases[i].text, strlen(cases[i].text), cases[i].encoding,
                     STATUS_FAILED, "\xc3\xa9\xe5\xbd\xb9"));
        commit(file);
        retry_file_free(file);
        expect_file(cases[i].expected, cases[i].len);
    }
}

static void half_a_character_shifts_nothing_behind_it(void **state)
{
    static const char expected[] = "h\0\n\0b\0,\0\"\0f\0a\0i\0l\0e\0d\0:\0 \0"
                                   "\"\0\n\0";
    static const char *const encodings[] = {"UTF-16LE", "UCS-2LE"};
    const struct row_form here = {"h\n", 2, ',', "\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
        const char *name = encodings[i];
        struct retry_file *file = retry_file_new(path, "team.csv", &here);
        uint64_t line;
        add(file, make_row(2, "a\xf9\xa1", 3, name, STATUS_INVALID, ""));
        add(file, make_row(3, "b", 1, name, STATUS_FAILED, ""));
        commit(file);
        assert_int_equal(1, retry_file_left_out(file, &line));
        assert_int_equal(2, line);
        retry_file_free(file);
        expect_file(expected, sizeof(expected) - 1);
    }
}

static void rows_without_a_record_are_counted(void **state)
{
    struct retry_file *file = retry_file_new(path, "team.csv", &form);
    uint64_t line;

    (void)state;
    for (uint64_t i = 7; i < 9; i++) {
        struct row *row = make_row(i, "", 0, NULL, STATUS_INVALID, NULL);
        free(row->record);
        row->record = NULL;
        add(file, row);
    }
    commit(file);
    assert_null(retry_file_path(file));
    assert_int_equal(retry_file_left_out(file, &line), 2);
    assert_int_equal(line, 7);
    retry_file_free(file);
    assert_int_equal(access(path, F_OK), -1);
}

static void an_error_is_told_once_and_ends_it(void **state)
{
    struct retry_file *file = retry_file_new("/dev/full", "team.csv", &form);
    struct error err = ERROR_INIT;

    (void)state;
    add(file, make_row(1, "x", 1, NULL, STATUS_FAILED, NULL));
    assert_int_equal(retry_file_flush(file, &err), ERROR_STORAGE);
    add(file, make_row(2, "y", 1, NULL, STATUS_FAILED, NULL));
    commit(file);
    assert_null(retry_file_path(file));
    retry_file_free(file);
}

static void its_name_is_the_lists_once(void **state)
{
    static const char *const names[][2] = {
        {"team.csv", "team.csv.retry.csv"},
        {"team.csv.retry.csv", "team.csv.retry.csv"},
        {"x", "x.retry.csv"},
    };
    char before[256];

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct retry_file *file = retry_file_new(NULL, names[i][0], &form);
        add(file, make_row(1, "x", 1, NULL, STATUS_FAILED, NULL));
        commit(file);
        assert_string_equal(retry_file_path(file), names[i][1]);
        retry_file_free(file);
        unlink(names[i][1]);
        unlink("team.csv.retry.csv.1");
    }
    assert_int_equal(chdir(before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            only_rows_that_need_a_look_are_written_duplicates_last),
        cmocka_unit_test(an_error_is_one_cell_of_one_line),
        cmocka_unit_test(it_is_in_the_encoding_of_the_input),
        cmocka_unit_test(half_a_character_shifts_nothing_behind_it),
        cmocka_unit_test(rows_without_a_record_are_counted),
        cmocka_unit_test(an_error_is_told_once_and_ends_it),
        cmocka_unit_test(its_name_is_the_lists_once),
    };
    return cmocka_run_group_tests_name("retry_file", tests, make_folder,
                                       remove_folder);
}
