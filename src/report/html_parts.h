#ifndef BULK_INVITE_REPORT_HTML_PARTS_H
#define BULK_INVITE_REPORT_HTML_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "domain/hold.h"
#include "domain/row.h"
#include "domain/tally.h"

/*
 * What html.c makes a page of: text, tables, the chart. All of it is pure, its
 * memory flat. Quotes and end tags that HTML lets one leave out are left out: a
 * long page is a fifth shorter. Private to the page (and its tests).
 */

/* What a row means to whoever reads the page. */
enum html_group {
    HTML_INVITED,
    HTML_QUIET, /* nothing to do: invited before, a harmless duplicate */
    HTML_LOOK,
    HTML_GROUPS,
};

/* Their colours' classes in page.css, and the heads of columns that count
 * them (html_table()). */
extern const char *const html_group_class[HTML_GROUPS];
#define HTML_GROUP_HEADS "#Invited", "#Nothing to do", "#Needs a look"

enum html_group html_group_of(const struct outcome *outcome);
uint64_t html_group_sum(const uint64_t groups[HTML_GROUPS]);

/* --- text (html_text.c) --- */

/* Longer texts end in an ellipsis: a page is for looking at. */
#define HTML_TEXT_MOST 500

/* Anybody's text as HTML text: markup is escaped, and what would be invisible
 * or misleading is written out (base/text_safe.h). */
void html_text(struct strbuf *out, const char *text);

/* Words that live as long as the expression they are made in, so that they can
 * be an argument of strbuf_addf(): html_number(7).text */
struct html_words {
    char text[48];
};

struct html_words html_number(uint64_t number);      /* "1,234,567" */
struct html_words html_time(int64_t at_s);           /* as UTC */
struct html_words html_duration(int64_t duration_s); /* "6 min 40 s" */
struct html_words html_count(uint64_t count, const char *noun); /* "2 rows" */

/* How the groups share a whole that is not 0. */
void html_share(struct strbuf *out, const uint64_t groups[HTML_GROUPS]);

/* A <table> up to its first row, with a heading if `title` is not NULL. `heads`
 * ends with NULL; one that begins with # is of a column of numbers. */
void html_table(struct strbuf *out, const char *class_name, const char *title,
                const char *const *heads);

/* A cell with a number, in such a column. */
void html_number_cell(struct strbuf *out, uint64_t number);

/* --- rows by what became of them, by reason, role and domain --- */

enum html_names {
    HTML_REASONS,
    HTML_ROLES,
    HTML_DOMAINS,
    HTML_NAMES
};

struct html_tables {
    uint64_t statuses[STATUS_COUNT];
    uint64_t groups[HTML_GROUPS];
    struct tally *names[HTML_NAMES];
};

void html_tables_add(struct html_tables *tables, const struct row *row);

/* Sorts the names: nothing may be added afterwards. */
void html_tables_write(const struct html_tables *tables, struct strbuf *out);

/* --- rows over time, and the holds between them --- */

#define HTML_CHART_COLUMNS 120  /* they become wider as time goes on */
#define HTML_CHART_HOLDS   1000 /* of more, the last takes a place */

/* All but start_s begins as zeros. */
struct html_chart {
    int64_t start_s; /* where the first column begins */
    int64_t span_s;  /* from there to the last second that is drawn */
    size_t width;    /* of a column: a place in a list of seconds */
    uint64_t columns[HTML_CHART_COLUMNS][HTML_GROUPS];
    struct hold holds[HTML_CHART_HOLDS];
    uint64_t hold_count;
    int64_t held_s[HOLD_REASONS]; /* by all of them */
};

/* A row settled at this time, not before the start. */
void html_chart_add(struct html_chart *chart, int64_t at_s,
                    enum html_group group);

/* In order; one that overlaps with the one before makes it longer. */
void html_chart_hold(struct html_chart *chart, struct hold hold);

/* Sentence, chart, and its numbers as a table. A few seconds without a hold
 * are one sentence. */
void html_chart_write(struct html_chart *chart, struct strbuf *out);

#endif
