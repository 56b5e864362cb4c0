#include "send/connections.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

struct connections {
    struct connection *at; /* by file descriptor */
    int size;
};

struct connections *connections_new(void)
{
    return xcalloc(1, sizeof(struct connections));
}

void connections_free(struct connections *connections)
{
    if (!connections)
        return;
    free(connections->at);
    free(connections);
}

struct connection *connections_at(struct connections *connections, int fd)
{
    if (fd >= connections->size) {
        int size = fd + 16; /* is walked through for every request */
        struct connection *at = xcalloc((size_t)size, sizeof(*at));
        if (connections->size > 0)
            memcpy(at, connections->at,
                   (size_t)connections->size * sizeof(*at));
        free(connections->at);
        connections->at = at;
        connections->size = size;
    }
    return &connections->at[fd];
}

int connections_open(struct connections *connections, int family, int type,
                     int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    /* libcurl closes some that never were connected without a word: nothing is
     * known of one with their number */
    if (fd >= 0)
        *connections_at(connections, fd) = (struct connection){.is_open = true};
    return fd;
}

int connections_close(struct connections *connections, int fd)
{
    *connections_at(connections, fd) = (struct connection){0};
    return close(fd);
}

static int local_port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

bool connections_has_input(struct connections *connections, int local_port)
{
    for (int fd = 0; fd < connections->size; fd++) {
        struct connection *connection = &connections->at[fd];
        if (!connection->is_open)
            continue;
        if (connection->local_port == 0)
            connection->local_port = local_port_of(fd);
        if (connection->local_port != local_port)
            continue;
        connection->is_kept = true;
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, 0) > 0)
            return true;
    }
    return false;
}
