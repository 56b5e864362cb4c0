#ifndef BULK_INVITE_SANDBOX_SANDBOX_FAULTS_H
#define BULK_INVITE_SANDBOX_SANDBOX_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/sandbox_limit.h"
#include "sandbox/sandbox_settings.h"
#include "sandbox/sandbox_timetable.h"

/*
 * Which requests go wrong, and how. Pure: no clock, no chance of its own. The
 * fate of a POST depends on the settings in force, the seed, the person and
 * how many POSTs that person had, so a run with many connections meets the
 * same shares of faults whatever the order of arrival. One thread at a time.
 */
struct sandbox_status_for {
    char *email; /* compared without regard to ASCII case */
    int status;
};

struct sandbox_fault_options {
    struct sandbox_settings settings; /* at the start */
    struct sandbox_timetable timetable;
    uint64_t fail_first;
    uint64_t seed;
    const struct sandbox_status_for *status_for;
    size_t status_for_count;
};

/* One POST to the invite route. */
struct sandbox_post {
    const char *organization;
    const char *email; /* NULL when the body has none that can be read */
    uint64_t ordinal;  /* of all POSTs, from 1 */
    uint64_t nth;      /* of this person's POSTs, from 1 */
};

struct sandbox_fault {
    int status;         /* 0: none */
    bool is_over_limit; /* the limit refused it */
    bool is_outage;     /* the application behind the limit is not reached */
    bool is_admitted;   /* by the limit: sandbox_faults_done() must follow */
};

struct sandbox_faults {
    const struct sandbox_fault_options *options;
    struct sandbox_settings settings; /* in force */
    struct sandbox_limit limit;
    uint64_t failed_first; /* answers given for --fail-first */
    size_t events_done;    /* of the timetable */
    bool has_started;      /* by the first POST, at started_us */
    int64_t started_us;
    int64_t awake_at_us; /* no answer before, after a slow start */
};

/* `options` must live as long as `faults`. */
void sandbox_faults_init(struct sandbox_faults *faults,
                         const struct sandbox_fault_options *options,
                         int64_t now_us);
void sandbox_faults_clear(struct sandbox_faults *faults);

/* The settings in force now. */
const struct sandbox_settings *
sandbox_faults_settings(struct sandbox_faults *faults, int64_t now_us);

/* Puts others in force. */
void sandbox_faults_change(struct sandbox_faults *faults,
                           const struct sandbox_settings *settings,
                           int64_t now_us);

/* A POST arrives. Returns when it may be answered. */
int64_t sandbox_faults_arrive(struct sandbox_faults *faults, int64_t now_us);

/* The fault this POST, which has just arrived, meets before it is processed,
 * in this order: outage, status-for, fail-first, limit (what comes before
 * doesn't count for it), fail-share. */
struct sandbox_fault sandbox_faults_before(struct sandbox_faults *faults,
                                           const struct sandbox_post *post,
                                           int64_t now_us);

/* Is its answer lost after it has been processed? */
bool sandbox_faults_is_dropped(const struct sandbox_faults *faults,
                               const struct sandbox_post *post);

/* One that was admitted is answered. */
void sandbox_faults_done(struct sandbox_faults *faults);

#endif
