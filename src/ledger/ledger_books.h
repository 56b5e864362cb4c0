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
    int64_t ended_s;   /* 0: going, or nobody noticed yet that it was killed */
    int exit_code;     /* -1: going, or was killed */
    bool is_going;     /* another process is at it now */
    uint64_t rows_read;
    uint64_t already_invited; /* of these: only counted, not stored */
    uint64_t in_hand;  /* stored rows that it has not settled yet: counted by
                          ledger_each_row(), which does not visit them */
    const char *input; /* valid during the call; of a run that was found: until
                          the next one is, or the ledger is closed */
};

/* What is called for each; nothing they are given outlives the call. `run` is
 * the one the row belongs to. */
typedef void ledger_see_run(void *context, const struct ledger_run *run);
typedef void ledger_see_person(void *context, const struct row *row,
                               int64_t run);
typedef void ledger_see_hold(void *context, const struct hold *hold);
typedef enum error_kind ledger_take_row(void *context, const struct row *row,
                                        struct error *err);

/* The newest `most` runs, newest first. */
enum error_kind ledger_each_run(struct ledger *ledger, uint64_t most,
                                ledger_see_run *see, void *context,
                                struct error *err) MUST_CHECK;

/* Everyone the ledger knows, by what became of them: people[status]. Those
 * under STATUS_NONE are in the hands of a run that is going. */
enum error_kind ledger_count_people(struct ledger *ledger,
                                    uint64_t people[STATUS_COUNT],
                                    struct error *err) MUST_CHECK;

/* The deciding rows of everybody of whom nobody can tell whether they were
 * invited. */
enum error_kind ledger_each_unknown(struct ledger *ledger,
                                    ledger_see_person *see, void *context,
                                    struct error *err) MUST_CHECK;

/* The same of everybody whose invitation ends from `from_s` to before
 * `until_s`, soonest first. */
enum error_kind ledger_each_expiring(struct ledger *ledger, int64_t from_s,
                                     int64_t until_s, ledger_see_person *see,
                                     void *context,
                                     struct error *err) MUST_CHECK;

/* How many people's invitation has ended before `now_s`. */
enum error_kind ledger_count_expired(struct ledger *ledger, int64_t now_s,
                                     uint64_t *count,
                                     struct error *err) MUST_CHECK;

/* The run of this number (0: the newest). ERROR_USAGE when there is none. */
enum error_kind ledger_find_run(struct ledger *ledger, int64_t number,
                                struct ledger_run *run,
                                struct error *err) MUST_CHECK;

/* The stored rows of a run that was found, in input order, until one is
 * answered with an error. What a killed run left open has the outcome that the
 * next one will give it. */
enum error_kind ledger_each_row(struct ledger *ledger, struct ledger_run *run,
                                ledger_take_row *take, void *context,
                                struct error *err) MUST_CHECK;

/* The holds of the run (of 2 s and more), in order. One that a later answer
 * made longer overlaps with the next. */
enum error_kind ledger_each_hold(struct ledger *ledger, int64_t run,
                                 ledger_see_hold *see, void *context,
                                 struct error *err) MUST_CHECK;

/* Settles an unknown by hand: STATUS_INVITED, or STATUS_UNPROCESSED when the
 * invitation was not sent: then one that it was to replace stands again.
 * ERROR_USAGE when the person is not known here or not unknown. Commits by
 * itself. */
enum error_kind ledger_resolve(struct ledger *ledger, const char *person,
                               enum status status,
                               struct error *err) MUST_CHECK;

/*
 * Erases addresses, roles and server's words of one person (key of
 * domain/person.h), or of all rows settled before a time, from the file itself
 * (secure_delete, VACUUM, the WAL cut). What remains is that the person was
 * invited. *erased counts rows. Commits by itself. ERROR_LOCKED when a reader
 * keeps the old pages alive: then they are gone after the next call.
 */
enum error_kind ledger_forget_person(struct ledger *ledger, const char *person,
                                     uint64_t *erased,
                                     struct error *err) MUST_CHECK;
enum error_kind ledger_forget_before(struct ledger *ledger, int64_t before_s,
                                     uint64_t *erased,
                                     struct error *err) MUST_CHECK;

/* Adds what an old report says of a row (invited, already_invited or unknown)
 * unless as much is known of the person here; *is_new says which. An
 * invitation counts from its created_at on. Between begin and commit, after
 * ledger_begin_run(). */
enum error_kind ledger_import(struct ledger *ledger, struct row *row,
                              bool *is_new, struct error *err) MUST_CHECK;

#endif
