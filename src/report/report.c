#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/strbuf.h"
#include "base/text_safe.h"
#include "report/report_row.h"

/* Far above any row: two fields at the reader's cap and what a capped answer
 * of the server can hold, all of it escaped. */
#define LINE_MAX_BYTES 4194304 /* 4 MiB */

struct report {
    enum report_format format;
    struct atomic_file *file;
    struct strbuf line; /* kept between rows for its memory */
    bool is_on_terminal;
};

static const struct {
    const char *name;
    const char *endings[3];                 /* NULL behind the last */
    void (*add_header)(struct strbuf *out); /* or NULL */
    void (*add_row)(struct strbuf *out, const struct row *row);
} formats[REPORT_FORMAT_COUNT] = {
    [REPORT_CSV] = {"csv", {NULL}, report_csv_header, report_csv_row},
    [REPORT_JSONL] = {"jsonl", {".jsonl", ".ndjson"}, NULL, report_jsonl_row},
};

static bool has_ending(const char *path, const char *const endings[])
{
    const char *ending = strrchr(path, '.');

    while (ending && *endings && strcmp(ending, *endings) != 0)
        endings++;
    return ending && *endings;
}

enum report_format report_format_of(const char *path, const char *name)
{
    for (int i = 0; i < REPORT_FORMAT_COUNT; i++)
        if (name ? strcmp(name, formats[i].name) == 0
                 : has_ending(path, formats[i].endings))
            return (enum report_format)i;
    return REPORT_CSV;
}

static void release(struct report *report)
{
    strbuf_clear(&report->line);
    free(report);
}

enum error_kind report_open(struct report **report, const char *path,
                            enum report_format format, struct error *err)
{
    struct report *opened = xcalloc(1, sizeof(*opened));
    struct strbuf *line = &opened->line;

    *report = NULL;
    opened->format = format;
    strbuf_init(line, LINE_MAX_BYTES);
    if (atomic_file_open(&opened->file, path, err)) {
        release(opened);
        return err->kind;
    }
    opened->is_on_terminal = atomic_file_is_terminal(opened->file);
    if (formats[format].add_header)
        formats[format].add_header(line);
    /* To the kernel at once: a report that takes nothing (/dev/full, a closed
     * stdout) is better known before the first row. */
    if (atomic_file_write(opened->file, strbuf_str(line), line->len, err) ||
        atomic_file_flush(opened->file, err)) {
        report_abandon(opened);
        return err->kind;
    }
    *report = opened;
    return ERROR_NONE;
}

bool report_is_on_terminal(const struct report *report)
{
    return report->is_on_terminal;
}

/* A row as one line that steers no terminal. */
static enum error_kind show(struct report *report, struct error *err)
{
    size_t len = report->line.len;
    struct strbuf safe;

    while (len > 0 && strchr("\r\n", report->line.bytes[len - 1]))
        len--;
    strbuf_init(&safe, 4 * LINE_MAX_BYTES);
    text_safe_add(&safe, report->line.bytes, len);
    strbuf_add_char(&safe, '\n');
    enum error_kind kind =
        atomic_file_write(report->file, safe.bytes, safe.len, err);
    strbuf_clear(&safe);
    return kind;
}

enum error_kind report_add(struct report *report, const struct row *row,
                           struct error *err)
{
    struct strbuf *line = &report->line;

    strbuf_reset(line);
    formats[report->format].add_row(line, row);
    if (line->is_cut)
        return error_set(err, ERROR_STORAGE,
                         "line %" PRIu64 " is too long for the report",
                         row->line);
    if (report->is_on_terminal)
        return show(report, err);
    return atomic_file_write(report->file, line->bytes, line->len, err);
}

enum error_kind report_flush(struct report *report, struct error *err)
{
    return atomic_file_flush(report->file, err);
}

enum error_kind report_commit(struct report *report, struct error *err)
{
    enum error_kind kind = atomic_file_commit(report->file, err);

    release(report);
    return kind;
}

void report_abandon(struct report *report)
{
    if (!report)
        return;
    atomic_file_abandon(report->file);
    release(report);
}
