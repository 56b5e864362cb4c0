#ifndef BULK_INVITE_SEND_CONNECTIONS_H
#define BULK_INVITE_SEND_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The sockets libcurl uses, by their number: what epoll was told of each, and
 * whether one has something to say before it is asked. What has come by itself
 * on an idle connection is not the answer to what is sent next, and libcurl
 * 7.88 would take it for that. One thread; outlives the multi handles.
 */
struct connection {
    int local_port;      /* 0: not asked for yet */
    bool is_open;        /* opened here, and not known to be closed */
    bool is_kept;        /* a request went over it: libcurl keeps it for more,
                            and says so when it closes it */
    uint32_t registered; /* the events epoll watches it for; 0: not at all */
    uint32_t wanted;     /* those that libcurl waits for */
};

struct connections;

struct connections *connections_new(void);

/* Closes nothing. NULL is fine. */
void connections_free(struct connections *connections);

/* As socket(2), close-on-exec. -1 on failure. */
int connections_open(struct connections *connections, int family, int type,
                     int protocol);

/* As close(2). */
int connections_close(struct connections *connections, int fd);

/* What is known of the socket; valid until the next call. */
struct connection *connections_at(struct connections *connections, int fd);

/* A request is about to leave from this local port: the connection is kept from
 * now on. Does it have something to read, be it bytes or its end? */
bool connections_has_input(struct connections *connections, int local_port);

#endif
