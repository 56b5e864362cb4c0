#ifndef BULK_INVITE_BASE_JSON_TEXT_H
#define BULK_INVITE_BASE_JSON_TEXT_H

#include "base/strbuf.h"

/*
 * Texts in JSON that is written by hand (RFC 8259). Pure.
 */

/* Appends the text in quotes, escaped; "null" for NULL. What could steer a
 * terminal or mislead who reads it (text_safe.h) is written \uHHHH: a program
 * reads the same. A byte that is not UTF-8 becomes U+FFFD, or one bad text
 * would make the whole unreadable. */
void json_text_add(struct strbuf *out, const char *text);

#endif
