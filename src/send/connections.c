#include "send/connections.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

struct connection {
    int fd;
    int local_port; /* 0: not asked for yet */
};

struct connections {
    struct connection *open;
    size_t count;
    size_t size;
};

struct connections *connections_new(void)
{
    return xcalloc(1, sizeof(struct connections));
}

void connections_free(struct connections *connections)
{
    if (!connections)
        return;
    free(connections->open);
    free(connections);
}

static void forget(struct connections *connections, int fd)
{
    for (size_t i = 0; i < connections->count; i++)
        if (connections->open[i].fd == fd)
            connections->open[i--] = connections->open[--connections->count];
}

static void grow(struct connections *connections)
{
    size_t size = 2 * connections->size + 16;
    struct connection *open = xcalloc(size, sizeof(*open));
    if (connections->count > 0)
        memcpy(open, connections->open, connections->count * sizeof(*open));
    free(connections->open);
    connections->open = open;
    connections->size = size;
}

int connections_open(struct connections *connections, int family, int type,
                     int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0)
        return -1;
    /* libcurl closes some that never were connected without a word */
    forget(connections, fd);
    if (connections->count == connections->size)
        grow(connections);
    connections->open[connections->count++] = (struct connection){.fd = fd};
    return fd;
}

int connections_close(struct connections *connections, int fd)
{
    forget(connections, fd);
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
    for (size_t i = 0; i < connections->count; i++) {
        struct connection *connection = &connections->open[i];
        if (connection->local_port == 0)
            connection->local_port = local_port_of(connection->fd);
        if (connection->local_port != local_port)
            continue;
        struct pollfd fd = {.fd = connection->fd, .events = POLLIN};
        if (poll(&fd, 1, 0) > 0)
            return true;
    }
    return false;
}
