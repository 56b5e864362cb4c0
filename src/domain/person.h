#ifndef BULK_INVITE_DOMAIN_PERSON_H
#define BULK_INVITE_DOMAIN_PERSON_H

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Who an address belongs to. Two spellings of one mailbox must give the same
 * key, because a second spelling would be a second e-mail to the same person;
 * what is sent stays what the file says.
 *
 * key = local part, case-folded and in Unicode NFC, "@", domain in lower-case
 * ASCII (IDNA 2008 with UTS 46 mapping, non-transitional; libidn2). A trailing
 * dot of the domain is dropped. A label of ASCII letters, digits, "-" and "_"
 * is taken as it is, wherever its hyphens are: the DNS has such names. An
 * address literal ("[192.0.2.1]") is only lower-cased. The key is stored in
 * ledgers: it never changes.
 * Safe from any thread.
 */
enum person_result {
    PERSON_OK,
    PERSON_NO_AT,      /* no "@", or nothing on one side of it */
    PERSON_BAD_LOCAL,  /* local part is not UTF-8 */
    PERSON_BAD_DOMAIN, /* IDNA or the DNS (RFC 1035 2.3.4) refuses it */
};

/* For the caller's strbuf: no real address has a longer key. */
#define PERSON_KEY_CAP 4096

/* Appends the key of the `len` bytes at `email` (already trimmed) to `key`,
 * which is left as it was on any other result than PERSON_OK. */
enum person_result person_key(const char *email, size_t len,
                              struct strbuf *key);

#endif
