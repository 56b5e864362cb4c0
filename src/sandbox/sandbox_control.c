#include "sandbox/sandbox_control.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "sandbox/sandbox_json.h"

/* Room for a whole body in quotes: a sentence cut in the middle of a character
 * would be no JSON. */
#define OBJECTION_CAP (SANDBOX_BODY_CAP * 8)

static json_t *json_of_person(const struct sandbox_person *person)
{
    json_t *keys = sandbox_json_checked(json_array());
    const char *id = person->invitation_id[0] ? person->invitation_id : NULL;

    for (size_t i = 0; i < person->key_count; i++)
        sandbox_json_append(keys, json_string(person->idempotency_keys[i]));
    return json_pack("{s:s,s:s,s:s?,s:s?,s:I,s:I,s:o}", "organization",
                     person->organization, "email", person->email, "role",
                     person->role, "invitation_id", id, "posts",
                     (json_int_t)person->posts, "processed",
                     (json_int_t)person->processed, "idempotency_keys", keys);
}

static void reply_invites(struct sandbox_api *api,
                          const struct sandbox_request *request,
                          struct sandbox_reply *reply)
{
    json_t *invites = sandbox_json_checked(json_array());

    (void)request;
    for (size_t i = 0; i < api->people.count; i++)
        sandbox_json_append(invites, json_of_person(api->people.all[i]));
    reply->status = 200;
    reply->body = sandbox_json_text(json_pack(
        "{s:I,s:o}", "posts", (json_int_t)api->posts, "invites", invites));
}

static void reply_requests(struct sandbox_api *api,
                           const struct sandbox_request *request,
                           struct sandbox_reply *reply)
{
    (void)request;
    reply->status = 200;
    reply->body = sandbox_json_text(sandbox_log_json(&api->log));
}

static void reply_config(struct sandbox_api *api,
                         const struct sandbox_request *request,
                         struct sandbox_reply *reply)
{
    reply->status = 200;
    reply->body = sandbox_json_text(sandbox_settings_json(
        sandbox_faults_settings(&api->faults, request->now_us)));
}

/* A string as it is, anything else as JSON writes it: 5, true. */
static char *text_of(json_t *value)
{
    if (json_is_string(value))
        return xstrdup(json_string_value(value));
    return sandbox_json_any_text(value);
}

static bool set_all(struct sandbox_settings *settings, json_t *object,
                    struct strbuf *objection)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        char *text = text_of(value);
        bool is_set = sandbox_settings_set(settings, name, text, objection);
        free(text);
        if (!is_set)
            return false;
    }
    return true;
}

static void change_config(struct sandbox_api *api,
                          const struct sandbox_request *request,
                          struct sandbox_reply *reply)
{
    struct sandbox_settings settings =
        *sandbox_faults_settings(&api->faults, request->now_us);
    json_t *object = json_loadb(request->body, request->body_len,
                                JSON_REJECT_DUPLICATES, NULL);
    struct strbuf objection;

    strbuf_init(&objection, OBJECTION_CAP);
    if (request->is_body_cut || !json_is_object(object)) {
        sandbox_reply_detail(reply, 422, "a JSON object of settings is wanted");
    } else if (!set_all(&settings, object, &objection)) {
        sandbox_reply_detail(reply, 422, strbuf_str(&objection));
    } else {
        sandbox_faults_change(&api->faults, &settings, request->now_us);
        reply_config(api, request, reply);
    }
    strbuf_clear(&objection);
    json_decref(object);
}

static void get_or_change_config(struct sandbox_api *api,
                                 const struct sandbox_request *request,
                                 struct sandbox_reply *reply)
{
    if (strcmp(request->method, "POST") == 0)
        change_config(api, request, reply);
    else
        reply_config(api, request, reply);
}

static const struct endpoint {
    const char *path;
    const char *methods; /* as Allow has them */
    void (*answer)(struct sandbox_api *api,
                   const struct sandbox_request *request,
                   struct sandbox_reply *reply);
} endpoints[] = {
    {"/_sandbox/invites", "GET", reply_invites},
    {"/_sandbox/requests", "GET", reply_requests},
    {"/_sandbox/config", "GET, POST", get_or_change_config},
};

bool sandbox_control_answer(struct sandbox_api *api,
                            const struct sandbox_request *request,
                            struct sandbox_reply *reply)
{
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        if (strcmp(endpoints[i].path, request->path) != 0)
            continue;
        if (sandbox_reply_is_method(reply, request, endpoints[i].methods))
            endpoints[i].answer(api, request, reply);
        return true;
    }
    return false;
}
