#include "input/csv_reader.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 65536
#define PIECE_SIZE 4096

/* libcsv's buffer also holds the closing quote and the blanks after it until
 * it knows that the field has ended. */
#define FIELD_BUFFER_SIZE (CSV_FIELD_CAP + 64)

#define ROW_NOT_BEGUN 0 /* libcsv's name, for what csv_init() sets */

enum {
    OPTIONS_STRICT = CSV_STRICT | CSV_STRICT_FINI,
    OPTIONS_LENIENT = 0,
};

/*
 * libcsv is fed one line at a time. A line end outside quotes ends a record,
 * so at most one record ends in each feed, which turns libcsv's callbacks into
 * something that can be pulled, and gives exact line numbers.
 */
struct csv_reader {
    struct encoding *text;
    struct csv_parser parser;

    /* In the buffer: the record's text so far (before the first record: all
     * that was taken), and what is not parsed yet. */
    const char *kept;
    const char *at;
    char *end;
    char *buffer;
    size_t buffer_size;

    uint64_t line;     /* of the byte at `at` */
    bool is_after_cr;  /* a LF at `at` belongs to the CR before it */
    bool has_ended;    /* nothing more to read */
    bool is_text_lost; /* the record's, as there is too much of it */
    bool is_past_first;

    bool is_complete; /* the record below can be given away */
    bool is_field_cut;
    uint64_t field_line; /* where the present field starts */
    struct csv_record record;
    size_t arena_len;

    /* As large as they can get: pages that are not touched cost nothing. */
    struct csv_field fields[CSV_COLUMN_CAP];
    char arena[CSV_RECORD_CAP + CSV_COLUMN_CAP]; /* fields, each with its NUL */
};

/* libcsv's buffer gets its full size at once and then no more: a field over
 * the cap makes csv_parse() stop with CSV_ENOMEM. */
static void *allocate_once(void *buffer, size_t size)
{
    return buffer ? NULL : xmalloc(size);
}

bool csv_record_is_blank(const struct csv_record *record)
{
    if (record->is_over_cap || record->has_open_quote)
        return false;
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].len > 0)
            return false;
    return true;
}

struct csv_reader *csv_reader_new(struct encoding *text)
{
    struct csv_reader *reader = xcalloc(1, sizeof(*reader));

    reader->text = text;
    reader->line = 1;
    csv_init(&reader->parser, OPTIONS_STRICT);
    csv_set_blk_size(&reader->parser, FIELD_BUFFER_SIZE);
    csv_set_realloc_func(&reader->parser, allocate_once);
    return reader;
}

void csv_reader_free(struct csv_reader *reader)
{
    if (!reader)
        return;
    csv_free(&reader->parser);
    free(reader->buffer);
    encoding_free(reader->text);
    free(reader);
}

static void on_field(void *bytes, size_t len, void *arg)
{
    struct csv_reader *reader = arg;
    struct csv_record *record = &reader->record;
    bool is_cut = reader->is_field_cut;

    reader->is_field_cut = false;
    reader->field_line = reader->line; /* of the field that follows */
    if (record->field_count == CSV_COLUMN_CAP) {
        record->is_over_cap = true;
        return;
    }
    size_t used = reader->arena_len - record->field_count; /* without NULs */
    if (is_cut || len > CSV_FIELD_CAP || len > CSV_RECORD_CAP - used) {
        /* It still counts as a column, so that those after it keep their
         * places. */
        record->is_over_cap = true;
        len = 0;
    }
    struct csv_field *field = &reader->fields[record->field_count++];
    char *copy = reader->arena + reader->arena_len;
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    field->bytes = copy;
    field->len = len;
    reader->arena_len += len + 1;
}

static void on_record(int line_end, void *arg)
{
    struct csv_reader *reader = arg;

    (void)line_end;
    reader->is_complete = true;
}

/*
 * Empties libcsv's full buffer, so that it can go on with the same field.
 * libcsv has no call for this, but its struct is public. At the field's end it
 * takes the closing quote and `spaces` blanks off entry_pos and otherwise only
 * asks whether there were any: two bytes and at most one blank keep that
 * subtraction above zero.
 */
static void cut_field(struct csv_reader *reader)
{
    reader->is_field_cut = true;
    reader->record.is_over_cap = true;
    reader->parser.spaces = reader->parser.spaces > 0;
    reader->parser.entry_pos = 2;
}

/* Takes the byte that strict rules stopped at. A quote within an unquoted field
 * is just a character (5" rack); after the quote that should have ended a
 * quoted one, where the field ends is anybody's guess. */
static size_t parse_leniently(struct csv_reader *reader, const char *byte)
{
    if (reader->parser.quoted)
        reader->record.has_stray_quote = true;
    csv_set_opts(&reader->parser, OPTIONS_LENIENT);
    size_t parsed =
        csv_parse(&reader->parser, byte, 1, on_field, on_record, reader);
    csv_set_opts(&reader->parser, OPTIONS_STRICT);
    return parsed;
}

static void parse(struct csv_reader *reader, const char *bytes, size_t len)
{
    size_t parsed =
        csv_parse(&reader->parser, bytes, len, on_field, on_record, reader);
    while (parsed < len) {
        if (csv_error(&reader->parser) == CSV_EPARSE)
            parsed += parse_leniently(reader, bytes + parsed);
        else
            cut_field(reader);
        parsed += csv_parse(&reader->parser, bytes + parsed, len - parsed,
                            on_field, on_record, reader);
    }
}

/* After the line end at or behind `at`; `end` when there is none. */
static const char *line_stop(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));
    const char *stop = lf ? lf + 1 : end;
    const char *cr = memchr(at, '\r', (size_t)(stop - at));

    return cr ? cr + 1 + (cr + 1 == lf) : stop;
}

/* Goes on to `stop`; true when a line has ended there. */
static bool pass(struct csv_reader *reader, const char *stop)
{
    bool is_rest_of_crlf = reader->is_after_cr && *reader->at == '\n';

    reader->at = stop;
    reader->is_after_cr = stop[-1] == '\r';
    if (is_rest_of_crlf || (stop[-1] != '\r' && stop[-1] != '\n'))
        return false;
    reader->line++;
    return true;
}

/* Blank lines are begun, too, and then left for the next. */
static void begin_record(struct csv_reader *reader)
{
    reader->record.line = reader->line;
    reader->field_line = reader->line;
    if (reader->is_past_first) {
        reader->kept = reader->at;
        reader->is_text_lost = false;
    }
    reader->record.above_len = (size_t)(reader->at - reader->kept);
}

/* The record has been passed. */
static void set_text(struct csv_reader *reader)
{
    struct csv_record *record = &reader->record;

    reader->is_past_first = true;
    if (reader->is_text_lost)
        return;
    const char *start = reader->kept + record->above_len;
    const char *end = reader->at;
    if (!record->has_open_quote) {
        end -= end > start && end[-1] == '\n';
        end -= end > start && end[-1] == '\r';
    }
    record->text_len = (size_t)(end - start);
    record->line_end_len = (size_t)(reader->at - end);
    if (record->text_len <= CSV_RECORD_CAP &&
        record->above_len <= CSV_ABOVE_CAP)
        record->text = start;
}

static void parse_line(struct csv_reader *reader)
{
    const char *end = reader->end;

    /* Not far beyond the line: where CR ends each, there may be no LF. */
    if (end - reader->at > PIECE_SIZE)
        end = reader->at + PIECE_SIZE;
    const char *stop = line_stop(reader->at, end);
    stop += stop[-1] == '\r' && stop < reader->end && *stop == '\n';
    if (reader->parser.pstate == ROW_NOT_BEGUN)
        begin_record(reader);
    parse(reader, reader->at, (size_t)(stop - reader->at));
    pass(reader, stop);
}

/* Moves what is kept to the front, with room for a chunk behind it. */
static void make_room(struct csv_reader *reader)
{
    size_t most = CSV_RECORD_CAP + strlen("\r\n");
    if (!reader->is_past_first)
        most += CSV_ABOVE_CAP;
    if ((size_t)(reader->at - reader->kept) > most) {
        reader->is_text_lost = true;
        reader->kept = reader->at;
    }
    size_t taken = (size_t)(reader->at - reader->kept);
    size_t len = (size_t)(reader->end - reader->kept);
    if (len > 0)
        memmove(reader->buffer, reader->kept, len);
    if (len + CHUNK_SIZE > reader->buffer_size) {
        reader->buffer_size = 2 * len + CHUNK_SIZE;
        reader->buffer = realloc(reader->buffer, reader->buffer_size);
        if (!reader->buffer)
            error_out_of_memory();
    }
    reader->kept = reader->buffer;
    reader->at = reader->buffer + taken;
    reader->end = reader->buffer + len;
}

/* Waits for more text. */
static enum error_kind fill(struct csv_reader *reader, struct error *err)
{
    size_t got;

    make_room(reader);
    if (encoding_read(reader->text, reader->end, CHUNK_SIZE, &got, err))
        return err->kind;
    reader->has_ended = got == 0;
    reader->end += got;
    return ERROR_NONE;
}

/* Ends a last record that has no line end. One that was cut short by a
 * cancelled read is nobody's row and is dropped. */
static void finish(struct csv_reader *reader)
{
    if (encoding_facts(reader->text)->is_cancelled)
        return;
    if (csv_fini(&reader->parser, on_field, on_record, reader) != 0) {
        reader->record.has_open_quote = true;
        reader->record.open_quote_line = reader->field_line;
        csv_set_opts(&reader->parser, OPTIONS_LENIENT);
        csv_fini(&reader->parser, on_field, on_record, reader);
    }
}

enum error_kind csv_reader_next(struct csv_reader *reader,
                                struct csv_record *record, bool *has_record,
                                struct error *err)
{
    *has_record = false;
    reader->record = (struct csv_record){.fields = reader->fields};
    reader->arena_len = 0;
    reader->is_complete = false;
    while (!reader->is_complete) {
        if (reader->at < reader->end) {
            parse_line(reader);
        } else if (reader->has_ended) {
            finish(reader);
            break;
        } else if (fill(reader, err) != ERROR_NONE) {
            return err->kind;
        }
    }
    if (reader->is_complete)
        set_text(reader);
    *record = reader->record;
    *has_record = reader->is_complete;
    return ERROR_NONE;
}

enum error_kind csv_reader_peek_line(struct csv_reader *reader,
                                     const char **text, size_t *len,
                                     struct error *err)
{
    for (;;) {
        size_t there = (size_t)(reader->end - reader->at);
        if (there > CSV_PEEK_CAP)
            there = CSV_PEEK_CAP;
        size_t stop = there;
        if (there > *len)
            stop = (size_t)(line_stop(reader->at + *len, reader->at + there) -
                            reader->at);
        /* After a CR, a LF may still come. */
        bool is_whole =
            stop > *len && (reader->at[stop - 1] == '\n' ||
                            (reader->at[stop - 1] == '\r' && stop < there));
        if (is_whole || reader->has_ended || there == CSV_PEEK_CAP) {
            *text = reader->at;
            *len = stop;
            return ERROR_NONE;
        }
        if (fill(reader, err) != ERROR_NONE)
            return err->kind;
    }
}

enum error_kind csv_reader_skip_line(struct csv_reader *reader,
                                     struct error *err)
{
    const char *text;
    size_t len;

    do {
        len = 0;
        if (csv_reader_peek_line(reader, &text, &len, err))
            return err->kind;
    } while (len > 0 && !pass(reader, text + len));
    return ERROR_NONE;
}

void csv_reader_set_delimiter(struct csv_reader *reader, char delimiter)
{
    csv_set_delim(&reader->parser, (unsigned char)delimiter);
}
