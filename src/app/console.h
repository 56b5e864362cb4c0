#ifndef BULK_INVITE_APP_CONSOLE_H
#define BULK_INVITE_APP_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/*
 * The person at the terminal, if there is one, and what is printed for them.
 */

/* A terminal that knows escape sequences ($TERM is not "dumb"), and colour is
 * not unwanted ($NO_COLOR, https://no-color.org). */
bool console_can_draw(int fd);
bool console_has_colour(int fd);

/* Columns, 80 when nobody knows, and never more than 400. */
size_t console_width(int fd);

/* Is somebody there who sees a question and can answer it? */
bool console_can_ask(void);

/* Asks on stderr and reads the answer from stdin. Anything but a yes is a no.
 */
bool console_agrees(const char *question);

/* Prints a line, and the end of it. Whoever the words in it are from, they
 * steer nothing (text_safe.h). */
void console_say(FILE *out, const char *format, ...) PRINTF_LIKE(2, 3);

/* Did all that was printed on stdout get there? ERROR_STORAGE if not. */
enum error_kind console_finish(struct error *err) MUST_CHECK;

#endif
