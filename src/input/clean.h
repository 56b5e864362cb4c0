#ifndef BULK_INVITE_INPUT_CLEAN_H
#define BULK_INVITE_INPUT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * What people and programs leave around an address and nobody means. Pure.
 */

/* Moves both ends inwards over blanks of any script and invisible characters
 * (zero-width, bidi controls, soft hyphen). True when one of these was not an
 * ASCII blank. */
bool clean_trim(const char **bytes, size_t *len);

/*
 * Narrows it down to the address that it holds: trimmed, without invisible
 * characters, without "mailto:", without trailing dots, commas and semicolons,
 * and out of "Name <address>". What is not clearly one of these stays as it is.
 * True when more than ASCII blanks was taken away. `room` is empty; afterwards
 * the address may be in it.
 */
bool clean_address(const char **bytes, size_t *len, struct strbuf *room);

#endif
