#include "sandbox/seen.h"

#include <ctype.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"

#define INVITATION_VALID_US (INT64_C(7) * 24 * US_PER_HOUR)

void seen_init(struct seen *seen, uint64_t seed)
{
    *seen = (struct seen){
        .seed = seed,
        .people = STAILQ_HEAD_INITIALIZER(seen->people),
        .posts = xcalloc(SEEN_POSTS_MAX, sizeof(*seen->posts)),
    };
}

static void free_person(void *arg)
{
    struct person *person = arg;

    json_decref(person->invitation);
    json_decref(person->keys);
    free(person->key);
    free(person->email);
    free(person->role);
    free(person->invited_with);
    free(person);
}

void seen_clear(struct seen *seen)
{
    tdestroy(seen->by_key, free_person);
    free(seen->posts);
    *seen = (struct seen){0};
}

static int compare_keys(const void *one, const void *other)
{
    return strcmp(((const struct person *)one)->key,
                  ((const struct person *)other)->key);
}

static struct person *get_person(struct seen *seen, const char *organization,
                                 const char *email)
{
    size_t before = strlen(organization) + 1;
    struct person *person = xcalloc(1, sizeof(*person));

    person->key = xasprintf("%s/%s", organization, email);
    for (char *at = person->key + before; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    struct person **known = tsearch(person, &seen->by_key, compare_keys);
    if (!known)
        error_out_of_memory();
    if (*known != person) {
        free_person(person);
        return *known;
    }
    person->lower = person->key + before;
    person->hash = hash_text(person->key);
    person->email = xstrdup(email);
    person->keys = json_array();
    STAILQ_INSERT_TAIL(&seen->people, person, next);
    return person;
}

static void remember_key(json_t *keys, const char *key)
{
    size_t i;
    json_t *known;

    json_array_foreach(keys, i, known)
    {
        if (strcmp(json_string_value(known), key) == 0)
            return;
    }
    json_array_append_new(keys, json_string(key));
}

struct person *seen_person(struct seen *seen, const char *organization,
                           const char *email, const char *role, const char *key)
{
    struct person *person = get_person(seen, organization, email);

    person->posts++;
    if (role && !person->invitation) {
        free(person->role);
        person->role = xstrdup(role);
    }
    if (key)
        remember_key(person->keys, key);
    return person;
}

void seen_invite(struct seen *seen, struct person *person, const char *email,
                 const char *key, int64_t wall_us)
{
    uint64_t state = seen->seed;
    char id[24];
    char created_at[CLOCK_UTC_SIZE];
    char expires_at[CLOCK_UTC_SIZE];

    state = random_next(&state) ^ person->hash;
    snprintf(id, sizeof(id), "inv_%016" PRIx64, random_next(&state));
    clock_format_utc(wall_us, created_at);
    clock_format_utc(wall_us + INVITATION_VALID_US, expires_at);
    person->invitation =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "invitation_id", id, "email",
                  email, "role", person->role, "state", "pending", "created_at",
                  created_at, "expires_at", expires_at);
    person->invited_with = xstrdup(key);
    seen->invited++;
}

void seen_add_post(struct seen *seen, const struct seen_post *post)
{
    seen->posts[seen->post_count++ % SEEN_POSTS_MAX] = *post;
}

json_t *seen_people_json(const struct seen *seen)
{
    json_t *invites = json_array();

    for (const struct person *person = STAILQ_FIRST(&seen->people); person;
         person = STAILQ_NEXT(person, next)) {
        const json_t *id = json_object_get(person->invitation, "invitation_id");
        json_array_append_new(
            invites,
            json_pack("{s:s%,s:s,s:s?,s:O?,s:I,s:i,s:O}", "organization",
                      person->key, (size_t)(person->lower - person->key - 1),
                      "email", person->email, "role", person->role,
                      "invitation_id", id, "posts", (json_int_t)person->posts,
                      "processed", person->invitation ? 1 : 0,
                      "idempotency_keys", person->keys));
    }
    return json_pack("{s:I,s:o}", "posts", (json_int_t)seen->post_count,
                     "invites", invites);
}

json_t *seen_posts_json(const struct seen *seen)
{
    size_t count = seen->post_count;
    json_t *array = json_array();

    for (size_t i = count > SEEN_POSTS_MAX ? count - SEEN_POSTS_MAX : 0;
         i < count; i++) {
        const struct seen_post *post = &seen->posts[i % SEEN_POSTS_MAX];
        json_t *status =
            post->status ? json_integer(post->status) : json_null();
        json_array_append_new(
            array, json_pack("{s:I,s:o,s:s?}", "at_us", (json_int_t)post->at_us,
                             "status", status, "email",
                             post->person ? post->person->email : NULL));
    }
    return array;
}
