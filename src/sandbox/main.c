/*
 * bulk-invite-sandbox: HTTP on 127.0.0.1 in front of the API (libmicrohttpd).
 * A connection has a thread, which sleeps until its answer is due; the API is
 * asked by one at a time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text_safe.h"
#include "sandbox/api.h"
#include "sandbox/options.h"

#define CONNECTION_LIMIT 1000u /* below the usual limit of open files */
#define STOP_TIMEOUT_US  (2 * US_PER_S)

struct server {
    pthread_mutex_t lock;
    struct api api;         /* the rest only under the lock */
    pthread_cond_t changed; /* of the two below */
    bool is_stopping;       /* nobody is made to wait any more */
    size_t owed;            /* answers that are waited for, or not out yet */
};

/* One request on its way. */
struct exchange {
    struct strbuf body;
    bool is_owed;
};

/* Until then, or until the `changed` before it; false when it is that time. */
static bool wait_until(struct server *server, int64_t until_us)
{
    const struct timespec until = {
        .tv_sec = until_us / US_PER_S,
        .tv_nsec = until_us % US_PER_S * 1000,
    };

    return pthread_cond_clockwait(&server->changed, &server->lock,
                                  CLOCK_MONOTONIC, &until) == 0;
}

static void answer(struct server *server, struct exchange *exchange,
                   struct request *request, struct reply *reply)
{
    pthread_mutex_lock(&server->lock);
    request->now_us = clock_monotonic_us();
    request->wall_us = clock_wall_us();
    api_answer(&server->api, request, reply);
    exchange->is_owed = true;
    server->owed++;
    while (reply->answer_at_us > request->now_us && !server->is_stopping &&
           wait_until(server, reply->answer_at_us))
        ;
    /* Before the answer is out: who has got it may send the next request. */
    api_answered(&server->api, reply);
    pthread_mutex_unlock(&server->lock);
}

/* Called by MHD when the headers are there, for each piece of the body, and at
 * its end. Its parameters are MHD's choice. MHD_NO closes the connection
 * without an answer. */
/* NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    struct exchange *exchange = *state;
    struct reply reply;

    (void)version;
    if (!exchange) {
        *state = exchange = xcalloc(1, sizeof(*exchange));
        strbuf_init(&exchange->body, API_BODY_CAP);
        return MHD_YES;
    }
    if (*upload_len > 0) {
        strbuf_add(&exchange->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    struct request request = {
        .connection = connection,
        .method = method,
        .path = path,
        .body = &exchange->body,
    };
    answer(arg, exchange, &request, &reply);
    enum MHD_Result result =
        reply.is_dropped
            ? MHD_NO
            : MHD_queue_response(connection, (unsigned)reply.status,
                                 reply.response);
    MHD_destroy_response(reply.response);
    return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection,
                         void **state, enum MHD_RequestTerminationCode code)
{
    struct server *server = arg;
    struct exchange *exchange = *state;

    (void)connection;
    (void)code;
    if (!exchange)
        return;
    pthread_mutex_lock(&server->lock);
    server->owed -= exchange->is_owed ? 1 : 0;
    if (server->is_stopping)
        pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    strbuf_clear(&exchange->body);
    free(exchange);
    *state = NULL;
}

/* What waits for its time is answered at once; MHD would leave it
 * unanswered. */
static void give_owed_answers(struct server *server)
{
    int64_t until_us = clock_monotonic_us() + STOP_TIMEOUT_US;

    pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    pthread_cond_broadcast(&server->changed);
    while (server->owed > 0 && wait_until(server, until_us))
        ;
    pthread_mutex_unlock(&server->lock);
}

/* The parent, or a person, waits for the greeting, so it goes out at once. */
static enum error_kind flush(struct error *err)
{
    return fflush(stdout) == 0 ? ERROR_NONE
                               : error_set_errno(err, ERROR_STORAGE, errno,
                                                 "cannot write to stdout");
}

/* Until SIGINT or SIGTERM. Port 0 is one that the kernel chooses. */
static enum error_kind listen_and_answer(struct server *server, uint16_t port,
                                         struct error *err)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    sigset_t ending;
    int number;

    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigprocmask(SIG_BLOCK, &ending, NULL); /* before there are threads */
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
            MHD_USE_POLL,
        port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT, MHD_OPTION_END);
    if (!daemon)
        return error_set_errno(err, ERROR_SERVER, errno,
                               "cannot listen on 127.0.0.1 port %u",
                               (unsigned)port);
    printf(
        "listening on http://127.0.0.1:%u\n",
        (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    if (flush(err) == ERROR_NONE) {
        sigwait(&ending, &number);
        give_owed_answers(server);
    }
    MHD_stop_daemon(daemon);
    return err->kind;
}

static enum error_kind serve(const struct options *options, struct error *err)
{
    struct server server = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER,
    };

    api_init(&server.api, options);
    if (listen_and_answer(&server, (uint16_t)options->settings.port, err) ==
            ERROR_NONE &&
        !options->is_quiet)
        fprintf(stderr,
                "bulk-invite-sandbox: %zu requests, %zu people invited, no "
                "e-mail sent\n",
                server.api.seen.post_count, server.api.seen.invited);
    api_clear(&server.api);
    return err->kind;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err = ERROR_INIT;

    signal(SIGPIPE, SIG_IGN);
    json_set_alloc_funcs(xmalloc, free); /* so no call of jansson's fails */
    enum error_kind kind = options_parse(&options, argc, argv, &err);
    if (kind == ERROR_NONE && options.to_print) {
        fputs(options.to_print, stdout);
        kind = flush(&err);
    } else if (kind == ERROR_NONE) {
        kind = serve(&options, &err);
    }
    options_clear(&options);
    if (kind != ERROR_NONE) {
        char *text = text_safe_dup(err.text);
        fprintf(stderr, "bulk-invite-sandbox: %s\n", text);
        free(text);
    }
    return error_exit_code(kind);
}
