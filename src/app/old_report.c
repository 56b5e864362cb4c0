#include "app/old_report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "almanac/json_line.h"
#include "base/strbuf.h"
#include "input/csv_reader.h"
#include "input/input.h"
#include "report/report_row.h"

/* As much as a report ever writes for one row. */
#define LINE_CAP (4 * 1024 * 1024)

struct old_report {
    const char *name;
    uint64_t line; /* of the record read last */
    char *values[REPORT_COLUMN_COUNT];
    int fd;

    struct csv_reader *csv;              /* NULL: JSON Lines */
    size_t columns[REPORT_COLUMN_COUNT]; /* where each is, from 1; 0: nowhere */
    size_t column_count;                 /* of the header */

    FILE *file;
    struct strbuf text;
};

static enum error_kind refuse(const struct old_report *report, const char *why,
                              struct error *err)
{
    return error_set(err, ERROR_INPUT, "%s:%" PRIu64 ": %s", report->name,
                     report->line, why);
}

static enum error_kind refuse_without(const struct old_report *report,
                                      enum report_column column,
                                      struct error *err)
{
    return error_set(err, ERROR_INPUT,
                     "%s:%" PRIu64 ": no \"%s\" here, so this is not a report "
                     "of bulk-invite",
                     report->name, report->line, report_column_name(column));
}

/* An empty value is none. */
static void set_value(struct old_report *report, int column, const char *text)
{
    free(report->values[column]);
    report->values[column] = text && *text ? xstrdup(text) : NULL;
}

static enum error_kind next_record(struct old_report *report,
                                   struct csv_record *record, bool *has_record,
                                   struct error *err)
{
    if (csv_reader_next(report->csv, record, has_record, err) || !*has_record)
        return err->kind;
    report->line = record->line;
    if (record->has_open_quote || record->has_stray_quote)
        return refuse(report, "its quotes do not match", err);
    if (record->is_over_cap)
        return refuse(report, "it is longer than any report's", err);
    if (report->column_count > 0 && record->field_count != report->column_count)
        return refuse(report, "not as many fields as the first line has", err);
    return ERROR_NONE;
}

static enum error_kind read_header(struct old_report *report, struct error *err)
{
    struct csv_record header;
    bool has_header;
    if (next_record(report, &header, &has_header, err))
        return err->kind;
    if (!has_header)
        return error_set(err, ERROR_INPUT, "%s is empty: it is no report",
                         report->name);
    report->column_count = header.field_count;
    for (size_t i = 0; i < header.field_count; i++) {
        enum report_column column = report_column_of(header.fields[i].bytes);
        if (column < REPORT_COLUMN_COUNT)
            report->columns[column] = i + 1;
    }
    for (int i = 0; i < REPORT_COLUMNS_NEEDED; i++)
        if (report->columns[i] == 0)
            return refuse_without(report, (enum report_column)i, err);
    return ERROR_NONE;
}

static enum error_kind read_csv(struct old_report *report, bool *has_row,
                                struct error *err)
{
    struct csv_record record;
    if (next_record(report, &record, has_row, err) || !*has_row)
        return err->kind;
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++)
        if (report->columns[i] > 0)
            set_value(
                report, i,
                report_cell_text(record.fields[report->columns[i] - 1].bytes));
    return ERROR_NONE;
}

static void take_member(void *report, const char *key, const char *value)
{
    enum report_column column = report_column_of(key);
    if (column < REPORT_COLUMN_COUNT)
        set_value(report, (int)column, value);
}

/* The next line that is not blank. */
static enum error_kind read_line(struct old_report *report, bool *has_line,
                                 struct error *err)
{
    struct strbuf *text = &report->text;
    int c = EOF;
    do {
        strbuf_reset(text);
        while (!text->is_cut && (c = getc(report->file)) != EOF && c != '\n')
            if (c != '\r')
                strbuf_add_char(text, (char)c);
        report->line++;
    } while (text->len == 0 && c != EOF);
    *has_line = text->len > 0;
    if (ferror(report->file))
        return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                               report->name);
    if (text->is_cut)
        return refuse(report, "it is longer than any report's", err);
    return ERROR_NONE;
}

static enum error_kind read_json(struct old_report *report, bool *has_row,
                                 struct error *err)
{
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++)
        set_value(report, i, NULL);
    if (read_line(report, has_row, err) || !*has_row)
        return err->kind;
    if (!json_line_read(strbuf_str(&report->text), report->text.len,
                        take_member, report))
        return refuse(report,
                      "no JSON object, so this is not a report in JSON Lines",
                      err);
    if (!report->values[REPORT_STATUS])
        return refuse_without(report, REPORT_STATUS, err);
    return ERROR_NONE;
}

static enum error_kind begin(struct old_report *report, const char *path,
                             enum report_format format, struct error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    report->name = input_name_of(path);
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
    return ERROR_NONE;
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
    if (report->file)
        fclose(report->file);
    else if (report->fd >= 0)
        close(report->fd);
    for (int i = 0; i < REPORT_COLUMN_COUNT; i++)
        free(report->values[i]);
    strbuf_clear(&report->text);
    free(report);
}

bool old_report_is_of_use(const struct row *row)
{
    enum status status = row->outcome.status;
    return status == STATUS_INVITED || status == STATUS_ALREADY_INVITED ||
           status == STATUS_UNKNOWN;
}

enum error_kind old_report_next(struct old_report *report, struct row **row,
                                struct error *err)
{
    bool has_row;
    *row = NULL;
    if (report->csv ? read_csv(report, &has_row, err)
                    : read_json(report, &has_row, err))
        return err->kind;
    if (!has_row)
        return ERROR_NONE;
    if (report_parse_row(row, (const char *const *)report->values, err))
        return error_prefix(err, "%s:%" PRIu64, report->name, report->line);
    if (!old_report_is_of_use(*row) || (*row)->person || !(*row)->email[0])
        return ERROR_NONE;
    row_free(*row);
    *row = NULL;
    return refuse(report, "its email is not an e-mail address", err);
}

const char *old_report_name(const struct old_report *report)
{
    return report->name;
}
