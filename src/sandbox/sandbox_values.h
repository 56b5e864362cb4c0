#ifndef BULK_INVITE_SANDBOX_SANDBOX_VALUES_H
#define BULK_INVITE_SANDBOX_SANDBOX_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * The values of the sandbox's options, from text. Pure. Each returns false
 * and leaves *value alone when `text` is anything but a whole value.
 */

#define SANDBOX_SHARE_ALL UINT32_C(1000000)

/* "0" to `max`, decimal digits only. */
bool sandbox_value_uint(const char *text, uint64_t max,
                        uint64_t *value) MUST_CHECK;

/* "200ms", "2s", "1m", "1h": up to one hour. */
bool sandbox_value_duration(const char *text, int64_t *value_us) MUST_CHECK;

/* "10/s", "300/m", "50/h": 1 to a million in so long. */
bool sandbox_value_rate(const char *text, uint32_t *count,
                        int64_t *per_us) MUST_CHECK;

/* "5%", "2.5%" or without the sign, 0 to 100; in millionths. */
bool sandbox_value_share(const char *text, uint32_t *millionths) MUST_CHECK;

/* An HTTP status that ends an exchange: 200 to 599. */
bool sandbox_value_status(const char *text, int *status) MUST_CHECK;

#endif
