#include "input/role_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_safe.h"
#include "domain/name_key.h"
#include "input/clean.h"

#define LINE_MAX_LEN 1024
#define KEY_MAX      256

struct entry {
    char *key;
    char *role;
};

struct role_map {
    size_t count;
    struct entry entries[ROLE_MAP_CAP];
};

static char *key_of(const char *word, size_t len)
{
    struct strbuf key;

    strbuf_init(&key, KEY_MAX);
    name_key(word, len, &key);
    return strbuf_detach(&key);
}

static enum error_kind add(struct role_map *map, const char *word,
                           size_t word_len, const char *role, size_t role_len,
                           struct error *err)
{
    char *key = key_of(word, word_len);
    const char *known = role_map_find(map, word, word_len);

    if (*key == '\0' || role_len == 0 || map->count == ROLE_MAP_CAP ||
        (known &&
         (strlen(known) != role_len || memcmp(known, role, role_len) != 0))) {
        free(key);
        return error_set(err, ERROR_USAGE, "\"%.*s\" %s", (int)word_len, word,
                         known                        ? "has two roles"
                         : map->count == ROLE_MAP_CAP ? "is one word too many"
                                                      : "or its role is empty");
    }
    map->entries[map->count].key = key;
    map->entries[map->count++].role = xstrndup(role, role_len);
    return ERROR_NONE;
}

static enum error_kind add_pair(struct role_map *map, const char *pair,
                                size_t len, struct error *err)
{
    const char *equals = memchr(pair, '=', len);

    if (!text_is_utf8(pair, len) || text_has_control(pair, len))
        return error_set(err, ERROR_USAGE, "it is not UTF-8 text");
    if (!equals)
        return error_set(err, ERROR_USAGE, "\"%.*s\" is not WORD=ROLE",
                         (int)len, pair);
    const char *role = equals + 1;
    size_t word_len = (size_t)(equals - pair);
    size_t role_len = len - word_len - 1;
    clean_trim(&pair, &word_len);
    clean_trim(&role, &role_len);
    return add(map, pair, word_len, role, role_len, err);
}

static enum error_kind add_list(struct role_map *map, const char *list,
                                struct error *err)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        if (add_pair(map, list, len, err))
            return error_prefix(err, "--role-map");
        list += len + (list[len] == ',');
    }
    return ERROR_NONE;
}

static enum error_kind add_lines(struct role_map *map, FILE *file,
                                 const char *path, struct error *err)
{
    char line[LINE_MAX_LEN];

    for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
        const char *at = line;
        size_t len = strlen(line);
        clean_trim(&at, &len);
        if (len > 0 && *at != '#' && add_pair(map, at, len, err))
            return error_prefix(err, "%s:%u", path, number);
    }
    if (ferror(file))
        return error_set_errno(err, ERROR_USAGE, errno, "cannot read %s", path);
    return ERROR_NONE;
}

static enum error_kind add_file(struct role_map *map, const char *path,
                                struct error *err)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open %s", path);
    enum error_kind kind = add_lines(map, file, path, err);
    fclose(file);
    return kind;
}

enum error_kind role_map_new(struct role_map **map, const char *list,
                             const char *path, struct error *err)
{
    struct role_map *made = xcalloc(1, sizeof(*made));

    *map = NULL;
    if ((list && add_list(made, list, err)) ||
        (path && add_file(made, path, err))) {
        role_map_free(made);
        return err->kind;
    }
    *map = made;
    return ERROR_NONE;
}

void role_map_free(struct role_map *map)
{
    if (!map)
        return;
    for (size_t i = 0; i < map->count; i++) {
        free(map->entries[i].key);
        free(map->entries[i].role);
    }
    free(map);
}

const char *role_map_find(const struct role_map *map, const char *word,
                          size_t len)
{
    const char *role = NULL;

    if (!map || map->count == 0)
        return NULL;
    char *key = key_of(word, len);
    for (size_t i = 0; i < map->count && !role; i++)
        if (strcmp(map->entries[i].key, key) == 0)
            role = map->entries[i].role;
    free(key);
    return role;
}
