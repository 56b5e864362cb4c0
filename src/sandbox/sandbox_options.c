#include "sandbox/sandbox_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/sandbox_values.h"

enum flag {
    FLAG_PORT = 1,
    FLAG_TOKEN,
    FLAG_KNOWN_ROLES,
    FLAG_LATENCY,
    FLAG_RATE_LIMIT,
    FLAG_FAIL_SHARE,
    FLAG_FAIL_STATUS,
    FLAG_FAIL_FIRST,
    FLAG_DROP_SHARE,
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
    {"latency", required_argument, NULL, FLAG_LATENCY},
    {"rate-limit", required_argument, NULL, FLAG_RATE_LIMIT},
    {"fail-share", required_argument, NULL, FLAG_FAIL_SHARE},
    {"fail-status", required_argument, NULL, FLAG_FAIL_STATUS},
    {"fail-first", required_argument, NULL, FLAG_FAIL_FIRST},
    {"drop-share", required_argument, NULL, FLAG_DROP_SHARE},
    {"status-for", required_argument, NULL, FLAG_STATUS_FOR},
    {"seed", required_argument, NULL, FLAG_SEED},
    {"quiet", no_argument, NULL, FLAG_QUIET},
    {"help", no_argument, NULL, FLAG_HELP},
    {"version", no_argument, NULL, FLAG_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: bulk-invite-sandbox [OPTION]...\n"
    "\n"
    "A rehearsal of the Almanac invite API on this machine: it answers as the\n"
    "contract says, remembers in memory who was invited, and never sends an\n"
    "e-mail. Only programs on this machine can reach it (127.0.0.1). It "
    "prints\n"
    "\"listening on http://127.0.0.1:PORT\" when it is ready and runs until\n"
    "SIGINT (Ctrl-C) or SIGTERM.\n"
    "\n"
    "  POST /v1/organizations/ORG/members/invite   invite a person\n"
    "  GET  /_sandbox/invites                      what the sandbox has seen\n"
    "\n"
    "      --port N             port to listen on; 0, the default: a free one\n"
    "      --token TOKEN        ask for this bearer token (a made-up one: "
    "other\n"
    "                           users of this machine can see it)\n"
    "      --known-roles A,B    refuse other roles with 422\n"
    "\n"
    "When all goes well:\n"
    "      --latency TIME       answer after 200ms, 2s, 1m\n"
    "      --rate-limit N/UNIT  429 and Retry-After above 10/s, 300/m, 50/h;\n"
    "                           N at once after a pause\n"
    "\n"
    "When it does not:\n"
    "      --fail-share P%      answer so many requests with --fail-status "
    "and\n"
    "                           don't process them\n"
    "      --fail-first N       the same for the first N requests\n"
    "      --fail-status CODE   503, if nothing else is said\n"
    "      --drop-share P%      invite, and close the connection without an\n"
    "                           answer\n"
    "      --status-for EMAIL=CODE\n"
    "                           always answer this for this person; "
    "repeatable\n"
    "      --seed N             other choices for the shares; the same seed\n"
    "                           hits the same people\n"
    "\n"
    "      --quiet              no notes on stderr\n"
    "      --help               show this\n"
    "      --version            show the version\n";

void sandbox_options_print_help(FILE *out)
{
    fputs(help, out);
}

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

/* What the flag wants when `text` isn't it, NULL when all is well. */
static const char *apply_fault(struct sandbox_fault_options *faults, int flag,
                               const char *text)
{
    switch (flag) {
    case FLAG_RATE_LIMIT:
        if (sandbox_value_rate(text, &faults->rate_count, &faults->rate_per_us))
            return NULL;
        return "a rate such as 10/s, 300/m or 50/h";
    case FLAG_FAIL_SHARE:
        if (sandbox_value_share(text, &faults->fail_share))
            return NULL;
        return "a share from 0% to 100%";
    case FLAG_DROP_SHARE:
        if (sandbox_value_share(text, &faults->drop_share))
            return NULL;
        return "a share from 0% to 100%";
    case FLAG_FAIL_STATUS:
        if (sandbox_value_status(text, &faults->fail_status))
            return NULL;
        return "an HTTP status from 200 to 599";
    case FLAG_FAIL_FIRST:
        if (sandbox_value_uint(text, UINT64_MAX, &faults->fail_first))
            return NULL;
        return "a number";
    default:
        if (sandbox_value_uint(text, UINT64_MAX, &faults->seed))
            return NULL;
        return "a number";
    }
}

static const char *apply(struct sandbox_options *options, int flag,
                         const char *text)
{
    switch (flag) {
    case FLAG_PORT:
        if (parse_port(text, &options->server.port))
            return NULL;
        return "a port from 0 to 65535";
    case FLAG_TOKEN:
        options->server.api.token = text;
        return *text ? NULL : "a token";
    case FLAG_KNOWN_ROLES:
        if (parse_known_roles(options, text))
            return NULL;
        return "roles separated by commas";
    case FLAG_LATENCY:
        if (sandbox_value_duration(text, &options->server.latency_us))
            return NULL;
        return "a time such as 200ms, 2s or 1m, up to 1h";
    case FLAG_STATUS_FOR:
        if (parse_status_for(options, text))
            return NULL;
        return "EMAIL=CODE with an HTTP status from 200 to 599";
    case FLAG_QUIET:
        options->is_quiet = true;
        return NULL;
    case FLAG_HELP:
        options->wants_help = true;
        return NULL;
    case FLAG_VERSION:
        options->wants_version = true;
        return NULL;
    default:
        return apply_fault(&options->server.api.faults, flag, text);
    }
}

enum error_kind sandbox_options_parse(struct sandbox_options *options, int argc,
                                      char **argv, struct error *err)
{
    static const char hint[] = "see bulk-invite-sandbox --help";
    int flag;
    int which = 0;

    *options = (struct sandbox_options){
        .server.api.faults.fail_status = 503,
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
        const char *wanted = apply(options, flag, optarg);
        if (wanted)
            return error_set(err, ERROR_USAGE, "--%s wants %s, not \"%s\"",
                             flags[which].name, wanted, optarg);
    }
    if (optind < argc)
        return error_set(err, ERROR_USAGE, "unexpected argument %s: %s",
                         argv[optind], hint);
    return ERROR_NONE;
}

void sandbox_options_clear(struct sandbox_options *options)
{
    for (size_t i = 0; i < options->server.api.faults.status_for_count; i++)
        free(options->status_for[i].email);
    free(options->status_for);
    for (char **role = options->known_roles; role && *role; role++)
        free(*role);
    free(options->known_roles);
    *options = (struct sandbox_options){0};
}
