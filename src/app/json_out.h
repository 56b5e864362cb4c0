#ifndef BULK_INVITE_APP_JSON_OUT_H
#define BULK_INVITE_APP_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * JSON on stdout, one piece at a time, so that a long list takes no memory. A
 * key is a plain word, and NULL in an array. Writing errors are left to
 * console_finish().
 */
struct json_out {
    bool has_item; /* a comma comes before the next one */
};

/* An object or an array, by its bracket. */
void json_out_begin(struct json_out *out, const char *key, char bracket);
void json_out_end(struct json_out *out, char bracket);

/* NULL is null. */
void json_out_text(struct json_out *out, const char *key, const char *text);

#define JSON_OUT_NULL UINT64_MAX /* what is not known */
void json_out_number(struct json_out *out, const char *key, uint64_t number);

void json_out_bool(struct json_out *out, const char *key, bool value);

#endif
