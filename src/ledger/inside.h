#ifndef BULK_INVITE_LEDGER_INSIDE_H
#define BULK_INVITE_LEDGER_INSIDE_H

#include "domain/row.h"
#include "ledger/ledger.h"
#include "ledger/sql.h"

/*
 * What the ledger's files share. Private to this room. A function that returns
 * no error notes it (see sql.h); what it gives then means nothing.
 */

/* The text of schema.sql; the build makes a C string of it. */
extern const char ledger_schema[];

#define LEDGER_SCHEMA_VERSION 1

#define LEDGER_HASH_SIZE     16
#define LEDGER_HASH_KEY_SIZE 32

/* Longer ones are hashed each time. */
#define LEDGER_HASHED_MOST 256

/* The person hashed last. */
struct hashed_person {
    char person[LEDGER_HASHED_MOST];
    unsigned char hash[LEDGER_HASH_SIZE];
};

/* Where somebody is, or has a place, in the index of people. */
struct person_place {
    unsigned char hash[LEDGER_HASH_SIZE];
    bool is_known; /* false: nothing here is valid */
    int64_t key;
    int64_t row; /* the one that decides; 0: the person is not known */
};

/* An entry of the index; row 0: none. */
struct index_slot {
    int64_t key;
    int64_t row;
};

/*
 * What the table person does not say yet: entries in the order of their keys'
 * leading bits (open addressing). They stand before the table's. NULL until
 * somebody is looked up.
 */
struct recent_people {
    struct index_slot *slots;
    unsigned bits; /* 2^bits slots */
    size_t count;
    size_t most;
    int64_t merged_to;  /* all rows up to this one are in the table */
    int64_t newest;     /* all rows up to this one are in either */
    size_t merging_at;  /* of a merge under way: the slot that is next, ... */
    int64_t merging_to; /* ... and merged_to when it is done; 0: no merge */
};

/* The run that run_of_row() found last, and its rows. */
struct found_run {
    int64_t id;
    int64_t started_s;
    int64_t first_row;
    int64_t next_first_row;
};

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    struct error failure; /* the first one */
    char *name;           /* its path, and what messages call it */
    char *server;
    char *organization;
    bool is_reader;
    int lock_fd; /* -1: not held */
    unsigned char hash_key[LEDGER_HASH_KEY_SIZE];
    struct hashed_person hashed;
    struct person_place looked_up; /* last */
    struct recent_people recent;
    unsigned recent_bits;
    struct ledger_policy policy;
    struct found_run found_run;
    char *found_input; /* of the run that ledger_find_run() found */
    bool keeps_seen;   /* table seen: people of this run or plan that no row
                          stored stands for; looks find them too */
    int64_t first_row; /* of the current run */
    uint64_t counted_already_invited; /* in the current run */
};

/* The failure, if there was one, into *err. */
enum error_kind ledger_result(const struct ledger *ledger,
                              struct error *err) MUST_CHECK;

void ledger_say_damaged(struct ledger *ledger);

/* Does another process work on it, and since when (as ledger_holder())? */
bool ledger_is_held_elsewhere(const struct ledger *ledger, int64_t *since_s);

/* --- rows --- */

/* The row that the statement (STORED_COLUMNS) stands on; the caller frees it.
 * What is not settled gets the outcome of a killed run's row. */
struct row *ledger_stored_row(sqlite3_stmt *stmt);

/* Gives the outcome of a row that was in this state when its run was killed;
 * none when it was settled. */
void ledger_say_killed(struct outcome *outcome, enum row_state state);

/* Stores a row and gives it its id. If it `decides` about its person, no other
 * row does any more. */
void ledger_insert_row(struct ledger *ledger, struct row *row,
                       enum row_state state, bool decides);

/* --- people: who they are, and the one row that decides about each --- */

/* What stands for a person in the ledger; valid until the next call. */
const unsigned char *ledger_hash_person(struct ledger *ledger,
                                        const char *person);

/* A hash in a column; NULL when it is none. */
const unsigned char *ledger_column_hash(sqlite3_stmt *stmt, int column);

/* The row that decides about a person, into a statement of STORED_COLUMNS and
 * expires_at in seconds that the caller resets; NULL when there is none. The
 * person's place is in ledger->looked_up then. */
sqlite3_stmt *ledger_look_up(struct ledger *ledger,
                             const unsigned char hash[LEDGER_HASH_SIZE]);

/* In two steps, for a row that is stored between them with the hash: the row
 * that decides about the person does so no more; `row` does. */
void ledger_release_person(struct ledger *ledger, const unsigned char *hash);
void ledger_take_person(struct ledger *ledger, int64_t row);

/* Makes a stored row the one that decides about the person with this hash. */
void ledger_set_person(struct ledger *ledger,
                       const unsigned char hash[LEDGER_HASH_SIZE],
                       int64_t row_id);

/*
 * --- the index of people: key -> row ---
 * The table person, and before it what is in memory only: `recent` is filled
 * again from the rows that are not merged yet, by whoever looks first, so a
 * crash loses nothing.
 */

/* 0 when there is no such key. */
int64_t ledger_index_get(struct ledger *ledger, int64_t key);

/* Lasts once the transaction is committed: by the row's column person when it
 * is not merged yet, otherwise in the table at once. From three quarters full
 * on, each moves a merge on by a few slots: done at once, it would keep the
 * engine waiting. */
void ledger_index_put(struct ledger *ledger, int64_t key, int64_t row);

/* Writes all that is recent into the table, in order: in several transactions,
 * or in the one that was begun. */
void ledger_index_merge(struct ledger *ledger);

/* Is it so full that a transaction should not begin before it is merged? */
bool ledger_index_is_full(const struct ledger *ledger);

/* Drops what is in memory only: the transaction was taken back. */
void ledger_index_clear(struct ledger *ledger);

/* --- people of whom only this input's earlier lines tell --- */

/* The row is a duplicate of `line`, which has `role` (NULL: not known). */
void ledger_say_duplicate(struct row *row, uint64_t line, const char *role);

/* Makes the table seen; it lives in SQLite's temporary file. */
void ledger_open_seen(struct ledger *ledger);
void ledger_add_seen(struct ledger *ledger, const struct row *row);

/* Gives the row its outcome as a duplicate if it is one of them. */
void ledger_look_seen(struct ledger *ledger, struct row *row);

#endif
