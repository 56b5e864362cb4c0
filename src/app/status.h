#ifndef BULK_INVITE_APP_STATUS_H
#define BULK_INVITE_APP_STATUS_H

#include <stdio.h>

#include "ledger/ledger_books.h"

/*
 * What `status` shows, for a person and for a program. Used by
 * command_status.c only. Writing errors are left to ferror().
 */
struct status_view {
    struct ledger *ledger; /* between begin and commit */
    const char *holder;    /* who works on it now, or NULL */
    int64_t now_s;
    int64_t until_s; /* which invitations expire soon */
};

#define STATUS_RUNS 5 /* the last ones */

/* Text in lines, safe for a terminal. */
enum error_kind status_print_text(const struct status_view *view, FILE *out,
                                  struct error *err) MUST_CHECK;

/* One JSON object. */
enum error_kind status_print_json(const struct status_view *view, FILE *out,
                                  struct error *err) MUST_CHECK;

/* How a run ended, or that it has not. */
const char *status_end_of(const struct ledger_run *run);

#endif
