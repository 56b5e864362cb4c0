#include "queue/doorbell.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/error.h"

struct doorbell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool is_rung;
};

struct doorbell *doorbell_new(void)
{
    struct doorbell *bell = xmalloc(sizeof(*bell));

    *bell = (struct doorbell){.lock = PTHREAD_MUTEX_INITIALIZER,
                              .rung = PTHREAD_COND_INITIALIZER};
    return bell;
}

void doorbell_free(struct doorbell *bell)
{
    if (!bell)
        return;
    pthread_cond_destroy(&bell->rung);
    pthread_mutex_destroy(&bell->lock);
    free(bell);
}

void doorbell_ring(struct doorbell *bell)
{
    pthread_mutex_lock(&bell->lock);
    bell->is_rung = true;
    /* Signalled under the lock: once the waiter goes on it may free the bell,
     * and must not do so between the two. */
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

void doorbell_wait(struct doorbell *bell)
{
    pthread_mutex_lock(&bell->lock);
    while (!bell->is_rung)
        pthread_cond_wait(&bell->rung, &bell->lock);
    bell->is_rung = false;
    pthread_mutex_unlock(&bell->lock);
}
