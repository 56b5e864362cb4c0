#ifndef BULK_INVITE_APP_OPTIONS_H
#define BULK_INVITE_APP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/rate.h"

/*
 * Everything a user can set, from the four places it can be set in: flag,
 * BULK_INVITE_* variable, the chosen profile of the config file, default; the
 * first that says something wins. One table (option_table.c) defines each
 * option once, and gives flag, variable, key, default, help and man page.
 */
struct command_spec;
struct config;

enum command {
    COMMAND_SEND,
    COMMAND_CHECK,
    COMMAND_STATUS,
    COMMAND_REPORT,
    COMMAND_RESOLVE,
    COMMAND_FORGET,
    COMMAND_IMPORT,
    COMMAND_CONFIG,
    COMMAND_HELP, /* `topic` says of what */
    COMMAND_VERSION,
    COMMAND_COUNT
};

/* "25" or "5%". */
struct option_share {
    uint64_t number; /* UINT64_MAX: not given */
    bool is_percent;
};

/* What set an option, weakest first. */
enum option_place {
    PLACE_NONE, /* not set, and no default */
    PLACE_DEFAULT,
    PLACE_CONFIG,
    PLACE_PROFILE,
    PLACE_VARIABLE,
    PLACE_FLAG,
};

struct option_origin {
    enum option_place place;
    unsigned line;    /* of the config file, for its two places */
    const char *text; /* as it was written */
};

#define OPTIONS_MAX 80 /* entries that option_table may have */

struct options {
    enum command command;
    bool is_help_whole;               /* with COMMAND_HELP: all options */
    const struct command_spec *topic; /* with COMMAND_HELP: NULL: of all */
    const char *program;              /* argv[0] */

    const char *input;    /* FILE or "-" of send, check and import */
    const char *email;    /* of resolve and forget, or NULL */
    char *person;         /* its key (domain/person.h), or NULL */
    uint64_t run;         /* of report; 0: the newest */
    const char *action;   /* of config: "show" */
    const char *org;      /* NULL: whatever the ledger says */
    const char *base_url; /* likewise; without a ledger never NULL */
    const char *token_file;
    const char *token_command;
    const char *config;  /* the file that was read, NULL when there is none */
    const char *profile; /* NULL: [default] alone */

    const char *email_column;
    const char *role_column;
    const char *role;
    const char *encoding;  /* one that encoding_is_known(), or NULL */
    const char *delimiter; /* see input_choice.c; NULL to find it */
    uint64_t skip_rows;
    const char *role_map; /* see role_map.h; NULL: none */
    const char *role_map_file;
    const char *allow_role; /* lists with commas; NULL: any */
    const char *allow_domain;
    const char *report;       /* NULL: INPUT.report.csv */
    const char *retry_file;   /* NULL: INPUT.retry.csv */
    const char *metrics_file; /* NULL: none */
    const char *output;       /* NULL: stdout */
    const char *format; /* "csv", "jsonl", or NULL: by the name's ending */
    int64_t within_us;
    bool html;
    bool json;

    bool invited;
    bool not_sent;
    int64_t before_s; /* seconds since 1970; INT64_MIN: not given */

    const char *ledger; /* NULL: the usual place */
    bool ledger_must_exist;
    int64_t lock_wait_us;
    bool retry_unknown;
    const char *resend;      /* "expired", "changed", or NULL */
    int64_t resend_before_s; /* seconds since 1970; INT64_MIN: not given */

    struct rate rate; /* count 0: not given */
    uint64_t concurrency;
    uint64_t max_attempts;
    int64_t timeout_us;
    int64_t connect_timeout_us;
    int64_t give_up_after_us;
    int64_t max_wait_us;
    int64_t max_duration_us; /* CLOCK_NEVER_US: not given */

    const char *proxy;
    const char *cacert;
    const char *cert; /* of this client; NULL: none, and no key */
    const char *key;  /* NULL: it stands in `cert` */

    uint64_t limit;   /* UINT64_MAX: none */
    uint64_t max_new; /* UINT64_MAX: none */
    struct option_share max_errors;
    bool keep_going;
    bool yes;
    bool sandbox;
    bool dry_run;
    bool error_on_no_rows;
    bool verbose;
    bool quiet;
    const char *progress;   /* "auto", "always", "never" */
    const char *log_format; /* "text", "json" */
    const char *log_file;   /* NULL: stderr */
    bool log_emails;

    struct option_origin origins[OPTIONS_MAX]; /* by option_index() */
    struct config *settings;                   /* the config file, or NULL */
};

/*
 * Reads all four places. `getenv_fn` is getenv, or a test's own; `argv`, which
 * ends with NULL, and the environment must outlive `options`. Errors
 * (ERROR_USAGE) name the flag, variable, or file, line and key, say what is
 * wanted, and for an unknown name the nearest known one. After an error
 * `options` is empty.
 *
 * COMMAND_SEND comes with `input` and `org`; with `sandbox` org is "sandbox"
 * unless set, and proxy, token_file, token_command and cert are NULL: a
 * rehearsal stays on this machine and needs no secret. The others come with
 * `org`, or with `ledger` and what was said with it of whose it is. `resolve`
 * and `forget` come with one of what excludes each other. Texts (not paths) are
 * UTF-8 without control characters; what makes an org or URL is
 * endpoint_init()'s to know.
 */
enum error_kind options_load(struct options *options, char **argv,
                             char *(*getenv_fn)(const char *name),
                             struct error *err) MUST_CHECK;
void options_clear(struct options *options);

#endif
