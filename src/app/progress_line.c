#include "app/progress_line.h"

#include <inttypes.h>

#include "base/clock.h"
#include "domain/hold.h"

#define LINE_CAP 512
#define BAR_SIZE 20

/* An estimate beyond that is of no use. */
#define LEFT_MOST_US (100 * US_PER_HOUR)

/* How much of the line there is: less from one to the next. */
enum detail {
    ALL,
    NO_IN_FLIGHT,
    NO_RATE,
    NO_TIME_LEFT,
    NO_LOOK,
    SHORT_HOLD,
    NO_HOLD,
};

static unsigned percent(const struct progress_view *view)
{
    if (view->done >= view->total)
        return 100;
    return (unsigned)((double)view->done * 100.0 / (double)view->total);
}

static void add_count(const struct progress_view *view, enum detail detail,
                      struct strbuf *out)
{
    strbuf_addf(out, "%" PRIu64, view->done);
    if (view->total == 0)
        strbuf_add_str(out, " done");
    else
        strbuf_addf(out, " of %" PRIu64, view->total);
    if (view->total > 0 && detail < SHORT_HOLD)
        strbuf_addf(out, " (%u%%)", percent(view));
}

static void add_rate(double per_s, struct strbuf *out)
{
    if (per_s >= 1.0)
        strbuf_addf(out, "  %.*f/s", per_s < 99.95 ? 1 : 0, per_s);
    else if (per_s > 0.0)
        strbuf_addf(out, "  %.0f/min", per_s * 60.0);
}

static void add_look(uint64_t rows, bool has_colour, struct strbuf *out)
{
    if (rows > 0)
        strbuf_addf(out, "  %s%" PRIu64 " need%s a look%s",
                    has_colour ? "\033[33m" : "", rows, rows == 1 ? "s" : "",
                    has_colour ? "\033[0m" : "");
}

static void add_hold(const struct progress_view *view, enum detail detail,
                     struct strbuf *out)
{
    char left[CLOCK_DURATION_SIZE];
    const char *why = view->hold_reason == HOLD_QUOTA ? "quota" : "server down";
    if (view->hold_reason == HOLD_NONE || view->hold_left_us <= 0)
        return;
    clock_format_duration(
        (view->hold_left_us + US_PER_S - 1) / US_PER_S * US_PER_S, left);
    if (detail == SHORT_HOLD)
        strbuf_addf(out, "  %s %s", why, left);
    else if (view->hold_until[0])
        strbuf_addf(out, "  %s: waits until %s (%s)", why, view->hold_until,
                    left);
    else
        strbuf_addf(out, "  %s: waits %s", why, left);
}

/* Rounded up to what an estimate may promise. */
static void add_time_left(int64_t left_us, struct strbuf *out)
{
    char left[CLOCK_DURATION_SIZE];
    int64_t step_us = left_us < US_PER_MINUTE ? 5 * US_PER_S
                      : left_us < US_PER_HOUR ? 30 * US_PER_S
                                              : 5 * US_PER_MINUTE;
    if (left_us <= 0 || left_us > LEFT_MOST_US)
        return;
    clock_format_duration((left_us / step_us + 1) * step_us, left);
    strbuf_addf(out, "  %s left", left);
}

static void add_words(const struct progress_view *view, enum detail detail,
                      bool has_colour, struct strbuf *out)
{
    add_count(view, detail, out);
    if (detail < NO_RATE)
        add_rate(view->rate_per_s, out);
    if (detail < NO_IN_FLIGHT && view->in_flight > 0)
        strbuf_addf(out, "  %" PRIu32 " in flight", view->in_flight);
    if (detail < NO_LOOK)
        add_look(view->need_look, has_colour, out);
    if (detail < NO_HOLD)
        add_hold(view, detail, out);
    if (detail < NO_TIME_LEFT)
        add_time_left(view->left_us, out);
}

static void add_bar(unsigned filled, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (unsigned i = 0; i < BAR_SIZE; i++)
        strbuf_add_char(out, i < filled ? '#' : '.');
    strbuf_add_str(out, "]  ");
}

void progress_line_format(const struct progress_view *view, size_t width,
                          struct strbuf *out)
{
    struct strbuf line;
    enum detail detail = ALL;
    strbuf_init(&line, LINE_CAP);
    add_words(view, detail, false, &line);
    while (line.len > width && detail < NO_HOLD) {
        strbuf_reset(&line);
        add_words(view, ++detail, false, &line);
    }
    if (view->has_bar && view->total > 0 && detail == ALL &&
        line.len + BAR_SIZE + 4 <= width)
        add_bar(BAR_SIZE * percent(view) / 100, out);
    if (line.len <= width)
        add_words(view, detail, view->has_colour, out);
    strbuf_clear(&line);
}
