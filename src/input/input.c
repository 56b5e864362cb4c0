#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/columns.h"
#include "input/csv_reader.h"
#include "input/dialect.h"
#include "input/row_check.h"
#include "input/row_text.h"

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
    char delimiter;
    struct columns columns;
    uint64_t header_line;
    struct row_check_counts counts; /* in this pass */
    struct row_text row_text;
};

const char *input_name_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

static enum error_kind open_fd(struct input *input, struct error *err)
{
    const char *path = input->options->path;

    input->name = input_name_of(path);
    if (strcmp(path, "-") == 0) {
        input->fd = STDIN_FILENO;
    } else {
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
                                    struct error *err)
{
    const struct csv_record *header = &input->record;

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

static enum error_kind read_first(struct input *input, struct error *err)
{
    bool has_record;

    if (csv_reader_next(input->reader, &input->record, &has_record, err))
        return err->kind;
    if (has_record)
        return ERROR_NONE;
    if (input_is_cancelled(input))
        return error_set(err, ERROR_INPUT,
                         "stopped before the first line of %s was there",
                         input->name);
    return error_set(err, ERROR_INPUT,
                     "%s is empty: its first line must name the columns, for "
                     "example: email,role",
                     input->name);
}

static enum error_kind find_columns(struct input *input, struct error *err)
{
    const struct input_options *options = input->options;
    const struct csv_record *first = &input->record;
    struct columns *columns = &input->columns;

    columns_clear(columns);
    row_text_clear(&input->row_text);
    if (dialect_find(input->reader, options, &input->delimiter, err) ||
        read_first(input, err))
        return err->kind;
    enum error_kind kind =
        columns_find(first, options, input->name, columns, err);
    if (columns->has_header && check_header(input, err))
        return err->kind;
    if (kind)
        return kind;
    input->is_record_ahead = !columns->has_header;
    input->header_line = columns->has_header ? first->line : 0;
    if (options->keeps_records)
        row_text_init(&input->row_text, first, columns, input->delimiter,
                      encoding_facts(input->text)->has_mark);
    return ERROR_NONE;
}

static enum error_kind start(struct input *input, struct error *err)
{
    csv_reader_free(input->reader);
    input->counts = (struct row_check_counts){0};
    input->text =
        encoding_new(input->fd, input->name, input->options->cancel_fd,
                     input->options->encoding);
    input->reader = csv_reader_new(input->text);
    return find_columns(input, err);
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
    columns_clear(&input->columns);
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
    const struct encoding_facts *encoding = encoding_facts(input->text);
    bool has_record;

    *row = NULL;
    do {
        if (next_record(input, &has_record, err) != ERROR_NONE)
            return err->kind;
    } while (has_record && csv_record_is_blank(&input->record));
    if (!has_record)
        return input->is_second_pass ? check_unchanged(input, err) : ERROR_NONE;
    *row = row_check(&input->record, &input->columns, input->options,
                     encoding->is_assumed, &input->counts);
    (*row)->record = row_text_record(&input->row_text, &input->record,
                                     encoding->decoded_from);
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
    return encoding_facts(input->text)->is_cancelled;
}

const char *input_name(const struct input *input)
{
    return input->name;
}

void input_get_facts(const struct input *input, struct input_facts *facts)
{
    const struct encoding_facts *encoding = encoding_facts(input->text);

    *facts = (struct input_facts){
        .encoding = encoding->name,
        .is_encoding_assumed = encoding->is_assumed,
        .is_mixed = encoding->is_mixed,
        .is_gzip = encoding->is_gzip,
        .delimiter = input->delimiter,
        .header_line = input->header_line,
        .email_column = input->columns.email.place + 1,
        .role_column = input->columns.role.place + 1,
        .email_name = input->columns.email.name,
        .role_name = input->columns.role.name,
        .email_header = input->columns.email.header,
        .role_header = input->columns.role.header,
        .cleaned = input->counts.cleaned,
        .mapped = input->counts.mapped,
    };
}
