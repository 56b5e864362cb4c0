#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/progress.h"
#include "app/progress_line.h"
#include "base/clock.h"
#include "send/pacer.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct progress_view busy = {
    .done = 1234,
    .total = 5000,
    .rate_per_s = 12.34,
    .in_flight = 16,
    .need_look = 3,
    .hold_reason = HOLD_QUOTA,
    .hold_left_us = 11 * US_PER_S + 1,
};

static void assert_line(const struct progress_view *view, size_t width,
                        const char *expected)
{
    struct strbuf out;

    strbuf_init(&out, 1024);
    progress_line_format(view, width, &out);
    assert_string_equal(strbuf_str(&out), expected);
    strbuf_clear(&out);
}

static void the_line_drops_what_matters_least(void **state)
{
    static const struct {
        size_t width;
        const char *line;
    } cases[] = {
        {126, "[#######.......................]  24%  1,234 of 5,000  "
              "12.3/s  16 in flight  3 need a look  "
              "waiting for quota, goes on in 12 s"},
        {104, "[#.......]  24%  1,234 of 5,000  12.3/s  16 in flight  "
              "3 need a look  waiting for quota, goes on in 12 s"},
        {79, "1,234 of 5,000  12.3/s  3 need a look  "
             "waiting for quota, goes on in 12 s"},
        {70, "1,234 of 5,000  3 need a look  "
             "waiting for quota, goes on in 12 s"},
        {60, "1,234 of 5,000  waiting for quota, goes on in 12 s"},
        {39, "1,234 of 5,000  quota 12 s"},
        {19, "1,234 of 5,000"},
        {10, "24%"},
        {2, "24"},
        {0, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_line(&busy, cases[i].width, cases[i].line);
}

static void no_width_is_ever_exceeded(void **state)
{
    static const struct progress_view views[] = {
        {.done = 0, .total = 1},
        {.done = UINT64_MAX,
         .total = UINT64_MAX,
         .rate_per_s = 1e18,
         .in_flight = UINT32_MAX,
         .need_look = UINT64_MAX,
         .hold_reason = HOLD_SERVER_DOWN,
         .hold_left_us = INT64_MAX / 2},
        {.done = UINT64_MAX, .total = 0},
        {.done = 7, .total = 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(views); i++)
        for (size_t width = 0; width < 400; width++) {
            struct strbuf out;

            strbuf_init(&out, 1024);
            progress_line_format(&views[i], width, &out);
            assert_in_range(out.len, 0, width);
            strbuf_clear(&out);
        }
}

static void quiet_parts_are_left_out(void **state)
{
    const struct progress_view start = {.done = 0, .total = 5};
    const struct progress_view stream = {
        .done = 1234567, .rate_per_s = 1234.4, .in_flight = 1, .need_look = 1};
    const struct progress_view end = {.done = 5, .total = 5, .rate_per_s = 0.5};

    (void)state;
    assert_line(&start, 50,
                "[............................]   0%  0 of 5  0/min");
    assert_line(&stream, 79,
                "1,234,567 done  1,234/s  1 in flight  1 needs a look");
    assert_line(&end, 50, "[###########################] 100%  5 of 5  30/min");
}

static void a_hold_that_is_over_is_not_shown(void **state)
{
    struct progress_view view = {.done = 1, .total = 2};

    (void)state;
    view.hold_reason = HOLD_SERVER_DOWN;
    view.hold_left_us = 1;
    assert_line(&view, 60,
                "1 of 2  0/min  server is unavailable, next try "
                "in 1 s");
    view.hold_left_us = 0;
    assert_line(&view, 24, "1 of 2  0/min");
}

static void the_rate_is_that_of_the_last_seconds(void **state)
{
    struct progress_rate rate = {.count = 0};
    double per_s = 0.0;
    int64_t now_us = 1000;
    uint64_t done = 0;

    (void)state;
    assert_true(progress_rate_update(&rate, 0, now_us) == 0.0);
    /* 60 s at 10/s, drawn 10 times a second, then 10 s at 1000/s. */
    for (int i = 0; i < 600; i++) {
        now_us += 100 * US_PER_MS;
        done += 1;
        per_s = progress_rate_update(&rate, done, now_us);
        assert_true(per_s > 9.5 && per_s < 10.5);
    }
    for (int i = 0; i < 100; i++) {
        now_us += 100 * US_PER_MS;
        done += 100;
        per_s = progress_rate_update(&rate, done, now_us);
    }
    assert_true(per_s > 999.0 && per_s < 1001.0);
    /* And nothing for a while. */
    for (int i = 0; i < 100; i++) {
        now_us += 100 * US_PER_MS;
        per_s = progress_rate_update(&rate, done, now_us);
    }
    assert_true(per_s == 0.0);
}

static void a_clock_that_stands_still_gives_no_rate(void **state)
{
    struct progress_rate rate = {.count = 0};

    (void)state;
    for (uint64_t done = 0; done < 100; done++)
        assert_true(progress_rate_update(&rate, done, 5) == 0.0);
}

/* A terminal of 60 columns: *screen is what its user sees. */
static int open_terminal(int *screen)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 60};
    char name[64];
    int fd;

    *screen = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(*screen >= 0);
    assert_int_equal(grantpt(*screen), 0);
    assert_int_equal(unlockpt(*screen), 0);
    assert_int_equal(ptsname_r(*screen, name, sizeof(name)), 0);
    fd = open(name, O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, TIOCSWINSZ, &size), 0);
    return fd;
}

/* Waits for what was written; the kernel hands it over in its own time. */
static void assert_seen(int screen, const char *expected)
{
    char seen[512];
    size_t len = 0;

    while (len < strlen(expected)) {
        struct pollfd waiting = {.fd = screen, .events = POLLIN};

        assert_int_equal(poll(&waiting, 1, 10000), 1);
        ssize_t got = read(screen, seen + len, sizeof(seen) - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    seen[len] = '\0';
    assert_string_equal(seen, expected);
}

static void the_line_steps_aside_for_a_log_line(void **state)
{
    static struct counters counters;
    struct log log;
    int screen;
    int fd = open_terminal(&screen);
    int log_ends[2];

    (void)state;
    assert_int_equal(pipe(log_ends), 0);
    log_init(&log, log_ends[1], LOG_LEVEL_INFO);
    struct progress *progress = progress_new(fd, &log, &counters, 5, 0);

    log_write(&log, LOG_LEVEL_INFO, "nothing is drawn yet");
    progress_draw(progress, US_PER_S);
    assert_seen(screen, "\r[..............................]   0%  0 of 5  "
                        "0/min\033[K");
    log_write(&log, LOG_LEVEL_INFO, "aside");
    assert_seen(screen, "\r\033[K");
    progress_clear(progress);
    progress_draw(progress, 2 * US_PER_S);
    progress_free(progress);
    assert_null(log.before_line);
    log_clear(&log);
    close(fd);
    close(screen);
    close(log_ends[0]);
    close(log_ends[1]);
}

static void nothing_is_drawn_where_no_terminal_is(void **state)
{
    static struct counters counters;
    struct log log;
    int ends[2];
    char byte;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log_init(&log, ends[1], LOG_LEVEL_ERROR);
    struct progress *progress = progress_new(ends[1], &log, &counters, 5, 0);
    progress_draw(progress, US_PER_S);
    progress_clear(progress);
    progress_free(progress);
    progress_free(NULL);
    log_clear(&log);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_drops_what_matters_least),
        cmocka_unit_test(no_width_is_ever_exceeded),
        cmocka_unit_test(quiet_parts_are_left_out),
        cmocka_unit_test(a_hold_that_is_over_is_not_shown),
        cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(a_clock_that_stands_still_gives_no_rate),
        cmocka_unit_test(the_line_steps_aside_for_a_log_line),
        cmocka_unit_test(nothing_is_drawn_where_no_terminal_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
