#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/event_loop.h"

static struct event_loop *new_loop(uint32_t concurrency)
{
    struct error err = ERROR_INIT;
    struct event_loop *loop;
    assert_int_equal(event_loop_new(&loop, concurrency, &err), ERROR_NONE);
    return loop;
}

static void a_wake_that_came_before_ends_the_wait(void **state)
{
    (void)state;
    struct event_loop *loop = new_loop(1);
    event_loop_wake(loop);
    event_loop_wake(loop);
    event_loop_wait(loop, CLOCK_NEVER_US);
    event_loop_free(loop);
}

static void *wake(void *loop)
{
    event_loop_wake(loop);
    return NULL;
}

static void another_thread_ends_the_wait(void **state)
{
    (void)state;
    struct event_loop *loop = new_loop(1);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake, loop), 0);
    event_loop_wait(loop, CLOCK_NEVER_US);
    pthread_join(thread, NULL);
    event_loop_free(loop);
}

static void a_wait_ends_at_its_time_and_not_before(void **state)
{
    (void)state;
    struct event_loop *loop = new_loop(1);
    int64_t until_us = clock_monotonic_us() + 1500;
    event_loop_wait(loop, until_us);
    assert_true(clock_monotonic_us() >= until_us);
    event_loop_wait(loop, until_us); /* is over */
    event_loop_wait(loop, 0);
    event_loop_free(loop);
}

static void a_handle_has_64_transfers(void **state)
{
    (void)state;
    struct event_loop *loop = new_loop(130);
    assert_ptr_equal(event_loop_multi(loop, 0), event_loop_multi(loop, 63));
    assert_ptr_not_equal(event_loop_multi(loop, 63),
                         event_loop_multi(loop, 64));
    assert_ptr_equal(event_loop_multi(loop, 128), event_loop_multi(loop, 129));
    event_loop_free(loop);
    event_loop_free(NULL);
}

static void nothing_has_ended_where_nothing_was_started(void **state)
{
    (void)state;
    struct event_loop *loop = new_loop(65);
    int curl_code;
    event_loop_run_due(loop);
    assert_null(event_loop_next_ended(loop, &curl_code));
    event_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wake_that_came_before_ends_the_wait),
        cmocka_unit_test(another_thread_ends_the_wait),
        cmocka_unit_test(a_wait_ends_at_its_time_and_not_before),
        cmocka_unit_test(a_handle_has_64_transfers),
        cmocka_unit_test(nothing_has_ended_where_nothing_was_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
