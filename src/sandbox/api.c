#include "sandbox/api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text_safe.h"
#include "sandbox/body.h"

void api_init(struct api *api, const struct options *options)
{
    *api = (struct api){
        .options = options,
        .faults = {.options = options, .settings = options->settings},
    };
    seen_init(&api->seen, (uint64_t)options->settings.seed);
}

void api_clear(struct api *api)
{
    seen_clear(&api->seen);
    limit_clear(&api->faults.limit);
}

static const char *header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                       name);
}

/* Takes `json`; NULL for an answer without a body. Compact, as FastAPI writes
 * it. */
static void reply_json(struct reply *reply, int status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    reply->status = status;
    reply->response = MHD_create_response_from_buffer(
        text ? strlen(text) : 0, text, MHD_RESPMEM_MUST_FREE);
    if (!reply->response)
        error_out_of_memory();
    if (text)
        MHD_add_response_header(reply->response, "Content-Type",
                                "application/json");
    json_decref(json);
}

static void reply_detail(struct reply *reply, int status, const char *detail)
{
    reply_json(reply, status, json_pack("{s:s}", "detail", detail));
    if (status == 401)
        MHD_add_response_header(reply->response, "WWW-Authenticate", "Bearer");
}

/* NULL when the token is the right one or none is asked for. */
static const char *token_objection(const char *token, const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (!token)
        return NULL;
    if (!authorization ||
        strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return "Not authenticated";
    return strcmp(authorization + strlen(scheme), token) != 0 ? "Invalid token"
                                                              : NULL;
}

/* A request that met no fault. Only a refused body can be without a person. */
static void process(struct api *api, const struct request *request,
                    const struct body *body, struct person *person,
                    struct reply *reply)
{
    const char *key = header(request, "Idempotency-Key");
    const char *objection =
        token_objection(api->options->token, header(request, "Authorization"));

    if (objection) {
        reply_detail(reply, 401, objection);
    } else if (request->body->is_cut) {
        reply_detail(reply, 413, "Request body is larger than 64 KiB");
    } else if (body->refusal_status != 0 || !person) {
        reply_json(reply, body->refusal_status,
                   json_pack("{s:O}", "detail", body->detail));
    } else if (!person->invitation) {
        seen_invite(&api->seen, person, body->email, key, request->wall_us);
        reply_json(reply, 200, json_incref(person->invitation));
    } else if (key && person->invited_with &&
               strcmp(key, person->invited_with) == 0) {
        reply_json(reply, 200, json_incref(person->invitation));
    } else {
        reply_detail(
            reply, 409,
            "This person has already been invited to the organization");
    }
}

static void reply_fault(struct reply *reply, int status)
{
    if (status == 204 || status == 304)
        reply_json(reply, status, NULL);
    else
        reply_detail(reply, status,
                     MHD_get_reason_phrase_for((unsigned)status));
}

static void answer_invite(struct api *api, const struct request *request,
                          const char *organization, struct reply *reply)
{
    struct faults *faults = &api->faults;
    struct person *person = NULL;
    struct body body;

    reply->answer_at_us = faults_arrive(faults, request->now_us);
    body_read(&body, strbuf_str(request->body), request->body->len,
              header(request, "Content-Type"), api->options->known_roles);
    if (body.email)
        person = seen_person(&api->seen, organization, body.email, body.role,
                             header(request, "Idempotency-Key"));
    struct fault fault = faults_meet(
        faults, person, person ? (uint64_t)person->posts : api->seen.post_count,
        request->now_us);

    reply->is_worked_on = fault.is_admitted;
    if (fault.status != 0)
        reply_fault(reply, fault.status);
    else
        process(api, request, &body, person, reply);
    reply->is_dropped = fault.is_drop && reply->status == 200;
    body_clear(&body);
    if (!fault.is_outage) {
        struct limit_state state = limit_state(&faults->limit, request->now_us);
        limit_tell(&state, (enum limit_headers)faults->settings.limit_headers,
                   fault.is_over_limit, request->wall_us, reply->response);
    }
    seen_add_post(&api->seen,
                  &(struct seen_post){
                      .at_us = request->now_us - faults->started_us,
                      .person = person,
                      .status = reply->is_dropped ? 0 : reply->status,
                  });
}

/* A change's value is written as its flag has it, or is a JSON number or
 * boolean. */
static enum error_kind change_all(struct settings *settings, json_t *object,
                                  struct error *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return error_set(err, ERROR_USAGE,
                         "a JSON object of settings is wanted");
    json_object_foreach(object, name, value)
    {
        struct change change;
        char *text = json_is_string(value)
                         ? xstrdup(json_string_value(value))
                         : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
                                                 JSON_REAL_PRECISION(6));
        enum error_kind kind = change_read(&change, name, text, false, err);
        free(text);
        if (kind != ERROR_NONE)
            return kind;
        change_apply(&change, settings);
    }
    return ERROR_NONE;
}

static void answer_config(struct api *api, const struct request *request,
                          struct reply *reply)
{
    struct settings *in_force = &api->faults.settings;
    const struct strbuf *body = request->body;
    struct error err = ERROR_INIT;

    faults_catch_up(&api->faults, request->now_us);
    if (strcmp(request->method, "POST") == 0) {
        struct settings settings = *in_force;
        json_t *object = body->is_cut
                             ? NULL
                             : json_loadb(strbuf_str(body), body->len,
                                          JSON_REJECT_DUPLICATES, NULL);
        if (change_all(&settings, object, &err) == ERROR_NONE)
            *in_force = settings;
        json_decref(object);
    }
    if (err.kind == ERROR_NONE) {
        reply_json(reply, 200, settings_json(in_force));
    } else {
        reply_detail(reply, 422, err.text);
    }
}

static void reply_not_allowed(struct reply *reply, const char *allowed)
{
    reply_detail(reply, 405, "Method Not Allowed");
    MHD_add_response_header(reply->response, "Allow", allowed);
}

static void answer_other(struct api *api, const struct request *request,
                         struct reply *reply)
{
    bool is_people = strcmp(request->path, "/_sandbox/invites") == 0;
    bool is_posts = strcmp(request->path, "/_sandbox/requests") == 0;
    bool is_config = strcmp(request->path, "/_sandbox/config") == 0;
    bool is_post = strcmp(request->method, "POST") == 0;

    if (api->options->is_private || (!is_people && !is_posts && !is_config))
        reply_detail(reply, 404, "Not Found");
    else if (strcmp(request->method, "GET") != 0 && !(is_config && is_post))
        reply_not_allowed(reply, is_config ? "GET, POST" : "GET");
    else if (is_people)
        reply_json(reply, 200, seen_people_json(&api->seen));
    else if (is_posts)
        reply_json(reply, 200, seen_posts_json(&api->seen));
    else
        answer_config(api, request, reply);
}

/* The organization of the invite route (the caller frees it), NULL for any
 * other path. FastAPI's {organization_id} is one segment, not empty. */
static char *organization_of(const char *path)
{
    static const char before[] = "/v1/organizations/";

    if (strncmp(path, before, strlen(before)) != 0)
        return NULL;
    path += strlen(before);
    size_t len = strcspn(path, "/");
    if (len == 0 || strcmp(path + len, "/members/invite") != 0 ||
        !text_is_utf8(path, len))
        return NULL;
    return xstrndup(path, len);
}

void api_answer(struct api *api, const struct request *request,
                struct reply *reply)
{
    char *organization = organization_of(request->path);

    *reply = (struct reply){0};
    if (!organization)
        answer_other(api, request, reply);
    else if (strcmp(request->method, "POST") == 0)
        answer_invite(api, request, organization, reply);
    else
        reply_not_allowed(reply, "POST");
    free(organization);
}

void api_answered(struct api *api, const struct reply *reply)
{
    api->faults.limit.in_work -= reply->is_worked_on ? 1 : 0;
}
