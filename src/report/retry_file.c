#include "report/retry_file.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/strbuf.h"
#include "base/text_safe.h"
#include "report/report_row.h"

/* Far above a record at the reader's cap, whatever its encoding, and a head. */
#define LINE_CAP 67108864 /* 64 MiB */
#define LATE_CAP 16777216 /* 16 MiB */

#define NO_ICONV ((iconv_t)-1)

struct retry_file {
    char *path;
    const struct row_form *form;
    struct atomic_file *file; /* NULL until a row needs it, and at the end */
    bool has_begun;
    bool is_complete;
    struct strbuf late;   /* the duplicates */
    const char *encoding; /* that `iconv` writes */
    iconv_t iconv;
    size_t unit;        /* of `encoding`: text_unit_len() */
    struct strbuf line; /* these two are kept for their memory */
    struct strbuf encoded;
    uint64_t left_out;
    uint64_t first_left_out;
};

char *retry_file_name(const char *path, const char *input_name)
{
    static const char ending[] = ".retry.csv";
    size_t len = strlen(input_name);
    size_t ending_len = sizeof(ending) - 1;
    bool has_it =
        len >= ending_len && strcmp(input_name + len - ending_len, ending) == 0;

    return path ? xstrdup(path)
                : xasprintf("%s%s", input_name, has_it ? "" : ending);
}

struct retry_file *retry_file_new(const char *path, const char *input_name,
                                  const struct row_form *form)
{
    struct retry_file *file = xcalloc(1, sizeof(*file));

    file->path = retry_file_name(path, input_name);
    file->form = form;
    file->iconv = NO_ICONV;
    strbuf_init(&file->late, LATE_CAP);
    strbuf_init(&file->line, LINE_CAP);
    strbuf_init(&file->encoded, LINE_CAP);
    return file;
}

static void abandon(struct retry_file *file)
{
    atomic_file_abandon(file->file);
    file->file = NULL;
}

void retry_file_free(struct retry_file *file)
{
    if (!file)
        return;
    abandon(file);
    if (file->iconv != NO_ICONV)
        iconv_close(file->iconv);
    strbuf_clear(&file->late);
    strbuf_clear(&file->line);
    strbuf_clear(&file->encoded);
    free(file->path);
    free(file);
}

/* As much as can be converted; 0 when `at` begins with what cannot. */
static size_t convert(struct retry_file *file, const char *at, size_t len)
{
    char buffer[4096];
    char *in = (char *)(uintptr_t)at; /* iconv() does not write there */
    char *out = buffer;
    size_t room = sizeof(buffer);
    size_t left = len;

    (void)iconv(file->iconv, &in, &left, &out, &room);
    strbuf_add(&file->encoded, buffer, sizeof(buffer) - room);
    return len - left;
}

/* What is no letter of the encoding: its length. */
static size_t add_odd(struct retry_file *file, const char *at)
{
    unsigned char first = (unsigned char)at[0];
    unsigned char next = (unsigned char)at[1];
    size_t len = text_utf8_len(at);

    if (first >= 0xF8 && first <= 0xFB && (next & 0xC0) == 0x80) {
        strbuf_add_char(&file->encoded, (char)(first << 6 | (next & 0x3F)));
        return 2;
    }
    convert(file, "?", 1);
    return len > 0 ? len : 1;
}

/* The input's encoding is known at its first letter outside ASCII only. */
static enum error_kind set_encoding(struct retry_file *file,
                                    const char *encoding, struct error *err)
{
    if (file->iconv != NO_ICONV && strcmp(encoding, file->encoding) == 0)
        return ERROR_NONE;
    if (file->iconv != NO_ICONV)
        iconv_close(file->iconv);
    file->encoding = encoding;
    file->iconv = iconv_open(encoding, "UTF-8");
    if (file->iconv == NO_ICONV)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write %s in %s", file->path, encoding);
    file->unit = text_unit_len(encoding);
    return ERROR_NONE;
}

static enum error_kind encode(struct retry_file *file, const char *encoding,
                              const char *text, size_t len, struct error *err)
{
    strbuf_reset(&file->encoded);
    if (!encoding)
        strbuf_add(&file->encoded, text, len);
    else if (set_encoding(file, encoding, err))
        return err->kind;
    while (encoding && len > 0) {
        size_t done = convert(file, text, len);
        if (done == 0)
            done = add_odd(file, text);
        text += done;
        len -= done;
    }
    return ERROR_NONE;
}

static enum error_kind put(struct retry_file *file, const struct strbuf *text,
                           struct error *err)
{
    return atomic_file_write(file->file, strbuf_str(text), text->len, err);
}

static enum error_kind begin(struct retry_file *file, const char *encoding,
                             struct error *err)
{
    const struct row_form *form = file->form;

    file->has_begun = true;
    if (encode(file, encoding, form->head, form->head_len, err) ||
        atomic_file_open(&file->file, file->path, err))
        return err->kind;
    return put(file, &file->encoded, err);
}

/* Half a character, as a list that was cut short may end with, would shift the
 * bytes of all that follows. */
static bool is_torn(const struct retry_file *file, const char *encoding)
{
    return encoding && file->encoded.len % file->unit != 0;
}

static void leave_out(struct retry_file *file, const struct row *row)
{
    if (file->left_out++ == 0)
        file->first_left_out = row->line;
}

static enum error_kind add(struct retry_file *file, const struct row *row,
                           struct error *err)
{
    const struct row_record *record = row->record;
    const struct outcome *outcome = &row->outcome;
    struct strbuf *line = &file->line;

    if (!file->has_begun && begin(file, record->encoding, err))
        return err->kind;
    strbuf_reset(line);
    strbuf_add(line, record->text, record->len);
    strbuf_addf(line, "%c\"%s: ", file->form->delimiter,
                status_name(outcome->status));
    report_csv_add_inner(line, outcome->error ? outcome->error : "", true);
    strbuf_addf(line, "\"%s", file->form->line_end);
    if (encode(file, record->encoding, line->bytes, line->len, err))
        return err->kind;
    bool is_late = outcome->status == STATUS_DUPLICATE;
    if (is_torn(file, record->encoding) ||
        (is_late && file->encoded.len > LATE_CAP - file->late.len)) {
        leave_out(file, row);
        return ERROR_NONE;
    }
    if (!is_late)
        return put(file, &file->encoded, err);
    strbuf_add(&file->late, file->encoded.bytes, file->encoded.len);
    return ERROR_NONE;
}

enum error_kind retry_file_add(struct retry_file *file, const struct row *row,
                               struct error *err)
{
    if (!outcome_needs_look(&row->outcome) || (file->has_begun && !file->file))
        return ERROR_NONE;
    if (!row->record) {
        leave_out(file, row);
        return ERROR_NONE;
    }
    enum error_kind kind = add(file, row, err);
    if (kind)
        abandon(file);
    return kind;
}

enum error_kind retry_file_flush(struct retry_file *file, struct error *err)
{
    enum error_kind kind =
        file->file ? atomic_file_flush(file->file, err) : ERROR_NONE;
    if (kind)
        abandon(file);
    return kind;
}

enum error_kind retry_file_commit(struct retry_file *file, struct error *err)
{
    struct atomic_file *complete = file->file;

    if (!complete)
        return ERROR_NONE;
    enum error_kind kind = put(file, &file->late, err);
    if (kind) {
        abandon(file);
        return kind;
    }
    file->file = NULL;
    kind = atomic_file_commit(complete, err);
    file->is_complete = !kind;
    return kind;
}

const char *retry_file_path(const struct retry_file *file)
{
    return file->is_complete ? file->path : NULL;
}

bool retry_file_is_at(const struct retry_file *file, const char *path)
{
    return strcmp(file->path, path) == 0;
}

uint64_t retry_file_left_out(const struct retry_file *file,
                             uint64_t *first_line)
{
    *first_line = file->first_left_out;
    return file->left_out;
}
