#ifndef BULK_INVITE_APP_COMMAND_LINE_H
#define BULK_INVITE_APP_COMMAND_LINE_H

#include "app/options.h"

/*
 * The first of the four places. Fills in the command, its operand, and what
 * flags say: of a flag that is there more than once the last.
 *
 * --x VALUE, --x=VALUE, --no-x, short letters (together: -yv), "--" before
 * names that start with "-", and "-" for stdin. --help, --help-all and
 * --version end the reading: nothing else is looked at.
 *
 * ERROR_USAGE for what is no flag, command or value; of an unknown flag the
 * value, which could be a secret, is never shown.
 */
enum error_kind command_line_parse(struct options *options, char **argv,
                                   struct error *err) MUST_CHECK;

#endif
