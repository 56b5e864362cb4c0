#ifndef BULK_INVITE_SANDBOX_OPTIONS_H
#define BULK_INVITE_SANDBOX_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "sandbox/settings.h"

/*
 * The command line, and the timetable that --outage and --script make.
 * Constant after the start.
 */
struct options {
    struct settings settings; /* at the start */
    struct change *changes;   /* in order of time, then of addition */
    size_t change_count;
    const char *token;   /* NULL: none is asked for */
    json_t *known_roles; /* an array, or NULL: every role */
    json_t *status_for;  /* lower-case address to status, or NULL */
    bool has_script;
    bool is_private; /* every user of the machine can connect: answers nothing
                        but invites */
    bool is_quiet;
    const char *to_print; /* instead of serving: the help, the version */
};

/* `argv` must live as long as the options. Errors are ERROR_USAGE and name
 * the flag, or file and line. Clear the options in any case. */
enum error_kind options_parse(struct options *options, int argc, char **argv,
                              struct error *err) MUST_CHECK;
void options_clear(struct options *options);

#endif
