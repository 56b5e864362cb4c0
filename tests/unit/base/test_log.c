#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS          4
#define LINES_PER_THREAD 200

static int scratch_file(void)
{
    char path[] = "/tmp/test_log.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static size_t read_back(int fd, char *text, size_t size)
{
    ssize_t len = pread(fd, text, size - 1, 0);

    assert_true(len >= 0);
    text[len] = '\0';
    return (size_t)len;
}

static void line_has_time_level_and_message(void **state)
{
    struct log log;
    char text[200];
    int fd = scratch_file();

    (void)state;
    log_init(&log, fd, LOG_LEVEL_INFO);
    log_write(&log, LOG_LEVEL_WARNING, "line %d: %s", 12, "slow");
    read_back(fd, text, sizeof(text));
    /* 2026-11-23T15:54:05Z */
    assert_int_equal(text[4], '-');
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[19], 'Z');
    assert_string_equal(text + 20, " warning line 12: slow\n");
    log_clear(&log);
    close(fd);
}

static void louder_than_the_level_is_dropped(void **state)
{
    struct log log;
    char text[400];
    int fd = scratch_file();

    (void)state;
    log_init(&log, fd, LOG_LEVEL_WARNING);
    log_write(&log, LOG_LEVEL_DEBUG, "not this");
    log_write(&log, LOG_LEVEL_INFO, "not this");
    assert_int_equal(read_back(fd, text, sizeof(text)), 0);
    log_write(&log, LOG_LEVEL_WARNING, "this");
    log_write(&log, LOG_LEVEL_ERROR, "and this");
    read_back(fd, text, sizeof(text));
    assert_non_null(strstr(text, " warning this\n"));
    assert_non_null(strstr(text, " error and this\n"));
    log_clear(&log);
    close(fd);
}

static void message_stays_on_its_line(void **state)
{
    struct log log;
    char text[400];
    int fd = scratch_file();

    (void)state;
    log_init(&log, fd, LOG_LEVEL_INFO);
    log_write(&log, LOG_LEVEL_INFO, "%s", "two\nlines\x1B[2J");
    read_back(fd, text, sizeof(text));
    assert_string_equal(text + 20, " info two\\nlines\\x1B[2J\n");
    log_clear(&log);
    close(fd);
}

static void long_message_is_cut_and_ends_its_line(void **state)
{
    struct log log;
    static char message[100000];
    static char text[100000];
    int fd = scratch_file();
    size_t len;

    (void)state;
    memset(message, '\x01', sizeof(message) - 1);
    log_init(&log, fd, LOG_LEVEL_INFO);
    log_write(&log, LOG_LEVEL_INFO, "%s", message);
    len = read_back(fd, text, sizeof(text));
    assert_true(len > 1000 && len < 10000);
    assert_int_equal(text[len - 1], '\n');
    assert_memory_equal(text + len - 5, "\\x01", 4);
    log_clear(&log);
    close(fd);
}

static void long_address_is_cut_and_ends_its_line(void **state)
{
    static const char *const ends[] = {"): words\n", "\"http_status\":200}\n"};
    static char email[100000];
    static char text[100000];

    (void)state;
    memset(email, '\x01', sizeof(email) - 1);
    for (int is_json = 0; is_json < 2; is_json++) {
        struct log log;
        int fd = scratch_file();
        log_init(&log, fd, LOG_LEVEL_INFO);
        log.is_json = is_json;
        log.shows_emails = true;
        log_write_row(&log, LOG_LEVEL_INFO, 2, email, 200, "words");
        size_t len = read_back(fd, text, sizeof(text));
        assert_true(len > 1000 && len < 10000);
        assert_string_equal(text + len - strlen(ends[is_json]), ends[is_json]);
        log_clear(&log);
        close(fd);
    }
}

static void count_call(void *arg)
{
    int *calls = arg;

    (*calls)++;
}

static void progress_line_steps_aside_before_each_line(void **state)
{
    struct log log;
    int fd = scratch_file();
    int calls = 0;

    (void)state;
    log_init(&log, fd, LOG_LEVEL_INFO);
    log.before_line = count_call;
    log.arg = &calls;
    log_write(&log, LOG_LEVEL_INFO, "one");
    log_write(&log, LOG_LEVEL_INFO, "two");
    log_write(&log, LOG_LEVEL_DEBUG, "dropped");
    assert_int_equal(calls, 2);
    log_clear(&log);
    close(fd);
}

static void failed_write_is_ignored_and_errno_kept(void **state)
{
    struct log log;
    int fd = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(fd >= 0);
    log_init(&log, fd, LOG_LEVEL_INFO);
    errno = ENOENT;
    log_write(&log, LOG_LEVEL_INFO, "lost");
    assert_int_equal(errno, ENOENT);
    log_clear(&log);
    close(fd);
}

static void *write_lines(void *arg)
{
    for (int i = 0; i < LINES_PER_THREAD; i++)
        log_write(arg, LOG_LEVEL_INFO, "abcdefghijklmnopqrstuvwxyz");
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    struct log log;
    pthread_t threads[THREADS];
    static char text[200 * THREADS * LINES_PER_THREAD];
    int fd = scratch_file();
    int lines = 0;

    (void)state;
    log_init(&log, fd, LOG_LEVEL_INFO);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &log),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    read_back(fd, text, sizeof(text));
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        assert_string_equal(line + 20, " info abcdefghijklmnopqrstuvwxyz");
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES_PER_THREAD);
    log_clear(&log);
    close(fd);
}

static void a_file_that_is_not_meant_is_left_alone(void **state)
{
    char path[] = "/tmp/test_log.XXXXXX";
    char second[64];
    char text[64];
    struct log log;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    snprintf(second, sizeof(second), "%s.log", path);
    assert_int_equal(link(path, second), 0);
    log_init(&log, STDERR_FILENO, LOG_LEVEL_INFO);
    log_open_file(&log, second);
    assert_int_equal(unlink(second), 0);
    assert_int_equal(log.failed_errno, EMLINK);
    log_write(&log, LOG_LEVEL_INFO, "secret");
    log_clear(&log);

    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, 12345), 0);
        log_init(&log, STDERR_FILENO, LOG_LEVEL_INFO);
        log_open_file(&log, path);
        assert_int_equal(log.failed_errno, EPERM);
        log_write(&log, LOG_LEVEL_INFO, "secret");
        log_clear(&log);
    }
    assert_int_equal(read_back(fd, text, sizeof(text)), 0);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_time_level_and_message),
        cmocka_unit_test(louder_than_the_level_is_dropped),
        cmocka_unit_test(message_stays_on_its_line),
        cmocka_unit_test(long_message_is_cut_and_ends_its_line),
        cmocka_unit_test(long_address_is_cut_and_ends_its_line),
        cmocka_unit_test(progress_line_steps_aside_before_each_line),
        cmocka_unit_test(failed_write_is_ignored_and_errno_kept),
        cmocka_unit_test(lines_of_threads_do_not_mix),
        cmocka_unit_test(a_file_that_is_not_meant_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
