#include "sandbox/sandbox_settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sandbox/sandbox_json.h"
#include "sandbox/sandbox_values.h"

#define CONCURRENT_MAX 100000

/* By the enums' values. */
static const char *const kind_names[] = {"bucket", "fixed", "sliding",
                                         "concurrent"};
static const char *const headers_names[] = {"none", "retry-after", "ratelimit",
                                            "ratelimit-old", "x-ratelimit"};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

struct sandbox_settings sandbox_settings_default(void)
{
    return (struct sandbox_settings){
        .limit_headers = SANDBOX_HEADERS_RETRY_AFTER,
        .fail_status = 503,
    };
}

/* Each setting has a reader, false for a text that is no such value, and a
 * shower. */

static bool read_rate_limit(struct sandbox_settings *settings, const char *text)
{
    if (strcmp(text, "none") == 0) {
        settings->limit.count = 0;
        return true;
    }
    return sandbox_value_rate(text, &settings->limit.count,
                              &settings->limit.per_us);
}

static json_t *show_rate_limit(const struct sandbox_settings *settings)
{
    char text[SANDBOX_VALUE_SIZE];

    if (settings->limit.count == 0)
        return json_string("none");
    sandbox_value_show_rate(settings->limit.count, settings->limit.per_us,
                            text);
    return json_string(text);
}

static bool read_limit_kind(struct sandbox_settings *settings, const char *text)
{
    size_t index;

    if (!sandbox_value_name(text, kind_names, COUNT_OF(kind_names), &index))
        return false;
    settings->limit.kind = (enum sandbox_limit_kind)index;
    return true;
}

static json_t *show_limit_kind(const struct sandbox_settings *settings)
{
    return json_string(kind_names[settings->limit.kind]);
}

static bool read_burst(struct sandbox_settings *settings, const char *text)
{
    uint64_t value;

    if (!sandbox_value_uint(text, SANDBOX_LIMIT_MAX, &value) || value == 0)
        return false;
    settings->limit.burst = (uint32_t)value;
    return true;
}

static json_t *show_burst(const struct sandbox_settings *settings)
{
    return json_integer(sandbox_limit_burst(&settings->limit));
}

static bool read_max_concurrent(struct sandbox_settings *settings,
                                const char *text)
{
    uint64_t value;

    if (!sandbox_value_uint(text, CONCURRENT_MAX, &value))
        return false;
    settings->limit.max_concurrent = (uint32_t)value;
    return true;
}

static json_t *show_max_concurrent(const struct sandbox_settings *settings)
{
    return json_integer(settings->limit.max_concurrent);
}

static bool read_limit_headers(struct sandbox_settings *settings,
                               const char *text)
{
    size_t index;

    if (!sandbox_value_name(text, headers_names, COUNT_OF(headers_names),
                            &index))
        return false;
    settings->limit_headers = (enum sandbox_limit_headers)index;
    return true;
}

static json_t *show_limit_headers(const struct sandbox_settings *settings)
{
    return json_string(headers_names[settings->limit_headers]);
}

static json_t *json_duration(int64_t duration_us)
{
    char text[SANDBOX_VALUE_SIZE];

    sandbox_value_show_duration(duration_us, text);
    return json_string(text);
}

static bool read_latency(struct sandbox_settings *settings, const char *text)
{
    return sandbox_value_duration(text, US_PER_HOUR, &settings->latency_us);
}

static json_t *show_latency(const struct sandbox_settings *settings)
{
    return json_duration(settings->latency_us);
}

static bool read_slow_start(struct sandbox_settings *settings, const char *text)
{
    return sandbox_value_duration(text, US_PER_HOUR, &settings->slow_start_us);
}

static json_t *show_slow_start(const struct sandbox_settings *settings)
{
    return json_duration(settings->slow_start_us);
}

static json_t *json_share(uint32_t millionths)
{
    char text[SANDBOX_VALUE_SIZE];

    sandbox_value_show_share(millionths, text);
    return json_string(text);
}

static bool read_fail_share(struct sandbox_settings *settings, const char *text)
{
    return sandbox_value_share(text, &settings->fail_share);
}

static json_t *show_fail_share(const struct sandbox_settings *settings)
{
    return json_share(settings->fail_share);
}

static bool read_drop_share(struct sandbox_settings *settings, const char *text)
{
    return sandbox_value_share(text, &settings->drop_share);
}

static json_t *show_drop_share(const struct sandbox_settings *settings)
{
    return json_share(settings->drop_share);
}

static bool read_fail_status(struct sandbox_settings *settings,
                             const char *text)
{
    return sandbox_value_status(text, &settings->fail_status);
}

static json_t *show_fail_status(const struct sandbox_settings *settings)
{
    return json_integer(settings->fail_status);
}

static bool read_outage(struct sandbox_settings *settings, const char *text)
{
    static const char *const names[] = {"false", "true"};
    size_t index;

    if (!sandbox_value_name(text, names, COUNT_OF(names), &index))
        return false;
    settings->is_outage = index == 1;
    return true;
}

static json_t *show_outage(const struct sandbox_settings *settings)
{
    return json_boolean(settings->is_outage);
}

static const char a_share[] = "a share from 0% to 100%";
static const char a_time[] = "a time such as 200ms, 2s or 1m, up to 1h";

static const struct setting {
    const char *name;
    const char *wants;
    bool (*read)(struct sandbox_settings *settings, const char *text);
    json_t *(*show)(const struct sandbox_settings *settings);
} all[] = {
    {"rate_limit", "a rate such as 10/s, 300/m or 50/h, or none",
     read_rate_limit, show_rate_limit},
    {"limit_kind", "bucket, fixed, sliding or concurrent", read_limit_kind,
     show_limit_kind},
    {"burst", "a number from 1 to 1000000", read_burst, show_burst},
    {"max_concurrent", "a number from 1 to 100000, or 0 for no limit",
     read_max_concurrent, show_max_concurrent},
    {"limit_headers",
     "none, retry-after, ratelimit, ratelimit-old or x-ratelimit",
     read_limit_headers, show_limit_headers},
    {"latency", a_time, read_latency, show_latency},
    {"slow_start", a_time, read_slow_start, show_slow_start},
    {"fail_share", a_share, read_fail_share, show_fail_share},
    {"fail_status", "an HTTP status from 200 to 599", read_fail_status,
     show_fail_status},
    {"drop_share", a_share, read_drop_share, show_drop_share},
    {"outage", "true or false", read_outage, show_outage},
};

static bool is_same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
            return false;
    }
    return *a == *b;
}

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (is_same_name(all[i].name, name))
            return &all[i];
    }
    return NULL;
}

static void object_to_name(const char *name, struct strbuf *objection)
{
    strbuf_addf(objection, "%s is not a setting; there are", name);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        strbuf_addf(objection, "%s %s", i ? "," : "", all[i].name);
}

bool sandbox_settings_set(struct sandbox_settings *settings, const char *name,
                          const char *text, struct strbuf *objection)
{
    const struct setting *setting = find(name);

    if (!setting) {
        object_to_name(name, objection);
        return false;
    }
    if (!setting->read(settings, text)) {
        strbuf_addf(objection, "%s wants %s, not \"%s\"", name, setting->wants,
                    text);
        return false;
    }
    return true;
}

void sandbox_settings_apply(struct sandbox_settings *settings, const char *name,
                            const char *text)
{
    const struct setting *setting = find(name);

    if (!setting || !setting->read(settings, text))
        abort(); /* a bug: the caller had it checked */
}

json_t *sandbox_settings_json(const struct sandbox_settings *settings)
{
    json_t *object = sandbox_json_checked(json_object());

    for (size_t i = 0; i < COUNT_OF(all); i++)
        sandbox_json_put(object, all[i].name, all[i].show(settings));
    return object;
}
