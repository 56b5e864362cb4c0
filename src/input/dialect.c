#include "input/dialect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "input/columns.h"

#define SEARCH_LINES 100

/* A place in the text, and how good a header its record is. */
struct place {
    char delimiter;
    uint64_t lines; /* before it */
    enum columns_fit fit;
    size_t field_count; /* 0: there is no record */
};

/* The records as one delimiter would have them. */
struct candidate {
    char delimiter;
    size_t start;    /* of the present record in the text */
    uint64_t lines;  /* before it */
    bool has_record; /* there was one before it */
};

struct search {
    const struct input_options *options;
    struct candidate candidates[4];
    size_t candidate_count;
    struct place best;
    struct csv_field fields[CSV_COLUMN_CAP];
};

const char *dialect_cell_end(const char *at, const char *end, char delimiter)
{
    while (at < end && (*at == ' ' || *at == '\t') && *at != delimiter)
        at++;
    if (at < end && *at == '"') {
        do {
            at = memchr(at + 1, '"', (size_t)(end - at - 1));
            if (!at)
                return NULL;
            at++;
        } while (at < end && *at == '"');
    }
    const char *stop = memchr(at, delimiter, (size_t)(end - at));
    return stop ? stop : end;
}

static bool is_around(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct csv_field field_of(const char *at, const char *end)
{
    while (at < end && is_around(*at))
        at++;
    while (end > at && is_around(end[-1]))
        end--;
    if (end - at >= 2 && *at == '"' && end[-1] == '"') {
        at++;
        end--;
    }
    return (struct csv_field){at, (size_t)(end - at)};
}

/* Rough, as it only has to recognise names: libcsv reads the header again.
 * False when a quote is open at the end. */
static bool split(struct search *search, const char *at, const char *end,
                  char delimiter, struct csv_record *record)
{
    const char *stop = NULL;

    *record = (struct csv_record){.fields = search->fields};
    while (stop != end && record->field_count < CSV_COLUMN_CAP) {
        stop = dialect_cell_end(at, end, delimiter);
        if (!stop)
            return false;
        search->fields[record->field_count++] = field_of(at, stop);
        at = stop + 1;
    }
    return true;
}

static bool is_better(const struct place *place, const struct place *than)
{
    return place->fit > than->fit ||
           (place->fit == than->fit && place->field_count > than->field_count);
}

/* Looks at the records that end with the first `len` bytes, which are `lines`
 * lines. True when the search is over. */
static bool look(struct search *search, const char *text, size_t len,
                 uint64_t lines)
{
    struct place here = {.field_count = 0};
    bool is_first = true;
    struct csv_record record;

    for (size_t i = 0; i < search->candidate_count; i++) {
        struct candidate *candidate = &search->candidates[i];
        if (!split(search, text + candidate->start, text + len,
                   candidate->delimiter, &record))
            continue;
        if (!csv_record_is_blank(&record)) {
            const struct place place = {candidate->delimiter, candidate->lines,
                                        columns_fit(&record, search->options),
                                        record.field_count};
            if (is_better(&place, &here)) {
                here = place;
                is_first = !candidate->has_record;
            }
            candidate->has_record = true;
        }
        candidate->start = len;
        candidate->lines = lines;
    }
    if (here.fit == COLUMNS_HOLD_ADDRESS && !is_first)
        return true;
    if (is_better(&here, &search->best))
        search->best = here;
    return here.fit >= COLUMNS_FIT;
}

static enum error_kind search_lines(struct search *search,
                                    struct csv_reader *reader,
                                    struct error *err)
{
    const char *text;
    bool is_over = false;
    size_t len = 0;

    for (uint64_t lines = 1; !is_over && lines <= SEARCH_LINES; lines++) {
        size_t seen = len;
        if (csv_reader_peek_line(reader, &text, &len, err))
            return err->kind;
        is_over = len == seen || look(search, text, len, lines);
    }
    return ERROR_NONE;
}

/* Is it Excel's own first line, sep=; with or without quotes around it? */
static bool is_sep_line(const char *at, size_t len, char *told)
{
    const char *end = at + len;

    at += len > 0 && *at == '"';
    if (end - at < 5 || strncasecmp(at, "sep=", 4) != 0)
        return false;
    *told = at[4];
    for (at += 5; at < end; at++)
        if (*at != '"' && !is_around(*at))
            return false;
    return *told == '\t' || (*told > ' ' && *told < 0x7F && *told != '"');
}

static enum error_kind skip_lines(struct csv_reader *reader, uint64_t count,
                                  struct error *err)
{
    for (uint64_t i = 0; i < count; i++)
        if (csv_reader_skip_line(reader, err))
            return err->kind;
    return ERROR_NONE;
}

static enum error_kind skip_top(struct csv_reader *reader, uint64_t lines,
                                char *delimiter, struct error *err)
{
    const char *text;
    size_t len = 0;
    char told;

    if (csv_reader_peek_line(reader, &text, &len, err))
        return err->kind;
    if (is_sep_line(text, len, &told)) {
        if (*delimiter == '\0')
            *delimiter = told;
        lines += lines == 0;
    }
    return skip_lines(reader, lines, err);
}

/* `delimiter` is '\0' to try the usual ones. */
static void set_candidates(struct search *search, char delimiter)
{
    static const char usual[] = ",;\t|";
    const char told[] = {delimiter, '\0'};
    const char *at = delimiter == '\0' ? usual : told;

    search->best.delimiter = *at;
    for (; *at; at++)
        search->candidates[search->candidate_count++].delimiter = *at;
}

enum error_kind dialect_find(struct csv_reader *reader,
                             const struct input_options *options,
                             char *delimiter, struct error *err)
{
    *delimiter = options->delimiter;
    if (skip_top(reader, options->skip_rows, delimiter, err))
        return err->kind;

    struct search *search = xcalloc(1, sizeof(*search));
    search->options = options;
    set_candidates(search, *delimiter);
    enum error_kind kind = search_lines(search, reader, err);
    const struct place best = search->best;
    free(search);
    if (kind)
        return kind;
    *delimiter = best.delimiter;
    csv_reader_set_delimiter(reader, best.delimiter);
    return skip_lines(reader, best.lines, err);
}
