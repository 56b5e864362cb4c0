#include "sandbox/sandbox_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/text_safe.h"
#include "sandbox/sandbox_delay.h"

#define LISTEN_BACKLOG   1024
#define CONNECTION_LIMIT 1000u /* below the usual limit of open files */
#define IDLE_TIMEOUT_S   75u
#define STOP_TIMEOUT_US  (2 * US_PER_S)

struct sandbox_server {
    const struct sandbox_server_options *options;
    struct sandbox_api api; /* touched by the daemon's thread only */
    struct sandbox_delay *delay;
    struct MHD_Daemon *daemon;
    uint16_t port;

    pthread_mutex_t lock;
    pthread_cond_t all_given; /* on the monotonic clock */
    size_t owed;              /* delayed answers not given yet */
};

/* One request on its way. `delayed` is first, so that a pointer to it is one
 * to the exchange. */
struct exchange {
    struct sandbox_delayed delayed;
    struct MHD_Connection *connection;
    struct strbuf body;
    struct sandbox_reply reply;
    bool is_answered; /* `reply` is filled */
    bool is_owed;     /* counted in the server's `owed` */
};

static void on_due(struct sandbox_delayed *delayed)
{
    struct exchange *exchange = (struct exchange *)delayed;

    MHD_resume_connection(exchange->connection);
}

static void owe(struct sandbox_server *server, struct exchange *exchange)
{
    exchange->is_owed = true;
    pthread_mutex_lock(&server->lock);
    server->owed++;
    pthread_mutex_unlock(&server->lock);
}

static void settle_owed(struct sandbox_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->owed--;
    if (server->owed == 0)
        pthread_cond_signal(&server->all_given);
    pthread_mutex_unlock(&server->lock);
}

/* MHD_stop_daemon() closes connections whose answer is on its way. */
static void wait_until_all_given(struct sandbox_server *server)
{
    int64_t until_us = clock_monotonic_us() + STOP_TIMEOUT_US;
    struct timespec until = {
        .tv_sec = until_us / US_PER_S,
        .tv_nsec = until_us % US_PER_S * 1000,
    };
    int result = 0;

    pthread_mutex_lock(&server->lock);
    while (server->owed > 0 && result == 0)
        result =
            pthread_cond_timedwait(&server->all_given, &server->lock, &until);
    pthread_mutex_unlock(&server->lock);
}

static struct exchange *exchange_new(struct MHD_Connection *connection)
{
    struct exchange *exchange = xcalloc(1, sizeof *exchange);

    exchange->connection = connection;
    strbuf_init(&exchange->body, SANDBOX_BODY_CAP);
    return exchange;
}

static void on_completed(void *arg, struct MHD_Connection *connection,
                         void **state, enum MHD_RequestTerminationCode code)
{
    struct sandbox_server *server = arg;
    struct exchange *exchange = *state;

    (void)connection;
    (void)code;
    if (!exchange)
        return;
    if (exchange->is_owed)
        settle_owed(server);
    sandbox_api_answered(&server->api, &exchange->reply);
    strbuf_clear(&exchange->body);
    sandbox_reply_clear(&exchange->reply);
    free(exchange);
    *state = NULL;
}

/* Headers are remembered and shown as JSON, so other bytes than UTF-8 make a
 * header as good as missing. */
static const char *header(struct MHD_Connection *connection, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value && text_is_utf8(value, strlen(value)) ? value : NULL;
}

static void answer(struct sandbox_server *server, struct exchange *exchange,
                   const char *method, const char *path)
{
    struct MHD_Connection *connection = exchange->connection;
    struct sandbox_request request = {
        .method = method,
        .path = path,
        .host = header(connection, "Host"),
        .authorization = header(connection, "Authorization"),
        .content_type = header(connection, "Content-Type"),
        .idempotency_key = header(connection, "Idempotency-Key"),
        .body = strbuf_str(&exchange->body),
        .body_len = exchange->body.len,
        .is_body_cut = exchange->body.is_cut,
        .now_us = clock_monotonic_us(),
        .wall_us = clock_wall_us(),
    };

    sandbox_api_answer(&server->api, &request, &exchange->reply);
    exchange->is_answered = true;
}

static enum MHD_Result add_headers(struct MHD_Response *response,
                                   const struct sandbox_reply *reply,
                                   bool has_body)
{
    enum MHD_Result result = MHD_YES;

    if (has_body)
        result = MHD_add_response_header(response, "Content-Type",
                                         "application/json");
    for (size_t i = 0; i < reply->header_count && result == MHD_YES; i++)
        result = MHD_add_response_header(response, reply->headers[i].name,
                                         reply->headers[i].value);
    return result;
}

/* MHD_NO closes the connection without an answer. */
static enum MHD_Result send_reply(struct MHD_Connection *connection,
                                  struct sandbox_reply *reply)
{
    size_t len = reply->body ? strlen(reply->body) : 0;
    struct MHD_Response *response;
    enum MHD_Result result = MHD_NO;

    if (reply->is_dropped)
        return MHD_NO;
    response = MHD_create_response_from_buffer(len, reply->body,
                                               MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    if (len > 0)
        reply->body = NULL; /* the response frees it now */
    if (add_headers(response, reply, len > 0) == MHD_YES)
        result =
            MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static void hold_back(struct sandbox_server *server, struct exchange *exchange)
{
    owe(server, exchange);
    MHD_suspend_connection(exchange->connection);
    if (!sandbox_delay_add(server->delay, &exchange->delayed,
                           exchange->reply.answer_at_us))
        MHD_resume_connection(exchange->connection);
}

/* Called by MHD when the headers are there, for each piece of the body, at
 * its end, and again when a suspended connection is resumed. Its parameters
 * are MHD's choice. */
/* NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    struct sandbox_server *server = arg;
    struct exchange *exchange = *state;

    (void)version;
    if (!exchange) {
        *state = exchange_new(connection);
        return MHD_YES;
    }
    if (*upload_len > 0) {
        strbuf_add(&exchange->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (!exchange->is_answered) {
        answer(server, exchange, method, path);
        if (exchange->reply.answer_at_us > clock_monotonic_us()) {
            hold_back(server, exchange);
            return MHD_YES;
        }
    }
    /* Before the answer is out: who has got it may send the next request. */
    sandbox_api_answered(&server->api, &exchange->reply);
    return send_reply(connection, &exchange->reply);
}

/* Its own socket rather than MHD's, for errors that say what is wrong. */
static enum error_kind listen_on_loopback(uint16_t *port, int *listen_fd,
                                          struct error *err)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(*port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return error_set_errno(err, ERROR_SERVER, errno,
                               "cannot make a socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        error_set_errno(err, ERROR_SERVER, errno,
                        "cannot listen on 127.0.0.1 port %u", (unsigned)*port);
        close(fd);
        return err->kind;
    }
    *port = ntohs(address.sin_port);
    *listen_fd = fd;
    return ERROR_NONE;
}

static enum error_kind start_daemon(struct sandbox_server *server,
                                    struct error *err)
{
    int listen_fd = -1;

    server->port = server->options->port;
    if (listen_on_loopback(&server->port, &listen_fd, err) != ERROR_NONE)
        return err->kind;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, server->port,
        NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_END);
    if (!server->daemon) {
        error_set_errno(err, ERROR_SERVER, errno,
                        "cannot start the HTTP server");
        close(listen_fd);
        return err->kind;
    }
    return ERROR_NONE;
}

static struct sandbox_server *
server_new(const struct sandbox_server_options *options)
{
    struct sandbox_server *server = xcalloc(1, sizeof *server);
    pthread_condattr_t monotonic;

    server->options = options;
    sandbox_api_init(&server->api, &options->api, clock_monotonic_us());
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->all_given, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return server;
}

static enum error_kind start_threads(struct sandbox_server *server,
                                     struct error *err)
{
    server->delay = sandbox_delay_new(on_due);
    if (!server->delay)
        return error_set_errno(err, ERROR_SERVER, errno,
                               "cannot start the latency thread");
    return start_daemon(server, err);
}

enum error_kind
sandbox_server_start(struct sandbox_server **server,
                     const struct sandbox_server_options *options,
                     struct error *err)
{
    enum error_kind kind;

    *server = server_new(options);
    kind = start_threads(*server, err);
    if (kind != ERROR_NONE) {
        sandbox_server_free(*server);
        *server = NULL;
    }
    return kind;
}

uint16_t sandbox_server_port(const struct sandbox_server *server)
{
    return server->port;
}

void sandbox_server_stop(struct sandbox_server *server)
{
    if (!server)
        return;
    /* MHD must not be stopped while a connection is suspended, so the delay
     * gives all of them back first, and takes no more. */
    sandbox_delay_close(server->delay);
    wait_until_all_given(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

const struct sandbox_api *
sandbox_server_api(const struct sandbox_server *server)
{
    return &server->api;
}

void sandbox_server_free(struct sandbox_server *server)
{
    if (!server)
        return;
    sandbox_server_stop(server);
    sandbox_delay_free(server->delay);
    sandbox_api_clear(&server->api);
    pthread_cond_destroy(&server->all_given);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
