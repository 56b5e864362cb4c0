#include "sandbox/sandbox_log.h"

#include <stdlib.h>

#include "base/error.h"
#include "sandbox/sandbox_json.h"

#define FIRST_SIZE ((size_t)1024)

void sandbox_log_clear(struct sandbox_log *log)
{
    free(log->entries);
    *log = (struct sandbox_log){0};
}

static void grow(struct sandbox_log *log)
{
    size_t size = log->size ? log->size * 2 : FIRST_SIZE;

    if (size > SANDBOX_LOG_MAX)
        size = SANDBOX_LOG_MAX;
    struct sandbox_log_entry *entries =
        realloc(log->entries, size * sizeof *entries);
    if (!entries)
        error_out_of_memory();
    log->entries = entries;
    log->size = size;
}

void sandbox_log_add(struct sandbox_log *log,
                     const struct sandbox_log_entry *entry)
{
    if (log->count == SANDBOX_LOG_MAX) {
        log->entries[log->oldest] = *entry;
        log->oldest = (log->oldest + 1) % SANDBOX_LOG_MAX;
        return;
    }
    if (log->count == log->size)
        grow(log);
    log->entries[log->count++] = *entry;
}

static json_t *entry_json(const struct sandbox_log_entry *entry)
{
    json_t *status =
        entry->status != 0 ? json_integer(entry->status) : json_null();

    return json_pack("{s:I,s:o,s:s?}", "at_us", (json_int_t)entry->at_us,
                     "status", sandbox_json_checked(status), "email",
                     entry->email);
}

json_t *sandbox_log_json(const struct sandbox_log *log)
{
    json_t *array = sandbox_json_checked(json_array());

    for (size_t i = 0; i < log->count; i++)
        sandbox_json_append(
            array, entry_json(&log->entries[(log->oldest + i) % log->count]));
    return array;
}
