#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/row.h"
#include "send/attempt.h"
#include "send/event_loop.h"

#define PATIENCE_US (20 * US_PER_S)

/* A server that takes connections and says nothing: the kernel's backlog. */
static int listen_on(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    return fd;
}

/* How one attempt ends that is cut off as soon as its request has left. */
static enum result_kind end_of_attempt(bool is_stopped)
{
    char url[64];
    int server = listen_on(url);
    struct request_settings settings = {.url = url,
                                        .timeout_us = PATIENCE_US,
                                        .connect_timeout_us = PATIENCE_US};
    atomic_bool no_more_sends = is_stopped;
    struct error err = ERROR_INIT;
    struct event_loop *loop;
    struct result result;
    int curl_code = ATTEMPT_CUT_OFF;
    assert_int_equal(request_parse_url(&settings, &err), ERROR_NONE);
    assert_int_equal(event_loop_new(&loop, 1, &err), ERROR_NONE);
    struct attempt *attempt =
        attempt_new(&settings, &no_more_sends, event_loop_multi(loop, 0),
                    event_loop_connections(loop), &err);
    assert_non_null(attempt);
    struct row *row = row_new(2, "a@x.org", 7, "member", 6, "a@x.org");
    int64_t until_us = clock_monotonic_us() + PATIENCE_US;
    assert_int_equal(attempt_start(attempt, row, 0, &err), ERROR_NONE);
    while (!event_loop_next_ended(loop, &curl_code) &&
           !attempt_is_sent(attempt)) {
        assert_true(clock_monotonic_us() < until_us);
        event_loop_wait(loop, clock_monotonic_us() + 10 * US_PER_MS);
    }
    assert_ptr_equal(attempt_finish(attempt, curl_code, &result), row);
    /* what was not sent does not count as tried */
    assert_int_equal(row->attempts, result.kind == RESULT_NOT_SENT ? 0 : 1);
    outcome_clear(&result.outcome);
    row_free(row);
    attempt_free(attempt);
    event_loop_free(loop);
    request_clear_url(&settings);
    close(server);
    return result.kind;
}

static void a_request_that_left_and_was_cut_off_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(end_of_attempt(false), RESULT_UNKNOWN);
}

/* The stop may come between the engine's look and the moment the connection is
 * there: the last word is the hook's. */
static void nothing_leaves_once_there_are_no_more_sends(void **state)
{
    (void)state;
    assert_int_equal(end_of_attempt(true), RESULT_NOT_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_left_and_was_cut_off_is_unknown),
        cmocka_unit_test(nothing_leaves_once_there_are_no_more_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
