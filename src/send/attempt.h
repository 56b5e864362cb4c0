#ifndef BULK_INVITE_SEND_ATTEMPT_H
#define BULK_INVITE_SEND_ATTEMPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "send/connections.h"
#include "send/request.h"
#include "send/retry.h"

/*
 * One HTTP request for one row, in a reusable libcurl handle: started, watched
 * through its callbacks, and turned into a result. Owned by an engine's
 * thread.
 *
 * One attempt is one POST: libcurl sends a POST again by itself when a reused
 * connection dies before an answer, so its pre-request hook refuses every send
 * after the first, any send once `no_more_sends` is set, and one on a
 * connection that has something to say before it was asked.
 *
 * libcurl's types stay out of this header: `multi` is a CURLM. The private
 * pointer of an attempt's handle in it is the attempt.
 */
struct attempt;

/* All of it lives longer than the attempt, the connections longer than the
 * multi handle, which all its requests go through. */
struct attempt *attempt_new(const struct request_settings *settings,
                            const atomic_bool *no_more_sends, void *multi,
                            struct connections *connections,
                            struct error *err) MUST_CHECK;

/* Must not be in flight. NULL is fine. */
void attempt_free(struct attempt *attempt);

/* Adds the request for `row` to the multi handle. The attempt has the row until
 * attempt_finish(). */
enum error_kind attempt_start(struct attempt *attempt, struct row *row,
                              int64_t now_us, struct error *err) MUST_CHECK;

/*
 * Takes the request out of the multi handle, says how it ended and gives the
 * row back. `curl_code` is libcurl's CURLcode; ATTEMPT_CUT_OFF when it is
 * stopped in mid-flight. The caller clears result->outcome.
 */
#define ATTEMPT_CUT_OFF (-1)
struct row *attempt_finish(struct attempt *attempt, int curl_code,
                           struct result *result);

bool attempt_is_in_flight(const struct attempt *attempt);

/* Has its request been let go (or is it still resolving or connecting)? */
bool attempt_is_sent(const struct attempt *attempt);

int64_t attempt_started_us(const struct attempt *attempt);

#endif
