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

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct progress_view busy = {
    .done = 1234,
    .total = 5000,
    .rate_per_s = 12.34,
    .in_flight = 16,
    .need_look = 3,
    .hold_reason = HOLD_QUOTA,
    .hold_left_us = 11 * US_PER_MINUTE + 1,
    .hold_until = "14:05",
    .has_bar = true,
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
        {119, "[####................]  1234 of 5000 (24%)  12.3/s  "
              "16 in flight  3 need a look  "
              "quota: waits until 14:05 (11 min 01 s)"},
        {118, "1234 of 5000 (24%)  12.3/s  16 in flight  3 need a look  "
              "quota: waits until 14:05 (11 min 01 s)"},
        {94, "1234 of 5000 (24%)  12.3/s  3 need a look  "
             "quota: waits until 14:05 (11 min 01 s)"},
        {80, "1234 of 5000 (24%)  3 need a look  "
             "quota: waits until 14:05 (11 min 01 s)"},
        {72, "1234 of 5000 (24%)  quota: waits until 14:05 (11 min 01 s)"},
        {57, "1234 of 5000  quota 11 min 01 s"},
        {30, "1234 of 5000"},
        {11, ""},
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
    const struct progress_view start = {.total = 5, .has_bar = true};
    const struct progress_view stream = {
        .done = 1234567, .rate_per_s = 1234.4, .in_flight = 1, .need_look = 1};
    const struct progress_view end = {
        .done = 5, .total = 5, .rate_per_s = 0.5, .has_bar = true};

    (void)state;
    assert_line(&start, 50, "[....................]  0 of 5 (0%)");
    assert_line(&stream, 79,
                "1234567 done  1234/s  1 in flight  1 needs a look");
    assert_line(&end, 50, "[####################]  5 of 5 (100%)  30/min");
}

static void a_hold_that_is_over_is_not_shown(void **state)
{
    struct progress_view view = {.done = 1, .total = 2};

    (void)state;
    view.hold_reason = HOLD_SERVER_DOWN;
    view.hold_left_us = 1;
    assert_line(&view, 40, "1 of 2 (50%)  server down: waits 1 s");
    view.hold_left_us = 0;
    assert_line(&view, 40, "1 of 2 (50%)");
}

static void the_time_left_is_rounded_up_to_what_it_may_promise(void **state)
{
    static const struct {
        int64_t left_us;
        const char *line;
    } cases[] = {
        {0, "1 done"},
        {1, "1 done  5 s left"},
        {41 * US_PER_S, "1 done  45 s left"},
        {59 * US_PER_S, "1 done  1 min 00 s left"},
        {61 * US_PER_S, "1 done  1 min 30 s left"},
        {US_PER_HOUR - 1, "1 done  1 h 00 min left"},
        {US_PER_HOUR, "1 done  1 h 05 min left"},
        {INT64_MAX, "1 done"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct progress_view view = {.done = 1};
        view.left_us = cases[i].left_us;
        assert_line(&view, 79, cases[i].line);
    }
}

static void colour_takes_no_room(void **state)
{
    struct progress_view view = {.done = 1, .total = 2, .need_look = 3};

    (void)state;
    view.has_colour = true;
    assert_line(&view, 27, "1 of 2 (50%)  \033[33m3 need a look\033[0m");
    assert_line(&view, 26, "1 of 2 (50%)");
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

/* More may follow in the same breath: *seen has it. */
static void assert_seen_start(int screen, const char *expected, char *seen,
                              size_t size)
{
    size_t len = 0;

    while (len == 0 || seen[len - 1] != '\n') {
        struct pollfd waiting = {.fd = screen, .events = POLLIN};

        assert_int_equal(poll(&waiting, 1, 10000), 1);
        ssize_t got = read(screen, seen + len, size - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    seen[len] = '\0';
    assert_memory_equal(seen, expected, strlen(expected));
}

static void the_line_steps_aside_for_a_log_line(void **state)
{
    static struct counters counters;
    struct log log;
    int screen;
    int fd = open_terminal(&screen);
    char written[256];

    (void)state;
    log_init(&log, fd, LOG_LEVEL_INFO);
    struct progress *progress = progress_new(fd, 5, 5, &log, &counters);

    progress_draw(progress, US_PER_S);
    assert_seen(screen, "\r[....................]  0 of 5 (0%)\033[J\r");
    log_write(&log, LOG_LEVEL_INFO, "aside");
    assert_seen_start(screen, "\r\033[J20", written, sizeof(written));
    assert_non_null(strstr(written, " info aside\r\n"));
    progress_draw(progress, US_PER_S);
    assert_seen(screen, "\r[....................]  0 of 5 (0%)\033[J\r");
    progress_end(progress, US_PER_S);
    assert_seen(screen, "\r\033[J");
    assert_null(log.before_line);
    log_clear(&log);
    close(screen);
}

static void a_log_elsewhere_leaves_the_line_alone(void **state)
{
    static struct counters counters;
    struct log log;

    (void)state;
    log_init(&log, STDOUT_FILENO, LOG_LEVEL_INFO);
    struct progress *progress =
        progress_new(STDERR_FILENO, 0, 0, &log, &counters);
    assert_null(log.before_line);
    progress_end(progress, US_PER_S);
    log_clear(&log);
}

/* A plain line goes to a pipe. */
struct plain {
    struct log log;
    struct counters counters;
    struct progress *progress;
    int64_t now_us;
    int ends[2];
};

static void begin_plain(struct plain *plain, uint64_t rows)
{
    *plain = (struct plain){.now_us = US_PER_S};
    assert_int_equal(pipe(plain->ends), 0);
    log_init(&plain->log, plain->ends[1], LOG_LEVEL_ERROR);
    plain->progress =
        progress_new(plain->ends[1], rows, rows, &plain->log, &plain->counters);
    progress_draw(plain->progress, plain->now_us);
}

/* Draws ten times a second, as the pipeline does, while so many are sent each
 * time. */
static void go_on(struct plain *plain, int seconds, unsigned each)
{
    for (int i = 0; i < 10 * seconds; i++) {
        plain->now_us += 100 * US_PER_MS;
        plain->counters.attempts += each;
        plain->counters.settled[STATUS_INVITED] += each;
        progress_draw(plain->progress, plain->now_us);
    }
}

static void assert_said(struct plain *plain, const char *expected)
{
    char text[512] = "";

    progress_end(plain->progress, plain->now_us);
    log_clear(&plain->log);
    close(plain->ends[1]);
    assert_true(read(plain->ends[0], text, sizeof(text) - 1) > 0);
    assert_string_equal(text, expected);
    close(plain->ends[0]);
}

static void a_plain_line_comes_every_ten_seconds_and_at_the_end(void **state)
{
    struct plain plain;

    (void)state;
    begin_plain(&plain, 400);
    go_on(&plain, 21, 1);
    assert_said(&plain, "bulk-invite: 100 of 400 (25%)  10.0/s  35 s left\n"
                        "bulk-invite: 200 of 400 (50%)  10.0/s  25 s left\n"
                        "bulk-invite: 210 of 400 (52%)\n");
}

static void the_rate_is_that_of_the_last_seconds(void **state)
{
    struct plain plain;

    (void)state;
    begin_plain(&plain, 0);
    go_on(&plain, 2, 1);
    go_on(&plain, 8, 100);
    go_on(&plain, 10, 0);
    assert_said(&plain, "bulk-invite: 8020 done  1000/s\n"
                        "bulk-invite: 8020 done\n"
                        "bulk-invite: 8020 done\n");
}

static void a_hold_is_no_part_of_the_rate(void **state)
{
    struct plain plain;

    (void)state;
    begin_plain(&plain, 0);
    plain.counters.hold_reason = HOLD_QUOTA;
    plain.counters.hold_until_us = 8 * US_PER_S;
    go_on(&plain, 7, 0);
    plain.counters.hold_reason = HOLD_NONE;
    go_on(&plain, 3, 1);
    assert_said(&plain, "bulk-invite: 30 done  10.0/s\n"
                        "bulk-invite: 30 done\n");
}

static void no_progress_is_fine(void **state)
{
    (void)state;
    progress_draw(NULL, 0);
    progress_end(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_drops_what_matters_least),
        cmocka_unit_test(no_width_is_ever_exceeded),
        cmocka_unit_test(quiet_parts_are_left_out),
        cmocka_unit_test(a_hold_that_is_over_is_not_shown),
        cmocka_unit_test(the_time_left_is_rounded_up_to_what_it_may_promise),
        cmocka_unit_test(colour_takes_no_room),
        cmocka_unit_test(the_line_steps_aside_for_a_log_line),
        cmocka_unit_test(a_log_elsewhere_leaves_the_line_alone),
        cmocka_unit_test(a_plain_line_comes_every_ten_seconds_and_at_the_end),
        cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(a_hold_is_no_part_of_the_rate),
        cmocka_unit_test(no_progress_is_fine),
    };

    setenv("TERM", "xterm", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
