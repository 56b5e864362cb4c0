#include "app/progress_line.h"

#include <inttypes.h>

#include "base/clock.h"
#include "domain/counters.h"

#define GAP          2 /* columns between two pieces */
#define PIECE_SIZE   80
#define BAR_MIN      8
#define BAR_MAX      30
#define BAR_SURROUND 7 /* "[", "] " and "100%" */

#define LEFT_MOST_US (100 * US_PER_HOUR)

#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

#define RATE_WINDOW_US (5 * US_PER_S)
#define RATE_STEP_US   (RATE_WINDOW_US / (PROGRESS_SAMPLES - 2))

/* In the order of the line. */
enum piece {
    PIECE_COUNT,
    PIECE_RATE,
    PIECE_IN_FLIGHT,
    PIECE_LOOK,
    PIECE_HOLD,
    PIECE_LEFT,
    PIECES
};

struct pieces {
    char text[PIECES][PIECE_SIZE]; /* "" when there is nothing to say */
};

/* 1234567 as 1,234,567. */
static void format_grouped(uint64_t number, char *text)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *text++ = ',';
        *text++ = digits[i];
    }
    *text = '\0';
}

static unsigned percent(const struct progress_view *view)
{
    if (view->done >= view->total)
        return 100;
    return (unsigned)((double)view->done * 100.0 / (double)view->total);
}

static void format_count(const struct progress_view *view, char *text)
{
    char done[32], total[32];

    format_grouped(view->done, done);
    format_grouped(view->total, total);
    if (view->total > 0 && view->is_plain)
        snprintf(text, PIECE_SIZE, "%s of %s (%u%%)", done, total,
                 percent(view));
    else if (view->total > 0)
        snprintf(text, PIECE_SIZE, "%s of %s", done, total);
    else
        snprintf(text, PIECE_SIZE, "%s done", done);
}

static void format_rate(double rate_per_s, char *text)
{
    char whole[32];

    if (rate_per_s <= 0.0)
        return;
    if (rate_per_s >= 99.95) {
        format_grouped((uint64_t)(rate_per_s + 0.5), whole);
        snprintf(text, PIECE_SIZE, "%s/s", whole);
    } else if (rate_per_s >= 1.0) {
        snprintf(text, PIECE_SIZE, "%.1f/s", rate_per_s);
    } else {
        snprintf(text, PIECE_SIZE, "%.0f/min", rate_per_s * 60.0);
    }
}

static void format_hold(const struct progress_view *view, bool is_short,
                        char *text)
{
    char left[CLOCK_DURATION_SIZE];
    bool is_quota = view->hold_reason == HOLD_QUOTA;

    if (view->hold_reason == HOLD_NONE || view->hold_left_us <= 0) {
        text[0] = '\0';
        return;
    }
    clock_format_duration(
        (view->hold_left_us + US_PER_S - 1) / US_PER_S * US_PER_S, left);
    if (is_short)
        snprintf(text, PIECE_SIZE, "%s %s", is_quota ? "quota" : "server down",
                 left);
    else if (view->hold_until[0])
        snprintf(text, PIECE_SIZE, "%s %s (%s)",
                 is_quota ? "quota: waits until" : "server down: next try at",
                 view->hold_until, left);
    else
        snprintf(text, PIECE_SIZE, "%s %s",
                 is_quota ? "quota: waits" : "server down: next try in", left);
}

/* Rounded up to what an estimate may promise. */
static void format_left(int64_t left_us, char *text)
{
    int64_t left_s = left_us / US_PER_S;
    int64_t step_s = left_s < 60 ? 5 : left_s < 3600 ? 60 : 300;

    if (left_us <= 0 || left_us > LEFT_MOST_US)
        return;
    left_s = (left_s / step_s + 1) * step_s;
    if (left_s < 60)
        snprintf(text, PIECE_SIZE, "%d s left", (int)left_s);
    else if (left_s < 3600)
        snprintf(text, PIECE_SIZE, "%d min left", (int)(left_s / 60));
    else
        snprintf(text, PIECE_SIZE, "%d h %02d min left", (int)(left_s / 3600),
                 (int)(left_s / 60 % 60));
}

static void format_pieces(const struct progress_view *view,
                          struct pieces *pieces)
{
    char number[32];

    *pieces = (struct pieces){0};
    format_count(view, pieces->text[PIECE_COUNT]);
    format_rate(view->rate_per_s, pieces->text[PIECE_RATE]);
    if (view->in_flight > 0)
        snprintf(pieces->text[PIECE_IN_FLIGHT], PIECE_SIZE,
                 "%" PRIu32 " in flight", view->in_flight);
    format_grouped(view->need_look, number);
    if (view->need_look > 0)
        snprintf(pieces->text[PIECE_LOOK], PIECE_SIZE, "%s need%s a look",
                 number, view->need_look == 1 ? "s" : "");
    format_hold(view, false, pieces->text[PIECE_HOLD]);
    format_left(view->left_us, pieces->text[PIECE_LEFT]);
}

static size_t pieces_width(const struct pieces *pieces)
{
    size_t width = 0;

    for (int i = 0; i < PIECES; i++)
        if (pieces->text[i][0])
            width += (width > 0 ? GAP : 0) + strlen(pieces->text[i]);
    return width;
}

/* Drops what matters least until the rest fits; the count alone may still be
 * too wide. */
static void fit_pieces(const struct progress_view *view, size_t width,
                       struct pieces *pieces)
{
    static const enum piece droppable[] = {PIECE_IN_FLIGHT, PIECE_RATE,
                                           PIECE_LEFT, PIECE_LOOK};

    for (size_t i = 0; i < sizeof(droppable) / sizeof(*droppable); i++) {
        if (pieces_width(pieces) <= width)
            return;
        pieces->text[droppable[i]][0] = '\0';
    }
    if (pieces_width(pieces) > width)
        format_hold(view, true, pieces->text[PIECE_HOLD]);
    if (pieces_width(pieces) > width)
        pieces->text[PIECE_HOLD][0] = '\0';
    if (pieces_width(pieces) > width && view->total > 0)
        snprintf(pieces->text[PIECE_COUNT], PIECE_SIZE, "%u%%", percent(view));
    if (pieces_width(pieces) > width)
        pieces->text[PIECE_COUNT][width] = '\0';
}

static void add_bar(const struct progress_view *view, size_t room,
                    struct strbuf *out)
{
    if (view->is_plain || view->total == 0 ||
        room < BAR_MIN + BAR_SURROUND + GAP)
        return;
    size_t size = room - BAR_SURROUND - GAP;
    if (size > BAR_MAX)
        size = BAR_MAX;
    size_t filled = size * percent(view) / 100;

    strbuf_add_char(out, '[');
    for (size_t i = 0; i < size; i++)
        strbuf_add_char(out, i < filled ? '#' : '.');
    strbuf_addf(out, "] %3u%%%*s", percent(view), GAP, "");
}

void progress_line_format(const struct progress_view *view, size_t width,
                          struct strbuf *out)
{
    struct pieces pieces;
    size_t start;

    format_pieces(view, &pieces);
    fit_pieces(view, width, &pieces);
    add_bar(view, width - pieces_width(&pieces), out);
    start = out->len;
    for (int i = 0; i < PIECES; i++) {
        bool is_coloured = i == PIECE_LOOK && view->has_colour;
        if (!pieces.text[i][0])
            continue;
        strbuf_addf(out, "%*s%s%s%s", out->len > start ? GAP : 0, "",
                    is_coloured ? YELLOW : "", pieces.text[i],
                    is_coloured ? PLAIN : "");
    }
}

double progress_rate_update(struct progress_rate *rate, uint64_t done,
                            int64_t now_us, int64_t *span_us)
{
    size_t newest = (rate->count + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;
    size_t kept =
        rate->count < PROGRESS_SAMPLES ? rate->count : PROGRESS_SAMPLES;
    double per_s = 0.0;

    *span_us = 0;
    /* The oldest sample inside the window says most. */
    for (size_t back = 0; back < kept; back++) {
        size_t i = (newest + PROGRESS_SAMPLES - back) % PROGRESS_SAMPLES;
        int64_t age_us = now_us - rate->samples[i].at_us;

        if (age_us > RATE_WINDOW_US && back > 0)
            break;
        if (age_us <= 0)
            continue;
        per_s = (double)(done - rate->samples[i].done) * (double)US_PER_S /
                (double)age_us;
        *span_us = age_us;
    }
    if (kept == 0 || now_us - rate->samples[newest].at_us >= RATE_STEP_US) {
        size_t next = rate->count++ % PROGRESS_SAMPLES;

        rate->samples[next].at_us = now_us;
        rate->samples[next].done = done;
    }
    return per_s;
}
