#ifndef BULK_INVITE_SANDBOX_FAULTS_H
#define BULK_INVITE_SANDBOX_FAULTS_H

#include "sandbox/options.h"
#include "sandbox/seen.h"

/*
 * Which requests go wrong, and how. Pure: no clock, no chance of its own. The
 * fate of a POST depends on the settings in force, the seed, the person and
 * how many POSTs that person had, so a run with many connections meets the
 * same shares of faults whatever the order of arrival.
 */
struct faults { /* starts with the first two, and zeros */
    const struct options *options;
    struct settings settings; /* in force */
    struct limit limit;       /* to be cleared at the end */
    size_t changes_done;      /* of the timetable */
    int64_t failed_first;     /* answers given for --fail-first */
    int64_t started_us;       /* by the first POST, 0: not yet */
    int64_t awake_at_us;      /* no answer before, after a slow start */
};

struct fault {
    int status;         /* 0: none */
    bool is_outage;     /* the application behind the limit is not reached */
    bool is_over_limit; /* the limit refused it */
    bool is_admitted;   /* and in work for the limit */
    bool is_drop;       /* an invitation's answer is lost */
};

/* Brings the settings up to now; with faults_arrive() a POST arrives, which
 * starts the timetable, and may be answered at the time it returns. */
void faults_catch_up(struct faults *faults, int64_t now_us);
int64_t faults_arrive(struct faults *faults, int64_t now_us);

/* The fault that a POST, which has just arrived, meets, in this order: outage,
 * status-for, fail-first, limit (what comes before doesn't count for it),
 * fail-share. `person` is NULL when its body has no address that can be read;
 * `nth` counts this person's POSTs, or all. */
struct fault faults_meet(struct faults *faults, const struct person *person,
                         uint64_t nth, int64_t now_us);

#endif
