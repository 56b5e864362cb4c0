#include "almanac/json_line.h"

#include <jansson.h>

bool json_line_read(const char *text, size_t len,
                    void (*visit)(void *context, const char *key,
                                  const char *value),
                    void *context)
{
    json_t *object = json_loadb(text, len, 0, NULL);
    const char *key;
    json_t *value;
    if (!json_is_object(object)) {
        json_decref(object);
        return false;
    }
    json_object_foreach(object, key, value)
    {
        char *other = NULL;
        if (!json_is_string(value) && !json_is_null(value))
            other = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        visit(context, key,
              json_is_string(value) ? json_string_value(value) : other);
        free(other);
    }
    json_decref(object);
    return true;
}
