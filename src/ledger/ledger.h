#ifndef BULK_INVITE_LEDGER_LEDGER_H
#define BULK_INVITE_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "domain/counters.h"
#include "domain/hold.h"
#include "domain/row.h"

/*
 * The durable memory of one organization on one server: who was ever invited,
 * every run, and every row's outcome. A SQLite file (WAL, synchronous=FULL,
 * mode 0600) with a lock file beside it that lets one run write at a time.
 *
 * One thread at a time. Errors are ERROR_STORAGE unless said otherwise; after
 * one of these nothing more is done (a second fsync can succeed falsely), and
 * every call gives it again.
 */
struct ledger;

struct ledger_options {
    const char *path; /* ":memory:": nothing on disk, and memory grows; NULL: a
                         private temporary file, gone when closed */
    /* Whose it is: stored in a new one, checked in an old one (ERROR_USAGE when
     * it is another's). NULL: what the old one says; a new one needs both. */
    const char *server;
    const char *organization;
    bool must_exist;
    bool is_reader;       /* takes no lock and changes nothing; must exist */
    int64_t lock_wait_us; /* how long to wait for another run's end */
    const char *activity; /* what this run is, for whoever finds it locked */
    unsigned recent_bits; /* room for this power of two of recent people, before
                             the index follows; 0: enough of it (tests: 2) */
};

/*
 * Opens, and creates it with its folders if need be. Held by another run after
 * the wait: ERROR_LOCKED, which says who, since when. A file that is no ledger,
 * of a newer version, damaged, cut short, or of another user: an error, and the
 * file is left as it is.
 */
enum error_kind ledger_open(struct ledger **out,
                            const struct ledger_options *options,
                            struct error *err) MUST_CHECK;

/* Uncommitted changes are dropped. NULL is fine. */
void ledger_close(struct ledger *ledger);

/* Whose it is, and its file; these texts live as long as the ledger. */
const char *ledger_server(const struct ledger *ledger);
const char *ledger_organization(const struct ledger *ledger);
const char *ledger_path(const struct ledger *ledger);

/*
 * Appends the place of a ledger nobody named: in `state_directory` (systemd's
 * $STATE_DIRECTORY; NULL for none), else in `state_home` ($XDG_STATE_HOME),
 * else in `home`/.local/state; there bulk-invite/SERVER/ORGANIZATION.db, each
 * percent-encoded to one file name. ERROR_USAGE when there is no such folder.
 */
enum error_kind ledger_place(const char *state_directory,
                             const char *state_home, const char *home,
                             const char *server, const char *organization,
                             struct strbuf *path, struct error *err) MUST_CHECK;

/* Who holds the lock, in words ("pid 77 (send team.csv) since ..."), and since
 * when in seconds since 1970 (INT64_MAX: not said); false when nobody does.
 * Takes nothing away from a run that starts meanwhile. */
bool ledger_holder(const char *path, struct strbuf *words, int64_t *since_s);

/* Changes happen between begin and commit; when commit returns without error
 * they are on disk. A reader sees one moment from begin to commit. */
enum error_kind ledger_begin(struct ledger *ledger,
                             struct error *err) MUST_CHECK;
enum error_kind ledger_commit(struct ledger *ledger,
                              struct error *err) MUST_CHECK;

/* Takes back all since begin. */
enum error_kind ledger_roll_back(struct ledger *ledger,
                                 struct error *err) MUST_CHECK;

/* --- a run --- */

/* Who is owed an invitation besides people nobody has invited. */
struct ledger_policy {
    bool retries_unknown;    /* --retry-unknown: same key, same row again */
    bool resends_expired;    /* --resend expired */
    bool resends_changed;    /* --resend changed: another role than before */
    int64_t resend_before_s; /* invited before this time (seconds since 1970);
                                INT64_MIN: nobody */
};

void ledger_set_policy(struct ledger *ledger,
                       const struct ledger_policy *policy);

/*
 * Every row from here to ledger_end_run() belongs to a new run. What a killed
 * run left behind is settled first: its intents are unknown, its pending rows
 * unprocessed. Commits by itself.
 */
enum error_kind ledger_begin_run(struct ledger *ledger, const char *input_name,
                                 struct error *err) MUST_CHECK;

/* What is known of the server's pace, so that the next run starts there. */
struct ledger_pace {
    double rate_per_s;    /* 0: none was found */
    int64_t held_until_s; /* seconds since 1970: not to be asked before; 0: no
                             hold */
};

/* Notes the end, and reconciles: the rows stored by status must be those
 * counted (rows already invited are only counted). A difference is a bug in
 * this program and an ERROR_STORAGE that shows both numbers. `pace` is kept
 * (NULL: what was known stays). Commits by itself. */
enum error_kind ledger_end_run(struct ledger *ledger,
                               const struct counters *counters,
                               const struct ledger_pace *pace, int exit_code,
                               struct error *err) MUST_CHECK;

/*
 * Is an invitation owed to the row's person? If not, row->outcome says why:
 * duplicate (which line has the person), already_invited (which run, with the
 * invitation), or left unknown by an earlier run. If an unknown one is owed
 * again, the row gets the Idempotency-Key it had.
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

/* Within a transaction. A rate of 0 leaves the one known before. */
enum error_kind ledger_save_pace(struct ledger *ledger,
                                 const struct ledger_pace *pace,
                                 struct error *err) MUST_CHECK;

/* Notes a hold of this run. Within a transaction. */
enum error_kind ledger_add_hold(struct ledger *ledger, const struct hold *hold,
                                struct error *err) MUST_CHECK;

/* Nothing (zeros) if there is none, if it is older than a day, or if the clock
 * ran backwards since. A hold ends within a day from now. */
enum error_kind ledger_load_pace(struct ledger *ledger,
                                 struct ledger_pace *pace,
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
