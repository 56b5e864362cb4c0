#ifndef BULK_INVITE_SANDBOX_SANDBOX_FAULTS_H
#define BULK_INVITE_SANDBOX_SANDBOX_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which requests go wrong, and how. Pure: no clock, no chance of its own. The
 * fate of a POST depends on the seed, the person and how many POSTs that
 * person had, so a run with many connections meets the same faults whatever
 * the order of arrival. One thread at a time.
 */
struct sandbox_status_for {
    char *email; /* compared without regard to ASCII case */
    int status;
};

struct sandbox_fault_options {
    uint32_t rate_count; /* 0: no rate limit */
    int64_t rate_per_us;
    uint32_t fail_share; /* in millionths, as sandbox_value_share() */
    uint32_t drop_share;
    uint64_t fail_first;
    int fail_status;
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

/* status 0: no fault. retry_after_s 0: no such header. */
struct sandbox_fault {
    int status;
    int64_t retry_after_s;
};

struct sandbox_faults {
    const struct sandbox_fault_options *options;
    uint64_t failed_first; /* answers given for --fail-first */
    double tokens;         /* of the rate limit's bucket */
    int64_t filled_at_us;
};

/* `options` must live as long as `faults`. The bucket starts full. */
void sandbox_faults_init(struct sandbox_faults *faults,
                         const struct sandbox_fault_options *options,
                         int64_t now_us);

/* The fault this POST meets before it is processed, in this order: status-for,
 * fail-first, rate limit (the only one that takes a token), fail-share. */
struct sandbox_fault sandbox_faults_before(struct sandbox_faults *faults,
                                           const struct sandbox_post *post,
                                           int64_t now_us);

/* Is its answer lost after it has been processed? */
bool sandbox_faults_is_dropped(const struct sandbox_faults *faults,
                               const struct sandbox_post *post);

#endif
