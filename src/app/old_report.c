#include "app/old_report.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "input/csv_reader.h"
#include "ledger/json_line.h"
#include "report/report_row.h"

/* As much as a report ever writes for one row. */
#define LINE_CAP ((size_t)4 * 1024 * 1024)

struct old_report {
    const char *name;
    int fd;
    uint64_t line; /* of the record read last */
    char *values[REPORT_COLUMN_COUNT];

    struct csv_reader *csv; /* NULL: JSON Lines */
    size_t columns[REPORT_COLUMN_COUNT];
    size_t column_count; /* of the header */

    FILE *file;
    struct json_line *json;
    struct strbuf text;
};

#define COLUMN_MISSING SIZE_MAX

static enum error_kind at_line(const struct old_report *report,
                               struct error *err)
{
    return error_prefix(err, "%s:%llu", report->name,
                        (unsigned long long)report->line);
}

static void clear_values(struct old_report *report)
{
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++) {
        free(report->values[i]);
        report->values[i] = NULL;
    }
}

/* An empty value is none. */
static void set_value(struct old_report *report, enum report_column column,
                      const char *text)
{
    free(report->values[column]);
    report->values[column] = text && *text ? xstrdup(text) : NULL;
}

static enum error_kind say_no_column(const struct old_report *report,
                                     enum report_column column,
                                     struct error *err)
{
    return error_set(err, ERROR_INPUT,
                     "%s:%llu: no \"%s\" here, so this is not a report of "
                     "bulk-invite",
                     report->name, (unsigned long long)report->line,
                     report_column_name(column));
}

static enum error_kind check_record(struct old_report *report,
                                    const struct csv_record *record,
                                    struct error *err)
{
    report->line = record->line;
    if (record->has_open_quote || record->has_stray_quote)
        error_set(err, ERROR_INPUT, "its quotes do not match");
    else if (record->is_over_cap)
        error_set(err, ERROR_INPUT, "it is longer than any report's");
    else if (report->column_count > 0 &&
             record->field_count != report->column_count)
        error_set(err, ERROR_INPUT, "%zu fields, but the first line has %zu",
                  record->field_count, report->column_count);
    else
        return ERROR_NONE;
    return at_line(report, err);
}

static enum error_kind read_header(struct old_report *report, struct error *err)
{
    struct csv_record header;
    bool has_header;
    if (csv_reader_next(report->csv, &header, &has_header, err))
        return err->kind;
    if (!has_header)
        return error_set(err, ERROR_INPUT, "%s is empty: it is no report",
                         report->name);
    if (check_record(report, &header, err))
        return err->kind;
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++)
        report->columns[i] = COLUMN_MISSING;
    for (size_t i = 0; i < header.field_count; i++) {
        enum report_column column = report_column_of(header.fields[i].bytes);
        if (column < REPORT_COLUMN_COUNT)
            report->columns[column] = i;
    }
    for (int i = 0; i < REPORT_COLUMNS_NEEDED; i++)
        if (report->columns[i] == COLUMN_MISSING)
            return say_no_column(report, (enum report_column)i, err);
    report->column_count = header.field_count;
    return ERROR_NONE;
}

static enum error_kind read_csv(struct old_report *report, bool *has_record,
                                struct error *err)
{
    struct csv_record record;
    if (csv_reader_next(report->csv, &record, has_record, err))
        return err->kind;
    if (!*has_record)
        return ERROR_NONE;
    if (check_record(report, &record, err))
        return err->kind;
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++) {
        size_t at = report->columns[i];
        const char *cell = at == COLUMN_MISSING ? "" : record.fields[at].bytes;
        set_value(report, (enum report_column)i, report_cell_text(cell));
    }
    return ERROR_NONE;
}

static void take_member(void *context, const char *key, const char *value)
{
    struct old_report *report = context;
    enum report_column column =
        key ? report_column_of(key) : REPORT_COLUMN_COUNT;
    if (column < REPORT_COLUMN_COUNT)
        set_value(report, column, value);
}

/* The next line that is not blank. */
static enum error_kind read_line(struct old_report *report, bool *has_line,
                                 struct error *err)
{
    struct strbuf *text = &report->text;
    int c = '\n';
    strbuf_reset(text);
    while (c != EOF && (text->len == 0 || c != '\n')) {
        c = getc(report->file);
        if (c != EOF && c != '\n' && c != '\r')
            strbuf_add_char(text, (char)c);
        report->line += c == '\n';
    }
    *has_line = text->len > 0;
    if (ferror(report->file))
        return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                               report->name);
    /* The last line may lack its end. */
    report->line += c == EOF && *has_line;
    if (!text->is_cut)
        return ERROR_NONE;
    error_set(err, ERROR_INPUT, "it is longer than any report's");
    return at_line(report, err);
}

static enum error_kind read_json(struct old_report *report, bool *has_record,
                                 struct error *err)
{
    bool is_object;
    if (read_line(report, has_record, err))
        return err->kind;
    if (!*has_record)
        return ERROR_NONE;
    if (json_line_read(report->json, strbuf_str(&report->text),
                       report->text.len, &is_object, take_member, report, err))
        return err->kind;
    if (!is_object) {
        error_set(err, ERROR_INPUT,
                  "no JSON object, so this is not a report "
                  "in JSON Lines");
        return at_line(report, err);
    }
    if (!report->values[REPORT_STATUS])
        return say_no_column(report, REPORT_STATUS, err);
    return ERROR_NONE;
}

static enum error_kind begin(struct old_report *report, const char *path,
                             enum report_format format, struct error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    report->name = is_stdin ? "stdin" : path;
    report->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                          : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (report->fd < 0)
        return error_set_errno(err, ERROR_INPUT, errno, "cannot open %s",
                               report->name);
    if (format == REPORT_CSV) {
        report->csv =
            csv_reader_new(encoding_new(report->fd, report->name, -1, "UTF-8"));
        return read_header(report, err);
    }
    report->file = fdopen(report->fd, "r");
    if (!report->file)
        return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                               report->name);
    return json_line_new(&report->json, err);
}

enum error_kind old_report_open(struct old_report **opened, const char *path,
                                enum report_format format, struct error *err)
{
    struct old_report *report = xcalloc(1, sizeof(*report));
    *opened = NULL;
    strbuf_init(&report->text, LINE_CAP);
    if (begin(report, path, format, err)) {
        old_report_close(report);
        return err->kind;
    }
    *opened = report;
    return ERROR_NONE;
}

void old_report_close(struct old_report *report)
{
    if (!report)
        return;
    csv_reader_free(report->csv);
    json_line_free(report->json);
    if (report->file)
        fclose(report->file);
    else if (report->fd >= 0)
        close(report->fd);
    clear_values(report);
    strbuf_clear(&report->text);
    free(report);
}

/* Were they invited, or may they have been? */
static bool is_of_use(const struct row *row)
{
    enum status status = row->outcome.status;
    return status == STATUS_INVITED || status == STATUS_ALREADY_INVITED ||
           status == STATUS_UNKNOWN;
}

enum error_kind old_report_next(struct old_report *report, struct row **row,
                                struct error *err)
{
    bool has_record;
    *row = NULL;
    clear_values(report);
    if (report->csv ? read_csv(report, &has_record, err)
                    : read_json(report, &has_record, err))
        return err->kind;
    if (!has_record)
        return ERROR_NONE;
    if (report_parse_row(row, (const char *const *)report->values, err))
        return at_line(report, err);
    if (!is_of_use(*row) || (*row)->person || !(*row)->email[0])
        return ERROR_NONE;
    row_free(*row);
    *row = NULL;
    error_set(err, ERROR_INPUT, "its email is not an e-mail address");
    return at_line(report, err);
}

const char *old_report_name(const struct old_report *report)
{
    return report->name;
}
