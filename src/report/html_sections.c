#include "report/html_state.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define NAMES_LISTED   25
#define REASONS_LISTED 50

static const char *const meanings[STATUS_COUNT] = {
    [STATUS_INVITED] = "The server made the invitation.",
    [STATUS_ALREADY_INVITED] = "Invited before, by this list or another.",
    [STATUS_REJECTED] = "The server refused the row. Correct it and send the "
                        "list again.",
    [STATUS_INVALID] = "Not sent: it failed the checks. Correct it and send "
                       "the list again.",
    [STATUS_DUPLICATE] = "The same person stands on an earlier line; with "
                         "another role there it needs a look.",
    [STATUS_UNKNOWN] =
        "May have been invited; nobody can tell, so it is not sent again "
        "unasked. Ask the person or look in Almanac, then settle it with "
        "<code>bulk-invite resolve</code>.",
    [STATUS_FAILED] = "Nobody was invited by it. Send the list again: only "
                      "what is still owed is sent.",
    [STATUS_UNPROCESSED] = "The run stopped first; nobody was invited by it. "
                           "Send the list again.",
};

/* Neither title nor addresses of the page may name anybody. */
static void add_head(struct html *html)
{
    struct strbuf *out = &html->out;
    unsigned char random[16];
    char nonce[2 * sizeof(random) + 1];

    random_bytes(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(nonce + 2 * i, 3, "%02x", random[i]);
    strbuf_addf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'nonce-%s'; script-src 'nonce-%s'; base-uri "
        "'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n"
        "<title>Run %" PRId64 " of bulk-invite</title>\n"
        "<style nonce=\"%s\">\n",
        nonce, nonce, html->run->id, nonce);
    strbuf_add_str(out, html_page_css);
    strbuf_addf(out, "</style>\n<script nonce=\"%s\">\n", nonce);
    strbuf_add_str(out, html_page_js);
    strbuf_add_str(out, "</script>\n</head>\n<body>\n");
}

static uint64_t sum_of(const uint64_t kinds[HTML_GROUPS])
{
    return kinds[HTML_INVITED] + kinds[HTML_QUIET] + kinds[HTML_LOOK];
}

static void add_headline(struct html *html)
{
    struct strbuf *out = &html->out;
    uint64_t invited = html->kinds[HTML_INVITED];
    uint64_t look = html->kinds[HTML_LOOK];

    strbuf_add_str(out, "<h1>");
    if (sum_of(html->kinds) == 0) {
        strbuf_add_str(out, "There were no rows");
    } else if (invited == 0) {
        strbuf_add_str(out, look > 0 ? "Nobody was invited"
                                     : "Nobody had to be invited");
    } else {
        html_number(out, invited);
        strbuf_add_str(out, invited == 1 ? " person was" : " people were");
        strbuf_add_str(out, " invited");
    }
    if (look > 0) {
        strbuf_add_str(out, ", <a href=\"#rows\">");
        html_count(out, look, "row");
        strbuf_addf(out, " need%s a look</a>", look == 1 ? "s" : "");
    }
    strbuf_add_str(out, "</h1>\n");
}

static void add_fact(struct strbuf *out, const char *name, const char *text)
{
    strbuf_addf(out, "<div><dt>%s</dt><dd>", name);
    html_text(out, text);
    strbuf_add_str(out, "</dd></div>\n");
}

static void add_header(struct html *html, uint64_t in_hand)
{
    const struct html_run *run = html->run;
    struct strbuf *out = &html->out;

    strbuf_addf(out, "<header>\n<p class=\"kicker\">Run %" PRId64 "</p>\n",
                run->id);
    add_headline(html);
    strbuf_add_str(out, "<dl>\n");
    add_fact(out, "List", run->input);
    add_fact(out, "Organization", run->organization);
    add_fact(out, "Server", run->server);
    strbuf_add_str(out, "<div><dt>Began (UTC)</dt><dd>");
    html_time(out, run->started_s);
    strbuf_add_str(out, "</dd></div>\n");
    if (run->ended_s > 0 && !run->was_killed) {
        strbuf_add_str(out, "<div><dt>Took</dt><dd>");
        html_duration(out, run->ended_s - run->started_s);
        strbuf_add_str(out, "</dd></div>\n");
    }
    add_fact(out, "End", run->end);
    strbuf_add_str(out, "</dl>\n");
    if (run->is_going) {
        strbuf_add_str(out, "<p class=\"note\">This run is still going: ");
        html_count(out, in_hand, "row");
        strbuf_addf(out, " %s not settled yet, others not read.</p>\n",
                    in_hand == 1 ? "is" : "are");
    }
    strbuf_add_str(out, "</header>\n<main>\n");
}

/* How the three groups share a row of a table. */
static void add_share(struct strbuf *out, const uint64_t kinds[HTML_GROUPS],
                      uint64_t whole)
{
    double from = 0;

    strbuf_add_str(out, "<svg class=\"share\" aria-hidden=\"true\" "
                        "viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\">");
    for (int group = 0; group < HTML_GROUPS; group++) {
        double width = 100 * (double)kinds[group] / (double)whole;
        if (kinds[group] > 0)
            strbuf_addf(out,
                        "<rect class=\"%s\" x=\"%.3f\" width=\"%.3f\" "
                        "height=\"1\"/>",
                        html_group_class((enum html_group)group), from, width);
        from += width;
    }
    strbuf_add_str(out, "</svg>");
}

static void add_totals(struct html *html)
{
    struct strbuf *out = &html->out;
    uint64_t sum = sum_of(html->kinds);

    strbuf_add_str(out, "<section aria-labelledby=\"totals\">\n"
                        "<h2 id=\"totals\">What became of them</h2>\n");
    if (sum == 0) {
        strbuf_add_str(out, "<p>Nothing: the list held no rows.</p>\n"
                            "</section>\n");
        return;
    }
    add_share(out, html->kinds, sum);
    strbuf_add_str(
        out, "\n<table class=\"totals\"><caption class=\"unseen\">Rows by "
             "what became of them</caption><thead><tr><th scope=\"col\">"
             "Status</th><th scope=\"col\" class=\"n\">Rows</th>"
             "<th scope=\"col\">What it means</th></tr></thead>"
             "<tbody>\n");
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++) {
        struct outcome outcome = {.status = (enum status)i};
        if (html->statuses[i] == 0)
            continue;
        strbuf_addf(out,
                    "<tr><th scope=\"row\" class=\"%s\">%s</th>"
                    "<td class=\"n\">",
                    html_group_class(html_group_of(&outcome)),
                    status_label(outcome.status));
        html_number(out, html->statuses[i]);
        strbuf_addf(out, "</td><td>%s</td></tr>\n", meanings[i]);
    }
    strbuf_add_str(out, "</tbody><tfoot><tr><th scope=\"row\">All rows</th>"
                        "<td class=\"n\">");
    html_number(out, sum);
    strbuf_add_str(out, "</td><td></td></tr></tfoot></table>\n</section>\n");
}

static void add_lines(struct strbuf *out, const struct tally_entry *entry)
{
    for (size_t i = 0; i < entry->count && i < TALLY_KEEP; i++)
        strbuf_addf(out, "%s%" PRIu64, i > 0 ? ", " : "", entry->lines[i]);
    if (entry->count > TALLY_KEEP)
        strbuf_add_str(out, " &hellip;");
}

/* Those beyond the first `listed`, put together. */
static struct tally_entry others_of(const struct tally *tally, size_t listed)
{
    struct tally_entry others = tally->others;

    for (size_t i = listed; i < tally->count; i++) {
        others.count += tally->entries[i].count;
        for (size_t kind = 0; kind < TALLY_KINDS; kind++)
            others.kinds[kind] += tally->entries[i].kinds[kind];
    }
    return others;
}

static void add_reasons(struct html *html)
{
    struct strbuf *out = &html->out;
    struct tally *reasons = html->reasons;

    if (reasons->count == 0)
        return;
    tally_sort(reasons);
    struct tally_entry others = others_of(reasons, REASONS_LISTED);
    strbuf_add_str(out,
                   "<section aria-labelledby=\"reasons\">\n"
                   "<h2 id=\"reasons\">Why rows need a look</h2>\n"
                   "<table><caption class=\"unseen\">Reasons</caption><thead>"
                   "<tr><th scope=\"col\">Reason</th><th scope=\"col\" "
                   "class=\"n\">Rows</th><th scope=\"col\">On lines</th></tr>"
                   "</thead><tbody>\n");
    for (size_t i = 0; i < reasons->count && i < REASONS_LISTED; i++) {
        strbuf_add_str(out, "<tr><th scope=\"row\">");
        html_text(out, reasons->entries[i].name);
        strbuf_add_str(out, "</th><td class=\"n\">");
        html_number(out, reasons->entries[i].count);
        strbuf_add_str(out, "</td><td class=\"lines\">");
        add_lines(out, &reasons->entries[i]);
        strbuf_add_str(out, "</td></tr>\n");
    }
    if (others.count > 0) {
        strbuf_add_str(out, "<tr><th scope=\"row\">other reasons</th>"
                            "<td class=\"n\">");
        html_number(out, others.count);
        strbuf_add_str(out, "</td><td></td></tr>\n");
    }
    strbuf_add_str(out, "</tbody></table>\n</section>\n");
}

static void add_name_row(struct strbuf *out, const char *name, bool is_others,
                         const struct tally_entry *entry)
{
    strbuf_addf(out, "<tr><th scope=\"row\"%s>",
                is_others || !*name ? " class=\"muted\"" : "");
    html_text(out, *name ? name : "none");
    strbuf_add_str(out, "</th><td>");
    add_share(out, entry->kinds, entry->count);
    strbuf_add_str(out, "</td>");
    for (int group = 0; group < HTML_GROUPS; group++) {
        strbuf_add_str(out, "<td class=\"n\">");
        html_number(out, entry->kinds[group]);
        strbuf_add_str(out, "</td>");
    }
    strbuf_add_str(out, "</tr>\n");
}

static void add_names(struct html *html, struct tally *tally, const char *name,
                      const char *title)
{
    struct strbuf *out = &html->out;
    if (tally->count == 0)
        return;
    tally_sort(tally);
    struct tally_entry others = others_of(tally, NAMES_LISTED);
    strbuf_addf(out,
                "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">By %s</h2>\n"
                "<table class=\"names\"><caption class=\"unseen\">Rows by "
                "%s</caption><thead><tr><th scope=\"col\">%s</th>"
                "<th scope=\"col\"><span class=\"unseen\">Shares</span></th>",
                name, name, name, name, title);
    for (int group = 0; group < HTML_GROUPS; group++)
        strbuf_addf(out, "<th scope=\"col\" class=\"n\">%s</th>",
                    html_group_label((enum html_group)group));
    strbuf_add_str(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < tally->count && i < NAMES_LISTED; i++)
        add_name_row(out, tally->entries[i].name, false, &tally->entries[i]);
    if (others.count > 0)
        add_name_row(out, "all others", true, &others);
    strbuf_add_str(out, "</tbody></table>\n</section>\n");
}

static void add_chart(struct html *html)
{
    struct strbuf *out = &html->out;
    uint64_t stored = sum_of(html->kinds) - html->run->already_invited;

    if (stored > 0) {
        strbuf_add_str(out, "<section aria-labelledby=\"time\">\n"
                            "<h2 id=\"time\">Over time</h2>\n");
        if (html->undated < stored)
            html_chart_write(&html->chart, out);
        if (html->undated > 0) {
            strbuf_add_str(out, "<p class=\"note\">Not in here: ");
            html_count(out, html->undated, "row");
            strbuf_addf(out,
                        " that %s not sent, or settled outside the "
                        "run.</p>\n",
                        html->undated == 1 ? "was" : "were");
        }
        strbuf_add_str(out, "</section>\n");
    }
    if (html->run->already_invited > 0) {
        strbuf_add_str(out, "<p class=\"note\">Of people invited before the "
                            "run, ");
        html_count(out, html->run->already_invited, "row");
        strbuf_addf(out,
                    " %s only counted: in the totals, not in roles, "
                    "domains and times.</p>\n",
                    html->run->already_invited == 1 ? "was" : "were");
    }
}

static void add_rows_head(struct html *html)
{
    struct strbuf *out = &html->out;

    strbuf_add_str(out, "<section aria-labelledby=\"rows\" class=\"rows\">\n"
                        "<h2 id=\"rows\">Rows that need a look</h2>\n");
    if (html->kinds[HTML_LOOK] > HTML_ROWS_MOST) {
        strbuf_add_str(out, "<p class=\"note\">These are the first ");
        html_number(out, HTML_ROWS_MOST);
        strbuf_add_str(out, " of ");
        html_number(out, html->kinds[HTML_LOOK]);
        strbuf_addf(out,
                    ", as many as a browser can bear. All are in "
                    "<code>bulk-invite report %" PRId64 " -o run%" PRId64
                    ".csv</code>.</p>\n",
                    html->run->id, html->run->id);
    }
    /* page.js puts the search here. */
    strbuf_add_str(out, "<div id=\"search\"></div>\n");
}

void html_sections(struct html *html, uint64_t in_hand)
{
    add_head(html);
    add_header(html, in_hand);
    add_totals(html);
    add_reasons(html);
    strbuf_add_str(&html->out, "<div class=\"pair\">\n");
    add_names(html, html->roles, "role", "Role");
    add_names(html, html->domains, "domain", "Domain");
    strbuf_add_str(&html->out, "</div>\n");
    add_chart(html);
    if (html->kinds[HTML_LOOK] > 0)
        add_rows_head(html);
}
