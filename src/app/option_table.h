#ifndef BULK_INVITE_APP_OPTION_TABLE_H
#define BULK_INVITE_APP_OPTION_TABLE_H

#include <stddef.h>

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
    OPTION_COUNT,    /* uint64_t */
    OPTION_DURATION, /* int64_t, microseconds */
    OPTION_TIME,     /* int64_t, seconds since 1970 */
    OPTION_RATE,     /* struct rate */
    OPTION_SHARE,    /* struct option_share */
    OPTION_ACTION,   /* done at once instead of a command: --help */
};

/* Where an option may be set besides its flag, which each one has. What makes
 * a run dangerous, or a rehearsal, must be typed: these are flags only. */
#define SOURCE_FLAG     0U
#define SOURCE_VARIABLE 1U
#define SOURCE_CONFIG   2U
#define SOURCE_BOTH     (SOURCE_VARIABLE | SOURCE_CONFIG)

#define FOR_COMMAND(command) (1U << (command))

struct option_spec {
    const char *title; /* of the group that begins with this one, or NULL */
    const char *name;  /* the flag without "--", and the key of config files */
    char letter;       /* short flag, '\0' for none */
    bool is_common;    /* also in the help that fits a screen */
    enum option_type type;
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
    const char *name;
    const char *synopsis; /* its arguments */
    const char *help;     /* one line */
    /* Its one argument that is no flag: what the help calls it (name), its
     * type, range and field. Without a name it takes none. */
    struct option_spec operand;
    const char *operand_missing; /* what is said when it is not there; NULL: it
                                    may be left out */
};

extern const struct option_spec option_table[]; /* in the order of the help */
extern const size_t option_count;

extern const struct command_spec
    command_table[COMMAND_COUNT]; /* by enum command */

/* NULL when there is none of that name. */
const struct option_spec *option_by_name(const char *name);
const struct option_spec *option_by_letter(char letter);
const struct command_spec *command_by_name(const char *name);

/* The name a user may have meant, or NULL. Only options that may be set in all
 * of `sources` count. */
const char *option_nearest(const char *name, unsigned sources);
const char *command_nearest(const char *name);

/* Does the command take its flag? config takes all that have other places. */
bool option_fits(const struct option_spec *option, enum command command);

/* Its place in option_table, and in the origins of struct options. */
size_t option_index(const struct option_spec *option);

/* May its value hold a password? A URL does, before its "@", and a command may,
 * as an argument. */
bool option_holds_password(const struct option_spec *option, const char *text);

#define OPTION_NAME_SIZE 64 /* room for any name or variable, with its NUL */

/* "base-url" gives BULK_INVITE_BASE_URL. Writes at most OPTION_NAME_SIZE
 * bytes. */
void option_variable(const struct option_spec *option, char *variable);

#endif
