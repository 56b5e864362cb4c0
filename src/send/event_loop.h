#ifndef BULK_INVITE_SEND_EVENT_LOOP_H
#define BULK_INVITE_SEND_EVENT_LOOP_H

#include <stdint.h>

#include "base/error.h"
#include "send/connections.h"

/*
 * libcurl's transfers, driven by one epoll. A multi handle looks for a free
 * connection from one end of its pool to the other, so one has 64 of them at
 * most, and there are as many handles as that needs (measured: 256 in flight in
 * one handle cost a quarter more).
 *
 * A socket stays registered between two requests: telling epoll each time costs
 * as much as half a request. Owned by one thread, but for event_loop_wake().
 */
struct event_loop;

/* For so many transfers at once. */
enum error_kind event_loop_new(struct event_loop **out, uint32_t concurrency,
                               struct error *err) MUST_CHECK;

/* After the transfers were removed. NULL is fine. */
void event_loop_free(struct event_loop *loop);

/* The multi handle (CURLM) that the transfer number `index` belongs to. */
void *event_loop_multi(struct event_loop *loop, uint32_t index);

struct connections *event_loop_connections(struct event_loop *loop);

/* Waits until `until_us`, for an event, or for a wake, and does what is to be
 * done then. */
void event_loop_wait(struct event_loop *loop, int64_t until_us);

/* Does what is due without waiting: transfers that were added start. */
void event_loop_run_due(struct event_loop *loop);

/* Whose transfer has ended next (its CURLOPT_PRIVATE), and the CURLcode; NULL:
 * no more. */
void *event_loop_next_ended(struct event_loop *loop, int *curl_code);

/* Ends the wait; any thread. */
void event_loop_wake(struct event_loop *loop);

#endif
