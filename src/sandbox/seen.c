#include "sandbox/seen.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

#define ID_SIZE             24
#define INVITATION_VALID_US (INT64_C(7) * 24 * US_PER_HOUR)

void seen_init(struct seen *seen, uint64_t seed)
{
    *seen = (struct seen){
        .seed = seed,
        .places = json_object(),
        .posts = xcalloc(SEEN_POSTS_MAX, sizeof *seen->posts),
    };
}

void seen_clear(struct seen *seen)
{
    for (size_t i = 0; i < seen->people_count; i++) {
        struct person *person = seen->people[i];
        json_decref(person->keys);
        free(person->key);
        free(person->email);
        free(person->role);
        free(person->invitation);
        free(person->invited_with);
        free(person);
    }
    free(seen->people);
    free(seen->posts);
    json_decref(seen->places);
    *seen = (struct seen){0};
}

/* FNV-1a: a seed means the same on every machine. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* Takes `key`; the address is copied. */
static struct person *add_person(struct seen *seen, char *key,
                                 const char *email)
{
    struct person *person = xcalloc(1, sizeof *person);
    size_t place = seen->people_count++;

    person->key = key;
    person->lower = strchr(key, '/') + 1;
    person->hash = hash_of(key);
    person->email = xstrdup(email);
    person->keys = json_array();
    if ((place & (place - 1)) == 0) { /* a power of two: it is full */
        struct person **people =
            realloc(seen->people, (2 * place + 1) * sizeof(struct person *));
        if (!people)
            error_out_of_memory();
        seen->people = people;
    }
    seen->people[place] = person;
    json_object_set_new(seen->places, key, json_integer((json_int_t)place));
    return person;
}

static struct person *get_person(struct seen *seen, const char *organization,
                                 const char *email)
{
    size_t organization_len = strlen(organization);
    size_t size = organization_len + 1 + strlen(email) + 1;
    char *key = xmalloc(size);

    snprintf(key, size, "%s/%s", organization, email);
    for (char *at = key + organization_len; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    const json_t *place = json_object_get(seen->places, key);
    if (!place)
        return add_person(seen, key, email);
    free(key);
    return seen->people[json_integer_value(place)];
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
    if (role && person->processed == 0) {
        free(person->role);
        person->role = xstrdup(role);
    }
    if (key)
        remember_key(person->keys, key);
    return person;
}

static void write_id(const struct seen *seen, const struct person *person,
                     char id[ID_SIZE])
{
    uint64_t state = seen->seed;

    state = random_next(&state) ^ person->hash;
    snprintf(id, ID_SIZE, "inv_%016" PRIx64, random_next(&state));
}

void seen_invite(struct seen *seen, struct person *person, const char *email,
                 const char *key, int64_t wall_us)
{
    char id[ID_SIZE];
    char created_at[CLOCK_UTC_SIZE];
    char expires_at[CLOCK_UTC_SIZE];

    write_id(seen, person, id);
    clock_format_utc(wall_us, created_at);
    clock_format_utc(wall_us + INVITATION_VALID_US, expires_at);
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "invitation_id", id, "email",
                  email, "role", person->role, "state", "pending", "created_at",
                  created_at, "expires_at", expires_at);
    person->invitation = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    person->invited_with = key ? xstrdup(key) : NULL;
    person->processed++;
    seen->invited++;
}

void seen_add_post(struct seen *seen, const struct seen_post *post)
{
    seen->posts[seen->post_count++ % SEEN_POSTS_MAX] = *post;
}

json_t *seen_people_json(const struct seen *seen)
{
    json_t *invites = json_array();

    for (size_t i = 0; i < seen->people_count; i++) {
        const struct person *person = seen->people[i];
        char id[ID_SIZE];
        write_id(seen, person, id);
        json_array_append_new(
            invites,
            json_pack("{s:s%,s:s,s:s?,s:s?,s:I,s:I,s:O}", "organization",
                      person->key, (size_t)(person->lower - person->key - 1),
                      "email", person->email, "role", person->role,
                      "invitation_id", person->processed ? id : NULL, "posts",
                      (json_int_t)person->posts, "processed",
                      (json_int_t)person->processed, "idempotency_keys",
                      person->keys));
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
