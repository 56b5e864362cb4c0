#include "input/dialect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEARCH_LINES 100

static const char delimiters[] = {',', ';', '\t', '|'};
#define DELIMITER_COUNT sizeof(delimiters)

/* A record as one delimiter would have it. */
struct candidate {
    char delimiter;
    size_t start;    /* where the present record starts in the text */
    uint64_t lines;  /* lines before it */
    bool has_record; /* a record was read with this delimiter */
};

struct place {
    char delimiter;
    uint64_t lines;
    size_t field_count;
    enum {
        PLACE_NOWHERE,
        PLACE_TEXT,    /* some record */
        PLACE_EMAIL,   /* the email column is recognised */
        PLACE_HEADER,  /* both columns are recognised */
        PLACE_ADDRESS, /* it holds an address */
    } worth;
};

struct search {
    const struct columns_options *columns;
    struct candidate candidates[DELIMITER_COUNT];
    size_t candidate_count;
    struct place best;
    const char *text;
    struct csv_field fields[CSV_COLUMN_CAP];
};

static const char *trim(const char *at, const char **end)
{
    while (at < *end && (*at == ' ' || *at == '\t'))
        at++;
    while (*end > at && ((*end)[-1] == ' ' || (*end)[-1] == '\t' ||
                         (*end)[-1] == '\r' || (*end)[-1] == '\n'))
        --*end;
    return at;
}

/* Where the field at `at` ends; NULL when a quote is open there. */
static const char *field_stop(const char *at, const char *end, char delimiter)
{
    while (at < end && *at == ' ')
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

/* Rough, as it only has to recognise names: libcsv reads the header again. */
static bool split(struct search *search, const char *at, const char *end,
                  char delimiter, struct csv_record *record)
{
    *record = (struct csv_record){.fields = search->fields};
    while (record->field_count < CSV_COLUMN_CAP) {
        const char *stop = field_stop(at, end, delimiter);
        if (!stop)
            return false;
        const char *last = stop;
        const char *first = trim(at, &last);
        if (last - first >= 2 && *first == '"' && last[-1] == '"') {
            first++;
            last--;
        }
        search->fields[record->field_count++] =
            (struct csv_field){first, (size_t)(last - first)};
        if (stop == end)
            return true;
        at = stop + 1;
    }
    return true;
}

static bool is_blank(const struct csv_record *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (record->fields[i].len > 0)
            return false;
    return true;
}

static struct place judge(const struct search *search,
                          const struct candidate *candidate,
                          const struct csv_record *record)
{
    struct place place = {.delimiter = candidate->delimiter,
                          .lines = candidate->lines,
                          .field_count = record->field_count,
                          .worth = PLACE_TEXT};

    /* First, as a column chosen by number is in any row that is long enough. */
    if (columns_hold_address(record))
        place.worth = PLACE_ADDRESS;
    else if (columns_has_both(record, search->columns))
        place.worth = PLACE_HEADER;
    else if (columns_has_email(record, search->columns))
        place.worth = PLACE_EMAIL;
    return place;
}

static bool is_better(const struct place *place, const struct place *than)
{
    return place->worth > than->worth ||
           (place->worth == than->worth &&
            place->field_count > than->field_count);
}

/* Looks at the records that end at `end`, which is `lines` lines into the text.
 * True when the search is over. */
static bool look(struct search *search, size_t end, uint64_t lines)
{
    struct place here = {.worth = PLACE_NOWHERE};
    bool is_first = true;
    struct csv_record record;

    for (size_t i = 0; i < search->candidate_count; i++) {
        struct candidate *candidate = &search->candidates[i];
        if (!split(search, search->text + candidate->start, search->text + end,
                   candidate->delimiter, &record))
            continue;
        if (!is_blank(&record)) {
            struct place place = judge(search, candidate, &record);
            if (is_better(&place, &here)) {
                here = place;
                is_first = !candidate->has_record;
            }
            candidate->has_record = true;
        }
        candidate->start = end;
        candidate->lines = lines;
    }
    if (here.worth == PLACE_ADDRESS && !is_first)
        return true;
    if (is_better(&here, &search->best))
        search->best = here;
    return here.worth >= PLACE_HEADER;
}

/* After the line end at or behind `at`; NULL when it is not there yet, or when
 * a CR is all there is of it so far. */
static const char *line_end(const char *at, const char *end, bool is_all)
{
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    if (at == end || (*at == '\r' && at + 1 == end && !is_all))
        return NULL;
    return *at == '\r' && at + 1 < end && at[1] == '\n' ? at + 2 : at + 1;
}

static enum error_kind search_lines(struct search *search,
                                    struct csv_reader *reader,
                                    struct error *err)
{
    size_t at = 0;
    size_t len = 0;
    bool is_all = false;
    bool is_over = false;
    uint64_t lines = 0;

    while (!is_over && lines < SEARCH_LINES) {
        const char *end =
            line_end(search->text + at, search->text + len, is_all);
        if (!end && !is_all) {
            if (csv_reader_peek(reader, len, &search->text, &len, &is_all, err))
                return err->kind;
            continue;
        }
        if (!end && at == len)
            break;
        at = end ? (size_t)(end - search->text) : len;
        is_over = look(search, at, ++lines);
    }
    return ERROR_NONE;
}

static char sep_of(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    const char *at = trim(bytes, &end);

    /* trim() takes a tab for a blank. */
    if (len >= 5 && memcmp(bytes, "sep=\t", 5) == 0 && end - at == 4)
        return '\t';
    if (end - at == 7 && *at == '"' && end[-1] == '"') {
        at++;
        end--;
    }
    if (end - at != 5 || strncasecmp(at, "sep=", 4) != 0 || at[4] == '"' ||
        (unsigned char)at[4] >= 0x80)
        return '\0';
    return at[4];
}

/* Excel's own first line. */
static enum error_kind take_sep_line(struct csv_reader *reader,
                                     struct dialect *dialect, char *delimiter,
                                     struct error *err)
{
    const char *bytes = "";
    const char *end = NULL;
    size_t len = 0;
    bool is_all = false;

    while (!end && !is_all) {
        if (csv_reader_peek(reader, len, &bytes, &len, &is_all, err))
            return err->kind;
        end = line_end(bytes, bytes + len, is_all);
    }
    char told = sep_of(bytes, end ? (size_t)(end - bytes) : len);
    if (!told)
        return ERROR_NONE;
    dialect->has_sep_line = true;
    if (!*delimiter)
        *delimiter = told;
    return csv_reader_skip_line(reader, err);
}

static void set_candidates(struct search *search, char delimiter)
{
    if (delimiter) {
        search->candidates[0].delimiter = delimiter;
        search->candidate_count = 1;
        return;
    }
    for (size_t i = 0; i < DELIMITER_COUNT; i++)
        search->candidates[i].delimiter = delimiters[i];
    search->candidate_count = DELIMITER_COUNT;
}

enum error_kind dialect_find(struct csv_reader *reader,
                             const struct dialect_options *options,
                             struct dialect *dialect, struct error *err)
{
    char delimiter = options->delimiter;
    struct search *search;

    *dialect = (struct dialect){.delimiter = ',', .has_header = true};
    if (take_sep_line(reader, dialect, &delimiter, err))
        return err->kind;
    for (uint64_t i = dialect->has_sep_line; i < options->skip_rows; i++)
        if (csv_reader_skip_line(reader, err))
            return err->kind;

    search = xcalloc(1, sizeof(*search));
    search->columns = &options->columns;
    search->text = "";
    set_candidates(search, delimiter);
    enum error_kind kind = search_lines(search, reader, err);
    const struct place best = search->best;
    free(search);
    if (kind)
        return kind;

    dialect->is_delimiter_told = delimiter != '\0';
    if (best.worth != PLACE_NOWHERE)
        dialect->delimiter = best.delimiter;
    else if (delimiter)
        dialect->delimiter = delimiter;
    dialect->has_header = best.worth != PLACE_ADDRESS;
    dialect->lines_above = best.lines;
    csv_reader_set_delimiter(reader, dialect->delimiter);
    for (uint64_t i = 0; i < best.lines; i++)
        if (csv_reader_skip_line(reader, err))
            return err->kind;
    return ERROR_NONE;
}
