#include "app/option_table.h"

#include <stdio.h>
#include <string.h>

#include "app/values.h"
#include "base/clock.h"
#include "base/text_safe.h"

#define SEND    FOR_COMMAND(COMMAND_SEND)
#define CHECK   FOR_COMMAND(COMMAND_CHECK)
#define STATUS  FOR_COMMAND(COMMAND_STATUS)
#define REPORT  FOR_COMMAND(COMMAND_REPORT)
#define RESOLVE FOR_COMMAND(COMMAND_RESOLVE)
#define FORGET  FOR_COMMAND(COMMAND_FORGET)
#define IMPORT  FOR_COMMAND(COMMAND_IMPORT)
#define CONFIG  FOR_COMMAND(COMMAND_CONFIG)

/* Those that take the ledger's lock, and all that open one. */
#define WRITERS (SEND | RESOLVE | FORGET | IMPORT)
#define ALL     (WRITERS | STATUS | REPORT | CHECK)

/* Those that read a list of people. */
#define READERS (SEND | CHECK)

#define FIELD(name) offsetof(struct options, name)

#define OPTION(name_, type_, group_, sources_, commands_, field_)   \
    .name = name_, .type = OPTION_##type_, .group = GROUP_##group_, \
    .sources = SOURCE_##sources_, .commands = commands_,            \
    .offset = FIELD(field_)

const struct option_spec option_table[] = {
    {OPTION("org", TEXT, TARGET, BOTH, ALL, org), .is_common = true,
     .argument = "ORG", .help = "Id of the organization to invite into."},
    {OPTION("base-url", TEXT, TARGET, BOTH, ALL, base_url),
     .default_text = "https://almanac-backend-83vc.onrender.com",
     .argument = "URL",
     .help = "The Almanac server. Plain http is for loopback only."},
    {OPTION("token-file", PATH, TARGET, BOTH, SEND, token_file),
     .is_common = true, .argument = "FILE",
     .help = "Take the token from FILE, readable by you alone. "
             "$BULK_INVITE_TOKEN comes before it."},
    {OPTION("token-command", TEXT, TARGET, BOTH, SEND, token_command),
     .argument = "COMMAND",
     .help = "Run COMMAND with /bin/sh and take the token from its output."},
    {OPTION("sandbox", BOOL, TARGET, FLAG, SEND, sandbox), .is_common = true,
     .help = "Rehearse: nobody gets an e-mail. Sends to a "
             "bulk-invite-sandbox started for this run; needs no token and no "
             "--org."},

    {OPTION("email-column", TEXT, INPUT, BOTH, READERS, email_column),
     .argument = "NAME|NUMBER",
     .help = "The column with the addresses, where its header does not tell."},
    {OPTION("role-column", TEXT, INPUT, BOTH, READERS, role_column),
     .argument = "NAME|NUMBER",
     .help = "The column with the roles, where its header does not tell."},
    {OPTION("role", TEXT, INPUT, BOTH, READERS, role), .is_common = true,
     .argument = "ROLE",
     .help = "Invite everyone with ROLE. A role column is not needed then."},
    {OPTION("role-map", TEXT, INPUT, BOTH, READERS, role_map),
     .is_common = true, .argument = "WORD=ROLE,...",
     .help = "Send ROLE where the list says WORD, for example \"Team "
             "Lead=admin,Staff=member\". Case, spaces and accents of WORD do "
             "not matter. Roles that are not in the map stay as they are."},
    {OPTION("role-map-file", PATH, INPUT, BOTH, READERS, role_map_file),
     .argument = "FILE",
     .help = "The same from FILE, one WORD=ROLE a line; # starts a comment."},
    {OPTION("delimiter", TEXT, INPUT, BOTH, READERS, delimiter),
     .argument = "CHARACTER",
     .help = "What separates the columns: one character, or comma, semicolon, "
             "tab or pipe. Without it, whichever of these four finds the "
             "columns."},
    {OPTION("encoding", TEXT, INPUT, BOTH, READERS, encoding),
     .argument = "NAME",
     .help = "What the text is written in, as iconv -l lists it. Without it, "
             "UTF-8 or UTF-16, and Windows-1252 if it is neither."},
    {OPTION("skip-rows", COUNT, INPUT, BOTH, READERS, skip_rows),
     .max = 1000000, .default_text = "0", .argument = "N",
     .help = "Leave out N lines at the start of the list."},
    {OPTION("allow-role", TEXT, INPUT, BOTH, READERS, allow_role),
     .argument = "ROLE,...",
     .help = "Take only these roles, spelled like this (after the map); other "
             "rows are invalid."},
    {OPTION("allow-domain", TEXT, INPUT, BOTH, READERS, allow_domain),
     .argument = "DOMAIN,...",
     .help = "Take only addresses in these domains; other rows are invalid."},

    {OPTION("report", PATH, RESULT, BOTH, SEND, report), .is_common = true,
     .argument = "FILE",
     .help = "Write to FILE what became of every row. CSV, or JSON Lines when "
             "FILE ends in .jsonl or .ndjson; - is stdout. Without it, "
             "INPUT.report.csv."},
    {OPTION("retry-file", PATH, RESULT, BOTH, SEND, retry_file),
     .argument = "FILE",
     .help = "Write to FILE the rows that need a look, as they are in the list "
             "and with the error behind them: correct them and send FILE. "
             "Without it, INPUT.retry.csv. Made only when there are such "
             "rows."},
    {OPTION("metrics-file", PATH, RESULT, BOTH, SEND, metrics_file),
     .argument = "FILE",
     .help =
         "Write the run's figures to FILE when it ends, however it ends, for "
         "node_exporter's textfile collector (NAME.prom in its folder)."},
    {OPTION("error-on-no-rows", BOOL, RESULT, BOTH, SEND, error_on_no_rows),
     .help = "Exit with 9 when the input holds no rows."},
    {OPTION("output", PATH, RESULT, FLAG, REPORT, output), .letter = 'o',
     .argument = "FILE",
     .help = "Write to FILE instead of stdout; the one before stays as "
             "FILE.1."},
    {OPTION("html", BOOL, RESULT, FLAG, REPORT, html),
     .help = "One page for a browser, with nothing in it from elsewhere: what "
             "happened at a glance, and every row that needs a look."},
    {OPTION("format", CHOICE, RESULT, FLAG, REPORT | IMPORT, format),
     .argument = "csv|jsonl",
     .help = "CSV or JSON Lines. Without it, the ending of the file's name "
             "decides."},
    {OPTION("within", DURATION, RESULT, BOTH, STATUS, within_us),
     .default_text = "3d", .argument = "TIME",
     .help = "List the invitations that expire within TIME."},
    {OPTION("json", BOOL, RESULT, FLAG, STATUS | CHECK, json),
     .help = "Print one JSON object."},

    {OPTION("invited", BOOL, DECISION, FLAG, RESOLVE, invited),
     .help = "The person was invited: no run sends to them again."},
    {OPTION("not-sent", BOOL, DECISION, FLAG, RESOLVE, not_sent),
     .help = "The invitation was not sent: the next run that has the person in "
             "its input sends it."},
    {OPTION("before", TIME, DECISION, FLAG, FORGET, before_s),
     .argument = "DATE",
     .help = "Everybody, as far as it was settled before DATE, for example "
             "2026-11-01 or 2026-11-01T12:00:00Z."},

    {OPTION("ledger", PATH, LEDGER, BOTH, ALL, ledger), .argument = "FILE",
     .help = "The memory of who was invited. Without it, one for each server "
             "and organization under $XDG_STATE_HOME/bulk-invite; :memory: "
             "remembers nothing."},
    {OPTION("ledger-must-exist", BOOL, LEDGER, BOTH, SEND, ledger_must_exist),
     .help = "Refuse to start with a new ledger: for machines whose disk may "
             "be lost."},
    {OPTION("lock-wait", DURATION, LEDGER, BOTH, WRITERS, lock_wait_us),
     .default_text = "0s", .argument = "TIME",
     .help = "Wait this long for another run on the same ledger to end."},
    {OPTION("retry-unknown", BOOL, LEDGER, FLAG, SEND, retry_unknown),
     .help = "Send again to people of whom an earlier run could not tell "
             "whether they were invited: some may get a second e-mail."},
    {OPTION("resend", CHOICE, LEDGER, FLAG, SEND, resend),
     .argument = "expired|changed",
     .help = "Send again to people whose invitation has expired, or whose role "
             "in the list has changed."},
    {OPTION("resend-before", TIME, LEDGER, FLAG, SEND, resend_before_s),
     .argument = "DATE",
     .help = "Send again to people invited before DATE, for example 2026-11-01 "
             "or 2026-11-01T12:00:00Z."},

    {OPTION("dry-run", BOOL, GUARD, FLAG, SEND, dry_run), .is_common = true,
     .help = "Only say what would be done, as check does."},
    {OPTION("yes", BOOL, GUARD, FLAG, SEND | FORGET, yes), .is_common = true,
     .letter = 'y', .help = "Do not ask beforehand."},
    {OPTION("limit", COUNT, GUARD, BOTH, SEND, limit), .is_common = true,
     .min = 1, .max = UINT64_MAX - 1, .argument = "N",
     .help = "Send the first N invitations only."},
    {OPTION("max-new", COUNT, GUARD, BOTH, SEND, max_new), .is_common = true,
     .max = UINT64_MAX - 1, .argument = "N",
     .help = "Refuse a list with more than N people to invite. From stdin, "
             "which cannot be read beforehand, stop after N."},

    {OPTION("max-errors", SHARE, GUARD, BOTH, SEND, max_errors),
     .argument = "N|N%",
     .help = "Stop when more than N rows, or N percent of them (from the 50th "
             "on), are rejected, invalid, unknown or failed."},
    {OPTION("keep-going", BOOL, GUARD, BOTH, SEND, keep_going),
     .help = "Go on when 20 rows in a row are refused for the same reason."},

    {OPTION("rate", RATE, PACE, BOTH, READERS, rate), .is_common = true,
     .argument = "RATE",
     .help = "Start at most so many requests: 10/s, 300/m, 1000/h. Without it, "
             "the server's limit is found."},
    {OPTION("concurrency", COUNT, PACE, BOTH, SEND, concurrency), .min = 1,
     .max = 1024, .default_text = "16", .argument = "N",
     .help = "Have at most N requests in flight."},
    {OPTION("max-attempts", COUNT, PACE, BOTH, SEND, max_attempts), .min = 1,
     .max = 1000, .default_text = "5", .argument = "N",
     .help = "Give up on a row after N attempts that were surely not "
             "processed."},
    {OPTION("give-up-after", DURATION, PACE, BOTH, SEND, give_up_after_us),
     .default_text = "15m", .argument = "TIME",
     .help = "End the run when the server has been unavailable for TIME."},
    {OPTION("max-wait", DURATION, PACE, BOTH, SEND, max_wait_us),
     .default_text = "24h", .argument = "TIME",
     .help = "Wait at most TIME for a quota of the server to open again."},
    {OPTION("max-duration", DURATION, PACE, BOTH, SEND, max_duration_us),
     .min = US_PER_MS, .argument = "TIME",
     .help = "Stop after TIME; run again for the rest."},

    {OPTION("timeout", DURATION, NETWORK, BOTH, SEND, timeout_us),
     .min = US_PER_MS, .default_text = "150s", .argument = "TIME",
     .help = "Wait at most TIME for an answer. What is cut off may have been "
             "processed, so rather longer than the server's own limit."},
    {OPTION("connect-timeout", DURATION, NETWORK, BOTH, SEND,
            connect_timeout_us),
     .min = US_PER_MS, .default_text = "10s", .argument = "TIME",
     .help = "Wait at most TIME for a connection."},
    {OPTION("proxy", TEXT, NETWORK, BOTH, SEND, proxy), .argument = "URL",
     .help = "Go through this proxy. $https_proxy and its like are ignored."},
    {OPTION("cacert", PATH, NETWORK, BOTH, SEND, cacert), .argument = "FILE",
     .help = "Trust the certificate authorities in FILE (PEM) and no others."},
    {OPTION("cert", PATH, NETWORK, BOTH, SEND, cert), .argument = "FILE",
     .help = "Show the server the client certificate in FILE (PEM)."},
    {OPTION("key", PATH, NETWORK, BOTH, SEND, key), .argument = "FILE",
     .help = "The certificate's key, in a file readable by you alone (PEM, no "
             "password). Without it, in the certificate's file."},

    {OPTION("config", PATH, GENERAL, FLAG, ALL | CONFIG, config),
     .argument = "FILE", .help = "Read this config file and no other."},
    {OPTION("profile", TEXT, GENERAL, VARIABLE, ALL, profile),
     .is_common = true, .argument = "NAME",
     .help = "Use the section [NAME] of the config file too."},
    {OPTION("verbose", BOOL, GENERAL, BOTH, SEND, verbose), .letter = 'v',
     .help = "Say more: how the list was read, each attempt that failed, each "
             "wait, the rate that was found, and the summary of every run. "
             "Rows are named by line."},
    {OPTION("quiet", BOOL, GENERAL, BOTH, SEND, quiet), .is_common = true,
     .letter = 'q',
     .help = "Say only why a run failed: no progress or summary."},
    {OPTION("progress", CHOICE, GENERAL, BOTH, SEND, progress),
     .default_text = "auto", .argument = "auto|always|never",
     .help = "Show how far the run is: auto, on a terminal only; always, "
             "elsewhere too, a line every ten seconds. $NO_COLOR is heeded."},
    {OPTION("log-file", PATH, GENERAL, BOTH, SEND, log_file),
     .argument = "FILE",
     .help = "Append the log to FILE instead of writing it to stderr: start, "
             "waits and end of each run, with --verbose also each attempt that "
             "failed. A log that cannot be written stops nothing."},
    {OPTION("log-format", CHOICE, GENERAL, BOTH, SEND, log_format),
     .default_text = "text", .argument = "text|json",
     .help = "Each line of the log as text, or as a JSON object."},
    {OPTION("log-emails", BOOL, GENERAL, BOTH, SEND, log_emails),
     .help = "Name rows in the log by address too."},
    {.name = "help",
     .letter = 'h',
     .type = OPTION_ACTION,
     .group = GROUP_GENERAL,
     .is_common = true,
     .help = "Print help."},
    {.name = "help-all",
     .type = OPTION_ACTION,
     .group = GROUP_GENERAL,
     .is_common = true,
     .help = "Print help with every option."},
    {.name = "version",
     .type = OPTION_ACTION,
     .group = GROUP_GENERAL,
     .help = "Print the version."},
};
const size_t option_count = sizeof(option_table) / sizeof(*option_table);

const struct command_spec command_table[] = {
    {.command = COMMAND_SEND,
     .name = "send",
     .synopsis = "FILE|- --org ORG [OPTION]...",
     .help = "Invite the people in a CSV file, or from stdin (-).",
     .operand = {.name = "FILE", .type = OPTION_PATH, .offset = FIELD(input)},
     .operand_missing = "which FILE? bulk-invite send team.csv --org ORG "
                        "reads a CSV file, - in its place reads stdin"},
    {.command = COMMAND_CHECK,
     .name = "check",
     .synopsis = "FILE|- [OPTION]...",
     .help = "Say what send would do with a list, without the network.",
     .operand = {.name = "FILE", .type = OPTION_PATH, .offset = FIELD(input)},
     .operand_missing = "which FILE? bulk-invite check team.csv reads a CSV "
                        "file, - in its place reads stdin"},
    {.command = COMMAND_STATUS,
     .name = "status",
     .synopsis = "[OPTION]...",
     .help = "Who was invited, the last runs, and what needs a look."},
    {.command = COMMAND_REPORT,
     .name = "report",
     .synopsis = "[RUN] [OPTION]...",
     .help = "What became of every row of a run, in the order of its input.",
     .operand = {.name = "RUN",
                 .type = OPTION_COUNT,
                 .offset = FIELD(run),
                 .min = 1,
                 .max = INT64_MAX}},
    {.command = COMMAND_RESOLVE,
     .name = "resolve",
     .synopsis = "EMAIL --invited|--not-sent [OPTION]...",
     .help = "Settle by hand what became of a person who is unknown.",
     .operand = {.name = "EMAIL", .type = OPTION_TEXT, .offset = FIELD(email)},
     .operand_missing = "which EMAIL? bulk-invite status lists the people of "
                        "whom nobody can tell whether they were invited"},
    {.command = COMMAND_FORGET,
     .name = "forget",
     .synopsis = "EMAIL|--before DATE [OPTION]...",
     .help = "Erase personal data; who was invited is still not invited again.",
     .operand = {.name = "EMAIL", .type = OPTION_TEXT, .offset = FIELD(email)}},
    {.command = COMMAND_IMPORT,
     .name = "import",
     .synopsis = "REPORT|- [OPTION]...",
     .help = "Teach a ledger what an old report says.",
     .operand = {.name = "REPORT", .type = OPTION_PATH, .offset = FIELD(input)},
     .operand_missing = "which REPORT? bulk-invite import "
                        "team.csv.report.csv --org ORG takes over whom it "
                        "calls invited, already_invited or unknown"},
    {.command = COMMAND_CONFIG,
     .name = "config",
     .synopsis = "show [OPTION]...",
     .help = "Say what each setting is and where it comes from.",
     .operand = {.name = "ACTION",
                 .type = OPTION_CHOICE,
                 .offset = FIELD(action),
                 .argument = "show"},
     .operand_missing = "what about it? bulk-invite config show prints each "
                        "setting and where it comes from"},
    {.command = COMMAND_HELP,
     .name = "help",
     .synopsis = "[COMMAND]",
     .help = "Print help, also of a command."},
    {.command = COMMAND_VERSION,
     .name = "version",
     .synopsis = "",
     .help = "Print the version."},
};
const size_t command_count = sizeof(command_table) / sizeof(*command_table);

#define NAME_CAP 64 /* entries that a list of names below has room for */

_Static_assert(sizeof(option_table) / sizeof(*option_table) <= NAME_CAP,
               "option_nearest() has no room for all options");
_Static_assert(sizeof(command_table) / sizeof(*command_table) <= NAME_CAP,
               "command_nearest() has no room for all commands");

const char *option_group_title(enum option_group group)
{
    static const char *const titles[GROUP_COUNT] = {
        [GROUP_TARGET] = "Where the invitations go",
        [GROUP_GUARD] = "Before anything is sent",
        [GROUP_INPUT] = "How the list is read",
        [GROUP_RESULT] = "What is reported",
        [GROUP_DECISION] = "What is settled or erased",
        [GROUP_LEDGER] = "Who was invited before",
        [GROUP_PACE] = "Pace and patience",
        [GROUP_NETWORK] = "Network",
        [GROUP_GENERAL] = "Messages, settings and help",
    };

    return titles[group];
}

const struct option_spec *option_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < option_count; i++)
        if (strlen(option_table[i].name) == len &&
            memcmp(option_table[i].name, name, len) == 0)
            return &option_table[i];
    return NULL;
}

const struct option_spec *option_by_letter(char letter)
{
    for (size_t i = 0; i < option_count && letter; i++)
        if (option_table[i].letter == letter)
            return &option_table[i];
    return NULL;
}

bool option_fits(const struct option_spec *option, enum command command)
{
    return option->commands == 0 || (option->commands & FOR_COMMAND(command)) ||
           (command == COMMAND_CONFIG && option->sources);
}

size_t option_index(const struct option_spec *option)
{
    return (size_t)(option - option_table);
}

const char *option_nearest(const char *name, unsigned sources)
{
    const char *names[NAME_CAP];
    size_t count = 0;

    for (size_t i = 0; i < option_count; i++)
        if ((option_table[i].sources & sources) == sources)
            names[count++] = option_table[i].name;
    return text_nearest(name, names, count);
}

const struct command_spec *command_by_name(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
    return NULL;
}

const struct command_spec *command_spec_of(enum command command)
{
    size_t i = 0;
    while (command_table[i].command != command)
        i++;
    return &command_table[i];
}

const char *command_name(enum command command)
{
    return command_spec_of(command)->name;
}

const char *command_nearest(const char *name)
{
    const char *names[NAME_CAP];

    for (size_t i = 0; i < command_count; i++)
        names[i] = command_table[i].name;
    return text_nearest(name, names, command_count);
}

void option_variable(const struct option_spec *option, char *variable)
{
    snprintf(variable, OPTION_VARIABLE_SIZE, "BULK_INVITE_%s", option->name);
    for (char *c = variable; *c; c++) {
        if (*c == '-')
            *c = '_';
        else if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
}
