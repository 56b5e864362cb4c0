#ifndef BULK_INVITE_SANDBOX_SANDBOX_SERVER_H
#define BULK_INVITE_SANDBOX_SANDBOX_SERVER_H

#include <stdint.h>

#include "base/error.h"
#include "sandbox/sandbox_api.h"

/*
 * HTTP on 127.0.0.1 in front of the API (libmicrohttpd): one thread that
 * answers all connections, and one that wakes answers up when it is time for
 * them. Signals should be blocked before it starts.
 */
struct sandbox_server_options {
    uint16_t port; /* 0: the kernel chooses */
    struct sandbox_api_options api;
};

struct sandbox_server;

/* `options` must live as long as the server. */
enum error_kind
sandbox_server_start(struct sandbox_server **server,
                     const struct sandbox_server_options *options,
                     struct error *err) MUST_CHECK;

uint16_t sandbox_server_port(const struct sandbox_server *server);

/* Answers what waits, closes every connection and ends the threads. What the
 * API saw stays readable. NULL and twice are fine. */
void sandbox_server_stop(struct sandbox_server *server);

/* Owned by `server`; only after sandbox_server_stop(). */
const struct sandbox_api *
sandbox_server_api(const struct sandbox_server *server);

/* Stops and frees. NULL is fine. */
void sandbox_server_free(struct sandbox_server *server);

#endif
