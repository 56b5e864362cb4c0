#ifndef BULK_INVITE_APP_COMMANDS_H
#define BULK_INVITE_APP_COMMANDS_H

#include "app/options.h"

/* Exit codes that are no error's (base/error.h). */
#define EXIT_NEEDS_LOOK 3
#define EXIT_NO_ROWS    9

/*
 * One function a command, in a file of its name. Each returns the exit code
 * and has then said on stderr what there was to say, but for *err: when its
 * kind is not ERROR_NONE, main() prints it.
 */
int command_send(const struct options *options, struct error *err);
int command_check(const struct options *options, struct error *err);
int command_status(const struct options *options, struct error *err);
int command_report(const struct options *options, struct error *err);
int command_resolve(const struct options *options, struct error *err);
int command_forget(const struct options *options, struct error *err);
int command_import(const struct options *options, struct error *err);
int command_config(const struct options *options, struct error *err);

#endif
