#include "app/json_out.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json_text.h"

/* The longest cell there is, escaped. */
#define TEXT_CAP (1024 * 1024)

static void begin_item(struct json_out *out, const char *key)
{
    if (out->has_item)
        putchar(',');
    out->has_item = true;
    if (key)
        printf("\"%s\":", key);
}

void json_out_begin(struct json_out *out, const char *key, char bracket)
{
    begin_item(out, key);
    putchar(bracket);
    out->has_item = false;
}

void json_out_end(struct json_out *out, char bracket)
{
    putchar(bracket);
    out->has_item = true;
}

void json_out_text(struct json_out *out, const char *key, const char *text)
{
    struct strbuf json;
    strbuf_init(&json, TEXT_CAP);
    json_text_add(&json, text);
    begin_item(out, key);
    fputs(strbuf_str(&json), stdout);
    strbuf_clear(&json);
}

void json_out_number(struct json_out *out, const char *key, uint64_t number)
{
    begin_item(out, key);
    if (number != JSON_OUT_NULL)
        printf("%" PRIu64, number);
    else
        fputs("null", stdout);
}

void json_out_bool(struct json_out *out, const char *key, bool value)
{
    begin_item(out, key);
    fputs(value ? "true" : "false", stdout);
}
