#ifndef BULK_INVITE_ALMANAC_INVITE_CODEC_H
#define BULK_INVITE_ALMANAC_INVITE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "domain/outcome.h"

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
    bool is_body_cut;      /* over the cap, or the connection ended too early */
    bool has_gateway_mark; /* the body is that of a proxy which answered after
                              it had talked to the server (Heroku H12/H13,
                              Varnish, Envoy): a 503 may have been processed */
    bool is_edge_refusal;  /* Render's edge answered without asking the server
                              (x-render-routing: no-server) */
};

/* What an answer says about the invite it belongs to (the table "Which answers
 * mean what" in docs/architecture.md). */
enum reply_meaning {
    REPLY_INVITED,  /* 2xx, contract's body, same person */
    REPLY_ALREADY,  /* 409 */
    REPLY_REJECTED, /* 400, 413, 415, 422, other 4xx: this row is refused */
    REPLY_QUOTA,    /* 429: not processed, wait */
    REPLY_NOT_PROCESSED, /* 408, 425, 503, 521, 523, 525, 526 */
    REPLY_UNKNOWN,       /* 500, 502, 504, 520, 522, 524, 503 by a gateway */
    REPLY_NOT_OURS,      /* any other 2xx or 5xx: unknown, and as the very first
                            answer the sign of a wrong URL */
    REPLY_UNAUTHORIZED,  /* 401; 407, a proxy's 401 */
    REPLY_WRONG_DOOR,    /* 403, 404, 405, 3xx: the run's fault or this row's,
                            by what came before */
};

/*
 * Decides, and fills `outcome`: http_status, code, the invitation's fields for
 * REPLY_INVITED, and a sentence. `email` is the address asked for.
 *
 * status is set to what the meaning says for the row alone: INVITED,
 * ALREADY_INVITED, REJECTED (also for WRONG_DOOR and UNAUTHORIZED), UNKNOWN
 * (also for NOT_OURS), FAILED (QUOTA and NOT_PROCESSED); the caller may decide
 * otherwise for the run.
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
 * characters and at most 256 bytes; any other are a bad_response. A retried
 * row's outcome may be passed again: its attempts stay, all else is replaced.
 */
enum reply_meaning invite_codec_decode(const struct reply *reply,
                                       const char *email,
                                       struct outcome *outcome);

#endif
