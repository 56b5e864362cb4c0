#ifndef BULK_INVITE_DOMAIN_COUNTERS_H
#define BULK_INVITE_DOMAIN_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "domain/hold.h"
#include "domain/outcome.h"

/*
 * What the run has done so far, for the progress line, the summary and the
 * reconciliation at the end. Each counter has one writer (named here); any
 * thread may read. Each value is exact, several together need not be of one
 * moment.
 */
struct counters {
    _Atomic uint64_t rows_read;             /* reader */
    _Atomic uint64_t settled[STATUS_COUNT]; /* committer, by status */
    _Atomic uint64_t need_look;             /* committer */
    _Atomic uint64_t attempts;              /* engine: requests started */
    _Atomic uint32_t in_flight;             /* engine */
    _Atomic uint64_t found_rate;   /* engine: thousandths per second, 0: none */
    _Atomic int64_t hold_until_us; /* engine: monotonic, 0 for none */
    _Atomic int hold_reason;       /* engine: enum hold_reason */
    _Atomic int64_t held_us[HOLD_REASONS]; /* engine: waited so long, by why */
};

/* Settled rows of all statuses. */
uint64_t counters_settled(const struct counters *counters);

#endif
