#include "sandbox/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define BLANKS        " \t\r\n"
#define CHANGE_MAX_US (24 * US_PER_HOUR)

static const char help[] =
    "Usage: bulk-invite-sandbox [OPTION]...\n"
    "\n"
    "A rehearsal of the Almanac invite API on this machine: it answers as the\n"
    "contract says, remembers in memory who was invited, and never sends an\n"
    "e-mail. It prints \"listening on http://127.0.0.1:PORT\" when it is\n"
    "ready and runs until SIGINT (Ctrl-C) or SIGTERM.\n"
    "\n"
    "  POST /v1/organizations/ORG/members/invite   invite a person\n"
    "  GET  /_sandbox/invites                      what the sandbox has seen\n"
    "  GET  /_sandbox/requests                     when, and how answered\n"
    "  GET  /_sandbox/config                       how it behaves now\n"
    "  POST /_sandbox/config                       ... and from now on\n"
    "\n"
    "  --port N              port to listen on; 0, the default: a free one\n"
    "  --token TOKEN         ask for this bearer token (a made-up one)\n"
    "  --known-roles A,B     refuse other roles with 422\n"
    "  --latency TIME        answer after 200ms, 2s, 1m\n"
    "  --slow-start TIME     nobody is answered before: a server was asleep\n"
    "\n"
    "Limits; above them 429:\n"
    "  --rate-limit N/UNIT   10/s, 300/m, 50/h\n"
    "  --limit-kind KIND     bucket (default), fixed, sliding, concurrent\n"
    "  --burst N             size of the bucket; one second's worth\n"
    "  --max-concurrent N    requests being worked on, for concurrent\n"
    "  --limit-headers HOW   none, retry-after (default), ratelimit,\n"
    "                        ratelimit-old, x-ratelimit\n"
    "\n"
    "When all does not go well:\n"
    "  --outage FROM+LENGTH  503 for everybody: 10s+30s; repeatable\n"
    "  --fail-share P%       answer so many with --fail-status, unprocessed\n"
    "  --fail-first N        the same for the first N requests\n"
    "  --fail-status CODE    503, if nothing else is said\n"
    "  --drop-share P%       invite, and close without an answer\n"
    "  --status-for EMAIL=CODE  always answer this person so; repeatable\n"
    "  --seed N              other choices for the shares\n"
    "  --script FILE         changes on a timetable: lines such as\n"
    "                        \"90s rate_limit=5/s latency=200ms\"\n"
    "\n"
    "  --private             tell nobody who was invited: /_sandbox/ is 404,\n"
    "                        as for the sandbox of send --sandbox\n"
    "  --quiet               no notes on stderr\n"
    "  --help, --version     show this, or the version\n";

#define SETTING    0 /* the value of a flag that is one of settings_flag() */
#define FLAGS_MOST 32

static const struct option other_flags[] = {
    {"token", required_argument, NULL, 't'},
    {"known-roles", required_argument, NULL, 'k'},
    {"outage", required_argument, NULL, 'o'},
    {"status-for", required_argument, NULL, 'f'},
    {"script", required_argument, NULL, 's'},
    {"private", no_argument, NULL, 'p'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

static void add_change(struct options *options, const struct change *change)
{
    size_t place = options->change_count++;
    struct change *changes =
        realloc(options->changes, options->change_count * sizeof(*changes));

    if (!changes)
        error_out_of_memory();
    options->changes = changes;
    for (; place > 0 && changes[place - 1].at_us > change->at_us; place--)
        changes[place] = changes[place - 1];
    changes[place] = *change;
}

/* "FROM+LENGTH" */
static bool add_outage(struct options *options, const char *text)
{
    size_t len = strcspn(text, "+");
    char *from = xstrndup(text, len);
    struct error err = ERROR_INIT;
    struct change change;
    int64_t length_us = 0;
    bool is_good =
        change_read(&change, "outage", "true", false, &err) == ERROR_NONE &&
        settings_read_time(from, CHANGE_MAX_US, &change.at_us) &&
        text[len] == '+' &&
        settings_read_time(text + len + 1, CHANGE_MAX_US, &length_us);

    free(from);
    if (is_good) {
        change.values[0] = change.at_us + length_us;
        add_change(options, &change);
    }
    return is_good;
}

/* AT name=value ..., or a comment; cuts it into words. */
static enum error_kind add_line(struct options *options, char *line,
                                struct error *err)
{
    struct change change = {0};
    char *word = strtok_r(line, BLANKS, &line);

    if (!word || *word == '#')
        return ERROR_NONE;
    if (!settings_read_time(word, CHANGE_MAX_US, &change.at_us))
        return error_set(err, ERROR_USAGE,
                         "a line starts with a time such as 0s, 90s or 5m, up "
                         "to 24h, not \"%s\"",
                         word);
    while ((word = strtok_r(NULL, BLANKS, &line)) && *word != '#') {
        char *equals = strchr(word, '=');
        if (!equals)
            return error_set(err, ERROR_USAGE, "\"%s\" should be name=value",
                             word);
        *equals = '\0';
        if (change_read(&change, word, equals + 1, false, err) != ERROR_NONE)
            return err->kind;
        add_change(options, &change);
    }
    return change.setting ? ERROR_NONE
                          : error_set(err, ERROR_USAGE,
                                      "name=value is missing after the time");
}

static enum error_kind read_script(struct options *options, const char *name,
                                   struct error *err)
{
    FILE *file = fopen(name, "re");
    char line[1024];

    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open %s", name);
    for (unsigned number = 1;
         err->kind == ERROR_NONE && fgets(line, sizeof(line), file); number++) {
        if (!strchr(line, '\n') && !feof(file))
            error_set(err, ERROR_USAGE, "the line is too long, or no text");
        if (err->kind != ERROR_NONE ||
            add_line(options, line, err) != ERROR_NONE)
            error_prefix(err, "%s line %u", name, number);
    }
    if (ferror(file))
        error_set_errno(err, ERROR_USAGE, errno, "cannot read %s", name);
    (void)fclose(file); /* only read */
    options->has_script = true;
    return err->kind;
}

/* False when one of the names is empty. */
static bool add_known_roles(struct options *options, const char *list)
{
    if (!options->known_roles)
        options->known_roles = json_array();
    for (;; list++) {
        size_t len = strcspn(list, ",");
        if (len == 0 || json_array_append_new(options->known_roles,
                                              json_stringn(list, len)) != 0)
            return false;
        list += len;
        if (*list == '\0')
            return true;
    }
}

/* EMAIL=CODE; an address may have a "=" of its own. */
static bool add_status_for(struct options *options, const char *text)
{
    const char *equals = strrchr(text, '=');
    struct error err = ERROR_INIT;
    struct change status;

    if (!equals || equals == text ||
        change_read(&status, "fail_status", equals + 1, false, &err) !=
            ERROR_NONE)
        return false;
    char *email = xstrndup(text, (size_t)(equals - text));
    for (char *at = email; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    if (!options->status_for)
        options->status_for = json_object();
    bool is_text = json_object_set_new(options->status_for, email,
                                       json_integer(status.values[0])) == 0;
    free(email);
    return is_text;
}

static enum error_kind apply(struct options *options, const struct option *flag,
                             const char *text, struct error *err)
{
    const char *wanted = NULL; /* set when `text` isn't it */
    struct change change;

    switch (flag->val) {
    case SETTING:
        if (change_read(&change, flag->name, text, true, err) == ERROR_NONE)
            change_apply(&change, &options->settings);
        return err->kind;
    case 's':
        return read_script(options, text, err);
    case 't':
        options->token = text;
        wanted = *text ? NULL : "a token";
        break;
    case 'k':
        if (!add_known_roles(options, text))
            wanted = "roles separated by commas";
        break;
    case 'f':
        if (!add_status_for(options, text))
            wanted = "EMAIL=CODE with an HTTP status from 200 to 599";
        break;
    case 'o':
        if (!add_outage(options, text))
            wanted = "two times, FROM+LENGTH, such as 10s+30s, up to 24h";
        break;
    case 'p':
        options->is_private = true;
        break;
    case 'q':
        options->is_quiet = true;
        break;
    case 'h':
        options->to_print = help;
        break;
    default:
        options->to_print = "bulk-invite-sandbox " BULK_INVITE_VERSION "\n";
    }
    return wanted ? error_set(err, ERROR_USAGE, "--%s wants %s, not \"%s\"",
                              flag->name, wanted, text)
                  : ERROR_NONE;
}

/* A kind without its number limits nothing, which nobody asks for; only a
 * script may give it later. */
static enum error_kind check_limit(const struct options *options,
                                   struct error *err)
{
    const struct limit_options *limit = &options->settings.limit;
    bool is_concurrent = limit->kind == LIMIT_CONCURRENT;

    if (options->has_script)
        return ERROR_NONE;
    if (is_concurrent != (limit->max_concurrent > 0))
        return error_set(err, ERROR_USAGE,
                         "--limit-kind concurrent and --max-concurrent need "
                         "each other");
    if (!is_concurrent && limit->kind != LIMIT_BUCKET && limit->count == 0)
        return error_set(err, ERROR_USAGE,
                         "--limit-kind needs --rate-limit with it");
    return ERROR_NONE;
}

enum error_kind options_parse(struct options *options, int argc, char **argv,
                              struct error *err)
{
    static const char hint[] = "see bulk-invite-sandbox --help";
    struct option flags[FLAGS_MOST];
    size_t count = 0;
    int flag;
    int which = 0;

    for (const char *name; (name = settings_flag(count)); count++)
        flags[count] = (struct option){name, required_argument, NULL, SETTING};
    memcpy(&flags[count], other_flags, sizeof(other_flags));
    *options = (struct options){.settings = SETTINGS_DEFAULT};
    opterr = 0;
    /* The leading ":" tells a missing value from an unknown flag. */
    while ((flag = getopt_long(argc, argv, ":", flags, &which)) != -1) {
        if (flag == ':' || flag == '?')
            return error_set(err, ERROR_USAGE, "%s %s: %s",
                             flag == ':' ? "no value for" : "unknown option",
                             argv[optind - 1], hint);
        if (apply(options, &flags[which], optarg, err) != ERROR_NONE)
            return err->kind;
    }
    if (optind < argc)
        return error_set(err, ERROR_USAGE, "unexpected argument %s: %s",
                         argv[optind], hint);
    return check_limit(options, err);
}

void options_clear(struct options *options)
{
    free(options->changes);
    json_decref(options->known_roles);
    json_decref(options->status_for);
    *options = (struct options){0};
}
