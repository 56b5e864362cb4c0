/*
 * bulk-invite-sandbox: HTTP on 127.0.0.1 in front of the API (libmicrohttpd).
 * One thread; an answer that is not due yet is a suspended connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text_safe.h"
#include "sandbox/api.h"
#include "sandbox/options.h"

#define CONNECTION_LIMIT 1000u /* below the usual limit of open files */
#define IDLE_TIMEOUT_S   75u
#define STOP_TIMEOUT_US  (2 * US_PER_S)

/* One request on its way. */
struct exchange {
    struct MHD_Connection *connection;
    struct strbuf body;
    struct reply reply; /* once it has a response */
    bool has_waited;    /* counted in the server's `owed` */
    TAILQ_ENTRY(exchange) later;
};

TAILQ_HEAD(exchanges, exchange);

struct server {
    struct api api;
    struct MHD_Daemon *daemon;
    struct exchanges waiting; /* suspended, in order of their time */
    size_t owed;              /* have waited, and are not given yet */
    bool is_stopping;         /* nobody is made to wait any more */
};

/* Behind all that is due no later; quick while the latency stays the same. */
static void hold_back(struct server *server, struct exchange *exchange)
{
    struct exchange *before = TAILQ_LAST(&server->waiting, exchanges);

    while (before && before->reply.answer_at_us > exchange->reply.answer_at_us)
        before = TAILQ_PREV(before, exchanges, later);
    if (before)
        TAILQ_INSERT_AFTER(&server->waiting, before, exchange, later);
    else
        TAILQ_INSERT_HEAD(&server->waiting, exchange, later);
    exchange->has_waited = true;
    server->owed++;
    MHD_suspend_connection(exchange->connection);
}

static void resume_due(struct server *server)
{
    int64_t now_us = clock_monotonic_us();
    struct exchange *first;

    while ((first = TAILQ_FIRST(&server->waiting)) &&
           (server->is_stopping || first->reply.answer_at_us <= now_us)) {
        TAILQ_REMOVE(&server->waiting, first, later);
        MHD_resume_connection(first->connection);
    }
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
    server->owed -= exchange->has_waited ? 1 : 0;
    api_answered(&server->api, &exchange->reply);
    if (exchange->reply.response)
        MHD_destroy_response(exchange->reply.response);
    strbuf_clear(&exchange->body);
    free(exchange);
    *state = NULL;
}

/* Called by MHD when the headers are there, for each piece of the body, at
 * its end, and again when a suspended connection is resumed. Its parameters
 * are MHD's choice. MHD_NO closes the connection without an answer. */
/* NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    struct server *server = arg;
    struct exchange *exchange = *state;

    (void)version;
    if (!exchange) {
        *state = exchange = xcalloc(1, sizeof *exchange);
        exchange->connection = connection;
        strbuf_init(&exchange->body, API_BODY_CAP);
        return MHD_YES;
    }
    if (*upload_len > 0) {
        strbuf_add(&exchange->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    struct reply *reply = &exchange->reply;
    if (!reply->response) {
        const struct request request = {
            .connection = connection,
            .method = method,
            .path = path,
            .body = &exchange->body,
            .now_us = clock_monotonic_us(),
            .wall_us = clock_wall_us(),
        };
        api_answer(&server->api, &request, reply);
        if (reply->answer_at_us > request.now_us && !server->is_stopping) {
            hold_back(server, exchange);
            return MHD_YES;
        }
    }
    /* Before the answer is out: who has got it may send the next request. */
    api_answered(&server->api, reply);
    return reply->is_dropped
               ? MHD_NO
               : MHD_queue_response(connection, (unsigned)reply->status,
                                    reply->response);
}

/* Port 0 is one that the kernel chooses. */
static enum error_kind start(struct server *server, uint16_t port,
                             struct error *err)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, on_request,
        server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_END);
    if (!server->daemon)
        return error_set_errno(err, ERROR_SERVER, errno,
                               "cannot listen on 127.0.0.1 port %u",
                               (unsigned)port);
    return ERROR_NONE;
}

/* Waits for connections, for `stop_fd` (then true), for an answer's time, or
 * until `until_us`; then serves what is there. */
static bool turn(struct server *server, int stop_fd, int64_t until_us)
{
    int epoll_fd =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd fds[] = {
        {.fd = epoll_fd, .events = POLLIN},
        {.fd = stop_fd, .events = POLLIN},
    };
    int64_t now_us = clock_monotonic_us();
    const struct exchange *first = TAILQ_FIRST(&server->waiting);
    MHD_UNSIGNED_LONG_LONG idle_ms;

    if (first && server->is_stopping)
        until_us = now_us;
    else if (first && first->reply.answer_at_us < until_us)
        until_us = first->reply.answer_at_us;
    if (MHD_get_timeout(server->daemon, &idle_ms) == MHD_YES &&
        (int64_t)idle_ms < (until_us - now_us) / US_PER_MS)
        until_us = now_us + (int64_t)idle_ms * US_PER_MS;
    int64_t wait_us = until_us > now_us ? until_us - now_us : 0;
    const struct timespec wait = {
        .tv_sec = wait_us / US_PER_S,
        .tv_nsec = wait_us % US_PER_S * 1000,
    };
    ppoll(fds, 2, &wait, NULL);
    resume_due(server); /* which is not noticed before MHD_run() */
    MHD_run(server->daemon);
    return fds[1].revents != 0;
}

/* Until SIGINT or SIGTERM; then what waits for its time is answered at once,
 * which MHD would leave unanswered. */
static void run(struct server *server, int signal_fd)
{
    while (!turn(server, signal_fd, CLOCK_NEVER_US))
        ;
    server->is_stopping = true;
    int64_t until_us = clock_monotonic_us() + STOP_TIMEOUT_US;
    while (server->owed > 0 && clock_monotonic_us() < until_us)
        turn(server, -1, until_us);
}

static enum error_kind open_signals(int *fd, struct error *err)
{
    sigset_t ending;

    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &ending, NULL) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        (*fd = signalfd(-1, &ending, SFD_CLOEXEC)) < 0)
        return error_set_errno(err, ERROR_SERVER, errno,
                               "cannot set up signals");
    return ERROR_NONE;
}

/* The parent, or a person, waits for the greeting, so it goes out at once. */
static enum error_kind flush(struct error *err)
{
    return fflush(stdout) == 0 ? ERROR_NONE
                               : error_set_errno(err, ERROR_STORAGE, errno,
                                                 "cannot write to stdout");
}

static enum error_kind serve(const struct options *options, struct error *err)
{
    struct server server = {.waiting = TAILQ_HEAD_INITIALIZER(server.waiting)};
    int signal_fd = -1;

    api_init(&server.api, options);
    if (open_signals(&signal_fd, err) == ERROR_NONE &&
        start(&server, (uint16_t)options->settings.port, err) == ERROR_NONE) {
        printf("listening on http://127.0.0.1:%u\n",
               (unsigned)MHD_get_daemon_info(server.daemon,
                                             MHD_DAEMON_INFO_BIND_PORT)
                   ->port);
        if (flush(err) == ERROR_NONE)
            run(&server, signal_fd);
        MHD_stop_daemon(server.daemon);
    }
    if (err->kind == ERROR_NONE && !options->is_quiet)
        fprintf(stderr,
                "bulk-invite-sandbox: %zu requests, %" PRId64
                " people invited, no e-mail sent\n",
                server.api.seen.post_count, server.api.seen.invited);
    api_clear(&server.api);
    if (signal_fd >= 0)
        close(signal_fd);
    return err->kind;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error err = ERROR_INIT;

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
