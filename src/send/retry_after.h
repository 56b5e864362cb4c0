#ifndef BULK_INVITE_SEND_RETRY_AFTER_H
#define BULK_INVITE_SEND_RETRY_AFTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/*
 * The Retry-After header (RFC 9110, 10.2.3): seconds, or a date in one of the
 * three forms of 5.6.7. libcurl's own reading takes 1.5 for 1, 120abc for 120
 * and an overflow for 0, so it is not asked. Pure, any thread.
 */

/* Nobody waits longer for a server's word; larger values are cut to this. */
#define RETRY_AFTER_MAX_US (US_PER_HOUR * 24 * 7)

/*
 * Reads the `len` bytes at `value`, blanks and a line end around them aside.
 * `wall_now_us` is what dates are counted from; clock_wall_us() or a test's.
 *
 * Returns true and sets *delay_us to 0 (also for a date that has passed) ...
 * RETRY_AFTER_MAX_US. Returns false and leaves *delay_us alone for anything
 * that RFC 9110 does not allow; the header then counts as absent.
 *
 * Day names must be ones but need not fit the date. A leap second counts. A
 * two-digit year is the latest one that is not over 50 years ahead.
 */
bool retry_after_parse(const char *value, size_t len, int64_t wall_now_us,
                       int64_t *delay_us);

#endif
