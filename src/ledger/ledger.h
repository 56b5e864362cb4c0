#ifndef BULK_INVITE_LEDGER_LEDGER_H
#define BULK_INVITE_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/counters.h"
#include "domain/row.h"

/*
 * The durable memory of one organization on one server: who was ever invited,
 * and every row's outcome. One thread at a time; all errors are ERROR_STORAGE,
 * and after one nothing more may be written (a second fsync can succeed
 * falsely): close it.
 *
 * Changes happen between ledger_begin() and ledger_commit(); when commit
 * returns without error they are on disk.
 */
struct ledger;

/* A private one in the temporary folder, gone when closed. Memory stays flat:
 * SQLite spills to the file. */
enum error_kind ledger_open_temporary(struct ledger **out,
                                      struct error *err) MUST_CHECK;

/* Uncommitted changes are dropped. NULL is fine. */
void ledger_close(struct ledger *ledger);

/* Every row from here to ledger_end_run() belongs to a new run. */
enum error_kind ledger_begin_run(struct ledger *ledger, const char *input_name,
                                 struct error *err) MUST_CHECK;

/* Notes the end, and reconciles: the rows stored by status must be those
 * counted (rows already invited are only counted). A difference is a bug in
 * this program and an ERROR_STORAGE that shows both numbers. */
enum error_kind ledger_end_run(struct ledger *ledger,
                               const struct counters *counters, int exit_code,
                               struct error *err) MUST_CHECK;

enum error_kind ledger_begin(struct ledger *ledger,
                             struct error *err) MUST_CHECK;
enum error_kind ledger_commit(struct ledger *ledger,
                              struct error *err) MUST_CHECK;

/*
 * Is an invitation owed to the row's person? If not, row->outcome says why:
 * duplicate (which line has the person), already_invited (with the
 * invitation), or left unknown by an earlier run.
 */
enum error_kind ledger_look(struct ledger *ledger, struct row *row,
                            bool *is_owed, struct error *err) MUST_CHECK;

/* Stores a row and gives it its id: ROW_INTENT for an invite about to be sent,
 * ROW_SETTLED (with its outcome) for one that is not. */
enum error_kind ledger_add(struct ledger *ledger, struct row *row,
                           enum row_state state, struct error *err) MUST_CHECK;

/* Moves a stored row between ROW_INTENT and ROW_PENDING. */
enum error_kind ledger_set_state(struct ledger *ledger, int64_t row_id,
                                 enum row_state state,
                                 struct error *err) MUST_CHECK;

/* Stores the outcome of a row that was added with ROW_INTENT. */
enum error_kind ledger_settle(struct ledger *ledger, const struct row *row,
                              struct error *err) MUST_CHECK;

/*
 * A plan counts without changing anything: between begin and end, each row
 * gets the outcome it would have now, or none if it would be sent.
 */
enum error_kind ledger_begin_plan(struct ledger *ledger,
                                  struct error *err) MUST_CHECK;
enum error_kind ledger_plan(struct ledger *ledger, struct row *row,
                            struct error *err) MUST_CHECK;
enum error_kind ledger_end_plan(struct ledger *ledger,
                                struct error *err) MUST_CHECK;

#endif
