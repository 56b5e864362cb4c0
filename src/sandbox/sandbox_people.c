#include "sandbox/sandbox_people.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "sandbox/sandbox_hash.h"

#define FIRST_BUCKETS       1024
#define INVITATION_VALID_US (INT64_C(7) * 24 * US_PER_HOUR)

void sandbox_people_init(struct sandbox_people *people)
{
    *people = (struct sandbox_people){
        .buckets = xcalloc(FIRST_BUCKETS, sizeof(struct sandbox_person *)),
        .bucket_count = FIRST_BUCKETS,
    };
}

static void person_free(struct sandbox_person *person)
{
    for (size_t i = 0; i < person->key_count; i++)
        free(person->idempotency_keys[i]);
    free(person->idempotency_keys);
    free(person->organization);
    free(person->email);
    free(person->role);
    free(person->invited_with);
    free(person);
}

void sandbox_people_clear(struct sandbox_people *people)
{
    for (size_t i = 0; i < people->count; i++)
        person_free(people->all[i]);
    free(people->all);
    free(people->buckets);
    *people = (struct sandbox_people){0};
}

static uint64_t person_hash(const char *organization, const char *email)
{
    uint64_t hash = sandbox_hash_text(sandbox_hash_start(0), organization);

    return sandbox_hash_end(sandbox_hash_lower(hash, email));
}

static struct sandbox_person **bucket_of(struct sandbox_people *people,
                                         const char *organization,
                                         const char *email)
{
    uint64_t hash = person_hash(organization, email);

    return &people->buckets[hash & (people->bucket_count - 1)];
}

static void put_in_bucket(struct sandbox_people *people,
                          struct sandbox_person *person)
{
    struct sandbox_person **bucket =
        bucket_of(people, person->organization, person->email);

    person->next_in_bucket = *bucket;
    *bucket = person;
}

static void grow_buckets(struct sandbox_people *people)
{
    free(people->buckets);
    people->bucket_count *= 2;
    people->buckets =
        xcalloc(people->bucket_count, sizeof(struct sandbox_person *));
    for (size_t i = 0; i < people->count; i++)
        put_in_bucket(people, people->all[i]);
}

/* Puts the person last in the order of arrival. */
static void append(struct sandbox_people *people, struct sandbox_person *person)
{
    if (people->count == people->size) {
        size_t size = people->size ? people->size * 2 : FIRST_BUCKETS;
        struct sandbox_person **all =
            realloc(people->all, size * sizeof(struct sandbox_person *));
        if (!all)
            error_out_of_memory();
        people->all = all;
        people->size = size;
    }
    people->all[people->count++] = person;
}

static struct sandbox_person *person_add(struct sandbox_people *people,
                                         const char *organization,
                                         const char *email)
{
    struct sandbox_person *person = xcalloc(1, sizeof *person);

    person->organization = xstrdup(organization);
    person->email = xstrdup(email);
    if (people->count == people->bucket_count)
        grow_buckets(people);
    append(people, person);
    put_in_bucket(people, person);
    return person;
}

struct sandbox_person *sandbox_people_get(struct sandbox_people *people,
                                          const char *organization,
                                          const char *email)
{
    struct sandbox_person *person = *bucket_of(people, organization, email);

    for (; person; person = person->next_in_bucket) {
        if (strcmp(person->organization, organization) == 0 &&
            strcasecmp(person->email, email) == 0)
            return person;
    }
    return person_add(people, organization, email);
}

static void remember_key(struct sandbox_person *person, const char *key)
{
    for (size_t i = 0; i < person->key_count; i++) {
        if (strcmp(person->idempotency_keys[i], key) == 0)
            return;
    }
    char **keys = realloc(person->idempotency_keys,
                          (person->key_count + 1) * sizeof *keys);
    if (!keys)
        error_out_of_memory();
    person->idempotency_keys = keys;
    keys[person->key_count++] = xstrdup(key);
}

void sandbox_person_posted(struct sandbox_person *person, const char *role,
                           const char *key)
{
    person->posts++;
    if (role && !person->role)
        person->role = xstrdup(role);
    if (key)
        remember_key(person, key);
}

void sandbox_person_invite(struct sandbox_person *person, const char *role,
                           const char *key, uint64_t seed, int64_t wall_us)
{
    uint64_t hash = sandbox_hash_start(seed);

    hash = sandbox_hash_text(hash, person->organization);
    hash = sandbox_hash_end(sandbox_hash_lower(hash, person->email));
    snprintf(person->invitation_id, sizeof person->invitation_id,
             "inv_%016" PRIx64, hash);
    clock_format_utc(wall_us, person->created_at);
    clock_format_utc(wall_us + INVITATION_VALID_US, person->expires_at);
    free(person->role);
    person->role = xstrdup(role);
    free(person->invited_with);
    person->invited_with = key ? xstrdup(key) : NULL;
    person->processed++;
}

bool sandbox_person_is_repeat(const struct sandbox_person *person,
                              const char *key)
{
    return key && person->invited_with &&
           strcmp(person->invited_with, key) == 0;
}
