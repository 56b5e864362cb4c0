#include "report/html_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

/* In units of the drawing; it is stretched to what room there is. */
#define COLUMN_WIDTH 10
#define BAR_WIDTH    8
#define HEIGHT       1000
#define BAR_LEAST    12 /* one row among thousands is still seen */

#define SHORT_S 3
#define DAY_S   86400

/* Each divides the next, so that columns can be put together. */
static const int64_t widths_s[] = {1,     5,     15,    30,       60,
                                   300,   900,   1800,  3600,     10800,
                                   21600, 43200, DAY_S, 7 * DAY_S};
#define WIDTHS (sizeof(widths_s) / sizeof(*widths_s))

static const struct {
    const char *class_name;
    const char *label;
} reasons[HOLD_REASONS] = {
    [HOLD_QUOTA] = {"quota", "The server asked to wait"},
    [HOLD_SERVER_DOWN] = {"down", "The server was unavailable"},
};

static int64_t width_s(const struct html_chart *chart)
{
    return widths_s[chart->width];
}

static void widen(struct html_chart *chart)
{
    size_t factor =
        (size_t)(widths_s[chart->width + 1] / widths_s[chart->width]);

    chart->width++;
    for (size_t i = 0; i < HTML_CHART_COLUMNS; i++)
        for (size_t group = 0; group < HTML_GROUPS; group++) {
            uint64_t count = chart->columns[i][group];
            chart->columns[i][group] = 0;
            chart->columns[i / factor][group] += count;
        }
}

/* Makes room up to this second; the column it falls into. */
static size_t reach(struct html_chart *chart, int64_t since_s)
{
    if (since_s > chart->span_s)
        chart->span_s = since_s;
    while (since_s / width_s(chart) >= HTML_CHART_COLUMNS &&
           chart->width + 1 < WIDTHS)
        widen(chart);
    int64_t column = since_s / width_s(chart);
    return column < HTML_CHART_COLUMNS ? (size_t)column
                                       : HTML_CHART_COLUMNS - 1;
}

void html_chart_add(struct html_chart *chart, int64_t at_s,
                    enum html_group group)
{
    size_t column = reach(chart, at_s - chart->start_s);
    chart->columns[column][group]++;
}

static size_t drawn_holds(const struct html_chart *chart)
{
    return chart->hold_count < HTML_CHART_HOLDS ? (size_t)chart->hold_count
                                                : HTML_CHART_HOLDS;
}

void html_chart_hold(struct html_chart *chart, struct hold hold)
{
    size_t count = drawn_holds(chart);
    struct hold *last = count > 0 ? &chart->holds[count - 1] : NULL;

    if (hold.until_s <= hold.from_s || hold.from_s < chart->start_s ||
        (hold.reason != HOLD_QUOTA && hold.reason != HOLD_SERVER_DOWN))
        return;
    if (last && last->reason == hold.reason && hold.from_s < last->until_s) {
        hold.from_s = last->from_s;
        chart->held_s[hold.reason] -= last->until_s - last->from_s;
        if (hold.until_s < last->until_s)
            hold.until_s = last->until_s;
    } else {
        chart->hold_count++;
    }
    chart->holds[drawn_holds(chart) - 1] = hold;
    chart->held_s[hold.reason] += hold.until_s - hold.from_s;
    reach(chart, hold.until_s - chart->start_s);
}

static void add_bands(struct strbuf *out, const struct html_chart *chart)
{
    double unit = (double)COLUMN_WIDTH / (double)width_s(chart);

    for (size_t i = 0; i < drawn_holds(chart); i++) {
        const struct hold *hold = &chart->holds[i];
        strbuf_addf(out, "<rect class=%s x=%.2f width=%.2f height=%d />",
                    reasons[hold->reason].class_name,
                    (double)(hold->from_s - chart->start_s) * unit,
                    (double)(hold->until_s - hold->from_s) * unit, HEIGHT);
    }
}

/* The bars of one group, each on top of those of the groups before. */
static void add_bars(struct strbuf *out, const struct html_chart *chart,
                     size_t columns, size_t group, uint64_t most)
{
    strbuf_addf(out, "<path class=%s d=\"", html_group_class[group]);
    for (size_t i = 0; i < columns; i++) {
        uint64_t below = 0;
        uint64_t height = chart->columns[i][group] * HEIGHT / most;
        if (chart->columns[i][group] == 0)
            continue;
        for (size_t under = 0; under < group; under++)
            below += chart->columns[i][under];
        if (height < BAR_LEAST)
            height = BAR_LEAST;
        strbuf_addf(out, "M%zu %" PRIu64 "v-%" PRIu64 "h%dv%" PRIu64 "z",
                    i * COLUMN_WIDTH + 1, HEIGHT - below * HEIGHT / most,
                    height, BAR_WIDTH, height);
    }
    strbuf_add_str(out, "\"/>");
}

/* A time under the chart: with its day only if there are several. */
static void add_tick(struct strbuf *out, const struct html_chart *chart,
                     int64_t since_s)
{
    struct html_words time = html_time(chart->start_s + since_s);
    bool is_one_day =
        chart->start_s / DAY_S == (chart->start_s + chart->span_s) / DAY_S;

    strbuf_addf(out, "<span>%s</span>", time.text + (is_one_day ? 11 : 0));
}

static void add_drawing(struct strbuf *out, const struct html_chart *chart,
                        size_t columns)
{
    int64_t drawn_s = (int64_t)columns * width_s(chart);
    uint64_t most = 1;

    for (size_t i = 0; i < columns; i++)
        if (html_group_sum(chart->columns[i]) > most)
            most = html_group_sum(chart->columns[i]);
    strbuf_addf(out,
                "<figure>\n<p class=most>%s in %s</p>\n"
                "<svg class=chart role=img aria-label=\"Rows over time; the "
                "table below has the numbers\" viewBox=\"0 0 %zu %d\" "
                "preserveAspectRatio=none>",
                html_count(most, "row").text,
                html_duration(width_s(chart)).text, columns * COLUMN_WIDTH,
                HEIGHT);
    add_bands(out, chart);
    for (size_t group = 0; group < HTML_GROUPS; group++)
        add_bars(out, chart, columns, group, most);
    strbuf_add_str(out, "</svg>\n<div class=ticks>");
    add_tick(out, chart, 0);
    add_tick(out, chart, drawn_s / 2);
    add_tick(out, chart, drawn_s);
    strbuf_add_str(out, "</div>\n");
}

static void add_legend(struct strbuf *out, const struct html_chart *chart)
{
    static const char *const heads[] = {HTML_GROUP_HEADS};

    strbuf_add_str(out, "<figcaption><ul class=legend>");
    for (size_t group = 0; group < HTML_GROUPS; group++)
        strbuf_addf(out, "<li class=%s>%s", html_group_class[group],
                    heads[group] + 1);
    for (size_t reason = HOLD_QUOTA; reason < HOLD_REASONS; reason++)
        if (chart->held_s[reason] > 0)
            strbuf_addf(out, "<li class=%s>%s: %s", reasons[reason].class_name,
                        reasons[reason].label,
                        html_duration(chart->held_s[reason]).text);
    strbuf_add_str(out, "</ul></figcaption>\n</figure>\n");
}

static void add_numbers(struct strbuf *out, const struct html_chart *chart,
                        size_t columns)
{
    static const char *const heads[] = {"From", HTML_GROUP_HEADS, NULL};

    strbuf_add_str(out, "<details><summary>The chart in numbers</summary>\n");
    html_table(out, "columns", NULL, heads);
    for (size_t i = 0; i < columns; i++) {
        if (html_group_sum(chart->columns[i]) == 0)
            continue;
        strbuf_addf(
            out, "<tr><th>%s",
            html_time(chart->start_s + (int64_t)i * width_s(chart)).text);
        for (size_t group = 0; group < HTML_GROUPS; group++)
            html_number_cell(out, chart->columns[i][group]);
    }
    strbuf_add_str(out, "</table></details>\n");
}

void html_chart_write(struct html_chart *chart, struct strbuf *out)
{
    size_t columns = reach(chart, chart->span_s) + 1;
    uint64_t holds = chart->hold_count;

    if (chart->span_s < SHORT_S && holds == 0) {
        strbuf_addf(out, "<p>All of it within %s.</p>\n",
                    html_duration(chart->span_s + 1).text);
        return;
    }
    strbuf_add_str(out, "<p>When rows were settled, in UTC.");
    if (holds > 0)
        strbuf_addf(out,
                    " Everything waited %s, for %s in all (waits of under 2 s "
                    "aren't counted).",
                    holds == 1 ? "once" : html_count(holds, "time").text,
                    html_duration(chart->held_s[HOLD_QUOTA] +
                                  chart->held_s[HOLD_SERVER_DOWN])
                        .text);
    strbuf_add_str(out, "</p>\n");
    add_drawing(out, chart, columns);
    add_legend(out, chart);
    add_numbers(out, chart, columns);
}
