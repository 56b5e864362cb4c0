#ifndef BULK_INVITE_ALMANAC_SENTENCE_H
#define BULK_INVITE_ALMANAC_SENTENCE_H

#include <stddef.h>

#include "base/strbuf.h"

/*
 * The last filter before a server's words become an outcome's sentence. Used
 * inside this room only. Pure, any thread.
 */

#define SENTENCE_MAX 500

/* Appends the `len` bytes at `raw` (UTF-8) to `out` as one line:
 *
 * - `email`, in any ASCII case, becomes "...". So does every other word with
 *   an "@" (or "%40") after its first byte: sentences go to logs and to
 *   people who forward reports, addresses don't.
 * - Runs of blanks and C0 controls become one space, none at the ends.
 * - What is longer than SENTENCE_MAX bytes is cut on a character's edge and
 *   ends in "...".
 */
void sentence_add(struct strbuf *out, const char *raw, size_t len,
                  const char *email);

#endif
