#include "report/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text_safe.h"

#define NAME_MAX_BYTES 512

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void add_safe(struct strbuf *out, const char *text)
{
    text_safe_add(out, text, strlen(text));
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

    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++)
        add_count(out, width, settled(summary, (enum status)i),
                  status_label((enum status)i));
    /* Only a run that broke down leaves rows without a word on them. */
    if (rows > sum)
        add_count(out, width, rows - sum, "not settled");
}

static void add_places(const struct summary *summary, struct strbuf *out)
{
    if (summary->organization) {
        strbuf_add_str(out, "Organization: ");
        add_safe(out, summary->organization);
        if (summary->server) {
            strbuf_add_str(out, " on ");
            add_safe(out, summary->server);
        }
        strbuf_add_char(out, '\n');
    }
    if (summary->report_path) {
        strbuf_add_str(out, "Report: ");
        add_safe(out, summary->report_path);
        strbuf_add_char(out, '\n');
    }
}

static void add_end(const struct summary *summary, struct strbuf *out)
{
    if (summary->stop_reason) {
        strbuf_add_str(out, "Stopped early: ");
        add_safe(out, summary->stop_reason);
        strbuf_add_char(out, '\n');
    }
    if (summary->is_input_unread) {
        strbuf_add_str(out, "Not read to its end: ");
        add_safe(out, summary->input_name);
        strbuf_add_char(out, '\n');
    }
}

static void add_part(struct strbuf *list, uint64_t count, const char *label)
{
    if (count > 0)
        strbuf_addf(list, "%s%" PRIu64 " %s", list->len > 0 ? ", " : "", count,
                    label);
}

static void add_look(const struct summary *summary, struct strbuf *out)
{
    uint64_t need_look = summary->counters->need_look;
    uint64_t named = 0;
    struct strbuf parts;

    if (need_look == 0)
        return;
    strbuf_init(&parts, NAME_MAX_BYTES);
#define X(status, name, needs_look, label)                \
    if (needs_look) {                                     \
        named += settled(summary, status);                \
        add_part(&parts, settled(summary, status), name); \
    }
    STATUSES(X)
#undef X
    if (need_look > named)
        add_part(&parts, need_look - named, "duplicate with another role");
    strbuf_addf(out, "Look at: %" PRIu64 " row%s (%s)\n", need_look,
                plural(need_look), strbuf_str(&parts));
    strbuf_clear(&parts);
}

/* What to do about them, in an order a person can follow. */
static void add_advice(const struct summary *summary, struct strbuf *out)
{
    uint64_t wrong =
        settled(summary, STATUS_REJECTED) + settled(summary, STATUS_INVALID);
    uint64_t owed =
        settled(summary, STATUS_FAILED) + settled(summary, STATUS_UNPROCESSED);
    uint64_t unknown = settled(summary, STATUS_UNKNOWN);

    if (wrong > 0)
        strbuf_add_str(out,
                       "  rejected, invalid: correct these rows and run the "
                       "same command again: only\n"
                       "  what is still owed is sent.\n");
    if (owed > 0)
        strbuf_add_str(out,
                       "  failed, unprocessed: nobody was invited by these "
                       "rows; run the same command\n"
                       "  again: only what is still owed is sent.\n");
    if (unknown > 0)
        strbuf_add_str(out,
                       "  unknown: these people may have been invited, nobody "
                       "can tell. They are not\n"
                       "  sent again unasked: ask them, or look in Almanac; "
                       "then settle each one by\n"
                       "    bulk-invite resolve EMAIL --invited|--not-sent\n"
                       "  or send to all of them once more with "
                       "--retry-unknown.\n");
}

void summary_format(const struct summary *summary, struct strbuf *out)
{
    add_first_line(summary, out);
    add_totals(summary, out);
    add_end(summary, out);
    add_places(summary, out);
    add_look(summary, out);
    add_advice(summary, out);
}
