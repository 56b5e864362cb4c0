#ifndef BULK_INVITE_SANDBOX_SEEN_H
#define BULK_INVITE_SANDBOX_SEEN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/attributes.h"

/*
 * What the sandbox has seen since it started, in memory: everybody an
 * invitation was asked for, refused requests included, and the newest POSTs.
 */
#define SEEN_POSTS_MAX ((size_t)100000)

struct person {
    char *key;         /* "organization/lower-case address" */
    const char *lower; /* the address in it */
    uint64_t hash;     /* of the key */
    char *email;       /* as the first POST wrote it */
    char *role;        /* of the invitation, before that of the newest POST */
    int64_t posts;
    json_t *invitation; /* the contract's, NULL until invited */
    char *invited_with; /* the Idempotency-Key of that POST, or NULL */
    json_t *keys;       /* all that were seen, each once, in order */
    STAILQ_ENTRY(person) next;
};

struct seen_post {
    int64_t at_us;               /* after the first one */
    const struct person *person; /* NULL: none could be read */
    int status;                  /* 0: closed without an answer */
};

struct seen {
    uint64_t seed;
    STAILQ_HEAD(people, person) people; /* in order of first arrival */
    void *by_key;                       /* the same (tsearch) */
    size_t invited;
    struct seen_post *posts; /* a ring */
    size_t post_count;       /* of all, also those that left the ring */
};

void seen_init(struct seen *seen, uint64_t seed);
void seen_clear(struct seen *seen);

/* The person with this address (without regard to ASCII case) in this
 * organization, new or not, with this POST counted. `role` and `key` may be
 * NULL. Owned by `seen`. */
struct person *seen_person(struct seen *seen, const char *organization,
                           const char *email, const char *role,
                           const char *key);

/* Makes the invitation, which expires after 7 days. Its id follows from seed,
 * organization and address. */
void seen_invite(struct seen *seen, struct person *person, const char *email,
                 const char *key, int64_t wall_us);

void seen_add_post(struct seen *seen, const struct seen_post *post);

/* What GET /_sandbox/invites and /_sandbox/requests answer. */
json_t *seen_people_json(const struct seen *seen) MUST_CHECK;
json_t *seen_posts_json(const struct seen *seen) MUST_CHECK;

#endif
