/*
 * The server that throughput is measured against: it answers every POST at
 * once, or after --latency, with the contract's body for the person asked
 * for, and costs far less than any client. --tls FILE, a certificate and its
 * key, makes it speak TLS. One thread, one epoll.
 *
 * A connection has at most one answer waiting for its time; requests piped
 * behind it are read when it has gone out.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "yardstick_http.h"
#include "yardstick_tls.h"

#define EVENTS_AT_ONCE 256
#define LISTEN_BACKLOG 2048
#define FD_LIMIT       4096
#define OUT_SIZE       (4 * YARDSTICK_ANSWER_CAP)

struct connection {
    int fd;
    struct ssl_st *session; /* NULL: plain */
    uint32_t events;        /* that epoll watches */
    bool is_last;           /* close once `out` is written */
    bool is_waiting; /* in the line of those whose answer is not due yet */
    int64_t due_us;
    struct connection *prev, *next; /* in that line */
    size_t in_len, out_len, out_sent;
    char in[YARDSTICK_REQUEST_CAP];
    char out[OUT_SIZE];
};

struct yardstick {
    int epoll_fd, listen_fd, signal_fd;
    struct ssl_ctx_st *tls;         /* NULL: plain */
    struct connection *connections; /* by fd; pages are touched when used */
    int64_t latency_us;
    uint64_t answered;
    /* One latency for all: who comes first is due first. */
    struct connection *first, *last;
};

static void die(const char *what)
{
    fprintf(stderr, "yardstick: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void line_up(struct yardstick *yardstick, struct connection *connection)
{
    connection->is_waiting = true;
    connection->due_us = clock_monotonic_us() + yardstick->latency_us;
    connection->prev = yardstick->last;
    connection->next = NULL;
    if (yardstick->last)
        yardstick->last->next = connection;
    else
        yardstick->first = connection;
    yardstick->last = connection;
}

static void leave_line(struct yardstick *yardstick,
                       struct connection *connection)
{
    if (!connection->is_waiting)
        return;
    connection->is_waiting = false;
    if (connection->prev)
        connection->prev->next = connection->next;
    else
        yardstick->first = connection->next;
    if (connection->next)
        connection->next->prev = connection->prev;
    else
        yardstick->last = connection->prev;
}

static void hang_up(struct yardstick *yardstick, struct connection *connection)
{
    leave_line(yardstick, connection);
    if (connection->session)
        tls_close(connection->session);
    close(connection->fd);
}

/* False when the connection is broken, or done. */
static bool flush(struct connection *connection)
{
    while (connection->out_sent < connection->out_len) {
        const char *rest = connection->out + connection->out_sent;
        size_t len = connection->out_len - connection->out_sent;
        ssize_t count = connection->session
                            ? tls_write(connection->session, rest, len)
                            : send(connection->fd, rest, len, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN;
        connection->out_sent += (size_t)count;
    }
    connection->out_sent = connection->out_len = 0;
    return !connection->is_last;
}

/* Answers what has been read, as far as there is room and time. */
static bool answer_all(struct yardstick *yardstick,
                       struct connection *connection)
{
    size_t used = 0;
    struct yardstick_request request;
    enum yardstick_parse parse = YARDSTICK_COMPLETE;

    while (!connection->is_waiting && !connection->is_last &&
           used < connection->in_len &&
           connection->out_len + YARDSTICK_ANSWER_CAP <= OUT_SIZE) {
        parse = yardstick_parse(connection->in + used,
                                connection->in_len - used, &request);
        if (parse != YARDSTICK_COMPLETE)
            break;
        connection->out_len +=
            yardstick_answer(&request, ++yardstick->answered,
                             connection->out + connection->out_len);
        connection->is_last = request.is_last;
        used += request.len;
        if (yardstick->latency_us > 0)
            line_up(yardstick, connection);
    }
    if (used > 0) {
        connection->in_len -= used;
        memmove(connection->in, connection->in + used, connection->in_len);
    }
    return parse != YARDSTICK_BAD;
}

/* Answers and writes until nothing more can be done at once. */
static bool serve(struct yardstick *yardstick, struct connection *connection)
{
    size_t in_len;

    do {
        in_len = connection->in_len;
        if (!answer_all(yardstick, connection))
            return false;
        if (!connection->is_waiting && !flush(connection))
            return false;
    } while (connection->in_len < in_len && connection->out_len == 0);
    return true;
}

/* Reading pauses while piped requests fill `in`. */
static bool watch(struct yardstick *yardstick, struct connection *connection)
{
    struct epoll_event event = {.data.ptr = connection};

    if (connection->in_len < sizeof connection->in)
        event.events |= EPOLLIN;
    if (connection->out_len > 0 && !connection->is_waiting)
        event.events |= EPOLLOUT;
    if (event.events == connection->events)
        return true;
    connection->events = event.events;
    return epoll_ctl(yardstick->epoll_fd, EPOLL_CTL_MOD, connection->fd,
                     &event) == 0;
}

static bool read_more(struct connection *connection)
{
    char *end = connection->in + connection->in_len;
    size_t room = sizeof connection->in - connection->in_len;
    ssize_t count = connection->session
                        ? tls_read(connection->session, end, room)
                        : recv(connection->fd, end, room, 0);

    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->in_len += (size_t)count;
    return count > 0;
}

static void on_connection(struct yardstick *yardstick,
                          struct connection *connection, uint32_t events)
{
    bool is_alive = (events & EPOLLERR) == 0;

    if (is_alive && (events & (EPOLLIN | EPOLLHUP)) != 0)
        is_alive = read_more(connection);
    if (is_alive && (events & EPOLLOUT) != 0)
        is_alive = flush(connection);
    if (is_alive && !connection->is_waiting && connection->out_len == 0)
        is_alive = serve(yardstick, connection);
    if (!is_alive || !watch(yardstick, connection))
        hang_up(yardstick, connection);
}

static void on_new_connection(struct yardstick *yardstick, int fd)
{
    struct connection *connection = &yardstick->connections[fd];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int on = 1;

    memset(connection, 0, offsetof(struct connection, in));
    connection->fd = fd;
    connection->session = yardstick->tls ? tls_open(yardstick->tls, fd) : NULL;
    connection->events = event.events;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        epoll_ctl(yardstick->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("new connection");
}

static void on_listener(struct yardstick *yardstick)
{
    for (;;) {
        int fd = accept4(yardstick->listen_fd, NULL, NULL,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= FD_LIMIT)
            close(fd);
        else if (fd >= 0)
            on_new_connection(yardstick, fd);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR && errno != ECONNABORTED)
            die("accept");
    }
}

static void give_due_answers(struct yardstick *yardstick)
{
    int64_t now_us = yardstick->first ? clock_monotonic_us() : 0;

    while (yardstick->first && yardstick->first->due_us <= now_us) {
        struct connection *connection = yardstick->first;
        leave_line(yardstick, connection);
        if (!flush(connection) ||
            (connection->out_len == 0 && !serve(yardstick, connection)) ||
            !watch(yardstick, connection))
            hang_up(yardstick, connection);
    }
}

static int wait_for_events(struct yardstick *yardstick,
                           struct epoll_event *events)
{
    struct timespec timeout = {0};

    if (yardstick->first) {
        int64_t left_us = yardstick->first->due_us - clock_monotonic_us();
        if (left_us > 0) {
            timeout.tv_sec = left_us / US_PER_S;
            timeout.tv_nsec = left_us % US_PER_S * 1000;
        }
    }
    int count = epoll_pwait2(yardstick->epoll_fd, events, EVENTS_AT_ONCE,
                             yardstick->first ? &timeout : NULL, NULL);
    if (count < 0 && errno != EINTR)
        die("epoll_pwait2");
    return count < 0 ? 0 : count;
}

/* Until a signal says that it is enough. */
static void run(struct yardstick *yardstick)
{
    struct epoll_event events[EVENTS_AT_ONCE];

    for (;;) {
        int count = wait_for_events(yardstick, events);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &yardstick->signal_fd)
                return;
            if (events[i].data.ptr == &yardstick->listen_fd)
                on_listener(yardstick);
            else
                on_connection(yardstick, events[i].data.ptr, events[i].events);
        }
        give_due_answers(yardstick);
    }
}

static int listen_on_loopback(uint16_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(*port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        die("listen");
    *port = ntohs(address.sin_port);
    return fd;
}

static int ending_signals(void)
{
    sigset_t ending;

    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &ending, NULL) != 0)
        die("sigprocmask");
    int fd = signalfd(-1, &ending, SFD_CLOEXEC);
    if (fd < 0)
        die("signalfd");
    return fd;
}

/* `mark` is what its events are known by. */
static void watch_fd(struct yardstick *yardstick, int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};

    if (epoll_ctl(yardstick->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static unsigned long number_or_die(const char *text, unsigned long max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > max) {
        fprintf(stderr, "yardstick: not a number up to %lu: %s\n", max, text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    static const struct option flags[] = {
        {"port", required_argument, NULL, 'p'},
        {"latency", required_argument, NULL, 'l'},
        {"tls", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    struct yardstick yardstick = {0};
    uint16_t port = 0;
    int flag;

    while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
        if (flag == 'p')
            port = (uint16_t)number_or_die(optarg, UINT16_MAX);
        else if (flag == 'l')
            yardstick.latency_us =
                (int64_t)number_or_die(optarg, 60000) * US_PER_MS;
        else if (flag != 't')
            return 2;
        else if (!(yardstick.tls = tls_new(optarg)))
            die(optarg);
    }
    yardstick.connections = xcalloc(FD_LIMIT, sizeof(struct connection));
    yardstick.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (yardstick.epoll_fd < 0)
        die("epoll_create1");
    yardstick.signal_fd = ending_signals();
    yardstick.listen_fd = listen_on_loopback(&port);
    watch_fd(&yardstick, yardstick.signal_fd, &yardstick.signal_fd);
    watch_fd(&yardstick, yardstick.listen_fd, &yardstick.listen_fd);

    printf("listening on %s://127.0.0.1:%u\n", yardstick.tls ? "https" : "http",
           (unsigned)port);
    if (fflush(stdout) != 0)
        die("stdout");
    run(&yardstick);
    free(yardstick.connections);
    tls_free(yardstick.tls);
    printf("answered %" PRIu64 "\n", yardstick.answered);
    return fflush(stdout) == 0 ? 0 : 1;
}
