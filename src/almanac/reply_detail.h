#ifndef BULK_INVITE_ALMANAC_REPLY_DETAIL_H
#define BULK_INVITE_ALMANAC_REPLY_DETAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/*
 * What an answer's body says, for answers that carry no invitation: FastAPI's
 * `detail` in its three shapes, the looser JSON of gateways, HTML, plain text,
 * nothing. Used inside this room only. Pure, any thread.
 *
 * What is appended is UTF-8 and raw: it may quote addresses, be long and hold
 * any character, so it goes through sentence_add() (almanac/sentence.h) next.
 */

/* Appends the server's own words, if the body has any that are safe to repeat.
 * Returns false, and appends nothing, when it has none. */
bool reply_detail_words(const char *body, size_t len, struct strbuf *out);

/* Appends what kind of body it is: "an empty body", "plain text", "JSON that
 * cannot be read", "an HTML page" and its title if that is short, ... */
void reply_detail_kind(const char *body, size_t len, bool is_cut,
                       struct strbuf *out);

#endif
