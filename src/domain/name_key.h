#ifndef BULK_INVITE_DOMAIN_NAME_KEY_H
#define BULK_INVITE_DOMAIN_NAME_KEY_H

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Under which two spellings of a name that people type into spreadsheets
 * ("E-Mail Adresse", "e_mail-adresse", "RÔLE") are the same. Safe from any
 * thread.
 */

/* Appends the letters and digits of the `len` bytes at `name`, case-folded and
 * without accents (Unicode NFKD, marks dropped); nothing when there are none.
 * Bytes that are not UTF-8 are dropped too. */
void name_key(const char *name, size_t len, struct strbuf *key);

#endif
