/*
 * Any table, in any dialect and encoding, cut anywhere: read back the same.
 * The seed is fixed, so that a failure can be repeated.
 */
#include <fcntl.h>
#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "input/dialect.h"

#define TABLES     3000
#define ROWS_MAX   4
#define COLUMN_MAX 5
#define CELL_CAP   100

/* What Windows-1252 has too, with no bytes that make UTF-8 in any order, and
 * what is special in CSV. */
static const char *const pieces[] = {
    "a",  "Team lead", "x y",      "\"",           ",", ";",     "\t", "|",
    "\n", "\r\n",      "\xc3\xb8", "\xe2\x82\xac", "0", "sep=;", "#",  "'",
    "\r", "\\",        "\xc3\xbc", "\xc5\xb8",     "@", "=1+1",
};
#define PIECE_COUNT (sizeof(pieces) / sizeof(*pieces))

static const char *const encodings[] = {"UTF-8", "UTF-16LE", "UTF-16BE",
                                        "WINDOWS-1252"};
static const char delimiters[] = {',', ';', '\t', '|'};
static const char *const line_ends[] = {"\n", "\r\n", "\r"};

struct table {
    size_t rows;
    size_t columns;
    char cells[ROWS_MAX][COLUMN_MAX][CELL_CAP];
};

struct writing {
    char delimiter;
    const char *line_end;
    const char *encoding;
    bool has_mark;
    bool quotes_all;
    bool ends_last_line;
    bool has_title;
};

static uint64_t seed = 1;

static size_t below(size_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(seed >> 33) % limit;
}

static void make_table(struct table *table)
{
    table->rows = 1 + below(ROWS_MAX);
    table->columns = 2 + below(COLUMN_MAX - 1);
    for (size_t row = 0; row < table->rows; row++)
        for (size_t column = 0; column < table->columns; column++) {
            char *cell = table->cells[row][column];
            size_t count = below(5);
            size_t len = 0;
            *cell = '\0';
            for (size_t i = 0; i < count; i++)
                len += (size_t)snprintf(cell + len, CELL_CAP - len, "%s",
                                        pieces[below(PIECE_COUNT)]);
        }
    for (size_t column = 0; column < table->columns; column++)
        snprintf(table->cells[0][column], CELL_CAP, "%s",
                 column == 0   ? "E-Mail"
                 : column == 1 ? "R\xc3\xb4le"
                               : "Nom");
}

static void make_writing(struct writing *writing)
{
    writing->delimiter = delimiters[below(4)];
    writing->line_end = line_ends[below(3)];
    writing->encoding = encodings[below(4)];
    writing->has_mark = below(2);
    writing->quotes_all = below(2);
    writing->ends_last_line = below(2);
    writing->has_title = below(4) == 0;
}

static void add_cell(struct strbuf *out, const char *cell,
                     const struct writing *writing)
{
    size_t len = strlen(cell);
    /* libcsv trims the blanks of a cell without quotes. */
    bool is_quoted =
        writing->quotes_all || strpbrk(cell, "\"\n\r\t,;| ") || len == 0;

    if (is_quoted)
        strbuf_add_char(out, '"');
    for (; *cell; cell++) {
        if (*cell == '"')
            strbuf_add_char(out, '"');
        strbuf_add_char(out, *cell);
    }
    if (is_quoted)
        strbuf_add_char(out, '"');
}

static void write_table(struct strbuf *out, const struct table *table,
                        const struct writing *writing)
{
    if (writing->has_mark && strcmp(writing->encoding, "WINDOWS-1252") != 0)
        strbuf_add_str(out, "\xef\xbb\xbf");
    if (writing->has_title) {
        strbuf_add_str(out, "The team, as of today");
        strbuf_add_str(out, writing->line_end);
    }
    for (size_t row = 0; row < table->rows; row++) {
        for (size_t column = 0; column < table->columns; column++) {
            if (column > 0)
                strbuf_add_char(out, writing->delimiter);
            add_cell(out, table->cells[row][column], writing);
        }
        if (row + 1 < table->rows || writing->ends_last_line)
            strbuf_add_str(out, writing->line_end);
    }
}

static size_t encode(const struct strbuf *text, const char *encoding,
                     char *bytes, size_t size)
{
    iconv_t opened = iconv_open(encoding, "UTF-8");
    char *in = text->bytes;
    size_t in_left = text->len;
    size_t left = size;

    assert_true(opened != (iconv_t)-1);
    assert_int_equal(iconv(opened, &in, &in_left, &bytes, &left), 0);
    iconv_close(opened);
    return size - left;
}

static void check_rows(struct csv_reader *reader, const struct table *table,
                       uint64_t first_line, struct strbuf *read)
{
    struct error err = ERROR_INIT;
    struct csv_record record;
    bool has_record;

    for (size_t row = 0; row < table->rows; row++) {
        assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                         ERROR_NONE);
        assert_true(has_record);
        assert_int_equal(record.field_count, table->columns);
        assert_true(row > 0 || record.line == first_line);
        assert_true(row == 0 || record.above_len == 0);
        strbuf_add(read, record.text - record.above_len,
                   record.above_len + record.text_len);
        strbuf_add(read, record.text + record.text_len, record.line_end_len);
        for (size_t column = 0; column < table->columns; column++)
            assert_string_equal(record.fields[column].bytes,
                                table->cells[row][column]);
    }
    assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                     ERROR_NONE);
    assert_false(has_record);
}

static void check_text(const struct strbuf *read, const struct strbuf *written,
                       const struct writing *writing)
{
    const char *text = strbuf_str(written);
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    /* A CR is a line end before it is known what follows. */
    bool is_crlf_cut = strcmp(writing->line_end, "\r\n") == 0;
    for (const char *at = strbuf_str(read); *at; at++) {
        assert_int_equal(*at, *text);
        text++;
        if (is_crlf_cut && *at == '\r' && at[1] != '\n' && *text == '\n')
            text++;
    }
    assert_int_equal(*text, '\0');
}

static void check(const struct table *table, const struct writing *writing,
                  const struct strbuf *text, const char *bytes, size_t len)
{
    const struct input_options options = {.delimiter = '\0'};
    struct error err = ERROR_INIT;
    struct strbuf read;
    char delimiter;
    int fds[2];

    assert_int_equal(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
    for (size_t at = 0, take; at < len; at += take) {
        take = 1 + below(len > 200 ? 200 : 20);
        take = len - at < take ? len - at : take;
        assert_int_equal(write(fds[1], bytes + at, take), (ssize_t)take);
        if (below(3) == 0 || len / 10 > 100) {
            /* Few packets fit into a pipe: the rest in one. */
            take += (size_t)write(fds[1], bytes + at + take, len - at - take);
        }
    }
    close(fds[1]);
    struct csv_reader *reader =
        csv_reader_new(encoding_new(fds[0], "team.csv", -1, NULL));
    assert_int_equal(dialect_find(reader, &options, &delimiter, &err),
                     ERROR_NONE);
    assert_int_equal(delimiter, writing->delimiter);
    strbuf_init(&read, text->cap);
    check_rows(reader, table, 1 + writing->has_title, &read);
    check_text(&read, text, writing);
    strbuf_clear(&read);
    csv_reader_free(reader);
    close(fds[0]);
}

static void any_table_is_read_back_as_it_was_written(void **state)
{
    struct table table;
    struct writing writing;
    struct strbuf text;
    char bytes[16384];

    (void)state;
    strbuf_init(&text, sizeof(bytes) / 4);
    for (size_t i = 0; i < TABLES; i++) {
        make_table(&table);
        make_writing(&writing);
        strbuf_reset(&text);
        write_table(&text, &table, &writing);
        size_t len = encode(&text, writing.encoding, bytes, sizeof(bytes));
        check(&table, &writing, &text, bytes, len);
    }
    strbuf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_table_is_read_back_as_it_was_written),
    };
    return cmocka_run_group_tests_name("properties", tests, NULL, NULL);
}
