#ifndef BULK_INVITE_SEND_PACER_H
#define BULK_INVITE_SEND_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/hold.h"
#include "domain/rate.h"
#include "domain/result.h"
#include "send/rate_finder.h"
#include "send/reply_headers.h"
#include "send/schedule.h"

/*
 * Says when an attempt may start. One for the whole run, owned by the engine's
 * thread. Pure: it is told the time and what happened, and never looks at a
 * clock; the same calls give the same answers (its random numbers come from
 * `seed`).
 *
 * A permit needs all of: some of the quota left that the server's RateLimit
 * headers name; fewer attempts in flight than `concurrency`; no hold;
 * while probing, nothing in flight; and with a rate, its turn on an absolute
 * schedule (GCRA: the theoretical arrival time moves by one interval a permit,
 * and may lie ahead by the burst, max(1, what 10 ms of the rate hold)).
 *
 * A hold lets nothing start until its time, then a single probe: the first
 * proper answer opens all lanes again, anything else holds longer. A run
 * starts probing, so that a wrong token or URL costs one request.
 *   quota (429): for Retry-After plus up to 5 % of it, or a backoff; ends the
 *     run when it would last past `max_wait_us` since the last proper answer.
 *   server down (a refused connection, 3 unavailable answers or 5 unknown ones
 *     in a row): pauses that double from 1 s to 60 s, with jitter; ends the
 *     run `give_up_after_us` after the first of them.
 */
struct pacer_options {
    struct rate rate;      /* count 0: find it */
    double learned_per_s;  /* what an earlier run found, 0 for nothing */
    int64_t held_until_us; /* a hold that an earlier run left, 0 for none */
    uint32_t concurrency;
    int64_t max_wait_us;
    int64_t give_up_after_us;
    uint64_t seed;
};

/* Plain storage; fields are the pacer's own. */
struct pacer {
    struct pacer_options options;
    uint32_t in_flight;
    bool is_probing;

    struct {
        bool is_known;
        int64_t left;     /* permits until then */
        int64_t until_us; /* then a single probe asks again */
    } quota;              /* what the server's RateLimit headers say */

    bool follows_policy; /* the schedule is the server's own */
    struct schedule schedule;
    struct rate_finder finder; /* used when no rate was given */
    bool is_credit_refused;    /* a burst after a hold met a refusal */

    enum hold_reason hold_reason;
    int64_t hold_began_us; /* the first of several in a row */
    int64_t hold_from_us;
    int64_t hold_until_us;
    unsigned holds_in_row;
    unsigned unavailable_in_row;
    unsigned unknown_in_row;
    int64_t trouble_since_us; /* first trouble after the last proper answer */
    bool has_given_up;
    uint64_t random;
};

void pacer_init(struct pacer *pacer, const struct pacer_options *options,
                int64_t now_us);

/* Takes a permit if there is one. Each permit ends with one pacer_end(). */
bool pacer_take(struct pacer *pacer, int64_t now_us);

/* When the next permit comes by the passing of time alone: now_us if there is
 * one, CLOCK_NEVER_US when only the end of an attempt can bring one. */
int64_t pacer_next_us(const struct pacer *pacer, int64_t now_us);

/* How many permits can come until now_us + horizon_us, if attempts end
 * quickly: at most `concurrency`; none while a probe is in flight. */
uint32_t pacer_startable(const struct pacer *pacer, int64_t now_us,
                         int64_t horizon_us);

/* An attempt that started at `started_us` ended, and its answer, if there was
 * one, came with a wish. RESULT_NOT_SENT says nothing of the server; whatever
 * refuses the row or the run is a proper answer. */
void pacer_end(struct pacer *pacer, enum result_kind kind, int64_t started_us,
               const struct server_wish *wish, int64_t now_us);

/* Has the hold lasted, or would it last, longer than the options allow? */
bool pacer_has_given_up(const struct pacer *pacer, int64_t now_us);

/* What holds all attempts back, and until when; HOLD_NONE: nothing does. */
enum hold_reason pacer_hold(const struct pacer *pacer, int64_t now_us,
                            int64_t *until_us);

#endif
