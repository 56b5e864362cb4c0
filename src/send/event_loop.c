#include "send/event_loop.h"

#include <curl/curl.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LANE_SIZE   64 /* transfers and connections of one multi handle */
#define EVENTS_MOST 128

struct lane {
    struct event_loop *loop;
    CURLM *multi;
    int64_t due_us; /* libcurl wants to be called then; CLOCK_NEVER_US */
};

struct event_loop {
    int epoll_fd;
    int wake_fd;
    struct connections *connections;
    struct lane *lanes;
    uint32_t lane_count;
    uint32_t ended_lane; /* the one to ask next for what has ended */
};

static uint64_t tag_of(const struct lane *lane, int fd)
{
    uint64_t number = (uint64_t)(lane - lane->loop->lanes);
    return number << 32 | (uint32_t)fd;
}

static void watch(struct lane *lane, int fd, struct connection *connection,
                  uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = tag_of(lane, fd)};
    int operation = EPOLL_CTL_MOD;
    if (events == connection->registered)
        return;
    if (connection->registered == 0)
        operation = EPOLL_CTL_ADD;
    else if (events == 0)
        operation = EPOLL_CTL_DEL;
    connection->registered = events;
    /* A transfer nobody watches would end as unknown after its timeout. */
    if (epoll_ctl(lane->loop->epoll_fd, operation, fd, &event) != 0 &&
        events != 0)
        error_out_of_memory();
}

/* libcurl waits for these events on the socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                     void *unused)
{
    (void)easy;
    (void)unused;
    struct lane *lane = arg;
    struct connection *connection = connections_at(lane->loop->connections, fd);
    uint32_t events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EPOLLOUT;
    connection->wanted = events;
    if (events == 0 && connection->is_kept)
        events = EPOLLIN;
    watch(lane, fd, connection, events);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct lane *lane = arg;
    lane->due_us = CLOCK_NEVER_US;
    if (timeout_ms >= 0)
        lane->due_us = clock_monotonic_us() + timeout_ms * US_PER_MS;
    return 0;
}

static void init_lane(struct event_loop *loop, struct lane *lane)
{
    lane->loop = loop;
    lane->due_us = CLOCK_NEVER_US;
    lane->multi = curl_multi_init();
    if (!lane->multi)
        error_out_of_memory();
    curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)LANE_SIZE);
    curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
    curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
}

/* A thousand sockets fit below the usual hard limit, not below the soft one,
 * which is there for programs that use select(). */
static void lift_limit_of_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool open_fds(struct event_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return loop->epoll_fd >= 0 && loop->wake_fd >= 0 &&
           epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0;
}

enum error_kind event_loop_new(struct event_loop **out, uint32_t concurrency,
                               struct error *err)
{
    struct event_loop *loop = xcalloc(1, sizeof(*loop));
    *out = NULL;
    lift_limit_of_fds();
    loop->connections = connections_new();
    loop->lane_count = (concurrency + LANE_SIZE - 1) / LANE_SIZE;
    loop->lanes = xcalloc(loop->lane_count, sizeof(*loop->lanes));
    if (!open_fds(loop)) {
        error_set_errno(err, ERROR_STORAGE, errno, "cannot wait for events");
        event_loop_free(loop);
        return err->kind;
    }
    for (uint32_t i = 0; i < loop->lane_count; i++)
        init_lane(loop, &loop->lanes[i]);
    *out = loop;
    return ERROR_NONE;
}

void event_loop_free(struct event_loop *loop)
{
    if (!loop)
        return;
    for (uint32_t i = 0; i < loop->lane_count; i++)
        curl_multi_cleanup(loop->lanes[i].multi);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    connections_free(loop->connections);
    free(loop->lanes);
    free(loop);
}

void *event_loop_multi(struct event_loop *loop, uint32_t index)
{
    return loop->lanes[index / LANE_SIZE].multi;
}

struct connections *event_loop_connections(struct event_loop *loop)
{
    return loop->connections;
}

/* Waits to the microsecond where the kernel can (5.11) and a container lets it
 * (older ones answer EPERM for calls they do not know): at 50 requests a
 * second, a millisecond too many is 5 % of the rate. */
static int wait_for_events(const struct event_loop *loop, int64_t wait_us,
                           struct epoll_event events[EVENTS_MOST])
{
    struct timespec wait = {.tv_sec = wait_us / US_PER_S,
                            .tv_nsec = wait_us % US_PER_S * 1000};
    int count = epoll_pwait2(loop->epoll_fd, events, EVENTS_MOST, &wait, NULL);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM))
        return count;
    if (wait_us > 0 && wait_us < US_PER_MS)
        clock_sleep_us(wait_us);
    return epoll_wait(loop->epoll_fd, events, EVENTS_MOST,
                      (int)(wait_us / US_PER_MS));
}

static void on_event(struct event_loop *loop, const struct epoll_event *event)
{
    struct lane *lane = &loop->lanes[event->data.u64 >> 32];
    int fd = (int)(uint32_t)event->data.u64;
    struct connection *connection = connections_at(loop->connections, fd);
    int running;
    int mask = 0;
    /* Idle: its end, or what nobody asked for. libcurl or the pre-request hook
     * notices before it is used again. */
    if (connection->wanted == 0) {
        watch(lane, fd, connection, 0);
        return;
    }
    if (event->events & EPOLLIN)
        mask |= CURL_CSELECT_IN;
    if (event->events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (event->events & (EPOLLERR | EPOLLHUP))
        mask |= CURL_CSELECT_ERR;
    curl_multi_socket_action(lane->multi, fd, mask, &running);
}

void event_loop_run_due(struct event_loop *loop)
{
    int running;
    int64_t now_us = clock_monotonic_us();
    for (uint32_t i = 0; i < loop->lane_count; i++) {
        struct lane *lane = &loop->lanes[i];
        if (lane->due_us > now_us)
            continue;
        /* It may set the timer anew, or leave it unset. */
        lane->due_us = CLOCK_NEVER_US;
        curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

void event_loop_wait(struct event_loop *loop, int64_t until_us)
{
    struct epoll_event events[EVENTS_MOST];
    for (uint32_t i = 0; i < loop->lane_count; i++)
        if (loop->lanes[i].due_us < until_us)
            until_us = loop->lanes[i].due_us;
    int64_t wait_us = until_us - clock_monotonic_us();
    int count = wait_for_events(loop, wait_us > 0 ? wait_us : 0, events);
    for (int i = 0; i < count; i++) {
        uint64_t wakes;
        if (events[i].data.u64 != UINT64_MAX)
            on_event(loop, &events[i]);
        else if (read(loop->wake_fd, &wakes, sizeof(wakes)) < 0)
            continue; /* somebody else's wait cannot have taken it */
    }
    event_loop_run_due(loop);
}

void *event_loop_next_ended(struct event_loop *loop, int *curl_code)
{
    for (uint32_t i = 0; i < loop->lane_count; i++) {
        CURLMsg *message;
        int left;
        CURLM *multi = loop->lanes[loop->ended_lane].multi;
        while ((message = curl_multi_info_read(multi, &left)) != NULL) {
            if (message->msg != CURLMSG_DONE)
                continue;
            void *owner = NULL;
            *curl_code = (int)message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
            return owner;
        }
        loop->ended_lane = (loop->ended_lane + 1) % loop->lane_count;
    }
    return NULL;
}

void event_loop_wake(struct event_loop *loop)
{
    uint64_t one = 1;
    if (write(loop->wake_fd, &one, sizeof(one)) < 0) {
        /* It refuses only when it is readable already. */
    }
}
