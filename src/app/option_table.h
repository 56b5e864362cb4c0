#ifndef BULK_INVITE_APP_OPTION_TABLE_H
#define BULK_INVITE_APP_OPTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "app/options.h"

/*
 * Every option and command, defined once: the parser, the environment, the
 * config file, the help, man pages and completions all read these tables. A new
 * option is a field of struct options and an entry here. Constant data, any
 * thread.
 */
enum option_type {
    OPTION_TEXT,     /* UTF-8 without control characters */
    OPTION_PATH,     /* any bytes */
    OPTION_CHOICE,   /* one of the words of `argument`: "csv|jsonl" */
    OPTION_BOOL,     /* --x, --no-x, x = yes */
    OPTION_COUNT,    /* without a default: UINT64_MAX, no limit */
    OPTION_DURATION, /* see values.h */
    OPTION_TIME, /* see values.h; seconds since 1970, INT64_MIN: not given */
    OPTION_RATE,
    OPTION_SHARE,  /* struct option_share */
    OPTION_ACTION, /* done at once instead of a command: --help */
};

/* Where an option may be set besides its flag, which each one has. What makes
 * a run dangerous, or a rehearsal, must be typed: these are flags only. */
#define SOURCE_FLAG     0U
#define SOURCE_VARIABLE 1U
#define SOURCE_CONFIG   2U
#define SOURCE_BOTH     (SOURCE_VARIABLE | SOURCE_CONFIG)

#define FOR_COMMAND(command) (1U << (command))

/* In the order of the help. */
enum option_group {
    GROUP_TARGET,
    GROUP_GUARD,
    GROUP_INPUT,
    GROUP_RESULT,
    GROUP_DECISION,
    GROUP_LEDGER,
    GROUP_PACE,
    GROUP_NETWORK,
    GROUP_GENERAL,
    GROUP_COUNT
};

struct option_spec {
    const char *name; /* the flag without "--", and the key of config files */
    char letter;      /* short flag, '\0' for none */
    bool is_common;   /* also in the help that fits a screen */
    enum option_type type;
    enum option_group group;
    unsigned sources;  /* SOURCE_* */
    unsigned commands; /* FOR_COMMAND() of those that take it; 0: all */
    size_t offset;     /* of its field in struct options */
    uint64_t min;      /* OPTION_COUNT, and OPTION_DURATION in microseconds */
    uint64_t max;      /* OPTION_COUNT */
    const char *default_text; /* as a user would write it, or NULL */
    const char *argument;     /* what the help calls its value, or NULL */
    const char *help;         /* whole sentences */
};

struct command_spec {
    enum command command;
    const char *name;
    const char *synopsis; /* its arguments */
    const char *help;     /* one line */
    /* Its one argument that is no flag: what the help calls it (name), its
     * type, range and field. Without a name it takes none. */
    struct option_spec operand;
    const char *operand_missing; /* what is said when it is not there; NULL: it
                                    may be left out */
};

extern const struct option_spec option_table[];
extern const size_t option_count;

extern const struct command_spec command_table[];
extern const size_t command_count;

const char *option_group_title(enum option_group group);

/* The option with the name in the first `len` bytes, or NULL. */
const struct option_spec *option_by_name(const char *name, size_t len);
const struct option_spec *option_by_letter(char letter);

/* Does the command take its flag? config takes all that have other places. */
bool option_fits(const struct option_spec *option, enum command command);

/* Its place in option_table. */
size_t option_index(const struct option_spec *option);

/* The name a user may have meant, or NULL. Only options that may be set in all
 * of `sources` count. */
const char *option_nearest(const char *name, unsigned sources);

/* NULL when there is no such command. */
const struct command_spec *command_by_name(const char *name);
const struct command_spec *command_spec_of(enum command command);
const char *command_name(enum command command);

/* The command a user may have meant, or NULL. */
const char *command_nearest(const char *name);

#define OPTION_VARIABLE_SIZE 64

/* "base-url" gives BULK_INVITE_BASE_URL. Writes at most OPTION_VARIABLE_SIZE
 * bytes. */
void option_variable(const struct option_spec *option, char *variable);

#endif
