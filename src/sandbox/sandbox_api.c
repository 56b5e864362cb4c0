#include "sandbox/sandbox_api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text_safe.h"
#include "sandbox/sandbox_body.h"
#include "sandbox/sandbox_control.h"
#include "sandbox/sandbox_json.h"
#include "sandbox/sandbox_limit_headers.h"

#define ROUTE_BEFORE_ORG "/v1/organizations/"
#define ROUTE_AFTER_ORG  "/members/invite"

void sandbox_api_init(struct sandbox_api *api,
                      const struct sandbox_api_options *options, int64_t now_us)
{
    *api = (struct sandbox_api){.options = options};
    sandbox_people_init(&api->people);
    sandbox_faults_init(&api->faults, &options->faults, now_us);
}

void sandbox_api_clear(struct sandbox_api *api)
{
    sandbox_people_clear(&api->people);
    sandbox_faults_clear(&api->faults);
    sandbox_log_clear(&api->log);
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {400, "Bad Request"},        {401, "Not authenticated"},
        {403, "Forbidden"},          {404, "Not Found"},
        {405, "Method Not Allowed"}, {408, "Request Timeout"},
        {409, "Conflict"},           {422, "Unprocessable Entity"},
        {429, "Too Many Requests"},  {500, "Internal Server Error"},
        {502, "Bad Gateway"},        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Asked for on the sandbox's command line";
}

static void reply_fault(struct sandbox_reply *reply, int status)
{
    reply->status = status;
    if (status != 204 && status != 304)
        sandbox_reply_detail(reply, status, reason_of(status));
    if (status == 401)
        sandbox_reply_header(reply, "WWW-Authenticate", "Bearer");
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
    if (strcmp(authorization + strlen(scheme), token) != 0)
        return "Invalid token";
    return NULL;
}

static void reply_invited(struct sandbox_reply *reply, const char *email,
                          const struct sandbox_person *person)
{
    reply->status = 200;
    reply->body = sandbox_json_text(json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s}", "invitation_id", person->invitation_id,
        "email", email, "role", person->role, "state", "pending", "created_at",
        person->created_at, "expires_at", person->expires_at));
}

/* Who asks, and for what: judged before anybody is invited. */
static bool is_refused(const struct sandbox_api *api,
                       const struct sandbox_request *request,
                       const struct sandbox_body *body,
                       struct sandbox_reply *reply)
{
    const char *objection =
        token_objection(api->options->token, request->authorization);

    if (objection) {
        sandbox_reply_detail(reply, 401, objection);
        sandbox_reply_header(reply, "WWW-Authenticate", "Bearer");
    } else if (request->is_body_cut) {
        sandbox_reply_detail(reply, 413, "Request body is larger than 64 KiB");
    } else if (body->refusal_status != 0) {
        reply->status = body->refusal_status;
        reply->body = xstrdup(body->refusal);
    }
    return reply->status != 0;
}

static void invite(const struct sandbox_api *api,
                   const struct sandbox_request *request,
                   const struct sandbox_body *body,
                   struct sandbox_person *person, struct sandbox_reply *reply)
{
    const char *key = request->idempotency_key;

    if (person->processed > 0 && !sandbox_person_is_repeat(person, key)) {
        sandbox_reply_detail(
            reply, 409,
            "This person has already been invited to the organization");
        return;
    }
    if (person->processed == 0)
        sandbox_person_invite(person, body->role, key,
                              api->options->faults.seed, request->wall_us);
    reply_invited(reply, body->email, person);
}

static void tell_limit(struct sandbox_api *api,
                       const struct sandbox_request *request,
                       const struct sandbox_fault *fault,
                       struct sandbox_reply *reply)
{
    struct sandbox_limit_state state =
        sandbox_limit_state(&api->faults.limit, request->now_us);

    sandbox_limit_headers_add(reply, api->faults.settings.limit_headers, &state,
                              fault->is_over_limit, request->wall_us);
}

static void answer_post(struct sandbox_api *api,
                        const struct sandbox_request *request,
                        struct sandbox_post *post, struct sandbox_reply *reply)
{
    struct sandbox_person *person = NULL;
    struct sandbox_body body;

    sandbox_body_read(&body, request->body, request->body_len,
                      request->content_type, api->options->known_roles);
    /* A body without an address to read is a refused one. */
    if (body.email) {
        person =
            sandbox_people_get(&api->people, post->organization, body.email);
        sandbox_person_posted(person, body.role, request->idempotency_key);
        post->email = person->email;
        post->nth = person->posts;
    }

    struct sandbox_fault fault =
        sandbox_faults_before(&api->faults, post, request->now_us);
    reply->is_worked_on = fault.is_admitted;
    if (fault.status != 0)
        reply_fault(reply, fault.status);
    else if (!is_refused(api, request, &body, reply) && person)
        invite(api, request, &body, person, reply);
    if (!fault.is_outage)
        tell_limit(api, request, &fault, reply);
    reply->is_dropped = fault.status == 0 && reply->status == 200 &&
                        sandbox_faults_is_dropped(&api->faults, post);
    sandbox_body_clear(&body);
}

static void take_post(struct sandbox_api *api,
                      const struct sandbox_request *request,
                      const char *organization, struct sandbox_reply *reply)
{
    struct sandbox_post post = {.organization = organization,
                                .ordinal = ++api->posts};

    reply->answer_at_us = sandbox_faults_arrive(&api->faults, request->now_us);
    answer_post(api, request, &post, reply);

    const struct sandbox_log_entry entry = {
        .at_us = request->now_us - api->faults.started_us,
        .email = post.email,
        .status = reply->is_dropped ? 0 : reply->status,
    };
    sandbox_log_add(&api->log, &entry);
}

/* The organization of the invite route (the caller frees it), NULL for any
 * other path. FastAPI's {organization_id} is one segment, not empty. */
static char *organization_of(const char *path, size_t path_len)
{
    size_t before = strlen(ROUTE_BEFORE_ORG);
    size_t after = strlen(ROUTE_AFTER_ORG);

    if (path_len <= before + after ||
        memcmp(path, ROUTE_BEFORE_ORG, before) != 0 ||
        memcmp(path + path_len - after, ROUTE_AFTER_ORG, after) != 0)
        return NULL;
    size_t len = path_len - before - after;
    if (memchr(path + before, '/', len) || !text_is_utf8(path + before, len))
        return NULL;
    return xstrndup(path + before, len);
}

/* Starlette answers PATH/ with a redirect to PATH where only that exists. */
static void reply_redirect(struct sandbox_reply *reply, const char *host,
                           const char *organization)
{
    struct strbuf location;

    strbuf_init(&location, SANDBOX_BODY_CAP);
    strbuf_addf(&location, "http://%s%s", host, ROUTE_BEFORE_ORG);
    for (const char *byte = organization; *byte; byte++) {
        if (isalnum((unsigned char)*byte) || strchr("-._~", *byte))
            strbuf_add_char(&location, *byte);
        else
            strbuf_addf(&location, "%%%02X", (unsigned char)*byte);
    }
    strbuf_add_str(&location, ROUTE_AFTER_ORG);
    reply->status = 307;
    sandbox_reply_header(reply, "Location", strbuf_str(&location));
    strbuf_clear(&location);
}

void sandbox_api_answer(struct sandbox_api *api,
                        const struct sandbox_request *request,
                        struct sandbox_reply *reply)
{
    size_t path_len = strlen(request->path);
    bool has_slash = path_len > 1 && request->path[path_len - 1] == '/';
    char *organization =
        organization_of(request->path, path_len - (has_slash ? 1 : 0));

    *reply = (struct sandbox_reply){0};
    if (organization && has_slash && request->host) {
        reply_redirect(reply, request->host, organization);
    } else if (organization && !has_slash) {
        if (sandbox_reply_is_method(reply, request, "POST"))
            take_post(api, request, organization, reply);
    } else if (!sandbox_control_answer(api, request, reply)) {
        sandbox_reply_detail(reply, 404, "Not Found");
    }
    free(organization);
}

void sandbox_api_answered(struct sandbox_api *api, struct sandbox_reply *reply)
{
    if (reply->is_worked_on)
        sandbox_faults_done(&api->faults);
    reply->is_worked_on = false;
}
