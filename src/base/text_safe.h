#ifndef BULK_INVITE_BASE_TEXT_SAFE_H
#define BULK_INVITE_BASE_TEXT_SAFE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * Text from strangers (CSV, server, file names) on its way to a terminal, a
 * log or a sentence.
 */

/* Appends `bytes` so that nothing in it can steer a terminal or hide:
 * C0, DEL and C1 controls, bidi controls (U+061C, U+200E/F, U+202A-202E,
 * U+2066-2069), line/paragraph separators and bytes that are not UTF-8 are
 * written as \n, \t, \xHH or \u{HHHH}. A backslash stays as it is. */
void text_safe_add(struct strbuf *out, const char *bytes, size_t len);

/* The code point that `bytes` starts with if it is one of those, and of UTF-8;
 * else 0. It is below U+10000. */
unsigned text_steering(const char *bytes, size_t len);

/* The same as text_safe_add() for a NUL-terminated text; returns memory the
 * caller frees. Cut at 4 KiB. */
char *text_safe_dup(const char *text) MUST_CHECK;

/* How many bytes of ASCII it starts with. */
size_t text_ascii_len(const char *bytes, size_t len);

/* Is it well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates)? */
bool text_is_utf8(const char *bytes, size_t len);

/* The bytes of the character that the text starts with; 0 at its end and when
 * they are not UTF-8. */
size_t text_utf8_len(const char *text);

/* How much of the `len` bytes stays when they are cut to `most`, between two
 * characters. */
size_t text_cut_len(const char *text, size_t len, size_t most);

/* How many bytes a letter of ASCII has in an encoding that iconv(3) knows, and
 * all else a multiple of: 2 in those like UTF-16, 4 in those like UTF-32. */
size_t text_unit_len(const char *encoding);

/* U+FFFD: stands for bytes that are not UTF-8. */
#define TEXT_REPLACEMENT "\xef\xbf\xbd"

/* U+FEFF: the byte order mark of UTF-8. */
#define TEXT_BOM     "\xef\xbb\xbf"
#define TEXT_BOM_LEN 3

/* Does it hold a C0 control, DEL or (as UTF-8) a C1 control? */
bool text_has_control(const char *bytes, size_t len);

/* Of `count` words, the one nearest to `word` by edit distance, or NULL when
 * none is near enough to be what was meant (at most a third of its letters
 * differ). For "did you mean". */
const char *text_nearest(const char *word, const char *const *words,
                         size_t count);

#endif
