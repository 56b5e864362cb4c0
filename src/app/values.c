#include "app/values.h"

#include <inttypes.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text_safe.h"

static enum error_kind check_text(const struct option_spec *option,
                                  const char *text, struct error *err)
{
    size_t len = strlen(text);

    if (len == 0)
        return error_set(err, ERROR_USAGE, "its value is empty");
    if (option->type == OPTION_PATH)
        return ERROR_NONE;
    if (text_has_control(text, len))
        return error_set(err, ERROR_USAGE, "\"%s\" holds a control character",
                         text);
    if (!text_is_utf8(text, len))
        return error_set(err, ERROR_USAGE, "\"%s\" is not UTF-8", text);
    return ERROR_NONE;
}

/* Is `text` one of the words of "csv|jsonl"? */
static enum error_kind check_choice(const struct option_spec *option,
                                    const char *text, struct error *err)
{
    size_t len = strlen(text);

    for (const char *word = option->argument; *word;) {
        size_t word_len = strcspn(word, "|");

        if (word_len == len && memcmp(word, text, len) == 0)
            return ERROR_NONE;
        word += word_len;
        word += *word == '|';
    }
    return error_set(err, ERROR_USAGE, "\"%s\" is none of %s", text,
                     option->argument);
}

/* Moves *text behind the digits it starts with. What does not fit becomes
 * UINT64_MAX, which no option allows. */
static bool take_digits(const char **text, uint64_t *number)
{
    char *end;

    /* strtoull() would accept a sign and spaces. */
    if (**text < '0' || **text > '9')
        return false;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return true;
}

/* A number with a unit. */
struct quantity {
    const char *name;
    const char *examples;
    struct {
        const char *name; /* NULL behind the last */
        int64_t us;
    } units[6];
};

static const struct quantity duration = {
    "a duration",
    "500ms, 150s, 15m, 24h or 7d",
    {{"ms", US_PER_MS},
     {"s", US_PER_S},
     {"m", US_PER_MINUTE},
     {"h", US_PER_HOUR},
     {"d", 24 * US_PER_HOUR}},
};

static const struct quantity rate = {
    "a rate",
    "10/s, 300/m or 1000/h",
    {{"/s", US_PER_S}, {"/m", US_PER_MINUTE}, {"/h", US_PER_HOUR}},
};

/* Returns the unit; 0 after an error. */
static int64_t parse_quantity(const struct quantity *quantity, const char *text,
                              uint64_t *number, struct error *err)
{
    const char *unit = text;
    bool has_number = take_digits(&unit, number);

    for (size_t i = 0; has_number && quantity->units[i].name; i++)
        if (strcmp(quantity->units[i].name, unit) == 0)
            return quantity->units[i].us;
    if (has_number && *unit == '\0')
        error_set(err, ERROR_USAGE, "\"%s\" has no unit; write it like %s",
                  text, quantity->examples);
    else
        error_set(err, ERROR_USAGE, "\"%s\" is not %s; write it like %s", text,
                  quantity->name, quantity->examples);
    return 0;
}

static enum error_kind parse_duration(const struct option_spec *option,
                                      const char *text, int64_t *value_us,
                                      struct error *err)
{
    uint64_t number;
    int64_t unit_us = parse_quantity(&duration, text, &number, err);

    if (unit_us == 0)
        return err->kind;
    if (number > (uint64_t)(VALUE_DURATION_MAX_US / unit_us))
        return error_set(err, ERROR_USAGE, "\"%s\" is over ten years", text);
    if (number * (uint64_t)unit_us < option->min)
        return error_set(err, ERROR_USAGE, "\"%s\" is too short", text);
    *value_us = (int64_t)number * unit_us;
    return ERROR_NONE;
}

static enum error_kind parse_rate(const char *text, struct rate *value,
                                  struct error *err)
{
    uint64_t count;
    int64_t per_us = parse_quantity(&rate, text, &count, err);

    if (per_us == 0)
        return err->kind;
    if (count < 1 || count > VALUE_RATE_MAX)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is out of range; 1 to %d are possible", text,
                         VALUE_RATE_MAX);
    *value = (struct rate){.count = (uint32_t)count, .per_us = per_us};
    return ERROR_NONE;
}

static enum error_kind parse_time(const char *text, int64_t *value_s,
                                  struct error *err)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);

    if (end && *end == 'T')
        end = strptime(end, "T%H:%M:%SZ", &tm);
    if (!end || *end != '\0')
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is not a time; write it like 2026-11-01 or "
                         "2026-11-01T12:00:00Z (UTC)",
                         text);
    *value_s = (int64_t)timegm(&tm);
    return ERROR_NONE;
}

static enum error_kind parse_count(const struct option_spec *option,
                                   const char *text, uint64_t *value,
                                   struct error *err)
{
    const char *end = text;
    uint64_t number;

    if (!take_digits(&end, &number) || *end != '\0')
        return error_set(err, ERROR_USAGE, "\"%s\" is not a whole number",
                         text);
    if (number < option->min || number > option->max)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is out of range; %" PRIu64 " to %" PRIu64
                         " are possible",
                         text, option->min, option->max);
    *value = number;
    return ERROR_NONE;
}

static enum error_kind parse_share(const char *text, struct option_share *value,
                                   struct error *err)
{
    const char *end = text;
    uint64_t number = UINT64_MAX;
    bool has_digits = take_digits(&end, &number);
    bool is_percent = strcmp(end, "%") == 0;

    if (!has_digits || (*end && !is_percent) || number == UINT64_MAX ||
        (is_percent && number > 100))
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is neither a number nor a share; write it "
                         "like 25 or 5%%",
                         text);
    *value = (struct option_share){number, is_percent};
    return ERROR_NONE;
}

static enum error_kind parse_bool(const char *text, bool *value,
                                  struct error *err)
{
    static const char *const words[][2] = {
        {"false", "true"},
        {"no", "yes"},
        {"off", "on"},
        {"0", "1"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        for (int is_true = 0; is_true < 2; is_true++)
            if (strcasecmp(text, words[i][is_true]) == 0) {
                *value = is_true;
                return ERROR_NONE;
            }
    return error_set(err, ERROR_USAGE,
                     "\"%s\" is neither yes nor no; write true or false", text);
}

enum error_kind value_parse(const struct option_spec *option, const char *text,
                            struct options *options, struct error *err)
{
    void *field = (char *)options + option->offset;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CHOICE:
        if (check_text(option, text, err) ||
            (option->type == OPTION_CHOICE && check_choice(option, text, err)))
            return err->kind;
        *(const char **)field = text;
        return ERROR_NONE;
    case OPTION_BOOL:
        return parse_bool(text, field, err);
    case OPTION_COUNT:
        return parse_count(option, text, field, err);
    case OPTION_DURATION:
        return parse_duration(option, text, field, err);
    case OPTION_TIME:
        return parse_time(text, field, err);
    case OPTION_RATE:
        return parse_rate(text, field, err);
    case OPTION_SHARE:
        return parse_share(text, field, err);
    case OPTION_ACTION:
        break;
    }
    return ERROR_NONE;
}
