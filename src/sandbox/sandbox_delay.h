#ifndef BULK_INVITE_SANDBOX_SANDBOX_DELAY_H
#define BULK_INVITE_SANDBOX_SANDBOX_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/*
 * Things that wait for their time, and a thread that says when each is due.
 * Any thread may add. Quick for what is due after all that waits already, as
 * it is while the latency stays the same.
 */
struct sandbox_delayed { /* lives in what waits; untouched by its owner */
    int64_t due_us;
    struct sandbox_delayed *earlier;
    struct sandbox_delayed *later;
};

struct sandbox_delay;

/* Starts the thread. `on_due` is called in it, without a lock held. NULL, with
 * errno set, when no thread can be made. */
struct sandbox_delay *
sandbox_delay_new(void (*on_due)(struct sandbox_delayed *delayed)) MUST_CHECK;

/* Hands `delayed` over until on_due() gives it back, not before `due_us` of
 * the monotonic clock. False after sandbox_delay_close(): the caller keeps
 * it. */
bool sandbox_delay_add(struct sandbox_delay *delay,
                       struct sandbox_delayed *delayed,
                       int64_t due_us) MUST_CHECK;

/* All that waits is due now; ends the thread and waits for it. Twice and NULL
 * are fine. */
void sandbox_delay_close(struct sandbox_delay *delay);

/* Closes and frees. NULL is fine. */
void sandbox_delay_free(struct sandbox_delay *delay);

#endif
