#include "sandbox/sandbox_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "sandbox/sandbox_settings.h"
#include "sandbox/sandbox_values.h"

enum flag {
    FLAG_PORT = 1,
    FLAG_TOKEN,
    FLAG_KNOWN_ROLES,
    FLAG_FAIL_FIRST,
    FLAG_OUTAGE,
    FLAG_SCRIPT,
    FLAG_SETTING, /* one of sandbox_settings */
    FLAG_STATUS_FOR,
    FLAG_SEED,
    FLAG_QUIET,
    FLAG_HELP,
    FLAG_VERSION,
};

static const struct option flags[] = {
    {"port", required_argument, NULL, FLAG_PORT},
    {"token", required_argument, NULL, FLAG_TOKEN},
    {"known-roles", required_argument, NULL, FLAG_KNOWN_ROLES},
    {"latency", required_argument, NULL, FLAG_SETTING},
    {"rate-limit", required_argument, NULL, FLAG_SETTING},
    {"limit-kind", required_argument, NULL, FLAG_SETTING},
    {"burst", required_argument, NULL, FLAG_SETTING},
    {"max-concurrent", required_argument, NULL, FLAG_SETTING},
    {"limit-headers", required_argument, NULL, FLAG_SETTING},
    {"slow-start", required_argument, NULL, FLAG_SETTING},
    {"outage", required_argument, NULL, FLAG_OUTAGE},
    {"script", required_argument, NULL, FLAG_SCRIPT},
    {"fail-share", required_argument, NULL, FLAG_SETTING},
    {"fail-status", required_argument, NULL, FLAG_SETTING},
    {"fail-first", required_argument, NULL, FLAG_FAIL_FIRST},
    {"drop-share", required_argument, NULL, FLAG_SETTING},
    {"status-for", required_argument, NULL, FLAG_STATUS_FOR},
    {"seed", required_argument, NULL, FLAG_SEED},
    {"quiet", no_argument, NULL, FLAG_QUIET},
    {"help", no_argument, NULL, FLAG_HELP},
    {"version", no_argument, NULL, FLAG_VERSION},
    {NULL, 0, NULL, 0},
};

static void add_known_role(struct sandbox_options *options, size_t *count,
                           const char *role, size_t len)
{
    char **roles = realloc(options->known_roles, (*count + 2) * sizeof *roles);

    if (!roles)
        error_out_of_memory();
    options->known_roles = roles;
    roles[(*count)++] = xstrndup(role, len);
    roles[*count] = NULL;
}

/* False when one of the names is empty. */
static bool parse_known_roles(struct sandbox_options *options, const char *list)
{
    size_t count = 0;

    while (options->known_roles && options->known_roles[count])
        count++;
    for (;;) {
        size_t len = strcspn(list, ",");
        if (len == 0)
            return false;
        add_known_role(options, &count, list, len);
        if (list[len] == '\0')
            break;
        list += len + 1;
    }
    options->server.api.known_roles = options->known_roles;
    return true;
}

static bool parse_status_for(struct sandbox_options *options, const char *text)
{
    struct sandbox_fault_options *faults = &options->server.api.faults;
    const char *equals = strrchr(text, '=');
    int status;

    if (!equals || equals == text || !sandbox_value_status(equals + 1, &status))
        return false;
    struct sandbox_status_for *all = realloc(
        options->status_for, (faults->status_for_count + 1) * sizeof *all);
    if (!all)
        error_out_of_memory();
    all[faults->status_for_count++] = (struct sandbox_status_for){
        .email = xstrndup(text, (size_t)(equals - text)),
        .status = status,
    };
    options->status_for = all;
    faults->status_for = all;
    return true;
}

static bool parse_port(const char *text, uint16_t *port)
{
    uint64_t value;

    if (!sandbox_value_uint(text, UINT16_MAX, &value))
        return false;
    *port = (uint16_t)value;
    return true;
}

/* A flag that is a setting too, which a script or the endpoint may change. */
static enum error_kind apply_setting(struct sandbox_settings *settings,
                                     const char *name, const char *text,
                                     struct error *err)
{
    struct strbuf objection;

    strbuf_init(&objection, sizeof err->text);
    if (!sandbox_settings_set(settings, name, text, &objection))
        error_set(err, ERROR_USAGE, "--%s", strbuf_str(&objection));
    strbuf_clear(&objection);
    return err->kind;
}

/* What the flag wants when `text` isn't it, NULL when all is well. */
static const char *apply_value(struct sandbox_options *options, int flag,
                               const char *text)
{
    struct sandbox_fault_options *faults = &options->server.api.faults;

    switch (flag) {
    case FLAG_PORT:
        return parse_port(text, &options->server.port)
                   ? NULL
                   : "a port from 0 to 65535";
    case FLAG_TOKEN:
        options->server.api.token = text;
        return *text ? NULL : "a token";
    case FLAG_KNOWN_ROLES:
        return parse_known_roles(options, text) ? NULL
                                                : "roles separated by commas";
    case FLAG_STATUS_FOR:
        return parse_status_for(options, text)
                   ? NULL
                   : "EMAIL=CODE with an HTTP status from 200 to 599";
    case FLAG_OUTAGE:
        return sandbox_timetable_add_outage(&faults->timetable, text)
                   ? NULL
                   : "two times, FROM+LENGTH, such as 10s+30s, up to 24h";
    case FLAG_FAIL_FIRST:
        return sandbox_value_uint(text, UINT64_MAX, &faults->fail_first)
                   ? NULL
                   : "a number";
    default:
        return sandbox_value_uint(text, UINT64_MAX, &faults->seed) ? NULL
                                                                   : "a number";
    }
}

static enum error_kind apply(struct sandbox_options *options,
                             const struct option *flag, const char *text,
                             struct error *err)
{
    struct sandbox_fault_options *faults = &options->server.api.faults;
    const char *wanted;

    switch (flag->val) {
    case FLAG_QUIET:
        options->is_quiet = true;
        return ERROR_NONE;
    case FLAG_HELP:
        options->wants_help = true;
        return ERROR_NONE;
    case FLAG_VERSION:
        options->wants_version = true;
        return ERROR_NONE;
    case FLAG_SETTING:
        return apply_setting(&faults->settings, flag->name, text, err);
    case FLAG_SCRIPT:
        options->has_script = true;
        return sandbox_timetable_read(&faults->timetable, text, err);
    default:
        wanted = apply_value(options, flag->val, text);
        if (wanted)
            return error_set(err, ERROR_USAGE, "--%s wants %s, not \"%s\"",
                             flag->name, wanted, text);
        return ERROR_NONE;
    }
}

/* A kind without its number limits nothing, which nobody asks for; only a
 * script may give it later. */
static enum error_kind check_limit(const struct sandbox_options *options,
                                   struct error *err)
{
    const struct sandbox_limit_options *limit =
        &options->server.api.faults.settings.limit;
    bool is_concurrent = limit->kind == SANDBOX_LIMIT_CONCURRENT;

    if (options->has_script)
        return ERROR_NONE;
    if (is_concurrent && limit->max_concurrent == 0)
        return error_set(err, ERROR_USAGE,
                         "--limit-kind concurrent needs --max-concurrent");
    if (!is_concurrent && limit->max_concurrent > 0)
        return error_set(err, ERROR_USAGE,
                         "--max-concurrent needs --limit-kind concurrent");
    if (!is_concurrent && limit->kind != SANDBOX_LIMIT_BUCKET &&
        limit->count == 0)
        return error_set(err, ERROR_USAGE,
                         "--limit-kind needs --rate-limit with it");
    return ERROR_NONE;
}

enum error_kind sandbox_options_parse(struct sandbox_options *options, int argc,
                                      char **argv, struct error *err)
{
    static const char hint[] = "see bulk-invite-sandbox --help";
    int flag;
    int which = 0;

    *options = (struct sandbox_options){
        .server.api.faults.settings = sandbox_settings_default(),
    };
    opterr = 0;
    /* The leading ":" tells a missing value from an unknown flag. */
    while ((flag = getopt_long(argc, argv, ":", flags, &which)) != -1) {
        if (flag == ':')
            return error_set(err, ERROR_USAGE, "%s needs a value: %s",
                             argv[optind - 1], hint);
        if (flag == '?')
            return error_set(err, ERROR_USAGE, "unknown option %s: %s",
                             argv[optind - 1], hint);
        if (apply(options, &flags[which], optarg, err) != ERROR_NONE)
            return err->kind;
    }
    if (optind < argc)
        return error_set(err, ERROR_USAGE, "unexpected argument %s: %s",
                         argv[optind], hint);
    sandbox_timetable_plan_outages(&options->server.api.faults.timetable);
    return check_limit(options, err);
}

void sandbox_options_clear(struct sandbox_options *options)
{
    for (size_t i = 0; i < options->server.api.faults.status_for_count; i++)
        free(options->status_for[i].email);
    free(options->status_for);
    for (char **role = options->known_roles; role && *role; role++)
        free(*role);
    free(options->known_roles);
    sandbox_timetable_clear(&options->server.api.faults.timetable);
    *options = (struct sandbox_options){0};
}
