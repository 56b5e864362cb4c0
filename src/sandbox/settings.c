#include "sandbox/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum type {
    CHOICE, /* the index of one of the words */
    NUMBER, /* min to max */
    TIME,   /* microseconds, up to an hour */
    SHARE,  /* of SHARE_ALL */
    RATE,   /* two values: count, and microseconds that it is for */
    OUTAGE, /* true is until CLOCK_NEVER_US, false until 0 */
};

static const char *const kinds[] = {"bucket", "fixed", "sliding", "concurrent",
                                    NULL};
static const char *const headers[] = {
    "none", "retry-after", "ratelimit", "ratelimit-old", "x-ratelimit", NULL};
static const char a_share[] = "a share from 0% to 100%";
static const char a_time[] = "a time such as 200ms, 2s or 1m, up to 1h";

#define FIELD(name) offsetof(struct settings, name)

static const struct setting {
    const char *flag; /* NULL: can't be set at the start; these come last */
    const char *key;  /* NULL: can't be set later */
    enum type type;
    size_t field;
    int64_t min;
    int64_t max;
    const char *const *words;
    const char *wants;
} all[] = {
    {"rate-limit", "rate_limit", RATE, FIELD(limit.count),
     .wants = "a rate such as 10/s, 300/m or 50/h, or none"},
    {"limit-kind", "limit_kind", CHOICE, FIELD(limit.kind), .words = kinds,
     .wants = "bucket, fixed, sliding or concurrent"},
    {"burst", "burst", NUMBER, FIELD(limit.burst), 1, LIMIT_MAX,
     .wants = "a number from 1 to 1000000"},
    {"max-concurrent", "max_concurrent", NUMBER, FIELD(limit.max_concurrent), 0,
     100000, .wants = "a number from 1 to 100000, or 0 for no limit"},
    {"limit-headers", "limit_headers", CHOICE, FIELD(limit_headers),
     .words = headers,
     .wants = "none, retry-after, ratelimit, ratelimit-old or x-ratelimit"},
    {"latency", "latency", TIME, FIELD(latency_us), .wants = a_time},
    {"slow-start", "slow_start", TIME, FIELD(slow_start_us), .wants = a_time},
    {"fail-share", "fail_share", SHARE, FIELD(fail_share), .wants = a_share},
    {"fail-status", "fail_status", NUMBER, FIELD(fail_status), 200, 599,
     .wants = "an HTTP status from 200 to 599"},
    {"drop-share", "drop_share", SHARE, FIELD(drop_share), .wants = a_share},
    {"port", NULL, NUMBER, FIELD(port), 0, UINT16_MAX,
     .wants = "a port from 0 to 65535"},
    {"fail-first", NULL, NUMBER, FIELD(fail_first), 0, INT64_MAX,
     .wants = "a number"},
    {"seed", NULL, NUMBER, FIELD(seed), 0, INT64_MAX, .wants = "a number"},
    {NULL, "outage", OUTAGE, FIELD(outage_until_us), .wants = "true or false"},
};

#define COUNT (sizeof(all) / sizeof(all[0]))

static const struct unit {
    const char *name;
    int64_t us;
} units[] = {
    {"ms", US_PER_MS},  {"s", US_PER_S}, {"m", US_PER_MINUTE},
    {"h", US_PER_HOUR}, {NULL, 0},
};

/* 0 for a name that is no unit. */
static int64_t unit_us(const char *name)
{
    const struct unit *unit = units;

    while (unit->name && strcmp(unit->name, name) != 0)
        unit++;
    return unit->us;
}

/* *text moves behind the digits. */
static bool read_number(const char **text, int64_t min, int64_t max,
                        int64_t *value)
{
    char *end;

    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *value = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0 && *value >= min && *value <= max;
}

bool settings_read_time(const char *text, int64_t max_us, int64_t *value_us)
{
    if (!read_number(&text, 0, max_us, value_us))
        return false;
    int64_t unit = unit_us(text);
    if (unit == 0 || *value_us > max_us / unit)
        return false;
    *value_us *= unit;
    return true;
}

static bool read_rate(const char *text, int64_t *values)
{
    values[0] = values[1] = 0;
    if (strcmp(text, "none") == 0)
        return true;
    if (!read_number(&text, 1, LIMIT_MAX, &values[0]) || *text != '/')
        return false;
    values[1] = unit_us(text + 1);
    return values[1] >= US_PER_S;
}

/* "5%", "2.5%" or without the sign. */
static bool read_share(const char *text, int64_t *value)
{
    size_t len = strspn(text, "0123456789.");
    char *end;
    double percent = strtod(text, &end);

    if (!isdigit((unsigned char)text[0]) || end != text + len ||
        !isdigit((unsigned char)end[-1]) || percent > 100 ||
        (*end != '\0' && strcmp(end, "%") != 0))
        return false;
    *value = (int64_t)(percent * (SHARE_ALL / 100) + 0.5);
    return true;
}

static bool read_value(const struct setting *setting, const char *text,
                       int64_t *value)
{
    switch (setting->type) {
    case CHOICE:
        for (*value = 0; setting->words[*value]; ++*value) {
            if (strcmp(setting->words[*value], text) == 0)
                return true;
        }
        return false;
    case NUMBER:
        return read_number(&text, setting->min, setting->max, value) && !*text;
    case TIME:
        return settings_read_time(text, US_PER_HOUR, value);
    case SHARE:
        return read_share(text, value);
    case RATE:
        return read_rate(text, value);
    case OUTAGE:
        *value = strcmp(text, "true") == 0 ? CLOCK_NEVER_US : 0;
        return *value || strcmp(text, "false") == 0;
    }
    return false;
}

const char *settings_flag(size_t nth)
{
    return nth < COUNT ? all[nth].flag : NULL;
}

enum error_kind change_read(struct change *change, const char *name,
                            const char *text, bool is_start, struct error *err)
{
    const char *dashes = is_start ? "--" : "";

    for (size_t i = 0; i < COUNT; i++) {
        const char *own = is_start ? all[i].flag : all[i].key;
        if (!own || strcmp(own, name) != 0)
            continue;
        change->setting = &all[i];
        if (read_value(&all[i], text, change->values))
            return ERROR_NONE;
        return error_set(err, ERROR_USAGE, "%s%s wants %s, not \"%s\"", dashes,
                         name, all[i].wants, text);
    }
    return error_set(err, ERROR_USAGE,
                     "%s%s is not a setting; see bulk-invite-sandbox(1)",
                     dashes, name);
}

void change_apply(const struct change *change, struct settings *settings)
{
    const struct setting *setting = change->setting;
    int64_t *field = (int64_t *)((char *)settings + setting->field);

    if (setting->type == OUTAGE && 0 < change->values[0] &&
        change->values[0] < field[0])
        return;
    field[0] = change->values[0];
    if (setting->type == RATE)
        field[1] = change->values[1];
}

/* The largest one of which `us` is a multiple; 0 is "0s". */
static const struct unit *unit_for(int64_t us)
{
    const struct unit *unit = &units[1];

    for (size_t i = 0; us > 0 && units[i].name; i++) {
        if (us % units[i].us == 0)
            unit = &units[i];
    }
    return unit;
}

static json_t *show(const struct setting *setting, const int64_t *value)
{
    const struct unit *unit = unit_for(*value);

    switch (setting->type) {
    case CHOICE:
        return json_string(setting->words[*value]);
    case NUMBER:
        return json_integer(*value);
    case TIME:
        return json_sprintf("%lld%s", (long long)(*value / unit->us),
                            unit->name);
    case SHARE:
        return json_sprintf("%.7g%%", (double)*value * 100 / SHARE_ALL);
    case RATE:
        return *value == 0 ? json_string("none")
                           : json_sprintf("%lld/%s", (long long)*value,
                                          unit_for(value[1])->name);
    case OUTAGE:
        return json_boolean(*value > 0);
    }
    return NULL;
}

json_t *settings_json(const struct settings *settings)
{
    json_t *object = json_object();

    for (size_t i = 0; i < COUNT; i++) {
        const char *field = (const char *)settings + all[i].field;
        if (all[i].key)
            json_object_set_new(object, all[i].key,
                                show(&all[i], (const int64_t *)field));
    }
    json_object_set_new(object, "burst",
                        json_integer(limit_burst(&settings->limit)));
    return object;
}
