#ifndef BULK_INVITE_SEND_SCHEDULE_H
#define BULK_INVITE_SEND_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/rate.h"

/*
 * An absolute schedule for a rate (the generic cell rate algorithm, ITU-T
 * I.371): each permit moves the theoretical arrival time by one interval, and
 * that may lie ahead of now by a burst of max(1, what 10 ms of the rate hold).
 * "Sleep since the last one" would lose every delay; this catches up. Pure and
 * exact: time is counted in 1/count microseconds.
 */
struct schedule {
    struct rate rate; /* count 0: no limit */
    int64_t start_us;
    int64_t arrival;
    int64_t burst_tolerance;
    int64_t last_us; /* of the last permit */
    bool has_credit; /* behind now on purpose, until caught up */
};

void schedule_init(struct schedule *schedule, struct rate rate, int64_t now_us);

/* From now on another rate: the next permit is one of its intervals after the
 * last one. What was unused is gone. */
void schedule_set_rate(struct schedule *schedule, struct rate rate,
                       int64_t now_us);

/* Permits of this long are there at once, besides the burst. */
void schedule_give_credit(struct schedule *schedule, int64_t credit_us,
                          int64_t now_us);

/* When there is a permit: in the past if there is one now. */
int64_t schedule_next_us(const struct schedule *schedule);

/* Uses one. */
void schedule_take(struct schedule *schedule, int64_t now_us);

/* How many come until `until_us`, at most `most`. */
uint32_t schedule_count(const struct schedule *schedule, int64_t now_us,
                        int64_t until_us, uint32_t most);

#endif
