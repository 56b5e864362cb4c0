/*
 * Any bytes as an old report, CSV or JSON Lines by the first byte; and each row
 * that it holds, written as a report in both forms, is read back the same.
 */
#include "app/old_report.h"
#include "base/strbuf.h"
#include "fuzz.h"
#include "report/report_row.h"

#define CAP ((size_t)64 * 1024 * 1024)

static void add_row(struct strbuf *out, enum report_format format,
                    const struct row *row)
{
    if (format == REPORT_CSV)
        report_csv_row(out, row);
    else
        report_jsonl_row(out, row);
}

/* Reads a report and writes each row to both `csv` and `jsonl`. */
static enum error_kind rewrite(const void *bytes, size_t len,
                               enum report_format format, struct strbuf *csv,
                               struct strbuf *jsonl)
{
    char path[MEMORY_FILE_PATH_SIZE];
    int fd = memory_file(path, bytes, len);
    struct error err = ERROR_INIT;
    struct old_report *report;
    struct row *row = NULL;

    report_csv_header(csv);
    if (old_report_open(&report, path, format, &err) == ERROR_NONE) {
        while (old_report_next(report, &row, &err) == ERROR_NONE && row) {
            add_row(csv, REPORT_CSV, row);
            add_row(jsonl, REPORT_JSONL, row);
            row_free(row);
        }
        old_report_close(report);
    }
    require(!row || !err.kind);
    require(!err.kind || (err.kind == ERROR_INPUT && err.text[0]));
    close(fd);
    return err.kind;
}

static bool is_same(const struct strbuf *one, const struct strbuf *other)
{
    return one->len == other->len &&
           memcmp(strbuf_str(one), strbuf_str(other), one->len) == 0;
}

/* What was written says the same when it is read. */
static void check(const struct strbuf *csv, const struct strbuf *jsonl,
                  enum report_format format)
{
    const struct strbuf *from = format == REPORT_CSV ? csv : jsonl;
    struct strbuf csv_again, jsonl_again;

    strbuf_init(&csv_again, CAP);
    strbuf_init(&jsonl_again, CAP);
    require(rewrite(strbuf_str(from), from->len, format, &csv_again,
                    &jsonl_again) == ERROR_NONE);
    /* Compared as JSON, since what is no UTF-8 has become U+FFFD in both. */
    require(is_same(&jsonl_again, jsonl));
    strbuf_clear(&csv_again);
    strbuf_clear(&jsonl_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf csv, jsonl;

    if (size == 0)
        return 0;
    strbuf_init(&csv, CAP);
    strbuf_init(&jsonl, CAP);
    (void)rewrite(data + 1, size - 1, data[0] & 1 ? REPORT_JSONL : REPORT_CSV,
                  &csv, &jsonl);
    check(&csv, &jsonl, REPORT_CSV);
    check(&csv, &jsonl, REPORT_JSONL);
    strbuf_clear(&csv);
    strbuf_clear(&jsonl);
    return 0;
}
