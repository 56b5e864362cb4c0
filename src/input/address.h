#ifndef BULK_INVITE_INPUT_ADDRESS_H
#define BULK_INVITE_INPUT_ADDRESS_H

#include <stddef.h>

/*
 * The syntax of an e-mail address: RFC 5321 4.1.2 and 4.5.3.1, with RFC 6531's
 * UTF-8, read generously. Dots anywhere in the local part are let through
 * (some carriers gave out such addresses), and so is "_" in a domain.
 */

/* What is wrong with the `len` bytes at `email` (UTF-8, trimmed, not empty), as
 * the end of a sentence that starts with the column's name: "has no \"@\"".
 * NULL when a server may deliver to it. Says nothing about what IDNA allows. */
const char *address_fault(const char *email, size_t len);

/* The domain that was probably meant ("gmail.com" for "gmial.com"), or NULL.
 * Never more than a hint: the other may exist. */
const char *address_suggestion(const char *email);

#endif
