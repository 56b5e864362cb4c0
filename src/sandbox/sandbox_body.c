#include "sandbox/sandbox_body.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text_safe.h"
#include "sandbox/sandbox_json.h"

#define MISSING_TYPE "value_error.missing"

/* One item of detail[]; `field` NULL is the body itself. Takes `ctx`. */
static void add_error(json_t *errors, const char *field, const char *msg,
                      const char *type, json_t *ctx)
{
    sandbox_json_append(
        errors, sandbox_json_checked(json_pack("{s:[ss*],s:s,s:s,s:o*}", "loc",
                                               "body", field, "msg", msg,
                                               "type", type, "ctx", ctx)));
}

static void check_field(json_t *errors, const json_t *object, const char *field,
                        char **value)
{
    json_t *json = json_object_get(object, field);

    if (!json) {
        add_error(errors, field, "field required", MISSING_TYPE, NULL);
    } else if (json_is_null(json)) {
        add_error(errors, field, "none is not an allowed value",
                  "type_error.none.not_allowed", NULL);
    } else if (!json_is_string(json)) {
        add_error(errors, field, "str type expected", "type_error.str", NULL);
    } else if (json_string_length(json) == 0) {
        add_error(errors, field, "ensure this value has at least 1 characters",
                  "value_error.any_str.min_length",
                  sandbox_json_checked(json_pack("{s:i}", "limit_value", 1)));
    } else {
        *value = xstrdup(json_string_value(json));
    }
}

static void check_extra_fields(json_t *errors, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "email") != 0 && strcmp(key, "role") != 0)
            add_error(errors, key, "extra fields not permitted",
                      "value_error.extra", NULL);
    }
}

static bool is_known_role(const char *role, char *const *known_roles)
{
    for (; *known_roles; known_roles++) {
        if (strcmp(*known_roles, role) == 0)
            return true;
    }
    return false;
}

/* What pydantic says of an enum that has no such member. */
static void add_unknown_role(json_t *errors, char *const *known_roles)
{
    json_t *values = sandbox_json_checked(json_array());
    char msg[512] = "value is not a valid enumeration member; permitted:";
    size_t len = strlen(msg);

    for (size_t i = 0; known_roles[i]; i++) {
        sandbox_json_append(values,
                            sandbox_json_checked(json_string(known_roles[i])));
        if (len < sizeof msg)
            len += (size_t)snprintf(msg + len, sizeof msg - len, "%s '%s'",
                                    i ? "," : "", known_roles[i]);
    }
    add_error(errors, "role", msg, "type_error.enum",
              sandbox_json_checked(json_pack("{s:o}", "enum_values", values)));
}

static void check_object(json_t *errors, json_t *object,
                         struct sandbox_body *body, char *const *known_roles)
{
    check_field(errors, object, "email", &body->email);
    check_field(errors, object, "role", &body->role);
    if (body->role && known_roles && !is_known_role(body->role, known_roles))
        add_unknown_role(errors, known_roles);
    check_extra_fields(errors, object);
}

static void add_syntax_error(json_t *errors, const json_error_t *error,
                             const char *bytes, size_t len)
{
    bool is_extra = json_error_code(error) == json_error_end_of_input_expected;
    const char *what = is_extra ? "Extra data" : "Expecting value";
    /* jansson has already taken the character it stumbled over. */
    int pos = error->position > 0 ? error->position - 1 : 0;
    char msg[96];

    snprintf(msg, sizeof msg, "%s: line %d column %d (char %d)", what,
             error->line, error->column, pos);
    sandbox_json_append(
        errors, sandbox_json_checked(json_pack(
                    "{s:[si],s:s,s:s,s:{s:s,s:s%,s:i,s:i,s:i}}", "loc", "body",
                    pos, "msg", msg, "type", "value_error.jsondecode", "ctx",
                    "msg", what, "doc", bytes, len, "pos", pos, "lineno",
                    error->line, "colno", error->column)));
}

/* FastAPI reads a body as JSON for application/json, application/...+json and
 * when nothing is said. */
static bool is_json_type(const char *content_type)
{
    if (!content_type)
        return true;
    size_t len = strcspn(content_type, "; ");
    if (len < strlen("application/") ||
        strncasecmp(content_type, "application/", strlen("application/")) != 0)
        return false;
    const char *subtype = content_type + strlen("application/");
    len -= strlen("application/");
    if (len == 4 && strncasecmp(subtype, "json", 4) == 0)
        return true;
    return len >= 5 && strncasecmp(subtype + len - 5, "+json", 5) == 0;
}

static void check_json(json_t *errors, struct sandbox_body *body,
                       const char *bytes, size_t len, char *const *known_roles)
{
    json_error_t error;
    json_t *json = json_loadb(bytes, len, JSON_DECODE_ANY, &error);

    if (!json)
        add_syntax_error(errors, &error, bytes, len);
    else if (json_is_null(json))
        add_error(errors, NULL, "field required", MISSING_TYPE, NULL);
    else if (json_is_object(json))
        check_object(errors, json, body, known_roles);
    else
        add_error(errors, NULL, "value is not a valid dict", "type_error.dict",
                  NULL);
    json_decref(json);
}

void sandbox_body_read(struct sandbox_body *body, const char *bytes, size_t len,
                       const char *content_type, char *const *known_roles)
{
    json_t *errors = sandbox_json_checked(json_array());

    *body = (struct sandbox_body){0};
    if (len == 0) {
        add_error(errors, NULL, "field required", MISSING_TYPE, NULL);
    } else if (!is_json_type(content_type)) {
        add_error(errors, NULL, "value is not a valid dict", "type_error.dict",
                  NULL);
    } else if (!text_is_utf8(bytes, len)) {
        body->refusal_status = 400;
        body->refusal =
            sandbox_json_detail("There was an error parsing the body");
    } else {
        check_json(errors, body, bytes, len, known_roles);
    }
    if (json_array_size(errors) > 0) {
        body->refusal_status = 422;
        body->refusal = sandbox_json_text(
            sandbox_json_checked(json_pack("{s:O}", "detail", errors)));
    }
    json_decref(errors);
}

void sandbox_body_clear(struct sandbox_body *body)
{
    free(body->email);
    free(body->role);
    free(body->refusal);
    *body = (struct sandbox_body){0};
}
