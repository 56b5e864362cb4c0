#ifndef BULK_INVITE_SANDBOX_SANDBOX_OPTIONS_H
#define BULK_INVITE_SANDBOX_SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "sandbox/sandbox_server.h"

/*
 * The sandbox's command line.
 */
struct sandbox_options {
    struct sandbox_server_options server;
    bool has_script;
    bool is_quiet;
    bool wants_help;
    bool wants_version;

    struct sandbox_status_for *status_for; /* owned, as what they point to */
    char **known_roles;
};

/* `argv` must live as long as the options. Errors are ERROR_USAGE and name the
 * flag and what it takes. Clear the options in any case. */
enum error_kind sandbox_options_parse(struct sandbox_options *options, int argc,
                                      char **argv,
                                      struct error *err) MUST_CHECK;
void sandbox_options_clear(struct sandbox_options *options);

/* What --help prints (sandbox_help.c). */
void sandbox_options_print_help(FILE *out);

#endif
