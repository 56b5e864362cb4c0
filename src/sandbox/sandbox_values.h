#ifndef BULK_INVITE_SANDBOX_SANDBOX_VALUES_H
#define BULK_INVITE_SANDBOX_SANDBOX_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * The values of the sandbox's options, from text and back. Pure. Each reader
 * returns false and leaves *value alone when `text` is anything but a whole
 * value.
 */

#define SANDBOX_SHARE_ALL UINT32_C(1000000)

/* "0" to `max`, decimal digits only. */
bool sandbox_value_uint(const char *text, uint64_t max,
                        uint64_t *value) MUST_CHECK;

/* "200ms", "2s", "1m", "1h": up to `max_us`. */
bool sandbox_value_duration(const char *text, int64_t max_us,
                            int64_t *value_us) MUST_CHECK;

/* "10/s", "300/m", "50/h": 1 to a million in so long. */
bool sandbox_value_rate(const char *text, uint32_t *count,
                        int64_t *per_us) MUST_CHECK;

/* "5%", "2.5%" or without the sign, 0 to 100; in millionths. */
bool sandbox_value_share(const char *text, uint32_t *millionths) MUST_CHECK;

/* An HTTP status that ends an exchange: 200 to 599. */
bool sandbox_value_status(const char *text, int *status) MUST_CHECK;

/* One of the names, to its index. */
bool sandbox_value_name(const char *text, const char *const *names,
                        size_t count, size_t *index) MUST_CHECK;

#define SANDBOX_VALUE_SIZE 32

/* What the readers above take, for values they gave. Write at most
 * SANDBOX_VALUE_SIZE bytes. */
void sandbox_value_show_duration(int64_t value_us, char *text);
void sandbox_value_show_rate(uint32_t count, int64_t per_us, char *text);
void sandbox_value_show_share(uint32_t millionths, char *text);

#endif
