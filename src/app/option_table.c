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

const struct option_spec option_table[] = {
    {.name = "org",
     .is_common = true,
     .type = OPTION_TEXT,
     .group = GROUP_TARGET,
     .sources = SOURCE_BOTH,
     .commands = ALL,
     .offset = FIELD(org),
     .argument = "ORG",
     .help = "Id of the organization to invite into."},
    {.name = "base-url",
     .type = OPTION_TEXT,
     .group = GROUP_TARGET,
     .sources = SOURCE_BOTH,
     .commands = ALL,
     .offset = FIELD(base_url),
     .default_text = "https://almanac-backend-83vc.onrender.com",
     .argument = "URL",
     .help = "The Almanac server. Plain http is for loopback only."},
    {.name = "token-file",
     .is_common = true,
     .type = OPTION_PATH,
     .group = GROUP_TARGET,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(token_file),
     .argument = "FILE",
     .help = "Take the token from FILE, readable by you alone. "
             "$BULK_INVITE_TOKEN comes before it."},
    {.name = "token-command",
     .type = OPTION_TEXT,
     .group = GROUP_TARGET,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(token_command),
     .argument = "COMMAND",
     .help = "Run COMMAND with /bin/sh and take the token from its output."},
    {.name = "sandbox",
     .is_common = true,
     .type = OPTION_BOOL,
     .group = GROUP_TARGET,
     .commands = SEND,
     .offset = FIELD(sandbox),
     .help = "Rehearse: nobody gets an e-mail. Sends to a "
             "bulk-invite-sandbox started for this run; needs no token and no "
             "--org."},

    {.name = "email-column",
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(email_column),
     .argument = "NAME|NUMBER",
     .help = "The column with the addresses, where its header does not tell."},
    {.name = "role-column",
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(role_column),
     .argument = "NAME|NUMBER",
     .help = "The column with the roles, where its header does not tell."},
    {.name = "role",
     .is_common = true,
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(role),
     .argument = "ROLE",
     .help = "Invite everyone with ROLE. A role column is not needed then."},
    {.name = "role-map",
     .is_common = true,
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(role_map),
     .argument = "WORD=ROLE,...",
     .help = "Send ROLE where the list says WORD, for example \"Team "
             "Lead=admin,Staff=member\". Case, spaces and accents of WORD do "
             "not matter. Roles that are not in the map stay as they are."},
    {.name = "role-map-file",
     .type = OPTION_PATH,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(role_map_file),
     .argument = "FILE",
     .help = "The same from FILE, one WORD=ROLE a line; # starts a comment."},
    {.name = "delimiter",
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(delimiter),
     .argument = "CHARACTER",
     .help = "What separates the columns: one character, or comma, semicolon, "
             "tab or pipe. Without it, whichever of these four finds the "
             "columns."},
    {.name = "encoding",
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(encoding),
     .argument = "NAME",
     .help = "What the text is written in, as iconv -l lists it. Without it, "
             "UTF-8 or UTF-16, and Windows-1252 if it is neither."},
    {.name = "skip-rows",
     .type = OPTION_COUNT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(skip_rows),
     .max = 1000000,
     .default_text = "0",
     .argument = "N",
     .help = "Leave out N lines at the start of the list."},
    {.name = "allow-role",
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(allow_role),
     .argument = "ROLE,...",
     .help = "Take only these roles, spelled like this (after the map); other "
             "rows are invalid."},
    {.name = "allow-domain",
     .type = OPTION_TEXT,
     .group = GROUP_INPUT,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(allow_domain),
     .argument = "DOMAIN,...",
     .help = "Take only addresses in these domains; other rows are invalid."},

    {.name = "report",
     .is_common = true,
     .type = OPTION_PATH,
     .group = GROUP_RESULT,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(report),
     .argument = "FILE",
     .help = "Write to FILE what became of every row. CSV, or JSON Lines when "
             "FILE ends in .jsonl or .ndjson; - is stdout. Without it, "
             "INPUT.report.csv."},
    {.name = "retry-file",
     .type = OPTION_PATH,
     .group = GROUP_RESULT,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(retry_file),
     .argument = "FILE",
     .help = "Write to FILE the rows that need a look, as they are in the list "
             "and with the error behind them: correct them and send FILE. "
             "Without it, INPUT.retry.csv. Made only when there are such "
             "rows."},
    {.name = "metrics-file",
     .type = OPTION_PATH,
     .group = GROUP_RESULT,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(metrics_file),
     .argument = "FILE",
     .help =
         "Write the run's figures to FILE when it ends, for node_exporter's "
         "textfile collector."},
    {.name = "error-on-no-rows",
     .type = OPTION_BOOL,
     .group = GROUP_RESULT,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(error_on_no_rows),
     .help = "Exit with 9 when the input holds no rows."},
    {.name = "output",
     .letter = 'o',
     .type = OPTION_PATH,
     .group = GROUP_RESULT,
     .commands = REPORT,
     .offset = FIELD(output),
     .argument = "FILE",
     .help = "Write to FILE instead of stdout; the one before stays as "
             "FILE.1."},
    {.name = "html",
     .type = OPTION_BOOL,
     .group = GROUP_RESULT,
     .commands = REPORT,
     .offset = FIELD(html),
     .help = "One page for a browser, with nothing in it from elsewhere: what "
             "happened at a glance, and every row that needs a look."},
    {.name = "format",
     .type = OPTION_CHOICE,
     .group = GROUP_RESULT,
     .commands = REPORT | IMPORT,
     .offset = FIELD(format),
     .argument = "csv|jsonl",
     .help = "CSV or JSON Lines. Without it, the ending of the file's name "
             "decides."},
    {.name = "within",
     .type = OPTION_DURATION,
     .group = GROUP_RESULT,
     .sources = SOURCE_BOTH,
     .commands = STATUS,
     .offset = FIELD(within_us),
     .max = VALUE_DURATION_MAX_US,
     .default_text = "3d",
     .argument = "TIME",
     .help = "List the invitations that expire within TIME."},
    {.name = "json",
     .type = OPTION_BOOL,
     .group = GROUP_RESULT,
     .commands = STATUS | CHECK,
     .offset = FIELD(json),
     .help = "Print one JSON object."},

    {.name = "invited",
     .type = OPTION_BOOL,
     .group = GROUP_DECISION,
     .commands = RESOLVE,
     .offset = FIELD(invited),
     .help = "The person was invited: no run sends to them again."},
    {.name = "not-sent",
     .type = OPTION_BOOL,
     .group = GROUP_DECISION,
     .commands = RESOLVE,
     .offset = FIELD(not_sent),
     .help = "The invitation was not sent: the next run that has the person in "
             "its input sends it."},
    {.name = "before",
     .type = OPTION_TIME,
     .group = GROUP_DECISION,
     .commands = FORGET,
     .offset = FIELD(before_s),
     .argument = "DATE",
     .help = "Everybody, as far as it was settled before DATE, for example "
             "2026-11-01 or 2026-11-01T12:00:00Z."},

    {.name = "ledger",
     .type = OPTION_PATH,
     .group = GROUP_LEDGER,
     .sources = SOURCE_BOTH,
     .commands = ALL,
     .offset = FIELD(ledger),
     .argument = "FILE",
     .help = "The memory of who was invited. Without it, one for each server "
             "and organization under $XDG_STATE_HOME/bulk-invite; :memory: "
             "remembers nothing."},
    {.name = "ledger-must-exist",
     .type = OPTION_BOOL,
     .group = GROUP_LEDGER,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(ledger_must_exist),
     .help = "Refuse to start with a new ledger: for machines whose disk may "
             "be lost."},
    {.name = "lock-wait",
     .type = OPTION_DURATION,
     .group = GROUP_LEDGER,
     .sources = SOURCE_BOTH,
     .commands = WRITERS,
     .offset = FIELD(lock_wait_us),
     .max = VALUE_DURATION_MAX_US,
     .default_text = "0s",
     .argument = "TIME",
     .help = "Wait this long for another run on the same ledger to end."},
    {.name = "retry-unknown",
     .type = OPTION_BOOL,
     .group = GROUP_LEDGER,
     .commands = SEND,
     .offset = FIELD(retry_unknown),
     .help = "Send again to people of whom an earlier run could not tell "
             "whether they were invited: some may get a second e-mail."},
    {.name = "resend",
     .type = OPTION_CHOICE,
     .group = GROUP_LEDGER,
     .commands = SEND,
     .offset = FIELD(resend),
     .argument = "expired|changed",
     .help = "Send again to people whose invitation has expired, or whose role "
             "in the list has changed."},
    {.name = "resend-before",
     .type = OPTION_TIME,
     .group = GROUP_LEDGER,
     .commands = SEND,
     .offset = FIELD(resend_before_s),
     .argument = "DATE",
     .help = "Send again to people invited before DATE, for example 2026-11-01 "
             "or 2026-11-01T12:00:00Z."},

    {.name = "dry-run",
     .is_common = true,
     .type = OPTION_BOOL,
     .group = GROUP_GUARD,
     .commands = SEND,
     .offset = FIELD(dry_run),
     .help = "Only say what would be done, as check does."},
    {.name = "yes",
     .is_common = true,
     .letter = 'y',
     .type = OPTION_BOOL,
     .group = GROUP_GUARD,
     .commands = SEND | FORGET,
     .offset = FIELD(yes),
     .help = "Do not ask beforehand."},
    {.name = "limit",
     .is_common = true,
     .type = OPTION_COUNT,
     .group = GROUP_GUARD,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(limit),
     .min = 1,
     .max = UINT64_MAX - 1,
     .argument = "N",
     .help = "Send the first N invitations only."},
    {.name = "max-new",
     .is_common = true,
     .type = OPTION_COUNT,
     .group = GROUP_GUARD,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(max_new),
     .max = UINT64_MAX - 1,
     .argument = "N",
     .help = "Refuse a list with more than N people to invite. From stdin, "
             "which cannot be read beforehand, stop after N."},

    {.name = "max-errors",
     .type = OPTION_SHARE,
     .group = GROUP_GUARD,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(max_errors),
     .argument = "N|N%",
     .help = "Stop when more than N rows, or N percent of them (from the 50th "
             "on), are rejected, invalid, unknown or failed."},
    {.name = "keep-going",
     .type = OPTION_BOOL,
     .group = GROUP_GUARD,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(keep_going),
     .help = "Go on when 20 rows in a row are refused for the same reason."},

    {.name = "rate",
     .is_common = true,
     .type = OPTION_RATE,
     .group = GROUP_PACE,
     .sources = SOURCE_BOTH,
     .commands = READERS,
     .offset = FIELD(rate),
     .argument = "RATE",
     .help = "Start at most so many requests: 10/s, 300/m, 1000/h. Without it, "
             "the server's limit is found."},
    {.name = "concurrency",
     .type = OPTION_COUNT,
     .group = GROUP_PACE,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(concurrency),
     .min = 1,
     .max = 1024,
     .default_text = "16",
     .argument = "N",
     .help = "Have at most N requests in flight."},
    {.name = "max-attempts",
     .type = OPTION_COUNT,
     .group = GROUP_PACE,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(max_attempts),
     .min = 1,
     .max = 1000,
     .default_text = "5",
     .argument = "N",
     .help = "Give up on a row after N attempts that were surely not "
             "processed."},
    {.name = "give-up-after",
     .type = OPTION_DURATION,
     .group = GROUP_PACE,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(give_up_after_us),
     .max = VALUE_DURATION_MAX_US,
     .default_text = "15m",
     .argument = "TIME",
     .help = "End the run when the server has been unavailable for TIME."},
    {.name = "max-wait",
     .type = OPTION_DURATION,
     .group = GROUP_PACE,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(max_wait_us),
     .max = VALUE_DURATION_MAX_US,
     .default_text = "24h",
     .argument = "TIME",
     .help = "Wait at most TIME for a quota of the server to open again."},
    {.name = "max-duration",
     .type = OPTION_DURATION,
     .group = GROUP_PACE,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(max_duration_us),
     .min = US_PER_MS,
     .max = VALUE_DURATION_MAX_US,
     .argument = "TIME",
     .help = "Stop after TIME; run again for the rest."},

    {.name = "timeout",
     .type = OPTION_DURATION,
     .group = GROUP_NETWORK,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(timeout_us),
     .min = US_PER_MS,
     .max = VALUE_DURATION_MAX_US,
     .default_text = "150s",
     .argument = "TIME",
     .help = "Wait at most TIME for an answer. What is cut off may have been "
             "processed, so rather longer than the server's own limit."},
    {.name = "connect-timeout",
     .type = OPTION_DURATION,
     .group = GROUP_NETWORK,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(connect_timeout_us),
     .min = US_PER_MS,
     .max = VALUE_DURATION_MAX_US,
     .default_text = "10s",
     .argument = "TIME",
     .help = "Wait at most TIME for a connection."},
    {.name = "proxy",
     .type = OPTION_TEXT,
     .group = GROUP_NETWORK,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(proxy),
     .argument = "URL",
     .help = "Go through this proxy. $https_proxy and its like are ignored."},
    {.name = "cacert",
     .type = OPTION_PATH,
     .group = GROUP_NETWORK,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(cacert),
     .argument = "FILE",
     .help = "Trust the certificate authorities in FILE (PEM) and no others."},

    {.name = "config",
     .type = OPTION_PATH,
     .group = GROUP_GENERAL,
     .commands = ALL | CONFIG,
     .offset = FIELD(config),
     .argument = "FILE",
     .help = "Read this config file and no other."},
    {.name = "profile",
     .is_common = true,
     .type = OPTION_TEXT,
     .group = GROUP_GENERAL,
     .sources = SOURCE_VARIABLE,
     .commands = ALL,
     .offset = FIELD(profile),
     .argument = "NAME",
     .help = "Use the section [NAME] of the config file too."},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_BOOL,
     .group = GROUP_GENERAL,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(verbose),
     .help = "Say more on stderr. Rows are named by line, never by address."},
    {.name = "quiet",
     .is_common = true,
     .letter = 'q',
     .type = OPTION_BOOL,
     .group = GROUP_GENERAL,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(quiet),
     .help = "Say only why a run failed: no progress or summary."},
    {.name = "progress",
     .type = OPTION_CHOICE,
     .group = GROUP_GENERAL,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(progress),
     .default_text = "auto",
     .argument = "auto|always|never",
     .help = "Show how far the run is: auto, on a terminal only; always, "
             "elsewhere too, a line every ten seconds."},
    {.name = "log-file",
     .type = OPTION_PATH,
     .group = GROUP_GENERAL,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(log_file),
     .argument = "FILE",
     .help = "Append the log to FILE instead of writing it to stderr."},
    {.name = "log-format",
     .type = OPTION_CHOICE,
     .group = GROUP_GENERAL,
     .sources = SOURCE_BOTH,
     .commands = SEND,
     .offset = FIELD(log_format),
     .default_text = "text",
     .argument = "text|json",
     .help = "Each line of the log as text, or as a JSON object."},
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
