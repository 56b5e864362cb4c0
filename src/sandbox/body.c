#include "sandbox/body.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "base/text_safe.h"

#define MISSING     "field required", "value_error.missing"
#define NOT_A_DICT  "value is not a valid dict", "type_error.dict"
#define MESSAGE_CAP 4096

/* One item of detail[]; `field` NULL is the body itself. Takes `ctx`. */
static void add_error(json_t *errors, const char *field, const char *msg,
                      const char *type, json_t *ctx)
{
    json_array_append_new(errors, json_pack("{s:[ss*],s:s,s:s,s:o*}", "loc",
                                            "body", field, "msg", msg, "type",
                                            type, "ctx", ctx));
}

/* The field's text, NULL when it is none or empty. */
static const char *read_field(json_t *errors, const json_t *object,
                              const char *field)
{
    const json_t *json = json_object_get(object, field);

    if (!json)
        add_error(errors, field, MISSING, NULL);
    else if (json_is_null(json))
        add_error(errors, field, "none is not an allowed value",
                  "type_error.none.not_allowed", NULL);
    else if (!json_is_string(json))
        add_error(errors, field, "str type expected", "type_error.str", NULL);
    else if (json_string_length(json) == 0)
        add_error(errors, field, "ensure this value has at least 1 characters",
                  "value_error.any_str.min_length",
                  json_pack("{s:i}", "limit_value", 1));
    else
        return json_string_value(json);
    return NULL;
}

/* What pydantic says of an enum that has no such member. */
static void check_role(json_t *errors, const char *role, json_t *known_roles)
{
    struct strbuf msg;
    size_t i;
    json_t *known;

    strbuf_init(&msg, MESSAGE_CAP);
    strbuf_add_str(&msg, "value is not a valid enumeration member; permitted:");
    json_array_foreach(known_roles, i, known)
    {
        if (strcmp(json_string_value(known), role) == 0)
            break;
        strbuf_addf(&msg, "%s '%s'", i ? "," : "", json_string_value(known));
    }
    if (i == json_array_size(known_roles))
        add_error(errors, "role", strbuf_str(&msg), "type_error.enum",
                  json_pack("{s:O}", "enum_values", known_roles));
    strbuf_clear(&msg);
}

static void read_object(struct body *body, json_t *errors, json_t *known_roles)
{
    const char *key;
    json_t *value;

    body->email = read_field(errors, body->json, "email");
    body->role = read_field(errors, body->json, "role");
    if (body->role && known_roles)
        check_role(errors, body->role, known_roles);
    json_object_foreach(body->json, key, value)
    {
        if (strcmp(key, "email") != 0 && strcmp(key, "role") != 0)
            add_error(errors, key, "extra fields not permitted",
                      "value_error.extra", NULL);
    }
}

static void add_syntax_error(json_t *errors, const json_error_t *error,
                             const char *bytes, size_t len)
{
    bool is_extra = json_error_code(error) == json_error_end_of_input_expected;
    const char *what = is_extra ? "Extra data" : "Expecting value";
    /* jansson has already taken the character it stumbled over. */
    int pos = error->position > 0 ? error->position - 1 : 0;
    char msg[96];

    snprintf(msg, sizeof(msg), "%s: line %d column %d (char %d)", what,
             error->line, error->column, pos);
    json_array_append_new(
        errors,
        json_pack("{s:[si],s:s,s:s,s:{s:s,s:s%,s:i,s:i,s:i}}", "loc", "body",
                  pos, "msg", msg, "type", "value_error.jsondecode", "ctx",
                  "msg", what, "doc", bytes, len, "pos", pos, "lineno",
                  error->line, "colno", error->column));
}

/* FastAPI reads a body as JSON for application/json, application/...+json and
 * when nothing is said. */
static bool is_json_type(const char *content_type)
{
    static const char prefix[] = "application/";
    size_t len = content_type ? strcspn(content_type, "; ") : 0;

    if (!content_type)
        return true;
    if (len < strlen(prefix) + 4 ||
        strncasecmp(content_type, prefix, strlen(prefix)) != 0 ||
        strncasecmp(content_type + len - 4, "json", 4) != 0)
        return false;
    return len == strlen(prefix) + 4 || content_type[len - 5] == '+';
}

static void read_json(struct body *body, json_t *errors, const char *bytes,
                      size_t len, json_t *known_roles)
{
    json_error_t error;

    body->json = json_loadb(bytes, len, JSON_DECODE_ANY, &error);
    if (!body->json)
        add_syntax_error(errors, &error, bytes, len);
    else if (json_is_null(body->json))
        add_error(errors, NULL, MISSING, NULL);
    else if (!json_is_object(body->json))
        add_error(errors, NULL, NOT_A_DICT, NULL);
    else
        read_object(body, errors, known_roles);
}

void body_read(struct body *body, const char *bytes, size_t len,
               const char *content_type, json_t *known_roles)
{
    json_t *errors = json_array();

    *body = (struct body){0};
    if (len == 0) {
        add_error(errors, NULL, MISSING, NULL);
    } else if (!is_json_type(content_type)) {
        add_error(errors, NULL, NOT_A_DICT, NULL);
    } else if (!text_is_utf8(bytes, len)) {
        body->refusal_status = 400;
        body->detail = json_string("There was an error parsing the body");
    } else {
        read_json(body, errors, bytes, len, known_roles);
    }
    if (json_array_size(errors) > 0) {
        body->refusal_status = 422;
        body->detail = json_incref(errors);
    }
    json_decref(errors);
}

void body_clear(struct body *body)
{
    json_decref(body->json);
    json_decref(body->detail);
    *body = (struct body){0};
}
