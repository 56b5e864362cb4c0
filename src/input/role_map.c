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

/* WORD=ROLE. */
static enum error_kind add(struct role_map *map, const char *word, size_t len,
                           struct error *err)
{
    const char *equals = memchr(word, '=', len);

    if (!text_is_utf8(word, len) || text_has_control(word, len))
        return error_set(err, ERROR_USAGE, "it is not UTF-8 text");
    if (!equals)
        return error_set(err, ERROR_USAGE, "\"%.*s\" is not WORD=ROLE",
                         (int)len, word);
    const char *role = equals + 1;
    size_t word_len = (size_t)(equals - word);
    size_t role_len = len - word_len - 1;
    clean_trim(&word, &word_len);
    clean_trim(&role, &role_len);

    struct entry entry = {key_of(word, word_len), xstrndup(role, role_len)};
    const char *known = role_map_find(map, word, word_len);
    const char *fault = NULL;
    if (known && strcmp(known, entry.role) != 0)
        fault = "has two roles";
    else if (!*entry.key || !*entry.role)
        fault = "or its role is empty";
    else if (map->count == ROLE_MAP_CAP)
        fault = "is one word too many";
    if (fault) {
        free(entry.key);
        free(entry.role);
        return error_set(err, ERROR_USAGE, "\"%.*s\" %s", (int)word_len, word,
                         fault);
    }
    map->entries[map->count++] = entry;
    return ERROR_NONE;
}

static enum error_kind add_list(struct role_map *map, const char *list,
                                struct error *err)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        if (add(map, list, len, err))
            return error_prefix(err, "--role-map");
        list += len + (list[len] == ',');
    }
    return ERROR_NONE;
}

static enum error_kind add_file(struct role_map *map, const char *path,
                                struct error *err)
{
    enum error_kind kind = ERROR_NONE;
    FILE *file = fopen(path, "re");
    char line[LINE_MAX_LEN];

    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open %s", path);
    for (unsigned number = 1; !kind && fgets(line, sizeof(line), file);
         number++) {
        const char *at = line;
        size_t len = strlen(line);
        /* Its rest would be read as a line of its own. */
        if (len == sizeof(line) - 1 && line[len - 1] != '\n')
            kind = error_set(err, ERROR_USAGE, "%s:%u: the line is too long",
                             path, number);
        clean_trim(&at, &len);
        if (!kind && len > 0 && *at != '#' && add(map, at, len, err))
            kind = error_prefix(err, "%s:%u", path, number);
    }
    if (ferror(file))
        kind = error_set_errno(err, ERROR_USAGE, errno, "cannot read %s", path);
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
