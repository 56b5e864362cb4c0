#include "input/row_text.h"

#include <string.h>

#include "base/error.h"

#define HEAD_CAP (CSV_ABOVE_CAP + 2 * CSV_RECORD_CAP)
#define MARK     "\xef\xbb\xbf"

/* How the cell begins in rows that can't be told from others by their number
 * of cells: only what is invalid has too many. */
#define INVALID "invalid: "

static size_t skip_blanks_back(const char *text, size_t at, char delimiter)
{
    while (at > 0 && text[at - 1] != delimiter &&
           (text[at - 1] == ' ' || text[at - 1] == '\t'))
        at--;
    return at;
}

/* Where the quoted cell that ends before `at` begins; 0 when the quotes don't
 * match. */
static size_t quoted_start(const char *text, size_t at, char delimiter)
{
    at--;
    while (at > 0 && (text[at - 1] != '"' || (at > 1 && text[at - 2] == '"')))
        at -= text[at - 1] == '"' ? 2 : 1;
    return skip_blanks_back(text, at > 0 ? at - 1 : 0, delimiter);
}

/* Where the delimiter before the last cell is; `len` when there is none. */
static size_t last_cell(const char *text, size_t len, char delimiter)
{
    size_t at = skip_blanks_back(text, len, delimiter);

    if (at > 0 && text[at - 1] == '"') {
        size_t start = quoted_start(text, at, delimiter);
        if (start > 0 && text[start - 1] == delimiter)
            return start - 1;
    }
    /* Without quotes around it, though one may stand at its end: 5" */
    while (at > 0 && text[at - 1] != delimiter)
        at--;
    return at > 0 ? at - 1 : len;
}

static bool is_invalid_cell(const char *text, size_t start, size_t len)
{
    start += 1;
    start += start < len && text[start] == '"';
    return len - start >= strlen(INVALID) &&
           memcmp(text + start, INVALID, strlen(INVALID)) == 0;
}

static void make_header(struct strbuf *head, const struct columns *columns,
                        char delimiter)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (i > 0)
            strbuf_add_char(head, delimiter);
        if (i == columns->email)
            strbuf_add_str(head, "email");
        else if (i == columns->role)
            strbuf_add_str(head, "role");
    }
}

void row_text_init(struct row_text *row_text, const struct csv_record *first,
                   const struct columns *columns, char dialect_delimiter,
                   bool has_mark)
{
    struct strbuf *head = &row_text->head;
    const struct csv_field *last = &first->fields[first->field_count - 1];
    size_t len = first->text_len;

    *row_text = (struct row_text){.columns = columns->count};
    strbuf_init(head, HEAD_CAP);
    if (!first->text)
        return;
    snprintf(row_text->line_end, sizeof(row_text->line_end), "%.*s",
             (int)first->line_end_len, first->text + len);
    if (first->line_end_len == 0)
        row_text->line_end[0] = '\n';

    if (has_mark)
        strbuf_add_str(head, MARK);
    strbuf_add(head, first->text - first->above_len, first->above_len);
    row_text->has_error_column = columns->has_header &&
                                 columns->email + 1 != columns->count &&
                                 columns->role + 1 != columns->count &&
                                 strcmp(last->bytes, "error") == 0;
    if (row_text->has_error_column) {
        row_text->columns--;
        len = last_cell(first->text, len, dialect_delimiter);
    }
    if (columns->has_header)
        strbuf_add(head, first->text, len);
    else
        make_header(head, columns, dialect_delimiter);
    strbuf_addf(head, "%cerror%s", dialect_delimiter, row_text->line_end);
    row_text->form = (struct row_form){
        .head = head->bytes,
        .head_len = head->len,
        .delimiter = dialect_delimiter,
        .line_end = row_text->line_end,
    };
}

void row_text_clear(struct row_text *row_text)
{
    strbuf_clear(&row_text->head);
}

/* The text's length without the error, and without empty cells that are more
 * than the header has; *cells are left. */
static size_t useful_len(const struct row_text *row_text,
                         const struct csv_record *record, size_t *cells)
{
    const char *text = record->text;
    bool is_doubtful = record->has_open_quote || record->has_stray_quote;
    size_t most = row_text->columns + 1;
    size_t count = record->field_count;
    while (count > most && record->fields[count - 1].len == 0)
        count--;
    bool is_whole = !is_doubtful && count == most;
    size_t len = record->text_len;

    for (*cells = record->field_count; *cells > 0; --*cells) {
        bool is_surplus = *cells > row_text->columns;
        size_t start = last_cell(text, len, row_text->form.delimiter);
        bool is_error = row_text->has_error_column &&
                        (is_whole ? is_surplus
                                  : (is_surplus || is_doubtful) &&
                                        is_invalid_cell(text, start, len));
        bool is_empty =
            !is_doubtful && is_surplus && record->fields[*cells - 1].len == 0;
        if (start == len || !(is_error || is_empty))
            break;
        len = start;
    }
    return len;
}

struct row_record *row_text_record(const struct row_text *row_text,
                                   const struct csv_record *record,
                                   const char *encoding)
{
    if (!row_text->form.head || !record->text)
        return NULL;

    size_t cells;
    size_t len = useful_len(row_text, record, &cells);
    size_t missing = 0;
    if (cells < row_text->columns && !record->has_open_quote &&
        !record->has_stray_quote)
        missing = row_text->columns - cells;

    struct row_record *kept = xmalloc(sizeof(*kept) + len + missing);
    kept->encoding = encoding;
    kept->len = len + missing;
    memcpy(kept->text, record->text, len);
    memset(kept->text + len, row_text->form.delimiter, missing);
    return kept;
}
