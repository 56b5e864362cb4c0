#include "app/values.h"

#include <inttypes.h>
#include <strings.h>

#include "base/clock.h"

/* What does not fit becomes UINT64_MAX, which no option allows. strtoull()
 * would accept a sign, spaces and "0x". */
static bool take_digits(const char **text, uint64_t *number)
{
    const char *at = *text;
    uint64_t sum = 0;

    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        sum = sum > (UINT64_MAX - digit) / 10 ? UINT64_MAX : sum * 10 + digit;
    }
    *number = sum;
    if (at == *text)
        return false;
    *text = at;
    return true;
}

struct unit {
    const char *name;
    int64_t us;
};

static const struct unit *find_unit(const struct unit *units, size_t count,
                                    const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    return NULL;
}

enum error_kind value_parse_duration(const char *text, int64_t *value_us,
                                     struct error *err)
{
    static const struct unit units[] = {
        {"ms", US_PER_MS},  {"s", US_PER_S},         {"m", US_PER_MINUTE},
        {"h", US_PER_HOUR}, {"d", 24 * US_PER_HOUR},
    };
    const char *at = text;
    uint64_t number;
    bool has_digits = take_digits(&at, &number);

    if (!has_digits)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is not a duration; write it like 500ms, 150s, "
                         "15m, 24h or 7d",
                         text);
    if (has_digits && *at == '\0')
        return error_set(err, ERROR_USAGE,
                         "\"%s\" has no unit; write %sms, %ss, %sm, %sh or %sd",
                         text, text, text, text, text, text);

    const struct unit *unit =
        find_unit(units, sizeof(units) / sizeof(*units), at);
    if (!unit)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is not a duration; its unit must be ms, s, m, "
                         "h or d, as in 150s",
                         text);
    if (number > (uint64_t)(VALUE_DURATION_MAX_US / unit->us))
        return error_set(err, ERROR_USAGE, "\"%s\" is over ten years", text);
    *value_us = (int64_t)number * unit->us;
    return ERROR_NONE;
}

enum error_kind value_parse_time(const char *text, int64_t *value_s,
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

enum error_kind value_parse_rate(const char *text, struct rate *value,
                                 struct error *err)
{
    static const struct unit units[] = {
        {"/s", US_PER_S},
        {"/m", US_PER_MINUTE},
        {"/h", US_PER_HOUR},
    };
    const char *at = text;
    uint64_t count;
    bool has_digits = take_digits(&at, &count);

    if (has_digits && *at == '\0')
        return error_set(err, ERROR_USAGE,
                         "\"%s\" has no unit; write %s/s, %s/m or %s/h", text,
                         text, text, text);

    const struct unit *unit =
        find_unit(units, sizeof(units) / sizeof(*units), at);
    if (!has_digits || !unit)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is not a rate; write it like 10/s, 300/m or "
                         "1000/h",
                         text);
    if (count < 1 || count > VALUE_RATE_MAX)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is out of range; 1 to %d are possible", text,
                         VALUE_RATE_MAX);
    value->count = (uint32_t)count;
    value->per_us = unit->us;
    return ERROR_NONE;
}

enum error_kind value_parse_count(const char *text, uint64_t min, uint64_t max,
                                  uint64_t *value, struct error *err)
{
    const char *at = text;
    uint64_t number;
    bool has_digits = take_digits(&at, &number);

    if (!has_digits || *at != '\0')
        return error_set(err, ERROR_USAGE, "\"%s\" is not a whole number",
                         text);
    if (number >= min && number <= max) {
        *value = number;
        return ERROR_NONE;
    }
    if (max >= UINT64_MAX - 1)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is out of range; at least %" PRIu64
                         " is possible",
                         text, min);
    return error_set(err, ERROR_USAGE,
                     "\"%s\" is out of range; %" PRIu64 " to %" PRIu64
                     " are possible",
                     text, min, max);
}

enum error_kind value_parse_share(const char *text, uint64_t *number,
                                  bool *is_percent, struct error *err)
{
    const char *at = text;
    uint64_t read = 0;
    bool has_digits = take_digits(&at, &read);
    bool has_percent = *at == '%';

    if (!has_digits || strcmp(at, has_percent ? "%" : "") != 0 ||
        read == UINT64_MAX || (has_percent && read > 100))
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is neither a number nor a share; write it "
                         "like 25 or 5%%",
                         text);
    *number = read;
    *is_percent = has_percent;
    return ERROR_NONE;
}

enum error_kind value_parse_bool(const char *text, bool *value,
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
