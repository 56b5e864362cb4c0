#include "report/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/random.h"
#include "base/strbuf.h"
#include "html_page.h"
#include "report/html_parts.h"

#define PART_CAP (16 * 1024 * 1024) /* far above what one part can hold */

/* As many rows that need a look are on one page: Chromium needs 0.7 GB and 8 s
 * for them. */
#define ROWS_MOST 500000

/* Rows of one table: a browser lays out only those in sight. */
#define BLOCK_ROWS 500

struct html {
    const struct html_run *run;
    struct atomic_file *file;
    struct strbuf out; /* what is not in the file yet */
    uint64_t undated;  /* rows that are not in the chart */
    uint64_t written;  /* rows that need a look */
    struct html_tables tables;
    struct html_chart chart;
};

/* --- counting --- */

/* Was it settled by the run itself, and not by hand, by what noticed that the
 * run was killed, or by the run's end? */
static bool is_in_chart(const struct html_run *run, const struct row *row)
{
    int64_t at_s = row->settled_s;

    return row->outcome.status != STATUS_UNPROCESSED &&
           at_s >= run->started_s &&
           (run->ended_s == 0 || at_s < run->ended_s + !run->was_killed);
}

static enum error_kind count_row(void *context, const struct row *row,
                                 struct error *err)
{
    struct html *html = context;

    (void)err;
    html_tables_add(&html->tables, row);
    if (is_in_chart(html->run, row))
        html_chart_add(&html->chart, row->settled_s,
                       html_group_of(&row->outcome));
    else
        html->undated++;
    return ERROR_NONE;
}

void html_add_hold(struct html *html, struct hold hold)
{
    int64_t ended_s = html->run->ended_s;

    if (ended_s > 0 && hold.until_s > ended_s)
        hold.until_s = ended_s;
    html_chart_hold(&html->chart, hold);
}

/* --- what stands before the rows --- */

/* Neither title nor addresses of the page may name anybody. */
static void add_head(struct html *html)
{
    uint64_t random[2];
    char nonce[33];

    random_bytes(random, sizeof(random));
    snprintf(nonce, sizeof(nonce), "%016" PRIx64 "%016" PRIx64, random[0],
             random[1]);
    strbuf_addf(&html->out,
                "<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n"
                "<meta http-equiv=Content-Security-Policy content=\""
                "default-src 'none'; style-src 'nonce-%s'; script-src "
                "'nonce-%s'; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=viewport content=\"width=device-width, "
                "initial-scale=1\">\n<meta name=robots content=noindex>\n"
                "<title>Run %" PRId64 " of bulk-invite</title>\n"
                "<style nonce=%s>\n%s</style>\n"
                "<script nonce=%s>\n%s</script>\n<body>\n",
                nonce, nonce, html->run->id, nonce, page_css, nonce, page_js);
}

static void add_headline(struct html *html)
{
    struct strbuf *out = &html->out;
    uint64_t invited = html->tables.groups[HTML_INVITED];
    uint64_t look = html->tables.groups[HTML_LOOK];

    strbuf_add_str(out, "<h1>");
    if (html_group_sum(html->tables.groups) == 0)
        strbuf_add_str(out, "There were no rows");
    else if (invited > 0)
        strbuf_addf(out, "%s %s invited", html_number(invited).text,
                    invited == 1 ? "person was" : "people were");
    else
        strbuf_add_str(out, look > 0 ? "Nobody was invited"
                                     : "Nobody had to be invited");
    if (look > 0)
        strbuf_addf(out, ", <a class=look href=\"#rows\">%s need%s a look</a>",
                    html_count(look, "row").text, look == 1 ? "s" : "");
    strbuf_add_str(out, "</h1>\n");
}

static void add_fact(struct strbuf *out, const char *name, const char *text)
{
    strbuf_addf(out, "<div><dt>%s<dd>", name);
    html_text(out, text);
    strbuf_add_str(out, "</div>\n");
}

static void add_header(struct html *html)
{
    const struct html_run *run = html->run;
    struct strbuf *out = &html->out;

    strbuf_addf(out, "<header>\n<p class=kicker>Run %" PRId64 "</p>\n",
                run->id);
    add_headline(html);
    if (html_group_sum(html->tables.groups) > 0)
        html_share(out, html->tables.groups);
    strbuf_add_str(out, "<dl>\n");
    add_fact(out, "List", run->input);
    add_fact(out, "Organization", run->organization);
    add_fact(out, "Server", run->server);
    add_fact(out, "Began (UTC)", html_time(run->started_s).text);
    if (run->ended_s > 0 && !run->was_killed)
        add_fact(out, "Took",
                 html_duration(run->ended_s - run->started_s).text);
    add_fact(out, "End", run->end);
    strbuf_add_str(out, "</dl>\n");
    if (run->is_going)
        strbuf_add_str(out, "<p class=note>This run is still going: some rows "
                            "are not settled yet, others not read.</p>\n");
    strbuf_add_str(out, "</header>\n<main>\n");
}

static void add_chart(struct html *html)
{
    struct strbuf *out = &html->out;
    uint64_t counted = html->run->already_invited;
    uint64_t stored = html_group_sum(html->tables.groups) - counted;

    if (stored > 0)
        strbuf_add_str(out, "<h2>Over time</h2>\n");
    if (stored > html->undated)
        html_chart_write(&html->chart, out);
    if (html->undated > 0)
        strbuf_addf(out,
                    "<p class=note>Not in here: %s that %s not sent, or "
                    "settled outside the run.</p>\n",
                    html_count(html->undated, "row").text,
                    html->undated == 1 ? "was" : "were");
    if (counted > 0)
        strbuf_addf(out,
                    "<p class=note>Of people invited before the run, %s %s "
                    "only counted: in the totals, not in roles, domains and "
                    "times.</p>\n",
                    html_count(counted, "row").text,
                    counted == 1 ? "was" : "were");
}

/* --- rows --- */

static enum error_kind put(struct html *html, struct error *err)
{
    if (html->out.is_cut)
        return error_set(err, ERROR_STORAGE, "the page is too long");
    enum error_kind kind =
        atomic_file_write(html->file, html->out.bytes, html->out.len, err);
    strbuf_reset(&html->out);
    return kind;
}

static void begin_block(struct html *html)
{
    static const char *const heads[] = {"Line",   "Address", "Role",
                                        "Status", "Why",     NULL};

    if (html->written > 0)
        strbuf_add_str(&html->out, "</table></div>\n");
    strbuf_add_str(&html->out, "<div class=block>");
    html_table(&html->out, "rows", NULL, heads);
}

static void add_cell(struct strbuf *out, const char *text)
{
    strbuf_add_str(out, *text ? "<td>" : "<td class=muted>");
    html_text(out, *text ? text : "none");
}

static enum error_kind add_row(void *context, const struct row *row,
                               struct error *err)
{
    struct html *html = context;
    struct strbuf *out = &html->out;
    const struct outcome *outcome = &row->outcome;

    if (!outcome_needs_look(outcome) || html->written == ROWS_MOST)
        return ERROR_NONE;
    if (html->written % BLOCK_ROWS == 0)
        begin_block(html);
    html->written++;
    strbuf_addf(out, "<tr><th>%" PRIu64, row->line);
    add_cell(out, row->email);
    add_cell(out, row->role);
    add_cell(out, status_name(outcome->status));
    add_cell(out, outcome->error ? outcome->error
                                 : outcome_code_name(outcome->code));
    strbuf_add_str(out, "</tr>\n");
    return put(html, err);
}

static enum error_kind add_rows(struct html *html, struct error *err)
{
    const struct html_run *run = html->run;
    uint64_t look = html->tables.groups[HTML_LOOK];

    if (look == 0)
        return ERROR_NONE;
    strbuf_add_str(&html->out, "<h2 id=rows>Rows that need a look</h2>\n");
    if (look > ROWS_MOST)
        strbuf_addf(&html->out,
                    "<p class=note>These are the first %s of %s, as many as a "
                    "browser can bear. All are in <code>bulk-invite report "
                    "%" PRId64 " -o run%" PRId64 ".csv</code>.</p>\n",
                    html_number(ROWS_MOST).text, html_number(look).text,
                    run->id, run->id);
    if (run->each_row(run->context, add_row, html, err))
        return err->kind;
    strbuf_add_str(&html->out, "</table></div>\n");
    return ERROR_NONE;
}

static enum error_kind write_page(struct html *html, struct error *err)
{
    const struct html_run *run = html->run;

    if (run->each_row(run->context, count_row, html, err) ||
        run->each_hold(run->context, html, err))
        return err->kind;
    add_head(html);
    add_header(html);
    if (html_group_sum(html->tables.groups) > 0)
        html_tables_write(&html->tables, &html->out);
    add_chart(html);
    if (add_rows(html, err))
        return err->kind;
    strbuf_add_str(&html->out,
                   "</main>\n<footer><p>This page holds personal data: "
                   "whoever gets it can read the addresses on it. Made "
                   "by bulk-invite " BULK_INVITE_VERSION ".</p></footer>\n");
    return put(html, err);
}

enum error_kind html_write(const char *path, const struct html_run *run,
                           struct error *err)
{
    struct html *html = xcalloc(1, sizeof(*html));

    html->run = run;
    html->tables.statuses[STATUS_ALREADY_INVITED] = run->already_invited;
    html->tables.groups[HTML_QUIET] = run->already_invited;
    for (int i = 0; i < HTML_NAMES; i++)
        html->tables.names[i] = tally_new();
    html->chart.start_s = run->started_s;
    strbuf_init(&html->out, PART_CAP);
    enum error_kind kind = atomic_file_open(&html->file, path, err);
    if (!kind)
        kind = write_page(html, err);
    if (!kind)
        kind = atomic_file_commit(html->file, err);
    else
        atomic_file_abandon(html->file);
    for (int i = 0; i < HTML_NAMES; i++)
        tally_free(html->tables.names[i]);
    strbuf_clear(&html->out);
    free(html);
    return kind;
}
