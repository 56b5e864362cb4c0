#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "input/input.h"

static char folder[] = "/tmp/test_input.XXXXXX";
static char path[sizeof(folder) + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/team.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void append(const char *bytes, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
    assert_int_equal(close(fd), 0);
}

static struct input *open_input(const struct input_options *options,
                                const char *bytes)
{
    struct error err = ERROR_INIT;
    struct input *input;

    append(bytes, O_TRUNC);
    if (input_open(&input, options, &err) != ERROR_NONE)
        fail_msg("%s", err.text);
    return input;
}

static struct row *next(struct input *input)
{
    struct error err = ERROR_INIT;
    struct row *row;

    if (input_next(input, &row, &err) != ERROR_NONE)
        fail_msg("%s", err.text);
    return row;
}

static void expect_row(struct input *input, uint64_t line, const char *email,
                       const char *role)
{
    struct row *row = next(input);

    assert_non_null(row);
    assert_int_equal(row->line, line);
    assert_string_equal(row->email, email);
    assert_string_equal(row->role, role);
    row_free(row);
}

static void rows_come_in_order_with_their_lines(void **state)
{
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct input *input =
        open_input(&options, "name,email,role\n"
                             "Ada,ada@example.com,admin\n"
                             "\n"
                             ",,\n"
                             "\"B\nb\",bob@example.com,member\n"
                             ",nobody,\n"
                             "Eve,eve@example.com,member");

    (void)state;
    assert_string_equal(input_name(input), path);
    assert_true(input_is_rewindable(input));
    expect_row(input, 2, "ada@example.com", "admin");
    expect_row(input, 5, "bob@example.com", "member");
    expect_row(input, 7, "nobody", "");
    expect_row(input, 8, "eve@example.com", "member");
    assert_null(next(input));
    assert_null(next(input));
    assert_false(input_is_cancelled(input));
    input_close(input);
}

static void a_header_alone_is_a_list_of_nobody(void **state)
{
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct input *input = open_input(&options, "email,role");

    (void)state;
    assert_null(next(input));
    input_close(input);
}

static void sentences_use_the_headers_own_words(void **state)
{
    const struct input_options options = {
        .path = path, .fixed_role = "member", .cancel_fd = -1};
    struct input *input = open_input(&options, "E-Mail\nada\n");
    struct row *row = next(input);

    (void)state;
    assert_string_equal(row->outcome.error, "\"E-Mail\" has no \"@\"");
    row_free(row);
    input_close(input);
}

static void a_second_pass_gives_the_same_rows(void **state)
{
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct input *input =
        open_input(&options, "email,role\nada@example.com,admin\n");
    struct error err = ERROR_INIT;

    (void)state;
    for (int pass = 0; pass < 3; pass++) {
        expect_row(input, 2, "ada@example.com", "admin");
        assert_null(next(input));
        assert_int_equal(input_rewind(input, &err), ERROR_NONE);
    }
    input_close(input);
}

static void a_file_that_changed_is_not_read_again(void **state)
{
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct input *input =
        open_input(&options, "email,role\nada@example.com,admin\n");
    struct error err = ERROR_INIT;

    (void)state;
    append("bob@example.com,admin\n", O_APPEND);
    assert_int_equal(input_rewind(input, &err), ERROR_INPUT);
    assert_non_null(strstr(err.text, "team.csv was changed"));
    input_close(input);
}

static void a_file_that_changes_in_the_second_pass_is_noticed(void **state)
{
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct input *input =
        open_input(&options, "email,role\nada@example.com,admin\n");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1}};
    struct error err = ERROR_INIT;
    struct row *row;

    (void)state;
    assert_int_equal(input_rewind(input, &err), ERROR_NONE);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    expect_row(input, 2, "ada@example.com", "admin");
    assert_int_equal(input_next(input, &row, &err), ERROR_INPUT);
    assert_null(row);
    input_close(input);
}

/* With a comma, its quote would be a letter like others. */
static void a_told_delimiter_counts_also_where_no_record_ends(void **state)
{
    const struct input_options options = {.path = path,
                                          .email_column = "1",
                                          .fixed_role = "member",
                                          .delimiter = ';',
                                          .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;

    (void)state;
    append("name;\"note\nada;y\n", O_TRUNC);
    assert_int_equal(input_open(&input, &options, &err), ERROR_INPUT);
    assert_non_null(strstr(err.text, "quotes in the header"));
}

/* Also where a spreadsheet adds cells behind it, and in rows whose quotes leave
 * open where it begins. */
static void the_error_of_a_retry_file_is_taken_off(void **state)
{
    static const struct {
        const char *row;
        const char *record;
    } cases[] = {
        {"ada@x.org;admin;\"rejected: no\"", "ada@x.org;admin"},
        {"ada@x.org;admin;\"rejected: no\";;", "ada@x.org;admin"},
        {"ada@x.org;admin", "ada@x.org;admin"},
        {"ada@x.org", "ada@x.org;"},
        {"bo@x.org;admin;surplus;\"invalid: no\"", "bo@x.org;admin;surplus"},
        {"bo@x.org;admin;surplus;no", "bo@x.org;admin;surplus;no"},
        {"\"bo; \"\"Bo\"\"\" ; 5\" ; invalid", "\"bo; \"\"Bo\"\"\" ; 5\" "},
        {"\"Bo\" B;admin;\"invalid: a \"\"single\"\" one\"", "\"Bo\" B;admin"},
        {"\"Bo\" B;admin;\"rejected: no\"", "\"Bo\" B;admin;\"rejected: no\""},
        {"\"Bo\" B;\"invalid: no\";\"admin\"",
         "\"Bo\" B;\"invalid: no\";\"admin\""},
    };
    const struct input_options options = {
        .path = path, .keeps_records = true, .cancel_fd = -1};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char list[200];
        snprintf(list, sizeof(list), "email;role;error\n%s\n", cases[i].row);
        struct input *input = open_input(&options, list);
        struct row *row = next(input);
        assert_int_equal(row->record->len, strlen(cases[i].record));
        assert_memory_equal(row->record->text, cases[i].record,
                            row->record->len);
        row_free(row);
        input_close(input);
    }
}

static void an_input_that_cannot_be_used_is_an_error(void **state)
{
    static const struct {
        const char *bytes;
        const char *told;
    } cases[] = {
        {"", "is empty"},
        {"\n\n", "is empty"},
        {"\xef\xbb\xbf", "is empty"},
        {"ada@example.com,Lovelace\n", "has no header"},
        {"name,role\nAda,admin\n", "has no email column"},
        {"\"email,role\nada@example.com,admin\n", "(line 1) do not match"},
        {"PK\x03\x04", "zip file"},
    };
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        append(cases[i].bytes, O_TRUNC);
        assert_int_equal(input_open(&input, &options, &err), ERROR_INPUT);
        assert_null(input);
        assert_non_null(strstr(err.text, path));
        if (cases[i].told && !strstr(err.text, cases[i].told))
            fail_msg("%s", err.text);
    }
}

static void nul_bytes_in_the_header_mean_no_text_file(void **state)
{
    static const char utf16[] = "email\0,role\n";
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_int_equal(write(fd, utf16, sizeof(utf16)), sizeof(utf16));
    close(fd);
    assert_int_equal(input_open(&input, &options, &err), ERROR_INPUT);
    assert_non_null(strstr(err.text, "not a text file"));
}

static void a_missing_file_and_a_directory_are_named(void **state)
{
    struct input_options options = {.path = "/nonexistent/team.csv",
                                    .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;

    (void)state;
    assert_int_equal(input_open(&input, &options, &err), ERROR_INPUT);
    assert_string_equal(err.text, "cannot open /nonexistent/team.csv: No such "
                                  "file or directory");
    options.path = "/";
    assert_int_equal(input_open(&input, &options, &err), ERROR_INPUT);
    assert_string_equal(err.text, "/ is a directory, not a CSV file");
}

/* Puts `fd` in stdin's place and returns what was there. */
static int replace_stdin(int fd)
{
    int saved = dup(STDIN_FILENO);

    assert_true(saved >= 0);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    return saved;
}

static void a_dash_reads_stdin_as_it_comes(void **state)
{
    const struct input_options options = {.path = "-", .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;
    int fds[2];
    int saved;

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    saved = replace_stdin(fds[0]);
    assert_int_equal(write(fds[1], "email,role\n", 11), 11);
    assert_int_equal(input_open(&input, &options, &err), ERROR_NONE);
    assert_string_equal(input_name(input), "stdin");
    assert_false(input_is_rewindable(input));
    assert_int_equal(write(fds[1], "ada@example.com,admin\n", 22), 22);
    expect_row(input, 2, "ada@example.com", "admin");
    close(fds[1]);
    assert_null(next(input));
    input_close(input);
    close(replace_stdin(saved));
}

static void a_file_as_stdin_is_read_from_where_it_stands(void **state)
{
    const struct input_options options = {.path = "-", .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;
    int saved;
    int fd;

    (void)state;
    append("title\nemail,role\nada@example.com,admin\n", O_TRUNC);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
    saved = replace_stdin(fd);
    assert_int_equal(input_open(&input, &options, &err), ERROR_NONE);
    assert_true(input_is_rewindable(input));
    for (int pass = 0; pass < 2; pass++) {
        expect_row(input, 2, "ada@example.com", "admin");
        assert_null(next(input));
        assert_int_equal(input_rewind(input, &err), ERROR_NONE);
    }
    input_close(input);
    close(replace_stdin(saved));
}

static void a_stop_before_the_header_does_not_say_empty(void **state)
{
    struct input_options options = {.path = "-"};
    struct error err = ERROR_INIT;
    struct input *input;
    int data[2];
    int stop[2];
    int saved;

    (void)state;
    assert_int_equal(pipe2(data, O_CLOEXEC), 0);
    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    saved = replace_stdin(data[0]);
    assert_int_equal(write(stop[1], "x", 1), 1);
    options.cancel_fd = stop[0];
    assert_int_equal(input_open(&input, &options, &err), ERROR_INPUT);
    assert_non_null(strstr(err.text, "stopped before the first line"));
    close(data[1]);
    close(stop[0]);
    close(stop[1]);
    close(replace_stdin(saved));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_order_with_their_lines),
        cmocka_unit_test(a_header_alone_is_a_list_of_nobody),
        cmocka_unit_test(sentences_use_the_headers_own_words),
        cmocka_unit_test(a_second_pass_gives_the_same_rows),
        cmocka_unit_test(a_file_that_changed_is_not_read_again),
        cmocka_unit_test(a_file_that_changes_in_the_second_pass_is_noticed),
        cmocka_unit_test(a_told_delimiter_counts_also_where_no_record_ends),
        cmocka_unit_test(the_error_of_a_retry_file_is_taken_off),
        cmocka_unit_test(an_input_that_cannot_be_used_is_an_error),
        cmocka_unit_test(nul_bytes_in_the_header_mean_no_text_file),
        cmocka_unit_test(a_missing_file_and_a_directory_are_named),
        cmocka_unit_test(a_dash_reads_stdin_as_it_comes),
        cmocka_unit_test(a_file_as_stdin_is_read_from_where_it_stands),
        cmocka_unit_test(a_stop_before_the_header_does_not_say_empty),
    };
    return cmocka_run_group_tests_name("input", tests, make_folder,
                                       remove_folder);
}
