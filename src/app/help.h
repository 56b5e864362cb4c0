#ifndef BULK_INVITE_APP_HELP_H
#define BULK_INVITE_APP_HELP_H

#include <stdbool.h>
#include <stdio.h>

/* What `bulk-invite --help` (topic NULL) or `bulk-invite send --help` prints;
 * of
 * a command with many options the common ones, with `is_whole` all. */
void help_print(FILE *out, const char *topic, bool is_whole);

/* Words of `text` from `column` on, to a screen's width; following lines start
 * at `indent`. */
void help_print_wrapped(FILE *out, const char *text, int indent, int column);

#endif
