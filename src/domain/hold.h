#ifndef BULK_INVITE_DOMAIN_HOLD_H
#define BULK_INVITE_DOMAIN_HOLD_H

#include <stdint.h>

/* Why all attempts wait. Stored in the ledger: never renumber. */
enum hold_reason {
    HOLD_NONE,
    HOLD_QUOTA,
    HOLD_SERVER_DOWN,
    HOLD_REASONS
};

/* When all attempts of a run waited; it may have ended before its time. */
struct hold {
    int64_t from_s; /* seconds since 1970 */
    int64_t until_s;
    enum hold_reason reason;
};

#endif
