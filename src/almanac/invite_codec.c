#include "almanac/invite_codec.h"

#include <jansson.h>

#include "almanac/reply_detail.h"
#include "almanac/sentence.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/text_safe.h"
#include "domain/person.h"

/* Texts of an invitation are kept in ledger and report. */
#define MAX_TEXT 256

/* The words around the server's own, in front of a body's worth of them. */
#define LEAD_CAP 512

void invite_codec_encode(const char *email, const char *role,
                         struct strbuf *body)
{
    strbuf_add_str(body, "{\"email\":");
    json_text_add(body, email);
    strbuf_add_str(body, ",\"role\":");
    json_text_add(body, role);
    strbuf_add_str(body, "}");
}

/* What an answer means by its status, and how a sentence about it begins. */
struct rule {
    int first_status, last_status;
    enum result_kind kind;
    enum status status;
    enum outcome_code code;
    const char *lead;
};

#define WRONG_DOOR    RESULT_WRONG_DOOR, STATUS_REJECTED
#define UNAUTHORIZED  RESULT_UNAUTHORIZED, STATUS_REJECTED
#define REFUSED       RESULT_ANSWERED, STATUS_REJECTED
#define ALREADY       RESULT_ANSWERED, STATUS_ALREADY_INVITED
#define QUOTA         RESULT_QUOTA, STATUS_FAILED
#define NOT_PROCESSED RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE
#define UNAVAILABLE   NOT_PROCESSED, "the server is not available"
#define FAILED                                         \
    RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR, \
        "the server failed and may have processed this row"

/* The first that fits. */
static const struct rule rules[] = {
    {300, 399, WRONG_DOOR, CODE_REDIRECT,
     "the server points to another address"},
    {401, 401, UNAUTHORIZED, CODE_UNAUTHORIZED,
     "the token is missing, wrong or expired"},
    {403, 403, WRONG_DOOR, CODE_FORBIDDEN, "the server does not allow this"},
    {404, 404, WRONG_DOOR, CODE_NOT_FOUND,
     "the server does not know this organization or URL"},
    {405, 405, WRONG_DOOR, CODE_REFUSED,
     "the server takes no invitations at this URL"},
    {407, 407, UNAUTHORIZED, CODE_SETUP,
     "the proxy wants a user and a password"},
    {408, 408, NOT_PROCESSED, "the server did not wait for the request"},
    {409, 409, ALREADY, CODE_CONFLICT, "the server knows this person already"},
    {422, 422, REFUSED, CODE_VALIDATION, "the server refuses this row"},
    {425, 425, NOT_PROCESSED, "the server put the request off"},
    {429, 429, QUOTA, CODE_RATE_LIMITED, "too many requests"},
    {400, 499, REFUSED, CODE_REFUSED, "the server refuses this row"},
    {500, 500, FAILED},
    {502, 502, FAILED},
    {503, 503, UNAVAILABLE},
    {504, 504, FAILED},
    {520, 520, FAILED},
    {521, 521, UNAVAILABLE},
    {522, 522, FAILED},
    {523, 523, UNAVAILABLE},
    {524, 524, FAILED},
    {525, 526, UNAVAILABLE},
};

static const struct rule not_ours = {
    .kind = RESULT_NOT_OURS,
    .status = STATUS_UNKNOWN,
    .code = CODE_BAD_RESPONSE,
    .lead = "not an answer of the Almanac API",
};
static const struct rule edge_refusal = {
    0, 0, NOT_PROCESSED, "the server is not available behind its edge"};
static const struct rule gateway_failure = {0, 0, FAILED};

/* May a 503 be that of a proxy which had passed the request on (Envoy, Varnish,
 * Heroku H12/H13)? Its mark may also stand in what did not come. */
static bool may_have_gateway_mark(const struct reply *reply)
{
    static const char *const marks[] = {
        "upstream connect error",
        "upstream request timeout",
        "Guru Meditation",
        "herokucdn.com/error-pages",
    };
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (reply->body &&
            memmem(reply->body, reply->body_len, marks[i], strlen(marks[i])))
            return true;
    return reply->is_body_cut;
}

static const struct rule *rule_for(const struct reply *reply)
{
    int status = reply->http_status;
    /* An edge that found no server says 404 or a 5xx; any other status is the
     * application's whatever the headers claim. */
    if (reply->is_edge_refusal &&
        (status == 404 || (status >= 500 && status <= 599)))
        return &edge_refusal;
    if (status == 503 && may_have_gateway_mark(reply))
        return &gateway_failure;
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        if (status >= rules[i].first_status && status <= rules[i].last_status)
            return &rules[i];
    return &not_ours;
}

/* For an answer without an invitation: status, code and a sentence. A refusal
 * in the server's own words needs nothing around them: that is what the person
 * who keeps the list reads. */
static enum result_kind explain(const struct rule *rule,
                                const struct reply *reply, const char *email,
                                struct outcome *outcome)
{
    struct strbuf words, raw, sentence;
    strbuf_init(&words, reply->body_len + LEAD_CAP);
    strbuf_init(&raw, reply->body_len + 2 * LEAD_CAP);
    strbuf_init(&sentence, SENTENCE_MAX);
    bool has_words = reply_detail_add(reply->body, reply->body_len,
                                      reply->is_body_cut, &words);
    if (!has_words)
        strbuf_addf(&raw, "%s (HTTP %d, %s)", rule->lead, reply->http_status,
                    strbuf_str(&words));
    else if (rule->kind != RESULT_ANSWERED)
        strbuf_addf(&raw, "%s (HTTP %d): %s", rule->lead, reply->http_status,
                    strbuf_str(&words));
    else
        strbuf_add(&raw, words.bytes, words.len);
    sentence_add(&sentence, strbuf_str(&raw), raw.len, email);
    outcome_set(outcome, rule->status, rule->code, strbuf_str(&sentence));
    strbuf_clear(&words);
    strbuf_clear(&raw);
    strbuf_clear(&sentence);
    return rule->kind;
}

/* The strings of a 200's body, borrowed from its JSON. */
struct invitation {
    const char *id;
    const char *email;
    const char *state;
    const char *created_at;
    const char *expires_at;
};

/* A text that may be stored and shown in a table. */
static bool is_keepable(const char *text)
{
    size_t len = strlen(text);

    return len <= MAX_TEXT && !text_has_control(text, len);
}

/* A member that may be missing: *text keeps its value then. */
static bool read_optional(const json_t *value, const char **text)
{
    if (!value)
        return true;
    *text = json_string_value(value);
    return *text && is_keepable(*text);
}

static bool read_nullable(const json_t *value, const char **text)
{
    return json_is_null(value) || read_optional(value, text);
}

/* Returns NULL, or the name of the member that is not the contract's. */
static const char *read_invitation(const json_t *root,
                                   struct invitation *invitation)
{
    *invitation = (struct invitation){.state = "pending"};
    invitation->id = json_string_value(json_object_get(root, "invitation_id"));
    if (!invitation->id || *invitation->id == '\0' ||
        !is_keepable(invitation->id))
        return "invitation_id";
    invitation->email = json_string_value(json_object_get(root, "email"));
    if (!invitation->email)
        return "email";
    if (!json_is_string(json_object_get(root, "role")))
        return "role";
    if (!read_optional(json_object_get(root, "state"), &invitation->state))
        return "state";
    if (!read_nullable(json_object_get(root, "created_at"),
                       &invitation->created_at))
        return "created_at";
    if (!read_nullable(json_object_get(root, "expires_at"),
                       &invitation->expires_at))
        return "expires_at";
    return NULL;
}

static bool is_same_person(const char *email, const char *other)
{
    struct strbuf key, other_key;
    bool is_same;

    /* A server that echoes what it got is the rule, and a key costs IDNA. */
    if (strcmp(email, other) == 0)
        return true;
    strbuf_init(&key, PERSON_KEY_CAP);
    strbuf_init(&other_key, PERSON_KEY_CAP);
    is_same = person_key(email, strlen(email), &key) == PERSON_OK &&
              person_key(other, strlen(other), &other_key) == PERSON_OK &&
              !key.is_cut && !other_key.is_cut &&
              strcmp(strbuf_str(&key), strbuf_str(&other_key)) == 0;
    strbuf_clear(&key);
    strbuf_clear(&other_key);
    return is_same;
}

static enum result_kind decode_object(const json_t *root, int http_status,
                                      const char *email,
                                      struct outcome *outcome)
{
    struct invitation invitation;
    const char *bad_member = read_invitation(root, &invitation);
    char why[128];
    if (!bad_member && is_same_person(email, invitation.email)) {
        outcome_set(outcome, STATUS_INVITED, CODE_NONE, NULL);
        outcome->invitation_id = xstrdup(invitation.id);
        outcome->state = xstrdup(invitation.state);
        outcome->created_at = xstrdup(invitation.created_at);
        outcome->expires_at = xstrdup(invitation.expires_at);
        return RESULT_ANSWERED;
    }
    if (bad_member)
        snprintf(why, sizeof(why),
                 "not an invitation: \"%s\" is missing or wrong (HTTP %d)",
                 bad_member, http_status);
    else
        snprintf(why, sizeof(why),
                 "the invitation is another person's (HTTP %d)", http_status);
    outcome_set(outcome, STATUS_UNKNOWN,
                bad_member ? CODE_BAD_RESPONSE : CODE_RESPONSE_MISMATCH, why);
    return RESULT_NOT_OURS;
}

/* An answer that was cut off may still hold the whole object: the object tells
 * where it ends, so a parse is proof. Numbers are read as reals because an
 * unknown member may hold one that no int64_t does. */
static enum result_kind decode_success(const struct reply *reply,
                                       const char *email,
                                       struct outcome *outcome)
{
    json_t *root =
        json_loadb(reply->body ? reply->body : "", reply->body_len,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    enum result_kind kind =
        json_is_object(root)
            ? decode_object(root, reply->http_status, email, outcome)
            : explain(&not_ours, reply, email, outcome);
    json_decref(root);
    return kind;
}

enum result_kind invite_codec_decode(const struct reply *reply,
                                     const char *email, struct outcome *outcome)
{
    unsigned attempts = outcome->attempts;
    outcome_clear(outcome); /* what an earlier attempt left */
    outcome->attempts = attempts;
    outcome->http_status = reply->http_status;
    if (reply->http_status >= 200 && reply->http_status <= 299)
        return decode_success(reply, email, outcome);
    return explain(rule_for(reply), reply, email, outcome);
}
