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
    .hold_left_us = 11 * US_PER_MINUTE + 1,
    .hold_until = "14:05",
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
        {140, "[#######.......................]  24%  1,234 of 5,000  "
              "12.3/s  16 in flight  3 need a look  "
              "quota: waits until 14:05 (11 min 01 s)"},
        {109, "[##.......]  24%  1,234 of 5,000  12.3/s  16 in flight  "
              "3 need a look  quota: waits until 14:05 (11 min 01 s)"},
        {84, "1,234 of 5,000  12.3/s  3 need a look  "
             "quota: waits until 14:05 (11 min 01 s)"},
        {70, "1,234 of 5,000  3 need a look  "
             "quota: waits until 14:05 (11 min 01 s)"},
        {60, "1,234 of 5,000  quota: waits until 14:05 (11 min 01 s)"},
        {39, "1,234 of 5,000  quota 11 min 01 s"},
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
    assert_line(&start, 50, "[..............................]   0%  0 of 5");
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
    assert_line(&view, 40, "1 of 2  server down: next try in 1 s");
    view.hold_left_us = 0;
    assert_line(&view, 14, "1 of 2");
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
        {59 * US_PER_S, "1 done  1 min left"},
        {61 * US_PER_S, "1 done  2 min left"},
        {3599 * US_PER_S, "1 done  1 h 00 min left"},
        {3600 * US_PER_S, "1 done  1 h 05 min left"},
        {INT64_MAX, "1 done"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct progress_view view = {.done = 1};
        view.left_us = cases[i].left_us;
        assert_line(&view, 79, cases[i].line);
    }
}

static void a_plain_line_has_no_bar(void **state)
{
    struct progress_view view = busy;

    (void)state;
    view.is_plain = true;
    assert_line(&view, 200,
                "1,234 of 5,000 (24%)  12.3/s  16 in flight  3 need a look  "
                "quota: waits until 14:05 (11 min 01 s)");
}

static void colour_takes_no_room(void **state)
{
    struct progress_view view = {.done = 1, .total = 2, .need_look = 3};

    (void)state;
    view.has_colour = true;
    assert_line(&view, 21, "1 of 2  \033[33m3 need a look\033[0m");
    assert_line(&view, 20, "1 of 2");
}

static void the_rate_is_that_of_the_last_seconds(void **state)
{
    struct progress_rate rate = {.count = 0};
    int64_t span_us;
    double per_s = 0.0;
    int64_t now_us = 1000;
    uint64_t done = 0;

    (void)state;
    assert_true(progress_rate_update(&rate, 0, now_us, &span_us) == 0.0);
    /* 60 s at 10/s, drawn 10 times a second, then 10 s at 1000/s. */
    for (int i = 0; i < 600; i++) {
        now_us += 100 * US_PER_MS;
        done += 1;
        per_s = progress_rate_update(&rate, done, now_us, &span_us);
        assert_true(per_s > 9.5 && per_s < 10.5);
    }
    for (int i = 0; i < 100; i++) {
        now_us += 100 * US_PER_MS;
        done += 100;
        per_s = progress_rate_update(&rate, done, now_us, &span_us);
    }
    assert_true(per_s > 999.0 && per_s < 1001.0);
    assert_in_range(span_us, 4 * US_PER_S, 5 * US_PER_S);
    /* And nothing for a while. */
    for (int i = 0; i < 100; i++) {
        now_us += 100 * US_PER_MS;
        per_s = progress_rate_update(&rate, done, now_us, &span_us);
    }
    assert_true(per_s == 0.0);
}

static void a_clock_that_stands_still_gives_no_rate(void **state)
{
    struct progress_rate rate = {.count = 0};
    int64_t span_us;

    (void)state;
    for (uint64_t done = 0; done < 100; done++)
        assert_true(progress_rate_update(&rate, done, 5, &span_us) == 0.0);
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
    const struct progress_options options = {
        .fd = open_terminal(&screen), .is_drawn = true, .rows = 5};
    char written[256];

    (void)state;
    log_init(&log, options.fd, LOG_LEVEL_INFO);
    struct progress *progress = progress_new(&options, &log, &counters);

    progress_draw(progress, US_PER_S);
    assert_seen(screen, "\r[..............................]   0%  0 of 5"
                        "\033[J\r");
    log_write(&log, LOG_LEVEL_INFO, "aside");
    assert_seen_start(screen, "\r\033[J20", written, sizeof(written));
    assert_non_null(strstr(written, " info aside\r\n"));
    progress_end(progress, US_PER_S);
    progress_draw(progress, 2 * US_PER_S);
    progress_free(progress);
    assert_null(log.before_line);
    log_clear(&log);
    close(screen);
}

static void a_log_elsewhere_leaves_the_line_alone(void **state)
{
    static struct counters counters;
    struct log log;
    const struct progress_options options = {.fd = STDERR_FILENO,
                                             .is_drawn = true};

    (void)state;
    log_init(&log, STDOUT_FILENO, LOG_LEVEL_INFO);
    struct progress *progress = progress_new(&options, &log, &counters);
    assert_null(log.before_line);
    progress_free(progress);
    log_clear(&log);
}

/* Draws ten times a second, as the pipeline does. */
static void a_plain_line_comes_every_ten_seconds_and_at_the_end(void **state)
{
    static struct counters counters = {.attempts = 0};
    struct log log;
    char text[512] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    const struct progress_options options = {
        .fd = ends[1], .rows = 400, .owed = 400};
    log_init(&log, ends[1], LOG_LEVEL_ERROR);
    struct progress *progress = progress_new(&options, &log, &counters);
    for (int64_t now_us = US_PER_S; now_us <= 22 * US_PER_S;
         now_us += 100 * US_PER_MS) {
        counters.attempts++;
        counters.settled[STATUS_INVITED]++;
        progress_draw(progress, now_us);
    }
    progress_end(progress, 22 * US_PER_S);
    progress_free(progress);
    progress_free(NULL);
    log_clear(&log);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "bulk-invite: 101 of 400 (25%)  10.0/s  "
                              "30 s left\n"
                              "bulk-invite: 201 of 400 (50%)  10.0/s  "
                              "20 s left\n"
                              "bulk-invite: 211 of 400 (52%)\n");
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_drops_what_matters_least),
        cmocka_unit_test(no_width_is_ever_exceeded),
        cmocka_unit_test(quiet_parts_are_left_out),
        cmocka_unit_test(a_hold_that_is_over_is_not_shown),
        cmocka_unit_test(the_time_left_is_rounded_up_to_what_it_may_promise),
        cmocka_unit_test(a_plain_line_has_no_bar),
        cmocka_unit_test(colour_takes_no_room),
        cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(a_clock_that_stands_still_gives_no_rate),
        cmocka_unit_test(the_line_steps_aside_for_a_log_line),
        cmocka_unit_test(a_log_elsewhere_leaves_the_line_alone),
        cmocka_unit_test(a_plain_line_comes_every_ten_seconds_and_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
