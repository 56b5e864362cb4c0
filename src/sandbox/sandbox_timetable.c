#include "sandbox/sandbox_timetable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "sandbox/sandbox_settings.h"
#include "sandbox/sandbox_values.h"

#define LINE_SIZE     1024
#define OBJECTION_CAP 512
#define BLANKS        " \t\r\n"

void sandbox_timetable_clear(struct sandbox_timetable *timetable)
{
    for (size_t i = 0; i < timetable->count; i++) {
        free(timetable->events[i].name);
        free(timetable->events[i].value);
    }
    free(timetable->events);
    free(timetable->outages);
    *timetable = (struct sandbox_timetable){0};
}

static void *grown(void *array, size_t count, size_t item_size)
{
    void *result = realloc(array, (count + 1) * item_size);

    if (!result)
        error_out_of_memory();
    return result;
}

static void add_event(struct sandbox_timetable *timetable, int64_t at_us,
                      const char *name, const char *value)
{
    struct sandbox_event *events =
        grown(timetable->events, timetable->count, sizeof *timetable->events);
    size_t place = timetable->count++;

    timetable->events = events;
    for (; place > 0 && events[place - 1].at_us > at_us; place--)
        events[place] = events[place - 1];
    events[place] = (struct sandbox_event){
        .at_us = at_us,
        .name = xstrdup(name),
        .value = xstrdup(value),
    };
}

/* The next word of a line, which it cuts out; NULL at the end of the line or a
 * comment. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);

    if (*word == '\0' || *word == '#')
        return NULL;
    *rest = word + strcspn(word, BLANKS);
    if (**rest)
        *(*rest)++ = '\0';
    return word;
}

static bool add_assignment(struct sandbox_timetable *timetable, int64_t at_us,
                           char *word, struct strbuf *objection)
{
    struct sandbox_settings trial = sandbox_settings_default();
    char *equals = strchr(word, '=');

    if (!equals) {
        strbuf_addf(objection, "\"%s\" should be name=value", word);
        return false;
    }
    *equals = '\0';
    if (!sandbox_settings_set(&trial, word, equals + 1, objection))
        return false;
    add_event(timetable, at_us, word, equals + 1);
    return true;
}

/* What is wrong with the line is in `objection`. */
static void add_line(struct sandbox_timetable *timetable, char *line,
                     struct strbuf *objection)
{
    char *word = next_word(&line);
    int64_t at_us;

    if (!word)
        return;
    if (!sandbox_value_duration(word, SANDBOX_TIMETABLE_MAX_US, &at_us)) {
        strbuf_addf(objection,
                    "a line starts with a time such as 0s, 90s or 5m, up to "
                    "24h, not \"%s\"",
                    word);
        return;
    }
    word = next_word(&line);
    if (!word)
        strbuf_add_str(objection, "name=value is missing after the time");
    while (word && add_assignment(timetable, at_us, word, objection))
        word = next_word(&line);
}

static enum error_kind read_lines(struct sandbox_timetable *timetable,
                                  const char *file_name, FILE *file,
                                  struct strbuf *objection, struct error *err)
{
    char line[LINE_SIZE];

    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        if (!strchr(line, '\n') && !feof(file))
            strbuf_add_str(objection, "the line is too long, or no text");
        else
            add_line(timetable, line, objection);
        if (objection->len > 0)
            return error_set(err, ERROR_USAGE, "%s line %u: %s", file_name,
                             number, strbuf_str(objection));
    }
    if (ferror(file))
        return error_set_errno(err, ERROR_USAGE, errno, "cannot read %s",
                               file_name);
    return ERROR_NONE;
}

enum error_kind sandbox_timetable_read(struct sandbox_timetable *timetable,
                                       const char *file_name, struct error *err)
{
    FILE *file = fopen(file_name, "re");
    struct strbuf objection;

    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open %s",
                               file_name);
    strbuf_init(&objection, OBJECTION_CAP);
    enum error_kind kind =
        read_lines(timetable, file_name, file, &objection, err);
    strbuf_clear(&objection);
    (void)fclose(file); /* only read */
    return kind;
}

bool sandbox_timetable_add_outage(struct sandbox_timetable *timetable,
                                  const char *text)
{
    size_t len = strcspn(text, "+");
    char *from = xstrndup(text, len);
    struct sandbox_outage outage;
    bool is_good =
        text[len] == '+' &&
        sandbox_value_duration(from, SANDBOX_TIMETABLE_MAX_US,
                               &outage.from_us) &&
        sandbox_value_duration(text + len + 1, SANDBOX_TIMETABLE_MAX_US,
                               &outage.length_us);

    free(from);
    if (!is_good)
        return false;
    timetable->outages = grown(timetable->outages, timetable->outage_count,
                               sizeof *timetable->outages);
    timetable->outages[timetable->outage_count++] = outage;
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct sandbox_outage *first = a;
    const struct sandbox_outage *second = b;

    return (first->from_us > second->from_us) -
           (first->from_us < second->from_us);
}

void sandbox_timetable_plan_outages(struct sandbox_timetable *timetable)
{
    const struct sandbox_outage *outages = timetable->outages;
    size_t count = timetable->outage_count;

    if (count > 0)
        qsort(timetable->outages, count, sizeof *outages, by_start);
    for (size_t i = 0; i < count;) {
        int64_t start_us = outages[i].from_us;
        int64_t end_us = start_us;
        for (; i < count && outages[i].from_us <= end_us; i++) {
            if (outages[i].from_us + outages[i].length_us > end_us)
                end_us = outages[i].from_us + outages[i].length_us;
        }
        add_event(timetable, start_us, "outage", "true");
        add_event(timetable, end_us, "outage", "false");
    }
    free(timetable->outages);
    timetable->outages = NULL;
    timetable->outage_count = 0;
}
