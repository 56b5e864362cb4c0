#ifndef BULK_INVITE_LEDGER_LEDGER_BOOKS_H
#define BULK_INVITE_LEDGER_LEDGER_BOOKS_H

#include "ledger/ledger.h"

/*
 * Looking into a ledger and correcting it by hand: what `status`, `report`,
 * `resolve`, `forget` and `import` need.
 */

struct ledger_run {
    int64_t id;
    int64_t started_s; /* seconds since 1970 */
    int64_t ended_s;   /* 0: running, or just killed */
    int exit_code;     /* -1: was killed, or is running */
    uint64_t rows_read;
    uint64_t already_invited;
    const char *input; /* valid during the call */
};

/* Calls `visit` for the newest `most` runs, newest first. */
enum error_kind ledger_each_run(struct ledger *ledger, uint64_t most,
                                void (*visit)(void *context,
                                              const struct ledger_run *run),
                                void *context, struct error *err) MUST_CHECK;

/* Everyone the ledger knows, by what became of them: people[status]. Those
 * under STATUS_NONE are in a run's hands now. */
enum error_kind ledger_count_people(struct ledger *ledger,
                                    uint64_t people[STATUS_COUNT],
                                    struct error *err) MUST_CHECK;

/* Which people ledger_each_person() visits. */
enum ledger_people {
    LEDGER_UNKNOWN,  /* nobody can tell whether they were invited */
    LEDGER_EXPIRING, /* invited, and the invitation ends before `until_s` */
};

/* Calls `visit` with the deciding row of each and the run it belongs to. */
enum error_kind ledger_each_person(
    struct ledger *ledger, enum ledger_people which, int64_t until_s,
    void (*visit)(void *context, const struct row *row, int64_t run),
    void *context, struct error *err) MUST_CHECK;

/* Calls `visit` for each stored row of the run (0: the newest) in input order;
 * stops when it returns an error. *run says which it was. No such run:
 * ERROR_USAGE. */
enum error_kind
ledger_each_row(struct ledger *ledger, int64_t wanted, struct ledger_run *run,
                enum error_kind (*visit)(void *context, const struct row *row,
                                         struct error *err),
                void *context, struct error *err) MUST_CHECK;

/* Settles an unknown by hand: STATUS_INVITED, or STATUS_UNPROCESSED when the
 * invitation was not sent. ERROR_USAGE when the person is not known here or not
 * unknown. Commits by itself. */
enum error_kind ledger_resolve(struct ledger *ledger, const char *person,
                               enum status status,
                               struct error *err) MUST_CHECK;

/*
 * Erases addresses, roles and server's words of one person (key of
 * domain/person.h), or of all rows settled before a time, from the file itself
 * (secure_delete, VACUUM, the WAL cut). What remains is that the person was
 * invited. *erased counts rows. Commits by itself.
 */
enum error_kind ledger_forget_person(struct ledger *ledger, const char *person,
                                     uint64_t *erased,
                                     struct error *err) MUST_CHECK;
enum error_kind ledger_forget_before(struct ledger *ledger, int64_t before_s,
                                     uint64_t *erased,
                                     struct error *err) MUST_CHECK;

/* Adds what an old report says of a row (invited, already_invited or unknown)
 * unless the person is known here. *is_new says which. Between begin and
 * commit, after ledger_begin_run(). */
enum error_kind ledger_import(struct ledger *ledger, struct row *row,
                              bool *is_new, struct error *err) MUST_CHECK;

#endif
