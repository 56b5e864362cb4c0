#include "queue/doorbell.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define ROUNDS 5000

static void ring_before_the_wait_ends_it(void **state)
{
    struct doorbell *bell = doorbell_new();

    (void)state;
    doorbell_ring(bell);
    doorbell_wait(bell);
    doorbell_ring(bell);
    doorbell_ring(bell);
    doorbell_wait(bell);
    doorbell_free(bell);
    doorbell_free(NULL);
}

struct pair {
    struct doorbell *ping;
    struct doorbell *pong;
    atomic_int rounds;
};

static void *answer(void *arg)
{
    struct pair *pair = arg;

    for (int i = 0; i < ROUNDS; i++) {
        doorbell_wait(pair->ping);
        atomic_fetch_add(&pair->rounds, 1);
        doorbell_ring(pair->pong);
    }
    return NULL;
}

/* A wait that returned unrung would let the counts run apart; a lost ring
 * would hang until the test's time-out. */
static void each_wait_takes_one_ring(void **state)
{
    struct pair pair = {.ping = doorbell_new(), .pong = doorbell_new()};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, answer, &pair), 0);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(pair.rounds, i);
        doorbell_ring(pair.ping);
        doorbell_wait(pair.pong);
    }
    pthread_join(thread, NULL);
    doorbell_free(pair.ping);
    doorbell_free(pair.pong);
}

static void *ring_once(void *arg)
{
    doorbell_ring(arg);
    return NULL;
}

static void any_thread_may_ring(void **state)
{
    struct doorbell *bell = doorbell_new();
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ring_once, bell), 0);
    doorbell_wait(bell);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    doorbell_free(bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_before_the_wait_ends_it),
        cmocka_unit_test(each_wait_takes_one_ring),
        cmocka_unit_test(any_thread_may_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
