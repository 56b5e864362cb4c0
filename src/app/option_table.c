#include "app/option_table.h"

#include <stdio.h>
#include <string.h>

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

#define MANY 1000000000 /* rows that no list has */

#define FIELD(name) offsetof(struct options, name)

#define OPTION(name_, type_, sources_, commands_, field_, argument_, help_) \
    .name = name_, .type = OPTION_##type_, .sources = SOURCE_##sources_,    \
    .commands = commands_, .offset = FIELD(field_), .argument = argument_,  \
    .help = help_

/* Also in the help that fits a screen. */
#define COMMON(...) OPTION(__VA_ARGS__), .is_common = true

#define ACTION(name_) .name = name_, .type = OPTION_ACTION

#define OPERAND(name_, type_, field_) \
    .name = name_, .type = OPTION_##type_, .offset = FIELD(field_)

const struct option_spec option_table[] = {
    {.title = "Where the invitations go",
     COMMON("org", TEXT, BOTH, ALL, org, "ORG",
            "Id of the organization to invite into.")},
    {OPTION("base-url", TEXT, BOTH, ALL, base_url, "URL",
            "The Almanac server. Plain http is for loopback only."),
     .default_text = "https://almanac-backend-83vc.onrender.com"},
    {COMMON("token-file", PATH, BOTH, SEND, token_file, "FILE",
            "Take the token from FILE, readable by you alone. "
            "$BULK_INVITE_TOKEN comes before it.")},
    {OPTION("token-command", TEXT, BOTH, SEND, token_command, "COMMAND",
            "Run COMMAND with /bin/sh and take the token from its output.")},
    {COMMON("sandbox", BOOL, FLAG, SEND, sandbox, NULL,
            "Rehearse: nobody gets an e-mail. Sends to a "
            "bulk-invite-sandbox started for this run; needs no token and no "
            "--org.")},

    {.title = "Before anything is sent",
     COMMON("dry-run", BOOL, FLAG, SEND, dry_run, NULL,
            "Only say what would be done, as check does.")},
    {COMMON("yes", BOOL, FLAG, SEND | FORGET, yes, NULL,
            "Do not ask beforehand."),
     .letter = 'y'},
    {COMMON("limit", COUNT, BOTH, SEND, limit, "N",
            "Send the first N invitations only."),
     .min = 1, .max = MANY},
    {COMMON("max-new", COUNT, BOTH, SEND, max_new, "N",
            "Refuse a list with more than N people to invite. From stdin, "
            "which cannot be read beforehand, stop after N."),
     .max = MANY},
    {OPTION("max-errors", SHARE, BOTH, SEND, max_errors, "N|N%",
            "Stop when more than N rows, or N percent of them (from the 50th "
            "on), are rejected, invalid, unknown or failed.")},
    {OPTION("keep-going", BOOL, BOTH, SEND, keep_going, NULL,
            "Go on when 20 rows in a row are refused for the same reason.")},

    {.title = "How the list is read",
     OPTION("email-column", TEXT, BOTH, READERS, email_column, "NAME|NUMBER",
            "The column with the addresses, where its header does not tell.")},
    {OPTION("role-column", TEXT, BOTH, READERS, role_column, "NAME|NUMBER",
            "The column with the roles, where its header does not tell.")},
    {COMMON("role", TEXT, BOTH, READERS, role, "ROLE",
            "Invite everyone with ROLE. A role column is not needed then.")},
    {COMMON("role-map", TEXT, BOTH, READERS, role_map, "WORD=ROLE,...",
            "Send ROLE where the list says WORD, for example \"Team "
            "Lead=admin,Staff=member\". Case, spaces and accents of WORD do "
            "not matter. Roles that are not in the map stay as they are.")},
    {OPTION("role-map-file", PATH, BOTH, READERS, role_map_file, "FILE",
            "The same from FILE, one WORD=ROLE a line; # starts a comment.")},
    {OPTION("delimiter", TEXT, BOTH, READERS, delimiter, "CHARACTER",
            "What separates the columns: one character, or comma, semicolon, "
            "tab or pipe. Without it, whichever of these four finds the "
            "columns.")},
    {OPTION("encoding", TEXT, BOTH, READERS, encoding, "NAME",
            "What the text is written in, as iconv -l lists it. Without it, "
            "UTF-8 or UTF-16, and Windows-1252 if it is neither.")},
    {OPTION("skip-rows", COUNT, BOTH, READERS, skip_rows, "N",
            "Leave out N lines at the start of the list."),
     .max = 1000000, .default_text = "0"},
    {OPTION("allow-role", TEXT, BOTH, READERS, allow_role, "ROLE,...",
            "Take only these roles, spelled like this (after the map); other "
            "rows are invalid.")},
    {OPTION("allow-domain", TEXT, BOTH, READERS, allow_domain, "DOMAIN,...",
            "Take only addresses in these domains; other rows are invalid.")},

    {.title = "What is reported",
     COMMON("report", PATH, BOTH, SEND, report, "FILE",
            "Write to FILE what became of every row. CSV, or JSON Lines when "
            "FILE ends in .jsonl or .ndjson; - is stdout. Without it, "
            "INPUT.report.csv.")},
    {OPTION("retry-file", PATH, BOTH, SEND, retry_file, "FILE",
            "Write to FILE the rows that need a look, as they are in the list "
            "and with the error behind them: correct them and send FILE. "
            "Without it, INPUT.retry.csv. Made only when there are such "
            "rows.")},
    {OPTION(
        "metrics-file", PATH, BOTH, SEND, metrics_file, "FILE",
        "Write the run's figures to FILE when it ends, however it ends, for "
        "node_exporter's textfile collector (NAME.prom in its folder).")},
    {OPTION("error-on-no-rows", BOOL, BOTH, SEND, error_on_no_rows, NULL,
            "Exit with 9 when the input holds no rows.")},
    {OPTION("output", PATH, FLAG, REPORT, output, "FILE",
            "Write to FILE instead of stdout; the one before stays as "
            "FILE.1."),
     .letter = 'o'},
    {OPTION("html", BOOL, FLAG, REPORT, html, NULL,
            "One page for a browser, with nothing in it from elsewhere: what "
            "happened at a glance, and every row that needs a look.")},
    {OPTION("format", CHOICE, FLAG, REPORT | IMPORT, format, "csv|jsonl",
            "CSV or JSON Lines. Without it, the ending of the file's name "
            "decides.")},
    {OPTION("within", DURATION, BOTH, STATUS, within_us, "TIME",
            "List the invitations that expire within TIME."),
     .default_text = "3d"},
    {OPTION("json", BOOL, FLAG, STATUS | CHECK, json, NULL,
            "Print one JSON object.")},

    {.title = "What is settled or erased",
     OPTION("invited", BOOL, FLAG, RESOLVE, invited, NULL,
            "The person was invited: no run sends to them again.")},
    {OPTION("not-sent", BOOL, FLAG, RESOLVE, not_sent, NULL,
            "The invitation was not sent: the next run that has the person in "
            "its input sends it.")},
    {OPTION("before", TIME, FLAG, FORGET, before_s, "DATE",
            "Everybody, as far as it was settled before DATE, for example "
            "2026-11-01 or 2026-11-01T12:00:00Z.")},

    {.title = "Who was invited before",
     OPTION("ledger", PATH, BOTH, ALL, ledger, "FILE",
            "The memory of who was invited. Without it, one for each server "
            "and organization under $XDG_STATE_HOME/bulk-invite; :memory: "
            "remembers nothing.")},
    {OPTION("ledger-must-exist", BOOL, BOTH, SEND, ledger_must_exist, NULL,
            "Refuse to start with a new ledger: for machines whose disk may "
            "be lost.")},
    {OPTION("lock-wait", DURATION, BOTH, WRITERS, lock_wait_us, "TIME",
            "Wait this long for another run on the same ledger to end."),
     .default_text = "0s"},
    {OPTION("retry-unknown", BOOL, FLAG, SEND, retry_unknown, NULL,
            "Send again to people of whom an earlier run could not tell "
            "whether they were invited: some may get a second e-mail.")},
    {OPTION("resend", CHOICE, FLAG, SEND, resend, "expired|changed",
            "Send again to people whose invitation has expired, or whose role "
            "in the list has changed.")},
    {OPTION("resend-before", TIME, FLAG, SEND, resend_before_s, "DATE",
            "Send again to people invited before DATE, for example 2026-11-01 "
            "or 2026-11-01T12:00:00Z.")},

    {.title = "Pace and patience",
     COMMON("rate", RATE, BOTH, READERS, rate, "RATE",
            "Start at most so many requests: 10/s, 300/m, 1000/h. Without it, "
            "the server's limit is found.")},
    {OPTION("concurrency", COUNT, BOTH, SEND, concurrency, "N",
            "Have at most N requests in flight."),
     .min = 1, .max = 1024, .default_text = "16"},
    {OPTION("max-attempts", COUNT, BOTH, SEND, max_attempts, "N",
            "Give up on a row after N attempts that were surely not "
            "processed."),
     .min = 1, .max = 1000, .default_text = "5"},
    {OPTION("give-up-after", DURATION, BOTH, SEND, give_up_after_us, "TIME",
            "End the run when the server has been unavailable for TIME."),
     .default_text = "15m"},
    {OPTION("max-wait", DURATION, BOTH, SEND, max_wait_us, "TIME",
            "Wait at most TIME for a quota of the server to open again."),
     .default_text = "24h"},
    {OPTION("max-duration", DURATION, BOTH, SEND, max_duration_us, "TIME",
            "Stop after TIME; run again for the rest."),
     .min = US_PER_MS},

    {.title = "Network",
     OPTION("timeout", DURATION, BOTH, SEND, timeout_us, "TIME",
            "Wait at most TIME for an answer. What is cut off may have been "
            "processed, so rather longer than the server's own limit."),
     .min = US_PER_MS,
     .default_text = "150s"},
    {OPTION("connect-timeout", DURATION, BOTH, SEND, connect_timeout_us, "TIME",
            "Wait at most TIME for a connection."),
     .min = US_PER_MS, .default_text = "10s"},
    {OPTION("proxy", TEXT, BOTH, SEND, proxy, "URL",
            "Go through this proxy. $https_proxy and its like are ignored. "
            "One with a password is better in the config file: others can see "
            "a command line.")},
    {OPTION("cacert", PATH, BOTH, SEND, cacert, "FILE",
            "Trust the certificate authorities in FILE (PEM) and no others.")},
    {OPTION("cert", PATH, BOTH, SEND, cert, "FILE",
            "Show the server the client certificate in FILE (PEM).")},
    {OPTION("key", PATH, BOTH, SEND, key, "FILE",
            "The certificate's key, in a file readable by you alone (PEM, no "
            "password). Without it, in the certificate's file.")},

    {.title = "Messages, settings and help",
     OPTION("config", PATH, FLAG, ALL | CONFIG, config, "FILE",
            "Read this config file and no other.")},
    {COMMON("profile", TEXT, VARIABLE, ALL, profile, "NAME",
            "Use the section [NAME] of the config file too.")},
    {OPTION("verbose", BOOL, BOTH, SEND, verbose, NULL,
            "Say more: how the list was read, each attempt that failed, each "
            "wait, the rate that was found, and the summary of every run. "
            "Rows are named by line."),
     .letter = 'v'},
    {COMMON("quiet", BOOL, BOTH, SEND, quiet, NULL,
            "Say only why a run failed: no progress or summary."),
     .letter = 'q'},
    {OPTION("progress", CHOICE, BOTH, SEND, progress, "auto|always|never",
            "Show how far the run is: auto, on a terminal only; always, "
            "elsewhere too, a line every ten seconds. $NO_COLOR is heeded."),
     .default_text = "auto"},
    {OPTION("log-file", PATH, BOTH, SEND, log_file, "FILE",
            "Append the log to FILE instead of writing it to stderr: start, "
            "waits and end of each run, with --verbose also each attempt that "
            "failed. A log that cannot be written stops nothing.")},
    {OPTION("log-format", CHOICE, BOTH, SEND, log_format, "text|json",
            "Each line of the log as text, or as a JSON object."),
     .default_text = "text"},
    {OPTION("log-emails", BOOL, BOTH, SEND, log_emails, NULL,
            "Name rows in the log by address too.")},
    {ACTION("help"), .letter = 'h', .is_common = true, .help = "Print help."},
    {ACTION("help-all"), .is_common = true,
     .help = "Print help with every option."},
    {ACTION("version"), .help = "Print the version."},
};
const size_t option_count = sizeof(option_table) / sizeof(*option_table);

_Static_assert(sizeof(option_table) / sizeof(*option_table) <= OPTIONS_MAX,
               "struct options has no room for all origins");

const struct command_spec command_table[COMMAND_COUNT] = {
    {.name = "send",
     .synopsis = "FILE|- --org ORG [OPTION]...",
     .help = "Invite the people in a CSV file, or from stdin (-).",
     .operand = {OPERAND("FILE", PATH, input)},
     .operand_missing = "which FILE? bulk-invite send team.csv --org ORG "
                        "reads a CSV file, - in its place reads stdin"},
    {.name = "check",
     .synopsis = "FILE|- [OPTION]...",
     .help = "Say what send would do with a list, without the network.",
     .operand = {OPERAND("FILE", PATH, input)},
     .operand_missing = "which FILE? bulk-invite check team.csv reads a CSV "
                        "file, - in its place reads stdin"},
    {.name = "status",
     .synopsis = "[OPTION]...",
     .help = "Who was invited, the last runs, and what needs a look."},
    {.name = "report",
     .synopsis = "[RUN] [OPTION]...",
     .help = "What became of every row of a run, in the order of its input.",
     .operand = {OPERAND("RUN", COUNT, run), .min = 1, .max = INT64_MAX}},
    {.name = "resolve",
     .synopsis = "EMAIL --invited|--not-sent [OPTION]...",
     .help = "Settle by hand what became of a person who is unknown.",
     .operand = {OPERAND("EMAIL", TEXT, email)},
     .operand_missing = "which EMAIL? bulk-invite status lists the people of "
                        "whom nobody can tell whether they were invited"},
    {.name = "forget",
     .synopsis = "EMAIL|--before DATE [OPTION]...",
     .help = "Erase personal data; who was invited is still not invited again.",
     .operand = {OPERAND("EMAIL", TEXT, email)}},
    {.name = "import",
     .synopsis = "REPORT|- [OPTION]...",
     .help = "Teach a ledger what an old report says.",
     .operand = {OPERAND("REPORT", PATH, input)},
     .operand_missing = "which REPORT? bulk-invite import "
                        "team.csv.report.csv --org ORG takes over whom it "
                        "calls invited, already_invited or unknown"},
    {.name = "config",
     .synopsis = "show [OPTION]...",
     .help = "Say what each setting is and where it comes from.",
     .operand = {OPERAND("ACTION", CHOICE, action), .argument = "show"},
     .operand_missing = "what about it? bulk-invite config show prints each "
                        "setting and where it comes from"},
    {.name = "help",
     .synopsis = "[COMMAND]",
     .help = "Print help, also of a command."},
    {.name = "version", .synopsis = "", .help = "Print the version."},
};

const struct option_spec *option_by_name(const char *name)
{
    for (size_t i = 0; i < option_count; i++)
        if (strcmp(option_table[i].name, name) == 0)
            return &option_table[i];
    return NULL;
}

const struct option_spec *option_by_letter(char letter)
{
    for (size_t i = 0; i < option_count; i++)
        if (letter && option_table[i].letter == letter)
            return &option_table[i];
    return NULL;
}

const struct command_spec *command_by_name(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
    return NULL;
}

const char *option_nearest(const char *name, unsigned sources)
{
    const char *names[OPTIONS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < option_count; i++)
        if ((option_table[i].sources & sources) == sources)
            names[count++] = option_table[i].name;
    return text_nearest(name, names, count);
}

const char *command_nearest(const char *name)
{
    const char *names[COMMAND_COUNT];

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = command_table[i].name;
    return text_nearest(name, names, COMMAND_COUNT);
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

bool option_holds_password(const struct option_spec *option, const char *text)
{
    if (!option->argument)
        return false;
    return strcmp(option->argument, "COMMAND") == 0 ||
           (strcmp(option->argument, "URL") == 0 && strchr(text, '@'));
}

void option_variable(const struct option_spec *option, char *variable)
{
    snprintf(variable, OPTION_NAME_SIZE, "BULK_INVITE_%s", option->name);
    for (char *c = variable; *c; c++) {
        if (*c == '-')
            *c = '_';
        else if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
}
