#ifndef BULK_INVITE_APP_HELP_H
#define BULK_INVITE_APP_HELP_H

#include <stdbool.h>
#include <stdio.h>

struct command_spec;

/* What `bulk-invite --help` (topic NULL) or `bulk-invite send --help` prints;
 * of a command with many options the common ones, with `is_whole` all. */
void help_print(FILE *out, const struct command_spec *topic, bool is_whole);

/* Words of `text` in lines between column `indent`, where the first begins, and
 * a screen's width. */
void help_print_wrapped(FILE *out, const char *text, int indent);

/* The bytes of its first sentence, without the point. */
int help_first_sentence(const char *help);

#endif
