#ifndef BULK_INVITE_APP_CONSOLE_H
#define BULK_INVITE_APP_CONSOLE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * The person at the terminal, if there is one, and what is printed for them.
 */

/* Is somebody there who sees a question and can answer it? */
bool console_can_ask(void);

/* Asks on stderr and reads the answer from stdin. Anything but a yes is a no.
 */
bool console_agrees(const char *question);

/* Did all that was printed on stdout get there? ERROR_STORAGE if not. */
enum error_kind console_finish(struct error *err) MUST_CHECK;

#endif
