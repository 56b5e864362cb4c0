#ifndef BULK_INVITE_REPORT_HTML_CHART_H
#define BULK_INVITE_REPORT_HTML_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "domain/counters.h"

/*
 * The page's chart: rows over time and the holds between them. Memory is flat:
 * columns become wider as time goes on. Pure; used within this room only (and
 * by its tests).
 */

/* What a row means to whoever reads the page. */
enum html_group {
    HTML_INVITED,
    HTML_QUIET, /* nothing to do: invited before, a harmless duplicate */
    HTML_LOOK,
    HTML_GROUPS,
};

/* The group's name: also of its class in page.css. */
const char *html_group_class(enum html_group group);
const char *html_group_label(enum html_group group);

#define HTML_CHART_COLUMNS 120
#define HTML_CHART_HOLDS   1000 /* drawn; the others are only counted */

/* Plain storage. */
struct html_chart {
    int64_t start_s; /* where the first column begins */
    int64_t end_s;   /* the last second that is drawn */
    size_t width;    /* of a column: a place in a list of seconds */
    uint64_t columns[HTML_CHART_COLUMNS][HTML_GROUPS];
    struct html_hold {
        int64_t from_s;
        int64_t until_s;
        enum hold_reason reason;
    } holds[HTML_CHART_HOLDS];
    size_t hold_count; /* of these */
    uint64_t more_holds;
};

void html_chart_init(struct html_chart *chart, int64_t start_s);

/* A row settled at this time, not before the start. */
void html_chart_add(struct html_chart *chart, int64_t at_s,
                    enum html_group group);

/* In order; one that overlaps with the one before makes it longer. */
void html_chart_hold(struct html_chart *chart, const struct html_hold *hold);

/* Sentence, chart, and both as tables. A few seconds without a hold are one
 * sentence. */
void html_chart_write(struct html_chart *chart, struct strbuf *out);

#endif
