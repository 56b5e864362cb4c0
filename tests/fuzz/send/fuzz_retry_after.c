/*
 * Retry-After on any bytes. The first eight bytes are the wall clock, the rest
 * is the header's value.
 */
#include "send/retry_after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNTOUCHED INT64_C(-77)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t wall_now_us;
    int64_t delay_us = UNTOUCHED;
    bool is_read;

    if (size < sizeof(wall_now_us))
        return 0;
    memcpy(&wall_now_us, data, sizeof(wall_now_us));
    is_read =
        retry_after_parse((const char *)data + sizeof(wall_now_us),
                          size - sizeof(wall_now_us), wall_now_us, &delay_us);
    if (is_read ? delay_us < 0 || delay_us > RETRY_AFTER_MAX_US
                : delay_us != UNTOUCHED)
        abort();
    return 0;
}
