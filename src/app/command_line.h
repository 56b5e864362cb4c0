#ifndef BULK_INVITE_APP_COMMAND_LINE_H
#define BULK_INVITE_APP_COMMAND_LINE_H

#include "app/options.h"

/*
 * The first of the four places: argv, taken apart but not yet understood as
 * values.
 */
struct command_line {
    enum command command;
    const char *topic;   /* see struct options */
    bool is_help_whole;  /* likewise */
    const char *operand; /* FILE, EMAIL, ...; NULL when there was none */
    /* For each of option_table what its flag said, the last one wins; NULL
     * when it was not there. OPTION_BOOL: "true" or "false" for --x, --no-x. */
    const char **given;
};

/*
 * --x VALUE, --x=VALUE, --no-x, short letters (together: -yv), "--" before
 * names that start with "-", and "-" for stdin. --help, --help-all and
 * --version end the reading: what comes after them is not looked at.
 *
 * All strings are argv's. ERROR_USAGE for what is no flag or command (and then
 * never shows a flag's value, which could be a secret). Clear it also after an
 * error.
 */
enum error_kind command_line_parse(struct command_line *line, int argc,
                                   char **argv, struct error *err) MUST_CHECK;
void command_line_clear(struct command_line *line);

#endif
