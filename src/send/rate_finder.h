#ifndef BULK_INVITE_SEND_RATE_FINDER_H
#define BULK_INVITE_SEND_RATE_FINDER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Finds a server's limit when nobody named a rate. Pure; the pacer feeds it.
 * Chosen by simulation (tests/sim, docs/pacing.md).
 *
 * Growing, before the first refusal: no rate, but few attempts in flight; they
 * double with every round that was answered, while half the refusals still
 * allowed would cover them (a window that runs out refuses all that are in
 * flight) and latency has not doubled.
 *
 * Steady, after it: a rate. It works in cycles: from a proper answer after a
 * hold to the next refusal and on through its hold. What was accepted in that
 * time, divided by it, is what the server sustains if it counts in windows, and
 * the least it sustains if it counts in a bucket that was full before the hold
 * ended. So the rate goes there, and from there upward in steps: at first
 * doubling, after each refusal a third as large or less, until they are small
 * and rare.
 */
struct rate_finder {
    uint32_t concurrency;
    uint32_t lanes; /* attempts in flight while growing */
    uint32_t answers_in_round;

    double rate_per_s;      /* 0 while growing */
    double sure_rate_per_s; /* the rate before the last step upward */
    double step;
    double ceiling_per_s; /* what the server's policy says, 0: nothing */
    bool is_proven;       /* the sure rate was kept up for a while */
    int64_t rate_from_us;
    uint64_t answers_at_rate;

    int64_t cycle_from_us;
    int64_t last_cycle_us;
    uint64_t cycle_answers;
    bool is_refused; /* the cycle is in its hold */

    uint64_t answers;  /* all */
    uint64_t refusals; /* all */
    int64_t least_latency_us;
    int64_t latency_us; /* smoothed */
    int64_t pause_us;   /* the last one made up here, while refused */
    int64_t refused_us; /* when the hold began */
    int64_t last_hold_us;
    uint64_t cycle_refusals;
    uint64_t last_cycle_refusals;
    unsigned steps; /* upward that went well since the last refusal */
};

/* `learned_per_s`: what an earlier run found, 0 for nothing. */
void rate_finder_init(struct rate_finder *finder, uint32_t concurrency,
                      double learned_per_s);

/* The server says its limit: the rate starts there and never goes above it.
 * True: the rate has changed. */
bool rate_finder_set_ceiling(struct rate_finder *finder, double ceiling_per_s,
                             int64_t now_us);

/* Attempts that may be in flight now. */
uint32_t rate_finder_lanes(const struct rate_finder *finder);

/* Refusals that promise 5 (docs/architecture.md) still allows. */
uint64_t rate_finder_refusals_left(const struct rate_finder *finder);

/* A proper answer to an attempt started at `started_us`. True: the rate has
 * changed. */
bool rate_finder_answered(struct rate_finder *finder, int64_t started_us,
                          int64_t now_us);

/* A 429 that begins a hold, or found it too short. Returns how long to hold
 * when the server does not say. */
int64_t rate_finder_refused(struct rate_finder *finder, int64_t now_us);

/* Answers to attempts that were in flight when the hold began. */
void rate_finder_answered_late(struct rate_finder *finder);
void rate_finder_refused_late(struct rate_finder *finder);

/* The server was down: what was measured so far says nothing. */
void rate_finder_restart(struct rate_finder *finder, int64_t now_us);

#endif
