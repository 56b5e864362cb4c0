#ifndef BULK_INVITE_ALMANAC_INVITE_CODEC_H
#define BULK_INVITE_ALMANAC_INVITE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "domain/outcome.h"
#include "domain/result.h"

/*
 * The Almanac API's words: the request body of one invite and what an answer
 * means for it. docs/api.md holds the contract. Knows JSON (jansson) and HTTP
 * status codes, nothing of connections. Any thread.
 */

/* Appends exactly {"email":...,"role":...}. Both are UTF-8. */
void invite_codec_encode(const char *email, const char *role,
                         struct strbuf *body);

/* A complete HTTP answer; nothing is kept. */
struct reply {
    int http_status;
    const char *body; /* NULL when empty */
    size_t body_len;
    bool is_body_cut;     /* over the cap, or the connection ended too early */
    bool is_edge_refusal; /* Render's edge answered without asking the server
                             (x-render-routing: no-server) */
};

/*
 * Says what an answer means for the invite it belongs to, and fills `outcome`
 * with what that is for the row alone: status, code, the invitation's fields
 * for an invitation, else a sentence. A refusal of the run (WRONG_DOOR,
 * UNAUTHORIZED) is REJECTED there, what wasn't processed FAILED. `email` is the
 * address asked for. What an earlier attempt left in `outcome` is replaced, but
 * for the count of attempts.
 *
 * Sentences carry the server's words: `detail` as a string, as an object's
 * message, or each detail[] item as "column: msg", where the column is the
 * last string of `loc` without "body"; plain text gives its first line if that
 * is short and names no address. HTML and other bodies give only their kind,
 * and a page's title. `input` and `ctx` are never echoed (personal data), and
 * addresses in the server's words become "...". Any bytes are accepted;
 * sentences are cut at 500 bytes on a character's edge.
 *
 * An invitation's texts are as the server said them, without control
 * characters and at most 256 bytes; any other are a bad_response.
 */
enum result_kind invite_codec_decode(const struct reply *reply,
                                     const char *email,
                                     struct outcome *outcome);

#endif
