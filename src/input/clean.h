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
 * Appends the address that the `len` bytes at `cell` hold to `out`: trimmed,
 * without invisible characters, without "mailto:", without trailing dots,
 * commas and semicolons, and out of "Name <address>". What is not clearly one
 * of these stays as it is. True when more than ASCII blanks was taken away.
 */
bool clean_address(const char *cell, size_t len, struct strbuf *out);

#endif
