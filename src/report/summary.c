#include "report/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text_safe.h"

#define REASONS_SHOWN 5
#define LINES_SHOWN   3

#define PLAIN  "\033[0m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void add_safe(struct strbuf *out, const char *text)
{
    text_safe_add(out, text, strlen(text));
}

static const char *colour(const struct summary *summary, const char *code)
{
    return summary->has_colour ? code : "";
}

/* A line, unless there is no name. */
static void add_name(struct strbuf *out, const char *title, const char *name)
{
    if (!name)
        return;
    strbuf_add_str(out, title);
    add_safe(out, name);
    strbuf_add_char(out, '\n');
}

static void add_first_line(const struct summary *summary, struct strbuf *out)
{
    uint64_t rows = summary->counters->rows_read;
    char elapsed[CLOCK_DURATION_SIZE];

    clock_format_duration(summary->elapsed_us, elapsed);
    if (rows == 0)
        strbuf_add_str(out, "No rows");
    else
        strbuf_addf(out, "%" PRIu64 " row%s", rows, plural(rows));
    strbuf_add_str(out, " read from ");
    add_safe(out, summary->input_name);
    strbuf_addf(out, " in %s\n", elapsed);
}

static void add_totals(const struct summary *summary, struct strbuf *out)
{
    uint64_t rows = summary->counters->rows_read;
    uint64_t sum = counters_settled(summary->counters);
    int width = snprintf(NULL, 0, "%" PRIu64, rows > sum ? rows : sum);

    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++) {
        uint64_t count = summary->counters->settled[i];
        bool is_good = i == STATUS_INVITED;
        if (count > 0)
            strbuf_addf(out, "%s  %*" PRIu64 " %s\n%s",
                        is_good ? colour(summary, GREEN) : "", width, count,
                        status_label((enum status)i),
                        is_good ? colour(summary, PLAIN) : "");
    }
    /* Only a run that broke down leaves rows without a word on them. */
    if (rows > sum)
        strbuf_addf(out, "  %*" PRIu64 " not settled\n", width, rows - sum);
}

static void add_end(const struct summary *summary, struct strbuf *out)
{
    if (summary->stop_reason) {
        strbuf_add_str(out, colour(summary, RED));
        add_name(out, "Stopped early: ", summary->stop_reason);
        strbuf_add_str(out, colour(summary, PLAIN));
    }
    if (summary->is_input_unread)
        add_name(out, "Not read to its end: ", summary->input_name);
}

static void add_places(const struct summary *summary, struct strbuf *out)
{
    if (summary->organization) {
        strbuf_add_str(out, "Organization: ");
        add_safe(out, summary->organization);
        add_name(out, " on ", summary->server);
    }
    add_name(out, "Report: ", summary->report_path);
    add_name(out, "Retry file: ", summary->retry_path);
    if (summary->left_out > 0)
        strbuf_addf(out,
                    "Not in it, too long or cut off: %" PRIu64
                    " row%s (the first on line "
                    "%" PRIu64 ")\n",
                    summary->left_out, plural(summary->left_out),
                    summary->left_out_line);
}

static void add_reason(const struct tally_entry *entry, struct strbuf *out)
{
    size_t shown = entry->count < LINES_SHOWN ? entry->count : LINES_SHOWN;

    strbuf_addf(out, "  %" PRIu64 " row%s: ", entry->count,
                plural(entry->count));
    add_safe(out, entry->name);
    strbuf_addf(out, " (line%s ", plural(entry->count));
    for (size_t i = 0; i < shown; i++)
        strbuf_addf(out, "%s%" PRIu64, i > 0 ? ", " : "", entry->lines[i]);
    if (entry->count > shown)
        strbuf_addf(out, " and %" PRIu64 " more", entry->count - shown);
    strbuf_add_str(out, ")\n");
}

/* The reasons that most rows have. Of the rows that were never tried it is
 * said already that the run stopped. */
static void add_reasons(const struct summary *summary, struct strbuf *out)
{
    struct tally *reasons = summary->reasons;
    uint64_t need_look = summary->counters->need_look;
    uint64_t others, told;

    if (reasons->count == 0)
        return;
    tally_sort(reasons);
    tally_fold(reasons, REASONS_SHOWN);
    strbuf_addf(out, "%s%" PRIu64 " row%s a look:\n%s", colour(summary, YELLOW),
                need_look, need_look == 1 ? " needs" : "s need",
                colour(summary, PLAIN));
    told = others = reasons->others.count;
    for (size_t i = 0; i < reasons->count; i++) {
        add_reason(&reasons->entries[i], out);
        told += reasons->entries[i].count;
    }
    if (others > 0)
        strbuf_addf(out, "  %" PRIu64 " row%s: other reasons, see the report\n",
                    others, plural(others));
    if (need_look > told)
        strbuf_addf(out, "  %" PRIu64 " row%s: not sent, the run stopped\n",
                    need_look - told, plural(need_look - told));
}

/* One step: the next run's summary names the one after it. */
static void add_next(const struct summary *summary, struct strbuf *out)
{
    const struct counters *counters = summary->counters;
    uint64_t unknown = counters->settled[STATUS_UNKNOWN];
    uint64_t owed = counters->settled[STATUS_FAILED] +
                    counters->settled[STATUS_UNPROCESSED];
    bool is_cut_short = summary->stop_reason || summary->is_input_unread;
    bool is_wrong = counters->need_look > owed + unknown;

    if (is_wrong && !is_cut_short && summary->retry_path) {
        strbuf_add_str(out, "Next: correct the rows in the retry file and send "
                            "it:\n");
        add_name(out, "  ", summary->correct);
    } else if (is_wrong && !is_cut_short) {
        strbuf_addf(out, "Next: correct these rows%s\n",
                    summary->again ? " and send the list again; only what is "
                                     "still owed is sent:"
                                   : "");
        add_name(out, "  ", summary->again);
    } else if (summary->again && (owed > 0 || is_cut_short)) {
        strbuf_addf(out,
                    "Next: %sthe same once more; only what is still owed is "
                    "sent:\n",
                    summary->is_to_mend ? "put that right, then " : "");
        add_name(out, "  ", summary->again);
    }
    if (unknown > 0 && summary->resolve) {
        strbuf_add_str(
            out, "Unknown: not sent again unasked (--retry-unknown does). "
                 "Ask these people,\n"
                 "or look in Almanac, and say what became of each:\n");
        add_name(out, "  ", summary->resolve);
    }
}

void summary_format(const struct summary *summary, struct strbuf *out)
{
    add_first_line(summary, out);
    add_totals(summary, out);
    add_end(summary, out);
    add_reasons(summary, out);
    add_places(summary, out);
    add_next(summary, out);
}
