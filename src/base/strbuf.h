#ifndef BULK_INVITE_BASE_STRBUF_H
#define BULK_INVITE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/*
 * A growable byte string that cannot be made without a cap. What does not fit
 * under the cap is cut, and `is_cut` stays set until strbuf_reset(), so that a
 * series of adds needs one check at its end.
 */
struct strbuf {
    char *bytes; /* always NUL-terminated; NULL only while len is 0 */
    size_t len;  /* bytes in use, without the NUL */
    size_t size; /* bytes allocated */
    size_t cap;  /* len never exceeds this */
    bool is_cut; /* something did not fit */
};

void strbuf_init(struct strbuf *buf, size_t cap);
void strbuf_clear(struct strbuf *buf);

/* Empties it and keeps the memory. */
void strbuf_reset(struct strbuf *buf);

void strbuf_add(struct strbuf *buf, const void *bytes, size_t len);
void strbuf_add_str(struct strbuf *buf, const char *text);
void strbuf_add_char(struct strbuf *buf, char c);

/* As a shell reads it back: in single quotes. */
void strbuf_add_quoted(struct strbuf *buf, const char *word);

void strbuf_addf(struct strbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* The text, "" when empty. Owned by `buf`, valid until it changes. */
const char *strbuf_str(const struct strbuf *buf);

/* Hands the text (never NULL) to the caller, who frees it; `buf` is empty and
 * usable afterwards. */
char *strbuf_detach(struct strbuf *buf) MUST_CHECK;

#endif
