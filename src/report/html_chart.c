#include "report/html_chart.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "report/html_text.h"

/* In units of the drawing; it is stretched to what room there is. */
#define COLUMN_WIDTH 10
#define BAR_WIDTH    8
#define HEIGHT       1000
#define BAR_LEAST    12 /* one row among thousands is still seen */

#define SHORT_S      3
#define HOLDS_LISTED 50

/* Each divides the next, so that columns can be put together. */
static const int64_t widths_s[] = {
    1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 604800};
#define WIDTHS (sizeof(widths_s) / sizeof(*widths_s))

static const struct {
    const char *css;
    const char *label;
} groups[HTML_GROUPS] = {
    [HTML_INVITED] = {"invited", "Invited"},
    [HTML_QUIET] = {"quiet", "Nothing to do"},
    [HTML_LOOK] = {"look", "Needs a look"},
};

static const struct {
    const char *css;
    const char *label;
} reasons[] = {
    [HOLD_NONE] = {"quota", ""},
    [HOLD_QUOTA] = {"quota", "The server asked to wait"},
    [HOLD_SERVER_DOWN] = {"down", "The server was unavailable"},
};

const char *html_group_class(enum html_group group)
{
    return groups[group].css;
}

const char *html_group_label(enum html_group group)
{
    return groups[group].label;
}

void html_chart_init(struct html_chart *chart, int64_t start_s)
{
    memset(chart, 0, sizeof(*chart));
    chart->start_s = start_s;
    chart->end_s = start_s;
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
static size_t reach(struct html_chart *chart, int64_t at_s)
{
    int64_t since_s = at_s - chart->start_s;

    if (at_s > chart->end_s)
        chart->end_s = at_s;
    while (since_s / widths_s[chart->width] >= HTML_CHART_COLUMNS &&
           chart->width + 1 < WIDTHS)
        widen(chart);
    since_s /= widths_s[chart->width];
    return since_s < HTML_CHART_COLUMNS ? (size_t)since_s
                                        : HTML_CHART_COLUMNS - 1;
}

void html_chart_add(struct html_chart *chart, int64_t at_s,
                    enum html_group group)
{
    size_t column = reach(chart, at_s);
    chart->columns[column][group]++;
}

void html_chart_hold(struct html_chart *chart, const struct html_hold *hold)
{
    struct html_hold *last = &chart->holds[chart->hold_count];

    if (hold->until_s <= hold->from_s || hold->from_s < chart->start_s ||
        (hold->reason != HOLD_QUOTA && hold->reason != HOLD_SERVER_DOWN))
        return;
    reach(chart, hold->until_s);
    if (chart->hold_count > 0 && last[-1].reason == hold->reason &&
        hold->from_s < last[-1].until_s) {
        if (hold->until_s > last[-1].until_s)
            last[-1].until_s = hold->until_s;
    } else if (chart->hold_count == HTML_CHART_HOLDS) {
        chart->more_holds++;
    } else {
        *last = *hold;
        chart->hold_count++;
    }
}

static uint64_t column_sum(const struct html_chart *chart, size_t column)
{
    uint64_t sum = 0;
    for (size_t group = 0; group < HTML_GROUPS; group++)
        sum += chart->columns[column][group];
    return sum;
}

static uint64_t highest(const struct html_chart *chart)
{
    uint64_t most = 1;
    for (size_t i = 0; i < HTML_CHART_COLUMNS; i++)
        if (column_sum(chart, i) > most)
            most = column_sum(chart, i);
    return most;
}

static void add_bar(struct strbuf *out, const struct html_chart *chart,
                    size_t column, enum html_group group, uint64_t most)
{
    uint64_t below = 0;
    uint64_t count = chart->columns[column][group];
    for (size_t i = 0; i < group; i++)
        below += chart->columns[column][i];
    uint64_t height = count * HEIGHT / most;
    if (count == 0)
        return;
    if (height < BAR_LEAST)
        height = BAR_LEAST;
    strbuf_addf(out, "M%zu %" PRIu64 "v-%" PRIu64 "h%dv%" PRIu64 "z",
                column * COLUMN_WIDTH + 1, HEIGHT - below * HEIGHT / most,
                height, BAR_WIDTH, height);
}

static void add_bands(struct strbuf *out, const struct html_chart *chart)
{
    double unit = (double)COLUMN_WIDTH / (double)widths_s[chart->width];

    for (size_t i = 0; i < chart->hold_count; i++) {
        const struct html_hold *hold = &chart->holds[i];
        strbuf_addf(out,
                    "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" y=\"0\" "
                    "height=\"%d\"/>",
                    reasons[hold->reason].css,
                    (double)(hold->from_s - chart->start_s) * unit,
                    (double)(hold->until_s - hold->from_s) * unit, HEIGHT);
    }
}

/* A time under the chart: with its day only if there are several. */
static void add_tick(struct strbuf *out, const struct html_chart *chart,
                     int64_t at_s)
{
    char first[CLOCK_UTC_SIZE];
    char last[CLOCK_UTC_SIZE];
    char utc[CLOCK_UTC_SIZE];

    clock_format_utc(chart->start_s * US_PER_S, first);
    clock_format_utc(chart->end_s * US_PER_S, last);
    clock_format_utc(at_s * US_PER_S, utc);
    if (strncmp(first, last, 10) == 0)
        strbuf_addf(out, "<span>%.8s</span>", utc + 11);
    else
        strbuf_addf(out, "<span>%.10s %.5s</span>", utc, utc + 11);
}

static void add_legend(struct strbuf *out, const struct html_chart *chart)
{
    bool has[HOLD_SERVER_DOWN + 1] = {false};

    for (size_t i = 0; i < chart->hold_count; i++)
        has[chart->holds[i].reason] = true;
    strbuf_add_str(out, "<figcaption><ul class=\"legend\">");
    for (size_t group = 0; group < HTML_GROUPS; group++)
        strbuf_addf(out, "<li class=\"%s\">%s</li>", groups[group].css,
                    groups[group].label);
    for (int reason = HOLD_QUOTA; reason <= HOLD_SERVER_DOWN; reason++)
        if (has[reason])
            strbuf_addf(out, "<li class=\"%s\">%s</li>", reasons[reason].css,
                        reasons[reason].label);
    strbuf_add_str(out, "</ul></figcaption>\n");
}

static void add_drawing(struct strbuf *out, const struct html_chart *chart,
                        size_t columns)
{
    uint64_t most = highest(chart);
    int64_t width_s = widths_s[chart->width];

    strbuf_add_str(out, "<figure>\n<p class=\"most\">");
    html_count(out, most, "row");
    strbuf_add_str(out, " in ");
    html_duration(out, width_s);
    strbuf_addf(out,
                "</p>\n<svg class=\"chart\" role=\"img\" aria-label=\"Rows "
                "over time; the tables below have the numbers\" "
                "viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\">",
                columns * COLUMN_WIDTH, HEIGHT);
    add_bands(out, chart);
    for (int group = 0; group < HTML_GROUPS; group++) {
        strbuf_addf(out, "<path class=\"%s\" d=\"", groups[group].css);
        for (size_t i = 0; i < columns; i++)
            add_bar(out, chart, i, (enum html_group)group, most);
        strbuf_add_str(out, "\"/>");
    }
    strbuf_add_str(out, "</svg>\n<div class=\"ticks\">");
    add_tick(out, chart, chart->start_s);
    add_tick(out, chart, chart->start_s + (int64_t)columns * width_s / 2);
    add_tick(out, chart, chart->start_s + (int64_t)columns * width_s);
    strbuf_add_str(out, "</div>\n");
    add_legend(out, chart);
    strbuf_add_str(out, "</figure>\n");
}

static void add_columns_table(struct strbuf *out,
                              const struct html_chart *chart, size_t columns)
{
    strbuf_add_str(out,
                   "<details><summary>The chart in numbers</summary>\n<table>"
                   "<caption class=\"unseen\">Rows over time</caption>"
                   "<thead><tr><th scope=\"col\">From</th>");
    for (size_t group = 0; group < HTML_GROUPS; group++)
        strbuf_addf(out, "<th scope=\"col\" class=\"n\">%s</th>",
                    groups[group].label);
    strbuf_add_str(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < columns; i++) {
        if (column_sum(chart, i) == 0)
            continue;
        strbuf_add_str(out, "<tr><th scope=\"row\">");
        html_time(out, chart->start_s + (int64_t)i * widths_s[chart->width]);
        strbuf_add_str(out, "</th>");
        for (size_t group = 0; group < HTML_GROUPS; group++) {
            strbuf_add_str(out, "<td class=\"n\">");
            html_number(out, chart->columns[i][group]);
            strbuf_add_str(out, "</td>");
        }
        strbuf_add_str(out, "</tr>\n");
    }
    strbuf_add_str(out, "</tbody></table></details>\n");
}

static void add_holds_table(struct strbuf *out, const struct html_chart *chart)
{
    if (chart->hold_count == 0)
        return;
    strbuf_add_str(out,
                   "<details><summary>The waits one by one</summary>\n<table>"
                   "<caption class=\"unseen\">Waits</caption><thead><tr>"
                   "<th scope=\"col\">From</th><th scope=\"col\">For</th>"
                   "<th scope=\"col\">Because</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < chart->hold_count && i < HOLDS_LISTED; i++) {
        const struct html_hold *hold = &chart->holds[i];
        strbuf_add_str(out, "<tr><th scope=\"row\">");
        html_time(out, hold->from_s);
        strbuf_add_str(out, "</th><td>");
        html_duration(out, hold->until_s - hold->from_s);
        strbuf_addf(out, "</td><td>%s</td></tr>\n",
                    reasons[hold->reason].label);
    }
    strbuf_add_str(out, "</tbody></table>");
    if (chart->hold_count > HOLDS_LISTED) {
        strbuf_add_str(out, "<p>And ");
        html_number(out, chart->hold_count - HOLDS_LISTED + chart->more_holds);
        strbuf_add_str(out, " more.</p>");
    }
    strbuf_add_str(out, "</details>\n");
}

static void add_waits(struct strbuf *out, const struct html_chart *chart)
{
    int64_t held_s = 0;

    for (size_t i = 0; i < chart->hold_count; i++)
        held_s += chart->holds[i].until_s - chart->holds[i].from_s;
    if (chart->hold_count == 0)
        return;
    strbuf_add_str(out, " Everything waited ");
    if (chart->hold_count == 1)
        strbuf_add_str(out, "once");
    else
        html_count(out, chart->hold_count, "time");
    strbuf_add_str(out, ", for ");
    html_duration(out, held_s);
    strbuf_add_str(out, " in all (waits of under 2 s aren't counted)");
    if (chart->more_holds > 0) {
        strbuf_add_str(out, ", and then ");
        html_number(out, chart->more_holds);
        strbuf_add_str(out, " times more");
    }
    strbuf_add_char(out, '.');
}

void html_chart_write(struct html_chart *chart, struct strbuf *out)
{
    size_t columns = reach(chart, chart->end_s) + 1;
    int64_t took_s = chart->end_s - chart->start_s;

    if (took_s < SHORT_S && chart->hold_count == 0) {
        strbuf_add_str(out, "<p>All of it within ");
        html_duration(out, took_s + 1);
        strbuf_add_str(out, ".</p>\n");
        return;
    }
    strbuf_add_str(out, "<p>When rows were settled, in UTC.");
    add_waits(out, chart);
    strbuf_add_str(out, "</p>\n");
    add_drawing(out, chart, columns);
    add_columns_table(out, chart, columns);
    add_holds_table(out, chart);
}
