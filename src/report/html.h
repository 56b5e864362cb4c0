#ifndef BULK_INVITE_REPORT_HTML_H
#define BULK_INVITE_REPORT_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/hold.h"
#include "domain/row.h"

/*
 * A run as one page for a browser: what happened at a glance, and every row
 * that needs a look. All of it is in the page (nothing is fetched, and its
 * Content-Security-Policy forbids it), and readable without its script.
 */
struct html;

typedef enum error_kind html_take_row(void *html, const struct row *row,
                                      struct error *err);

struct html_run {
    int64_t id;
    const char *input;
    const char *server;
    const char *organization;
    const char *end; /* how it ended, in words */
    int64_t started_s;
    int64_t ended_s; /* 0: not, or nobody knows */
    bool is_going;
    bool was_killed;          /* ended_s is when that was noticed */
    uint64_t already_invited; /* rows that are not stored, only counted */

    /* Hands all its rows to `take`; called twice, so that memory stays flat. */
    enum error_kind (*each_row)(void *context, html_take_row *take, void *html,
                                struct error *err);
    /* Hands its holds to html_add_hold(). */
    enum error_kind (*each_hold)(void *context, struct html *html,
                                 struct error *err);
    void *context;
};

/* In order; a hold may be planned beyond the run's end. */
void html_add_hold(struct html *html, struct hold hold);

/* Writes the page under atomic_file's rules; what fails leaves PATH.partial. */
enum error_kind html_write(const char *path, const struct html_run *run,
                           struct error *err) MUST_CHECK;

#endif
