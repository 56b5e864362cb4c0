#ifndef BULK_INVITE_SANDBOX_SANDBOX_JSON_H
#define BULK_INVITE_SANDBOX_SANDBOX_JSON_H

#include <jansson.h>

#include "base/attributes.h"

/*
 * JSON values of the sandbox's own making: none of these fails, memory aside.
 */

/* Ends the program when memory was too short to make `json`. */
json_t *sandbox_json_checked(json_t *json) MUST_CHECK;

/* Appends `item` and takes it. */
void sandbox_json_append(json_t *array, json_t *item);

/* Sets `object`'s `key` to `value` and takes it. */
void sandbox_json_put(json_t *object, const char *key, json_t *value);

/* Compact, as FastAPI writes it; releases `json`. The caller frees the text. */
char *sandbox_json_text(json_t *json) MUST_CHECK;

/* The same for any value, which stays the caller's. */
char *sandbox_json_any_text(const json_t *json) MUST_CHECK;

/* {"detail": text}; the caller frees it. */
char *sandbox_json_detail(const char *text) MUST_CHECK;

#endif
