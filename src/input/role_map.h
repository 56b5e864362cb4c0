#ifndef BULK_INVITE_INPUT_ROLE_MAP_H
#define BULK_INVITE_INPUT_ROLE_MAP_H

#include <stddef.h>

#include "base/error.h"

/*
 * What a list calls a role, and what the server calls it. Words are compared
 * by domain/name_key.h. Constant after it was made; any thread.
 */
#define ROLE_MAP_CAP 1000 /* words */

struct role_map;

/* From "WORD=ROLE,WORD=ROLE" in `list`, and lines of WORD=ROLE in the file
 * `path` ("#" starts a comment); either may be NULL. ERROR_USAGE: not of this
 * form, one word with two roles, or a file that can't be read. */
enum error_kind role_map_new(struct role_map **map, const char *list,
                             const char *path, struct error *err) MUST_CHECK;
void role_map_free(struct role_map *map);

/* NULL when the map (which may be NULL) does not have the word. */
const char *role_map_find(const struct role_map *map, const char *word,
                          size_t len);

#endif
