#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "send/connections.h"

/* A server's end of a connection made through the registry. */
struct pair {
    int fd;
    int server_fd;
    int local_port;
};

static struct sockaddr_in name_of(int fd)
{
    struct sockaddr_in name;
    socklen_t len = sizeof(name);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    return name;
}

static struct pair connect_pair(struct connections *connections, int listener)
{
    struct sockaddr_in server = name_of(listener);
    struct pair pair;
    pair.fd = connections_open(connections, AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        connect(pair.fd, (struct sockaddr *)&server, sizeof(server)), 0);
    pair.server_fd = accept(listener, NULL, NULL);
    pair.local_port = ntohs(name_of(pair.fd).sin_port);
    return pair;
}

static int listen_on_loopback(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(fd, 64), 0);
    return fd;
}

static void bytes_and_ends_are_input_and_silence_is_not(void **state)
{
    (void)state;
    struct connections *connections = connections_new();
    int listener = listen_on_loopback();
    struct pair pairs[40];
    for (int i = 0; i < 40; i++)
        pairs[i] = connect_pair(connections, listener);
    for (int i = 0; i < 40; i++)
        assert_false(connections_has_input(connections, pairs[i].local_port));
    assert_int_equal(send(pairs[7].server_fd, "x", 1, 0), 1);
    shutdown(pairs[20].server_fd, SHUT_WR);
    for (int i = 0; i < 40; i++)
        assert_true(connections_has_input(connections, pairs[i].local_port) ==
                    (i == 7 || i == 20));
    for (int i = 0; i < 40; i++) {
        assert_int_equal(connections_close(connections, pairs[i].fd), 0);
        close(pairs[i].server_fd);
    }
    close(listener);
    connections_free(connections);
}

static void what_is_closed_or_unknown_has_no_input(void **state)
{
    (void)state;
    struct connections *connections = connections_new();
    int listener = listen_on_loopback();
    assert_false(connections_has_input(connections, 1));
    struct pair pair = connect_pair(connections, listener);
    assert_int_equal(send(pair.server_fd, "x", 1, 0), 1);
    assert_true(connections_has_input(connections, pair.local_port));
    connections_close(connections, pair.fd);
    assert_false(connections_has_input(connections, pair.local_port));
    close(pair.server_fd);
    close(listener);
    connections_free(connections);
    connections_free(NULL);
}

/* libcurl closes some sockets by itself; their number comes again. */
static void a_number_that_comes_again_is_the_new_connection(void **state)
{
    (void)state;
    struct connections *connections = connections_new();
    int listener = listen_on_loopback();
    struct pair old = connect_pair(connections, listener);
    assert_int_equal(send(old.server_fd, "x", 1, 0), 1);
    assert_true(connections_has_input(connections, old.local_port));
    close(old.fd);
    struct pair new = connect_pair(connections, listener);
    assert_int_equal(new.fd, old.fd);
    assert_false(connections_has_input(connections, new.local_port));
    assert_false(connections_has_input(connections, old.local_port));
    connections_close(connections, new.fd);
    close(old.server_fd);
    close(new.server_fd);
    close(listener);
    connections_free(connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_ends_are_input_and_silence_is_not),
        cmocka_unit_test(what_is_closed_or_unknown_has_no_input),
        cmocka_unit_test(a_number_that_comes_again_is_the_new_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
