#include "input/row_text.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text_safe.h"
#include "input/dialect.h"

#define HEAD_CAP (CSV_ABOVE_CAP + 2 * CSV_RECORD_CAP)

/* How the error begins in rows that can't be told from others by their number
 * of cells: only what is invalid has too many. */
#define INVALID "invalid: "

/* How many bytes the first `count` cells have. */
static size_t cells_len(const struct csv_record *record, size_t count,
                        char delimiter)
{
    const char *end = record->text + record->text_len;
    const char *at = record->text;

    for (size_t i = 0; i < count; i++) {
        at = dialect_cell_end(at + (i > 0), end, delimiter);
        if (!at || at == end)
            return record->text_len;
    }
    return (size_t)(at - record->text);
}

static void make_header(struct strbuf *head, const struct columns *columns,
                        char delimiter)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (i > 0)
            strbuf_add_char(head, delimiter);
        if (i == columns->email.place)
            strbuf_add_str(head, "email");
        else if (i == columns->role.place)
            strbuf_add_str(head, "role");
    }
}

void row_text_init(struct row_text *row_text, const struct csv_record *first,
                   const struct columns *columns, char delimiter, bool has_mark)
{
    struct strbuf *head = &row_text->head;
    size_t last = columns->count - 1;

    *row_text = (struct row_text){.columns = columns->count};
    strbuf_init(head, HEAD_CAP);
    if (!first->text)
        return;
    snprintf(row_text->line_end, sizeof(row_text->line_end), "%.*s",
             (int)first->line_end_len, first->text + first->text_len);
    if (first->line_end_len == 0)
        row_text->line_end[0] = '\n';

    row_text->has_error_column =
        columns->has_header && columns->email.place != last &&
        columns->role.place != last &&
        strcmp(first->fields[last].bytes, "error") == 0;
    if (row_text->has_error_column)
        row_text->columns--;
    if (has_mark)
        strbuf_add_str(head, TEXT_BOM);
    strbuf_add(head, first->text - first->above_len, first->above_len);
    if (columns->has_header)
        strbuf_add(head, first->text,
                   cells_len(first, row_text->columns, delimiter));
    else
        make_header(head, columns, delimiter);
    strbuf_addf(head, "%cerror%s", delimiter, row_text->line_end);
    row_text->form = (struct row_form){
        .head = head->bytes,
        .head_len = head->len,
        .delimiter = delimiter,
        .line_end = row_text->line_end,
    };
}

void row_text_clear(struct row_text *row_text)
{
    strbuf_clear(&row_text->head);
}

/* It is not known where its cells end. */
static bool is_doubtful(const struct csv_record *record)
{
    return record->has_open_quote || record->has_stray_quote ||
           (record->is_over_cap && record->field_count == CSV_COLUMN_CAP);
}

/* The length of such a record's text, without the error at its end. */
static size_t doubtful_len(const struct csv_record *record, char delimiter)
{
    const char *end = record->text + record->text_len;
    const char *last = NULL;
    char error[sizeof(INVALID) + 2];

    snprintf(error, sizeof(error), "%c\"" INVALID, delimiter);
    for (const char *at = record->text;
         (at = memmem(at, (size_t)(end - at), error, strlen(error))); at++)
        last = at;
    return last && dialect_cell_end(last + 1, end, delimiter) == end
               ? (size_t)(last - record->text)
               : record->text_len;
}

static bool is_empty(const struct csv_record *record, size_t cell)
{
    return record->fields[cell].len == 0 && !record->is_over_cap;
}

/* How many cells the record has, without the error and without empty ones that
 * are more than the header has. */
static size_t useful_cells(const struct row_text *row_text,
                           const struct csv_record *record)
{
    size_t count = record->field_count;

    while (count > row_text->columns + 1 && is_empty(record, count - 1))
        count--;
    bool is_whole = count == row_text->columns + 1;
    for (; count > row_text->columns; count--) {
        const char *cell = record->fields[count - 1].bytes;
        bool is_error =
            row_text->has_error_column &&
            (is_whole || strncmp(cell, INVALID, strlen(INVALID)) == 0);
        if (!is_error && !is_empty(record, count - 1))
            break;
    }
    return count;
}

struct row_record *row_text_record(const struct row_text *row_text,
                                   const struct csv_record *record,
                                   const char *encoding)
{
    char delimiter = row_text->form.delimiter;
    size_t len = record->text_len;
    size_t missing = 0;

    if (!row_text->form.head || !record->text)
        return NULL;
    if (!is_doubtful(record)) {
        size_t cells = useful_cells(row_text, record);
        if (cells < record->field_count)
            len = cells_len(record, cells, delimiter);
        if (cells < row_text->columns)
            missing = row_text->columns - cells;
    } else if (row_text->has_error_column) {
        len = doubtful_len(record, delimiter);
    }

    struct row_record *kept = xmalloc(sizeof(*kept) + len + missing);
    kept->encoding = encoding;
    kept->len = len + missing;
    memcpy(kept->text, record->text, len);
    memset(kept->text + len, delimiter, missing);
    return kept;
}
