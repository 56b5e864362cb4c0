#ifndef BULK_INVITE_SEND_CONNECTIONS_H
#define BULK_INVITE_SEND_CONNECTIONS_H

#include <stdbool.h>

/*
 * The sockets libcurl has open, so that one can be looked at before a request
 * goes out on it again: what has come by itself on an idle connection is not
 * the answer to what is sent next, and libcurl 7.88 would take it for that.
 * One thread; outlives the multi handle.
 */
struct connections;

struct connections *connections_new(void);

/* Closes nothing. NULL is fine. */
void connections_free(struct connections *connections);

/* As socket(2), close-on-exec. -1 on failure. */
int connections_open(struct connections *connections, int family, int type,
                     int protocol);

/* As close(2). */
int connections_close(struct connections *connections, int fd);

/* Does a connection from this local port have something to read, be it bytes
 * or its end? */
bool connections_has_input(struct connections *connections, int local_port);

#endif
