#ifndef BULK_INVITE_DOMAIN_RATE_H
#define BULK_INVITE_DOMAIN_RATE_H

#include <stdint.h>

/* So many attempts in so long: 300/m is {300, 60000000}. count 0: no rate was
 * given. */
struct rate {
    uint32_t count;
    int64_t per_us;
};

#endif
