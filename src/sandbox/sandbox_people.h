#ifndef BULK_INVITE_SANDBOX_SANDBOX_PEOPLE_H
#define BULK_INVITE_SANDBOX_SANDBOX_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/clock.h"

/*
 * Everybody an invitation was asked for since the sandbox started, in order
 * of first arrival, refused requests included. In memory only; one thread at
 * a time.
 */
struct sandbox_person {
    char *organization;
    char *email; /* as the first POST wrote it */
    char *role;  /* of the invitation, before that of the first POST; or NULL */
    uint64_t posts;
    uint64_t processed; /* times really invited */

    char invitation_id[24]; /* "" until invited, as the dates */
    char created_at[CLOCK_UTC_SIZE];
    char expires_at[CLOCK_UTC_SIZE];
    char *invited_with; /* the Idempotency-Key of that POST, or NULL */

    char **idempotency_keys; /* seen, each once, in order */
    size_t key_count;

    struct sandbox_person *next_in_bucket;
};

struct sandbox_people {
    struct sandbox_person **all; /* in order of first arrival */
    size_t count;
    size_t size; /* allocated in `all` */
    struct sandbox_person **buckets;
    size_t bucket_count; /* a power of two */
};

void sandbox_people_init(struct sandbox_people *people);
void sandbox_people_clear(struct sandbox_people *people);

/* The person with this address (without regard to ASCII case) in this
 * organization, added when new. Owned by `people`; stays where it is. */
struct sandbox_person *sandbox_people_get(struct sandbox_people *people,
                                          const char *organization,
                                          const char *email);

/* Counts a POST. `role` and `key` may be NULL. */
void sandbox_person_posted(struct sandbox_person *person, const char *role,
                           const char *key);

/* Makes the invitation, which expires after 7 days. Its id follows from seed,
 * organization and address. */
void sandbox_person_invite(struct sandbox_person *person, const char *role,
                           const char *key, uint64_t seed, int64_t wall_us);

/* Was this person invited by a POST with this key? False for NULL. */
bool sandbox_person_is_repeat(const struct sandbox_person *person,
                              const char *key) MUST_CHECK;

#endif
