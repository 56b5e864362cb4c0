#include "report/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/html_state.h"
#include "report/html_text.h"

#define PART_CAP (16 * 1024 * 1024) /* far above what a section can hold */

/* Rows of one table: a browser lays out only those in sight. */
#define BLOCK_ROWS 500

static void release(struct html *html)
{
    tally_free(html->roles);
    tally_free(html->domains);
    tally_free(html->reasons);
    strbuf_clear(&html->out);
    strbuf_clear(&html->name);
    free(html);
}

enum error_kind html_open(struct html **html, const char *path,
                          const struct html_run *run, struct error *err)
{
    struct html *opened = xcalloc(1, sizeof(*opened));

    *html = NULL;
    opened->run = run;
    opened->statuses[STATUS_ALREADY_INVITED] = run->already_invited;
    opened->kinds[HTML_QUIET] = run->already_invited;
    opened->roles = tally_new();
    opened->domains = tally_new();
    opened->reasons = tally_new();
    strbuf_init(&opened->out, PART_CAP);
    /* so much that html_text() sees where it was cut */
    strbuf_init(&opened->name, HTML_TEXT_MOST + 1);
    html_chart_init(&opened->chart, run->started_s);
    if (atomic_file_open(&opened->file, path, err))
        release(opened);
    else
        *html = opened;
    return err->kind;
}

void html_abandon(struct html *html)
{
    if (!html)
        return;
    atomic_file_abandon(html->file);
    release(html);
}

/* --- counting --- */

enum html_group html_group_of(const struct outcome *outcome)
{
    if (outcome_needs_look(outcome))
        return HTML_LOOK;
    return outcome->status == STATUS_INVITED ? HTML_INVITED : HTML_QUIET;
}

/* Words that are the same for rows with the same trouble. */
static const char *reason_of(const struct outcome *outcome)
{
    if (outcome->code == CODE_DUPLICATE_OTHER_ROLE)
        return "the same person stands on an earlier line with another role";
    return outcome->error ? outcome->error : status_label(outcome->status);
}

static void count_name(struct html *html, struct tally *tally, const char *name,
                       const struct row *row)
{
    strbuf_reset(&html->name);
    strbuf_add_str(&html->name, name);
    struct tally_entry *entry =
        tally_add(tally, strbuf_str(&html->name), row->line);
    entry->kinds[html_group_of(&row->outcome)]++;
}

static void count_domain(struct html *html, const struct row *row)
{
    const char *at = strrchr(row->email, '@');
    char domain[HTML_TEXT_MOST + 2] = "";

    for (size_t i = 0; at && at[i + 1] && i + 1 < sizeof(domain); i++)
        domain[i] = (char)(at[i + 1] >= 'A' && at[i + 1] <= 'Z' ? at[i + 1] | 32
                                                                : at[i + 1]);
    count_name(html, html->domains, domain, row);
}

/* Was it settled by the run itself, and not by hand, by what noticed that the
 * run was killed, or by the run's end? */
static bool is_in_chart(const struct html_run *run, const struct row *row)
{
    int64_t at_s = row->settled_s;

    return row->outcome.status != STATUS_UNPROCESSED &&
           at_s >= run->started_s &&
           (run->ended_s == 0 || at_s < run->ended_s + !run->was_killed);
}

void html_count_row(struct html *html, const struct row *row)
{
    enum html_group group = html_group_of(&row->outcome);

    html->statuses[row->outcome.status]++;
    html->kinds[group]++;
    count_name(html, html->roles, row->role, row);
    count_domain(html, row);
    if (group == HTML_LOOK)
        count_name(html, html->reasons, reason_of(&row->outcome), row);
    if (is_in_chart(html->run, row))
        html_chart_add(&html->chart, row->settled_s, group);
    else
        html->undated++;
}

void html_count_hold(struct html *html, enum hold_reason reason, int64_t from_s,
                     int64_t until_s)
{
    struct html_hold hold = {from_s, until_s, reason};

    if (html->run->ended_s > 0 && until_s > html->run->ended_s)
        hold.until_s = html->run->ended_s;
    html_chart_hold(&html->chart, &hold);
}

static enum error_kind put(struct html *html, struct error *err)
{
    if (html->out.is_cut)
        return error_set(err, ERROR_STORAGE, "the page is too long");
    enum error_kind kind =
        atomic_file_write(html->file, html->out.bytes, html->out.len, err);
    strbuf_reset(&html->out);
    return kind;
}

enum error_kind html_begin_rows(struct html *html, uint64_t in_hand,
                                bool *wants_rows, struct error *err)
{
    *wants_rows = html->kinds[HTML_LOOK] > 0;
    html_sections(html, in_hand);
    return put(html, err);
}

/* --- rows --- */

static void begin_block(struct html *html, uint64_t line)
{
    uint64_t left = html->kinds[HTML_LOOK] - html->written;

    strbuf_addf(&html->out,
                "<div class=\"block%s\"><table><caption class=\"unseen\">Rows "
                "that need a look, from line %" PRIu64 " on</caption><thead>"
                "<tr><th scope=\"col\">Line</th><th scope=\"col\">Address</th>"
                "<th scope=\"col\">Role</th><th scope=\"col\">Status</th>"
                "<th scope=\"col\">Why</th></tr></thead><tbody>\n",
                left >= BLOCK_ROWS ? " long" : "", line);
}

static void add_cell(struct strbuf *out, const char *text)
{
    strbuf_add_str(out, text && *text ? "<td>" : "<td class=\"muted\">");
    html_text(out, text && *text ? text : "none");
    strbuf_add_str(out, "</td>");
}

enum error_kind html_add_row(struct html *html, const struct row *row,
                             struct error *err)
{
    struct strbuf *out = &html->out;
    const struct outcome *outcome = &row->outcome;

    if (!outcome_needs_look(outcome) || html->written == HTML_ROWS_MOST)
        return ERROR_NONE;
    if (html->written % BLOCK_ROWS == 0)
        begin_block(html, row->line);
    html->written++;
    strbuf_addf(out, "<tr><th scope=\"row\">%" PRIu64 "</th>", row->line);
    add_cell(out, row->email);
    add_cell(out, row->role);
    add_cell(out, status_name(outcome->status));
    add_cell(out, outcome->error ? outcome->error
                                 : outcome_code_name(outcome->code));
    strbuf_add_str(out, "</tr>\n");
    if (html->written % BLOCK_ROWS == 0)
        strbuf_add_str(out, "</tbody></table></div>\n");
    return put(html, err);
}

enum error_kind html_commit(struct html *html, struct error *err)
{
    struct strbuf *out = &html->out;

    if (html->written % BLOCK_ROWS != 0)
        strbuf_add_str(out, "</tbody></table></div>\n");
    if (html->written > 0)
        strbuf_add_str(out, "</section>\n");
    strbuf_add_str(out, "</main>\n<footer><p>This page holds personal data: "
                        "whoever gets it can read the addresses on it. Made "
                        "by bulk-invite " BULK_INVITE_VERSION ".</p></footer>\n"
                        "</body>\n</html>\n");
    if (put(html, err)) {
        html_abandon(html);
        return err->kind;
    }
    enum error_kind kind = atomic_file_commit(html->file, err);
    release(html);
    return kind;
}
