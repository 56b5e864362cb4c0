#ifndef BULK_INVITE_REPORT_HTML_STATE_H
#define BULK_INVITE_REPORT_HTML_STATE_H

#include "base/atomic_file.h"
#include "base/strbuf.h"
#include "domain/tally.h"
#include "report/html.h"
#include "report/html_chart.h"

/* What html.c counts and html_sections.c tells. Private to these two. */
struct html {
    const struct html_run *run;
    struct atomic_file *file;
    struct strbuf out;  /* what is not in the file yet */
    struct strbuf name; /* scratch */
    uint64_t statuses[STATUS_COUNT];
    uint64_t kinds[HTML_GROUPS];
    uint64_t undated; /* rows that are not in the chart */
    uint64_t written; /* rows that need a look */
    struct tally *roles;
    struct tally *domains;
    struct tally *reasons;
    struct html_chart chart;
};

/* What a row with this outcome means to whoever reads the page. */
enum html_group html_group_of(const struct outcome *outcome);

/* Appends all that stands before the rows, head included. */
void html_sections(struct html *html, uint64_t in_hand);

#endif
