#include "sandbox/sandbox_reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "sandbox/sandbox_json.h"

void sandbox_reply_detail(struct sandbox_reply *reply, int status,
                          const char *detail)
{
    reply->status = status;
    reply->body = sandbox_json_detail(detail);
}

void sandbox_reply_header(struct sandbox_reply *reply, const char *name,
                          const char *value)
{
    assert(reply->header_count < SANDBOX_HEADERS);
    reply->headers[reply->header_count++] = (struct sandbox_header){
        .name = name,
        .value = xstrdup(value),
    };
}

static bool is_in_list(const char *word, const char *list)
{
    size_t len = strlen(word);

    while (*list) {
        size_t item_len = strcspn(list, ", ");
        if (item_len == len && memcmp(list, word, len) == 0)
            return true;
        list += item_len;
        list += strspn(list, ", ");
    }
    return false;
}

bool sandbox_reply_is_method(struct sandbox_reply *reply,
                             const struct sandbox_request *request,
                             const char *methods)
{
    if (is_in_list(request->method, methods))
        return true;
    sandbox_reply_detail(reply, 405, "Method Not Allowed");
    sandbox_reply_header(reply, "Allow", methods);
    return false;
}

void sandbox_reply_clear(struct sandbox_reply *reply)
{
    free(reply->body);
    for (size_t i = 0; i < reply->header_count; i++)
        free(reply->headers[i].value);
    *reply = (struct sandbox_reply){0};
}
