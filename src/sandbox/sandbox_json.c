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

char *sandbox_json_text(json_t *json)
{
    char *text = json_dumps(sandbox_json_checked(json), JSON_COMPACT);

    if (!text)
        error_out_of_memory();
    json_decref(json);
    return text;
}

char *sandbox_json_detail(const char *text)
{
    return sandbox_json_text(json_pack("{s:s}", "detail", text));
}
