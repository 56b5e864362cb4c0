#include "sandbox/sandbox_json.h"

#include "base/error.h"

json_t *sandbox_json_checked(json_t *json)
{
    if (!json)
        error_out_of_memory();
    return json;
}

void sandbox_json_append(json_t *array, json_t *item)
{
    if (json_array_append_new(array, sandbox_json_checked(item)) != 0)
        error_out_of_memory();
}

void sandbox_json_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, sandbox_json_checked(value)) != 0)
        error_out_of_memory();
}

char *sandbox_json_text(json_t *json)
{
    char *text = json_dumps(sandbox_json_checked(json), JSON_COMPACT);

    if (!text)
        error_out_of_memory();
    json_decref(json);
    return text;
}

char *sandbox_json_any_text(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY |
                                      JSON_REAL_PRECISION(6));

    if (!text)
        error_out_of_memory();
    return text;
}

char *sandbox_json_detail(const char *text)
{
    return sandbox_json_text(json_pack("{s:s}", "detail", text));
}
