#ifndef BULK_INVITE_REPORT_HTML_H
#define BULK_INVITE_REPORT_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/counters.h"
#include "domain/row.h"

/*
 * A run as one page for a browser: what happened at a glance, and every row
 * that needs a look. All of it is in the page (nothing is fetched, and its
 * Content-Security-Policy forbids it), and readable without its script.
 *
 * The rows are handed over twice, so that memory stays flat: all of them to
 * html_count_row(), then to html_add_row(), which writes those that need a
 * look. Written under atomic_file's rules. One thread.
 */
struct html_run {
    int64_t id;
    const char *input; /* texts outlive the page */
    const char *server;
    const char *organization;
    const char *end; /* how it ended, in words */
    int64_t started_s;
    int64_t ended_s; /* 0: not, or nobody knows */
    bool is_going;
    bool was_killed;          /* ended_s is when that was noticed */
    uint64_t already_invited; /* rows that are not stored, only counted */
};

struct html;

/* As many rows that need a look are on one page: Chromium needs 0.7 GB and 8 s
 * for them. */
#define HTML_ROWS_MOST 500000

enum error_kind html_open(struct html **html, const char *path,
                          const struct html_run *run,
                          struct error *err) MUST_CHECK;

void html_count_row(struct html *html, const struct row *row);

/* A hold, in order; it may be planned beyond the run's end. */
void html_count_hold(struct html *html, enum hold_reason reason, int64_t from_s,
                     int64_t until_s);

/* All is counted: writes what stands before the rows. `in_hand`: rows that a
 * run which is going has not settled yet. Returns in *wants_rows whether any
 * need a look. */
enum error_kind html_begin_rows(struct html *html, uint64_t in_hand,
                                bool *wants_rows, struct error *err) MUST_CHECK;

enum error_kind html_add_row(struct html *html, const struct row *row,
                             struct error *err) MUST_CHECK;

/* Complete: takes its final name. Frees `html` in any case. */
enum error_kind html_commit(struct html *html, struct error *err) MUST_CHECK;

/* Leaves FILE.partial. NULL is fine. */
void html_abandon(struct html *html);

#endif
