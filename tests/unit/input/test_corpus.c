/*
 * tests/corpus: a file a case as people send them, and beside it, as
 * FILE.expected, what is to become of it:
 *
 *   ! OPTION VALUE       an option the file is read with
 *   error TEXT           it can't be read, and the error holds TEXT
 *   assumed TEXT         the assumptions hold TEXT
 *   LINE TAB EMAIL TAB ROLE TAB CODE    a row; \n, \r, \t, \\ are escapes, and
 *                        CODE is empty for one that would be sent
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "input/input.h"

#define LINES_MAX 100

struct expected {
    char *text;
    char *errors;
    char *rows[LINES_MAX];
    size_t row_count;
    char *assumed[LINES_MAX];
    size_t assumed_count;
    struct input_options options;
};

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = calloc(1, 1 << 16);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static void set_option(struct input_options *options, char *line)
{
    char *value = strchr(line, ' ');

    assert_non_null(value);
    *value++ = '\0';
    if (strcmp(line, "delimiter") == 0)
        options->delimiter = *value;
    else if (strcmp(line, "encoding") == 0)
        options->encoding = value;
    else if (strcmp(line, "skip-rows") == 0)
        options->skip_rows = strtoull(value, NULL, 10);
    else if (strcmp(line, "role") == 0)
        options->fixed_role = value;
    else if (strcmp(line, "email-column") == 0)
        options->email_column = value;
    else if (strcmp(line, "role-column") == 0)
        options->role_column = value;
    else
        fail_msg("unknown option %s", line);
}

static void read_expected(struct expected *expected, const char *path)
{
    memset(expected, 0, sizeof(*expected));
    expected->options.cancel_fd = -1;
    expected->text = read_file(path);
    char *rest = expected->text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (strncmp(line, "! ", 2) == 0)
            set_option(&expected->options, line + 2);
        else if (strncmp(line, "error ", 6) == 0)
            expected->errors = line + 6;
        else if (strncmp(line, "assumed ", 8) == 0)
            expected->assumed[expected->assumed_count++] = line + 8;
        else if (*line)
            expected->rows[expected->row_count++] = line;
    }
}

static void add_escaped(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        const char *at = strchr("\nn\rr\tt\\\\", *text);
        if (at && (*text != 'n' && *text != 'r' && *text != 't'))
            strbuf_addf(out, "\\%c", at[1]);
        else
            strbuf_add_char(out, *text);
    }
}

static void check_rows(const struct expected *expected, struct input *input)
{
    struct error err = ERROR_INIT;
    struct strbuf shown;
    struct row *row;
    size_t count = 0;

    strbuf_init(&shown, 1 << 16);
    for (;; count++) {
        if (input_next(input, &row, &err))
            fail_msg("%s", err.text);
        if (!row)
            break;
        strbuf_reset(&shown);
        strbuf_addf(&shown, "%llu\t", (unsigned long long)row->line);
        add_escaped(&shown, row->email);
        strbuf_add_char(&shown, '\t');
        add_escaped(&shown, row->role);
        strbuf_addf(&shown, "\t%s", outcome_code_name(row->outcome.code));
        row_free(row);
        assert_true(count < expected->row_count);
        assert_string_equal(strbuf_str(&shown), expected->rows[count]);
    }
    assert_int_equal(count, expected->row_count);
    strbuf_reset(&shown);
    input_assumptions(input, &shown);
    for (size_t i = 0; i < expected->assumed_count; i++)
        if (!strstr(strbuf_str(&shown), expected->assumed[i]))
            fail_msg("\"%s\" is not in: %s", expected->assumed[i],
                     strbuf_str(&shown));
    strbuf_clear(&shown);
}

static enum error_kind read_to_error(struct input *input, struct error *err)
{
    struct row *row = NULL;
    enum error_kind kind;

    do {
        kind = input_next(input, &row, err);
        assert_true(kind || row);
        row_free(row);
    } while (!kind);
    input_close(input);
    return kind;
}

static void check_case(const char *name)
{
    char path[512];
    char expected_path[512];
    struct error err = ERROR_INIT;
    struct expected expected;
    struct input *input;

    snprintf(path, sizeof(path), "%s/%s", CORPUS_DIR, name);
    snprintf(expected_path, sizeof(expected_path), "%s/%s.expected", CORPUS_DIR,
             name);
    print_message("%s\n", name);
    read_expected(&expected, expected_path);
    expected.options.path = path;
    enum error_kind kind = input_open(&input, &expected.options, &err);
    if (kind && !expected.errors)
        fail_msg("%s", err.text);
    if (expected.errors) {
        if (!kind)
            kind = read_to_error(input, &err);
        assert_int_equal(kind, ERROR_INPUT);
        if (!strstr(err.text, expected.errors))
            fail_msg("%s", err.text);
    } else {
        check_rows(&expected, input);
        /* The same again: a plan reads a file twice. */
        assert_int_equal(input_rewind(input, &err), ERROR_NONE);
        check_rows(&expected, input);
        input_close(input);
    }
    free(expected.text);
}

static void every_file_gives_the_rows_beside_it(void **state)
{
    DIR *folder = opendir(CORPUS_DIR);
    const struct dirent *entry;
    size_t count = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (*entry->d_name == '.' || strstr(entry->d_name, ".expected"))
            continue;
        check_case(entry->d_name);
        count++;
    }
    closedir(folder);
    assert_true(count > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_gives_the_rows_beside_it),
    };
    return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
