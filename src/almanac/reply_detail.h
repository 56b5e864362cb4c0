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
 * Appends the server's own words and returns true, or, when the body has none
 * that are safe to repeat, what kind of body it is ("an empty body", "an HTML
 * page" and its title if that is short, ...) and returns false. It is UTF-8 and
 * raw: it may quote addresses, be long and hold any character, so it goes
 * through sentence_add() (almanac/sentence.h) next.
 */
bool reply_detail_add(const char *body, size_t len, bool is_cut,
                      struct strbuf *out);

#endif
