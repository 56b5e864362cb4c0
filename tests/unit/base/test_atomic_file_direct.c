/* What atomic_file does with a device, a FIFO and stdout. */
#include "base/atomic_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct atomic_file *open_ok(const char *path)
{
    struct atomic_file *file;
    struct error err = ERROR_INIT;

    if (atomic_file_open(&file, path, &err) != ERROR_NONE)
        fail_msg("%s", err.text);
    return file;
}

static void write_ok(struct atomic_file *file, const char *text)
{
    struct error err = ERROR_INIT;

    if (atomic_file_write(file, text, strlen(text), &err) != ERROR_NONE)
        fail_msg("%s", err.text);
}

static void write_whole(const char *path, const char *text)
{
    struct atomic_file *file = open_ok(path);
    struct error err = ERROR_INIT;

    write_ok(file, text);
    if (atomic_file_commit(file, &err) != ERROR_NONE)
        fail_msg("%s", err.text);
}

static void assert_full(const struct error *err)
{
    assert_int_equal(err->kind, ERROR_STORAGE);
    assert_string_equal(err->text,
                        "cannot write /dev/full: No space left on device");
}

static void full_device_is_noticed_when_the_buffer_is_written(void **state)
{
    static char large[200000];
    struct atomic_file *file = open_ok("/dev/full");
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(atomic_file_write(file, large, sizeof(large), &err),
                     ERROR_STORAGE);
    assert_full(&err);
    atomic_file_abandon(file);
}

static void full_device_is_noticed_at_flush(void **state)
{
    struct atomic_file *file = open_ok("/dev/full");
    struct error err = ERROR_INIT;

    (void)state;
    write_ok(file, "small");
    assert_int_equal(atomic_file_flush(file, &err), ERROR_STORAGE);
    assert_full(&err);
    atomic_file_abandon(file);
}

static void full_device_is_noticed_at_commit(void **state)
{
    struct atomic_file *file = open_ok("/dev/full");
    struct error err = ERROR_INIT;

    (void)state;
    write_ok(file, "small");
    assert_int_equal(atomic_file_commit(file, &err), ERROR_STORAGE);
    assert_full(&err);
}

/* What came after a gap would look complete. */
static void nothing_is_written_after_a_failed_write(void **state)
{
    struct atomic_file *file = open_ok("/dev/full");
    struct error err = ERROR_INIT;

    (void)state;
    write_ok(file, "lost");
    assert_int_equal(atomic_file_flush(file, &err), ERROR_STORAGE);
    err.text[0] = '\0';
    assert_int_equal(atomic_file_flush(file, &err), ERROR_STORAGE);
    assert_full(&err);
    assert_int_equal(atomic_file_commit(file, &err), ERROR_STORAGE);
}

static void device_stays_a_device(void **state)
{
    struct stat st;

    (void)state;
    write_whole("/dev/null", "gone");
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(access("/dev/null.partial", F_OK), -1);
}

static void fifo_stays_a_fifo_and_gets_the_bytes(void **state)
{
    char folder[] = "/tmp/test_atomic_file_direct.XXXXXX";
    char path[64];
    char text[10] = "";
    struct stat st;
    int reader;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDWR); /* so that no open waits */
    assert_true(reader >= 0);
    write_whole(path, "line\n");
    assert_int_equal(read(reader, text, sizeof(text)), 5);
    assert_string_equal(text, "line\n");
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    close(reader);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left in it */
}

/* Planted where a report goes, it would hand everybody's address to them. */
static void another_users_fifo_gets_nothing(void **state)
{
    char folder[] = "/tmp/test_atomic_file_direct.XXXXXX";
    char path[64], link[80];
    struct error err = ERROR_INIT;
    struct atomic_file *file;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/fifo", folder);
    snprintf(link, sizeof(link), "%s.csv", path);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(symlink(path, link), 0);
    int reader = open(path, O_RDWR | O_CLOEXEC); /* so that no open waits */
    const char *const names[] = {path, link};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(atomic_file_open(&file, names[i], &err),
                         ERROR_STORAGE);
        assert_non_null(strstr(err.text, "belongs to another user"));
        assert_null(file);
    }
    close(reader);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int replace_stdout(int fd)
{
    int saved;

    fflush(stdout);
    saved = dup(STDOUT_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    return saved;
}

static void restore_stdout(int saved)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

static void dash_is_stdout_and_stays_open(void **state)
{
    static const char *const names[] = {"-", "/dev/stdout"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[20] = "";
        int ends[2];
        int saved;
        int is_open;

        assert_int_equal(pipe(ends), 0);
        saved = replace_stdout(ends[1]);
        write_whole(names[i], "to stdout\n");
        is_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
        restore_stdout(saved);
        close(ends[1]);
        assert_true(is_open);
        assert_int_equal(read(ends[0], text, sizeof(text)), 10);
        assert_string_equal(text, "to stdout\n");
        close(ends[0]);
    }
    assert_int_equal(access("-.partial", F_OK), -1);
}

struct drain {
    int fd;
    size_t total;
};

static void *drain(void *arg)
{
    static char piece[4096];
    struct drain *drain = arg;
    ssize_t len;

    while ((len = read(drain->fd, piece, sizeof(piece))) > 0)
        drain->total += (size_t)len;
    return NULL;
}

static void stdout_that_would_block_is_waited_for(void **state)
{
    static char large[1000000];
    struct error err = ERROR_INIT;
    struct drain reader = {0};
    struct atomic_file *file;
    enum error_kind kind;
    pthread_t thread;
    int ends[2];
    int saved;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    reader.fd = ends[0];
    saved = replace_stdout(ends[1]);
    close(ends[1]);
    assert_int_equal(pthread_create(&thread, NULL, drain, &reader), 0);
    file = open_ok("-");
    kind = atomic_file_write(file, large, sizeof(large), &err);
    if (!kind)
        kind = atomic_file_commit(file, &err);
    else
        atomic_file_abandon(file);
    restore_stdout(saved);
    pthread_join(thread, NULL);
    assert_int_equal(kind, ERROR_NONE);
    assert_int_equal(reader.total, sizeof(large));
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_device_is_noticed_when_the_buffer_is_written),
        cmocka_unit_test(full_device_is_noticed_at_flush),
        cmocka_unit_test(full_device_is_noticed_at_commit),
        cmocka_unit_test(nothing_is_written_after_a_failed_write),
        cmocka_unit_test(device_stays_a_device),
        cmocka_unit_test(fifo_stays_a_fifo_and_gets_the_bytes),
        cmocka_unit_test(another_users_fifo_gets_nothing),
        cmocka_unit_test(dash_is_stdout_and_stays_open),
        cmocka_unit_test(stdout_that_would_block_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
