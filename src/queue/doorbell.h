#ifndef BULK_INVITE_QUEUE_DOORBELL_H
#define BULK_INVITE_QUEUE_DOORBELL_H

/*
 * The one thing a thread with several sources waits on. A ring is never lost:
 * one that comes before the wait ends it at once. Any thread may ring, one
 * thread waits.
 */
struct doorbell;

struct doorbell *doorbell_new(void);
void doorbell_free(struct doorbell *bell);

void doorbell_ring(struct doorbell *bell);

/* Waits until rung since the last wait returned. */
void doorbell_wait(struct doorbell *bell);

#endif
