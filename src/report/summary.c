#include "report/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text_safe.h"

#define REASONS_SHOWN 5
#define LINES_SHOWN   3

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

/* What is said until colour(..., NULL) has this colour, if any has. */
static void colour(const struct summary *summary, const char *code,
                   struct strbuf *out)
{
    if (summary->has_colour)
        strbuf_add_str(out, code ? code : "\033[0m");
}

static void add_name(struct strbuf *out, const char *title, const char *name)
{
    if (!name)
        return;
    strbuf_add_str(out, title);
    add_safe(out, name);
    strbuf_add_char(out, '\n');
}

static uint64_t settled(const struct summary *summary, enum status status)
{
    return summary->counters->settled[status];
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

static void add_count(struct strbuf *out, int width, uint64_t count,
                      const char *label)
{
    if (count > 0)
        strbuf_addf(out, "  %*" PRIu64 " %s\n", width, count, label);
}

static void add_totals(const struct summary *summary, struct strbuf *out)
{
    uint64_t rows = summary->counters->rows_read;
    uint64_t sum = counters_settled(summary->counters);
    int width = snprintf(NULL, 0, "%" PRIu64, rows > sum ? rows : sum);

    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++) {
        if (i == STATUS_INVITED)
            colour(summary, GREEN, out);
        add_count(out, width, settled(summary, (enum status)i),
                  status_label((enum status)i));
        if (i == STATUS_INVITED)
            colour(summary, NULL, out);
    }
    /* Only a run that broke down leaves rows without a word on them. */
    if (rows > sum)
        add_count(out, width, rows - sum, "not settled");
}

static void add_end(const struct summary *summary, struct strbuf *out)
{
    if (summary->stop_reason) {
        colour(summary, RED, out);
        add_name(out, "Stopped early: ", summary->stop_reason);
        colour(summary, NULL, out);
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
                    "Not in it, too long: %" PRIu64 " row%s (the first on line "
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
    for (size_t i = 0; i < shown; i++)
        strbuf_addf(out, "%s%" PRIu64,
                    i > 0              ? ", "
                    : entry->count > 1 ? " (lines "
                                       : " (line ",
                    entry->lines[i]);
    if (entry->count > shown)
        strbuf_addf(out, " and %" PRIu64 " more", entry->count - shown);
    strbuf_add_str(out, ")\n");
}

/* The reasons that most rows have. Of the rows that were never tried it is
 * said already that the run stopped. */
static void add_reasons(const struct summary *summary, struct strbuf *out)
{
    const struct tally *reasons = summary->reasons;
    uint64_t need_look = summary->counters->need_look;
    uint64_t told = 0;
    uint64_t others = reasons->others.count;

    if (reasons->count == 0)
        return;
    colour(summary, YELLOW, out);
    strbuf_addf(out, "%" PRIu64 " row%s a look:\n", need_look,
                need_look == 1 ? " needs" : "s need");
    colour(summary, NULL, out);
    for (size_t i = 0; i < reasons->count; i++) {
        const struct tally_entry *entry = &reasons->entries[i];
        if (i < REASONS_SHOWN)
            add_reason(entry, out);
        else
            others += entry->count;
        told += entry->count;
    }
    told += reasons->others.count;
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
    uint64_t unknown = settled(summary, STATUS_UNKNOWN);
    uint64_t owed =
        settled(summary, STATUS_FAILED) + settled(summary, STATUS_UNPROCESSED);
    bool is_cut_short = summary->stop_reason || summary->is_input_unread;
    bool is_wrong = summary->counters->need_look > owed + unknown;

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
