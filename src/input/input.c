#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "input/columns.h"
#include "input/csv_reader.h"
#include "input/dialect.h"
#include "input/row_check.h"
#include "input/row_text.h"

#define COLUMN_NAME_MAX 256

struct input {
    const struct input_options *options;
    const char *name;
    int fd;
    off_t start; /* stdin may be a file that somebody has read from */
    struct stat opened;
    bool is_second_pass;
    struct encoding *text; /* the reader's */
    struct csv_reader *reader;
    struct csv_record record;
    bool is_record_ahead; /* the first row was read to find the columns */
    struct dialect dialect;
    struct columns columns;
    uint64_t header_line;
    uint64_t cleaned; /* addresses, in this pass */
    uint64_t mapped;  /* roles, likewise */
    struct row_text row_text;
    char *email_name;
    char *role_name;
    char *email_header;
    char *role_header;
};

static enum error_kind open_fd(struct input *input, struct error *err)
{
    const char *path = input->options->path;

    if (strcmp(path, "-") == 0) {
        input->name = "stdin";
        input->fd = STDIN_FILENO;
    } else {
        input->name = path;
        do
            input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        while (input->fd < 0 && errno == EINTR);
        if (input->fd < 0)
            return error_set_errno(err, ERROR_INPUT, errno, "cannot open %s",
                                   path);
    }
    if (fstat(input->fd, &input->opened) != 0)
        return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                               input->name);
    if (S_ISDIR(input->opened.st_mode))
        return error_set(err, ERROR_INPUT, "%s is a directory, not a CSV file",
                         input->name);
    if (input_is_rewindable(input)) {
        input->start = lseek(input->fd, 0, SEEK_CUR);
        if (input->start < 0)
            return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                                   input->name);
    }
    return ERROR_NONE;
}

/* A header that is damaged says nothing about the columns. */
static enum error_kind check_header(const struct input *input,
                                    const struct csv_record *header,
                                    struct error *err)
{
    if (header->has_open_quote || header->has_stray_quote)
        return error_set(err, ERROR_INPUT,
                         "the quotes in the header of %s (line %llu) do not "
                         "match: put one \" before and one after a name",
                         input->name, (unsigned long long)header->line);
    if (header->is_over_cap)
        return error_set(err, ERROR_INPUT,
                         "the header of %s is longer than any CSV header: is "
                         "it a CSV file with line ends?",
                         input->name);
    for (size_t i = 0; i < header->field_count; i++)
        if (memchr(header->fields[i].bytes, '\0', header->fields[i].len))
            return error_set(err, ERROR_INPUT,
                             "%s is not a text file (there are NUL bytes in "
                             "its first line): export it as CSV UTF-8",
                             input->name);
    return ERROR_NONE;
}

static void free_names(struct input *input)
{
    free(input->email_name);
    free(input->role_name);
    free(input->email_header);
    free(input->role_header);
}

static char *column_header(const struct csv_record *header, size_t column,
                           bool has_header)
{
    if (column == COLUMNS_NONE || !has_header || !header->fields[column].len)
        return NULL;
    return xstrdup(header->fields[column].bytes);
}

static char *column_name(const struct csv_record *header, size_t column,
                         bool has_header)
{
    struct strbuf name;

    if (column == COLUMNS_NONE)
        return NULL;
    strbuf_init(&name, COLUMN_NAME_MAX);
    if (has_header && header->fields[column].len > 0)
        columns_add_name(&name, &header->fields[column]);
    else
        strbuf_addf(&name, "column %zu", column + 1);
    return strbuf_detach(&name);
}

static void name_columns(struct input *input)
{
    const struct csv_record *header = &input->record;
    const struct columns *columns = &input->columns;
    bool has_header = columns->has_header;

    free_names(input);
    input->email_name = column_name(header, columns->email, has_header);
    input->role_name = column_name(header, columns->role, has_header);
    input->email_header = column_header(header, columns->email, has_header);
    input->role_header = column_header(header, columns->role, has_header);
}

static enum error_kind find_columns(struct input *input,
                                    const struct columns_options *wanted,
                                    struct error *err)
{
    const struct csv_record *header = &input->record;

    if (!input->dialect.has_header) {
        input->is_record_ahead = true;
        return columns_find_by_content(header, wanted, input->name,
                                       &input->columns, err);
    }
    input->header_line = header->line;
    if (check_header(input, header, err) != ERROR_NONE)
        return err->kind;
    return columns_find(header, wanted, input->name, &input->columns, err);
}

static enum error_kind read_header(struct input *input, struct error *err)
{
    const struct dialect_options wanted = {
        .columns =
            {
                .email_column = input->options->email_column,
                .role_column = input->options->role_column,
                .fixed_role = input->options->fixed_role,
            },
        .delimiter = input->options->delimiter,
        .skip_rows = input->options->skip_rows,
    };
    bool has_header;

    if (dialect_find(input->reader, &wanted, &input->dialect, err) ||
        csv_reader_next(input->reader, &input->record, &has_header, err))
        return err->kind;
    if (!has_header && encoding_is_cancelled(input->text))
        return error_set(err, ERROR_INPUT,
                         "stopped before the first line of %s was there",
                         input->name);
    if (!has_header)
        return error_set(err, ERROR_INPUT,
                         "%s is empty: its first line must name the columns, "
                         "for example: email,role",
                         input->name);
    if (find_columns(input, &wanted.columns, err))
        return err->kind;
    name_columns(input);
    row_text_clear(&input->row_text);
    if (input->options->keeps_records)
        row_text_init(&input->row_text, &input->record, &input->columns,
                      input->dialect.delimiter, encoding_has_mark(input->text));
    return ERROR_NONE;
}

static enum error_kind start(struct input *input, struct error *err)
{
    csv_reader_free(input->reader);
    input->is_record_ahead = false;
    input->cleaned = 0;
    input->mapped = 0;
    input->text =
        encoding_new(input->fd, input->name, input->options->cancel_fd,
                     input->options->encoding);
    input->reader = csv_reader_new(input->text);
    return read_header(input, err);
}

enum error_kind input_open(struct input **input,
                           const struct input_options *options,
                           struct error *err)
{
    struct input *opened = xcalloc(1, sizeof(*opened));

    *input = NULL;
    opened->options = options;
    opened->fd = -1;
    if (open_fd(opened, err) != ERROR_NONE ||
        start(opened, err) != ERROR_NONE) {
        input_close(opened);
        return err->kind;
    }
    *input = opened;
    return ERROR_NONE;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    csv_reader_free(input->reader);
    row_text_clear(&input->row_text);
    free_names(input);
    free(input);
}

static enum error_kind check_unchanged(const struct input *input,
                                       struct error *err)
{
    struct stat now;

    if (fstat(input->fd, &now) != 0)
        return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                               input->name);
    if (now.st_size != input->opened.st_size ||
        now.st_mtim.tv_sec != input->opened.st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != input->opened.st_mtim.tv_nsec)
        return error_set(err, ERROR_INPUT, "%s was changed while it was read",
                         input->name);
    return ERROR_NONE;
}

static bool is_blank(const struct csv_record *record)
{
    if (record->is_over_cap || record->has_open_quote)
        return false;
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].len > 0)
            return false;
    return true;
}

static enum error_kind next_record(struct input *input, bool *has_record,
                                   struct error *err)
{
    *has_record = input->is_record_ahead;
    input->is_record_ahead = false;
    if (*has_record)
        return ERROR_NONE;
    return csv_reader_next(input->reader, &input->record, has_record, err);
}

enum error_kind input_next(struct input *input, struct row **row,
                           struct error *err)
{
    bool has_record;

    *row = NULL;
    do {
        if (next_record(input, &has_record, err) != ERROR_NONE)
            return err->kind;
    } while (has_record && is_blank(&input->record));

    const struct row_check_options check = {
        .fixed_role = input->options->fixed_role,
        .email_header = input->email_name,
        .role_header = input->role_name,
        .is_encoding_assumed = encoding_is_assumed(input->text),
        .role_map = input->options->role_map,
        .allow_roles = input->options->allow_roles,
        .allow_domains = input->options->allow_domains,
        .cleaned = &input->cleaned,
        .mapped = &input->mapped,
    };
    if (!has_record)
        return input->is_second_pass ? check_unchanged(input, err) : ERROR_NONE;
    *row = row_check(&input->record, &input->columns, &check);
    (*row)->record = row_text_record(&input->row_text, &input->record,
                                     encoding_decoded_from(input->text));
    return ERROR_NONE;
}

enum error_kind input_rewind(struct input *input, struct error *err)
{
    if (check_unchanged(input, err) != ERROR_NONE)
        return err->kind;
    if (lseek(input->fd, input->start, SEEK_SET) < 0)
        return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s again",
                               input->name);
    input->is_second_pass = true;
    return start(input, err);
}

const struct row_form *input_form(const struct input *input)
{
    return &input->row_text.form;
}

bool input_is_rewindable(const struct input *input)
{
    return S_ISREG(input->opened.st_mode);
}

bool input_is_cancelled(const struct input *input)
{
    return encoding_is_cancelled(input->text);
}

const char *input_name(const struct input *input)
{
    return input->name;
}

void input_get_facts(const struct input *input, struct input_facts *facts)
{
    *facts = (struct input_facts){
        .encoding = encoding_name(input->text),
        .is_encoding_assumed = encoding_is_assumed(input->text),
        .is_mixed = encoding_is_mixed(input->text),
        .is_gzip = encoding_is_gzip(input->text),
        .delimiter = input->dialect.delimiter,
        .is_delimiter_told = input->dialect.is_delimiter_told,
        .header_line = input->header_line,
        .lines_above = input->dialect.lines_above,
        .email_column = input->columns.email + 1,
        .role_column = input->columns.role + 1,
        .email_name = input->email_name,
        .role_name = input->role_name,
        .email_header = input->email_header,
        .role_header = input->role_header,
        .cleaned = input->cleaned,
        .mapped = input->mapped,
    };
}
