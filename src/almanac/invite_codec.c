#include "almanac/invite_codec.h"

#include <jansson.h>

#include "almanac/reply_detail.h"
#include "almanac/sentence.h"
#include "base/error.h"
#include "base/text_safe.h"
#include "domain/person.h"

/* Texts of an invitation are kept in ledger and report. */
#define MAX_TEXT 256

/* Longer than any person's key. */
#define KEY_CAP 1024

/* The words around the server's own, in front of a body's worth of them. */
#define LEAD_CAP 512

static int add_to_strbuf(const char *bytes, size_t len, void *buf)
{
    strbuf_add(buf, bytes, len);
    return 0;
}

static void add_json_string(const char *text, struct strbuf *out)
{
    json_t *string = json_string(text);

    /* It is UTF-8, so only memory can be missing. */
    if (!string || json_dump_callback(string, add_to_strbuf, out,
                                      JSON_ENCODE_ANY | JSON_COMPACT) != 0)
        error_out_of_memory();
    json_decref(string);
}

/* The braces by hand: building an object takes twice the time, once a row. */
void invite_codec_encode(const char *email, const char *role,
                         struct strbuf *body)
{
    strbuf_add_str(body, "{\"email\":");
    add_json_string(email, body);
    strbuf_add_str(body, ",\"role\":");
    add_json_string(role, body);
    strbuf_add_str(body, "}");
}

/* What an answer means by its status, and how a sentence about it begins. */
struct rule {
    int first_status, last_status;
    enum reply_meaning meaning;
    enum outcome_code code;
    const char *lead;
};

#define LEAD_REFUSED     "the server refuses this row"
#define LEAD_UNAVAILABLE "the server is not available"
#define LEAD_FAILED      "the server failed and may have processed this row"

/* The first that fits. */
static const struct rule rules[] = {
    {300, 399, REPLY_WRONG_DOOR, CODE_REDIRECT,
     "the server points to another address"},
    {401, 401, REPLY_UNAUTHORIZED, CODE_UNAUTHORIZED,
     "the token is missing, wrong or expired"},
    {403, 403, REPLY_WRONG_DOOR, CODE_FORBIDDEN,
     "the server does not allow this"},
    {404, 404, REPLY_WRONG_DOOR, CODE_NOT_FOUND,
     "the server does not know this organization or URL"},
    {405, 405, REPLY_WRONG_DOOR, CODE_REFUSED,
     "the server takes no invitations at this URL"},
    {407, 407, REPLY_UNAUTHORIZED, CODE_SETUP,
     "the proxy wants a user and a password"},
    {408, 408, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE,
     "the server did not wait for the request"},
    {409, 409, REPLY_ALREADY, CODE_CONFLICT,
     "the server knows this person already"},
    {422, 422, REPLY_REJECTED, CODE_VALIDATION, LEAD_REFUSED},
    {425, 425, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE,
     "the server put the request off"},
    {429, 429, REPLY_QUOTA, CODE_RATE_LIMITED, "too many requests"},
    {400, 499, REPLY_REJECTED, CODE_REFUSED, LEAD_REFUSED},
    {503, 503, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE, LEAD_UNAVAILABLE},
    {521, 521, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE, LEAD_UNAVAILABLE},
    {523, 523, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE, LEAD_UNAVAILABLE},
    {525, 526, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE, LEAD_UNAVAILABLE},
    {500, 500, REPLY_UNKNOWN, CODE_SERVER_ERROR, LEAD_FAILED},
    {502, 502, REPLY_UNKNOWN, CODE_SERVER_ERROR, LEAD_FAILED},
    {504, 504, REPLY_UNKNOWN, CODE_SERVER_ERROR, LEAD_FAILED},
    {520, 520, REPLY_UNKNOWN, CODE_SERVER_ERROR, LEAD_FAILED},
    {522, 522, REPLY_UNKNOWN, CODE_SERVER_ERROR, LEAD_FAILED},
    {524, 524, REPLY_UNKNOWN, CODE_SERVER_ERROR, LEAD_FAILED},
};

static const struct rule not_ours = {0, 0, REPLY_NOT_OURS, CODE_BAD_RESPONSE,
                                     "not an answer of the Almanac API"};
static const struct rule edge_refusal = {
    0, 0, REPLY_NOT_PROCESSED, CODE_UNAVAILABLE,
    "the server is not available behind its edge"};
static const struct rule gateway_failure = {0, 0, REPLY_UNKNOWN,
                                            CODE_SERVER_ERROR, LEAD_FAILED};

static const enum status status_of[] = {
    [REPLY_INVITED] = STATUS_INVITED,
    [REPLY_ALREADY] = STATUS_ALREADY_INVITED,
    [REPLY_REJECTED] = STATUS_REJECTED,
    [REPLY_QUOTA] = STATUS_FAILED,
    [REPLY_NOT_PROCESSED] = STATUS_FAILED,
    [REPLY_UNKNOWN] = STATUS_UNKNOWN,
    [REPLY_NOT_OURS] = STATUS_UNKNOWN,
    [REPLY_UNAUTHORIZED] = STATUS_REJECTED,
    [REPLY_WRONG_DOOR] = STATUS_REJECTED,
};

static const struct rule *rule_for(const struct reply *reply)
{
    int status = reply->http_status;

    /* An edge that found no server says 404 or a 5xx; any other status is the
     * application's whatever the headers claim. */
    if (reply->is_edge_refusal &&
        (status == 404 || (status >= 500 && status <= 599)))
        return &edge_refusal;
    if (reply->has_gateway_mark && status == 503)
        return &gateway_failure;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (status >= rules[i].first_status && status <= rules[i].last_status)
            return &rules[i];
    }
    return &not_ours;
}

/* A status that leaves an outcome without an invitation: status, code and a
 * sentence. A refusal in the server's own words needs nothing around them:
 * that is what the person who keeps the list reads. */
static void explain(const struct rule *rule, const struct reply *reply,
                    const char *email, struct outcome *outcome)
{
    bool is_about_row =
        rule->meaning == REPLY_REJECTED || rule->meaning == REPLY_ALREADY;
    struct strbuf words, raw, sentence;

    strbuf_init(&words, reply->body_len);
    strbuf_init(&raw, reply->body_len + LEAD_CAP);
    strbuf_init(&sentence, SENTENCE_MAX);
    if (!reply_detail_words(reply->body, reply->body_len, &words)) {
        strbuf_addf(&raw, "%s (HTTP %d, ", rule->lead, reply->http_status);
        reply_detail_kind(reply->body, reply->body_len, reply->is_body_cut,
                          &raw);
        strbuf_add_char(&raw, ')');
    } else {
        if (!is_about_row)
            strbuf_addf(&raw, "%s (HTTP %d): ", rule->lead, reply->http_status);
        strbuf_add(&raw, strbuf_str(&words), words.len);
    }
    sentence_add(&sentence, strbuf_str(&raw), raw.len, email);
    outcome_set(outcome, status_of[rule->meaning], rule->code,
                strbuf_str(&sentence));
    strbuf_clear(&words);
    strbuf_clear(&raw);
    strbuf_clear(&sentence);
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
    strbuf_init(&key, KEY_CAP);
    strbuf_init(&other_key, KEY_CAP);
    is_same = person_key(email, strlen(email), &key) == PERSON_OK &&
              person_key(other, strlen(other), &other_key) == PERSON_OK &&
              !key.is_cut && !other_key.is_cut &&
              strcmp(strbuf_str(&key), strbuf_str(&other_key)) == 0;
    strbuf_clear(&key);
    strbuf_clear(&other_key);
    return is_same;
}

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static enum reply_meaning settle_invited(const struct invitation *invitation,
                                         struct outcome *outcome)
{
    outcome_set(outcome, STATUS_INVITED, CODE_NONE, NULL);
    outcome->invitation_id = copy(invitation->id);
    outcome->state = copy(invitation->state);
    outcome->created_at = copy(invitation->created_at);
    outcome->expires_at = copy(invitation->expires_at);
    return REPLY_INVITED;
}

static enum reply_meaning decode_object(const json_t *root, int http_status,
                                        const char *email,
                                        struct outcome *outcome)
{
    struct invitation invitation;
    const char *bad_member = read_invitation(root, &invitation);
    char why[128];

    if (!bad_member && is_same_person(email, invitation.email))
        return settle_invited(&invitation, outcome);
    if (bad_member)
        snprintf(why, sizeof(why),
                 "not an invitation: \"%s\" is missing or wrong (HTTP %d)",
                 bad_member, http_status);
    else
        snprintf(why, sizeof(why),
                 "the invitation is another person's (HTTP %d)", http_status);
    outcome_set(outcome, STATUS_UNKNOWN,
                bad_member ? CODE_BAD_RESPONSE : CODE_RESPONSE_MISMATCH, why);
    return REPLY_NOT_OURS;
}

/* An answer that was cut off may still hold the whole object: the object tells
 * where it ends, so a parse is proof. Numbers are read as reals because an
 * unknown member may hold one that no int64_t does. */
static enum reply_meaning decode_success(const struct reply *reply,
                                         const char *email,
                                         struct outcome *outcome)
{
    json_t *root =
        json_loadb(reply->body ? reply->body : "", reply->body_len,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    enum reply_meaning meaning = REPLY_NOT_OURS;

    if (json_is_object(root))
        meaning = decode_object(root, reply->http_status, email, outcome);
    else
        explain(&not_ours, reply, email, outcome);
    json_decref(root);
    return meaning;
}

/* What an earlier attempt may have left. */
static void forget_invitation(struct outcome *outcome)
{
    free(outcome->invitation_id);
    free(outcome->state);
    free(outcome->created_at);
    free(outcome->expires_at);
    outcome->invitation_id = NULL;
    outcome->state = NULL;
    outcome->created_at = NULL;
    outcome->expires_at = NULL;
}

enum reply_meaning invite_codec_decode(const struct reply *reply,
                                       const char *email,
                                       struct outcome *outcome)
{
    const struct rule *rule;

    forget_invitation(outcome);
    outcome->http_status = reply->http_status;
    if (reply->http_status >= 200 && reply->http_status <= 299)
        return decode_success(reply, email, outcome);
    rule = rule_for(reply);
    explain(rule, reply, email, outcome);
    return rule->meaning;
}
