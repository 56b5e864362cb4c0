#ifndef BULK_INVITE_LEDGER_STATEMENTS_H
#define BULK_INVITE_LEDGER_STATEMENTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/row.h"
#include "ledger/ledger.h"
#include "ledger/lock.h"

/*
 * The ledger's inside: its connection and its prepared statements. Private to
 * this room.
 */

/* What a row is read back as: columns in the order of enum stored_column. */
#define STORED_COLUMNS                                                     \
    "row.id, line, state, status, email, role, idempotency_key, replaces," \
    " settled_at, code, http_status, attempts, invitation_id,"             \
    " invitation_state, created_at, expires_at, error"

/* The run a row belongs to, and when its invitation ends. */
#define STORED_RUN "(SELECT max(run.id) FROM run WHERE first_row <= row.id)"
#define STORED_END "CAST(strftime('%s', expires_at) AS INTEGER)"

enum stored_column {
    STORED_ID,
    STORED_LINE,
    STORED_STATE,
    STORED_STATUS,
    STORED_EMAIL,
    STORED_ROLE,
    STORED_IDEMPOTENCY_KEY,
    STORED_REPLACES,
    STORED_SETTLED_AT,
    STORED_CODE,
    STORED_HTTP_STATUS,
    STORED_ATTEMPTS,
    STORED_INVITATION_ID,
    STORED_INVITATION_STATE,
    STORED_CREATED_AT,
    STORED_EXPIRES_AT,
    STORED_ERROR,
    STORED_COLUMN_COUNT, /* what a statement adds comes from here on */
};

/* name, SQL; parameters are bound in order. */
#define LEDGER_STATEMENTS(X)                                                  \
    X(SQL_BEGIN, "BEGIN IMMEDIATE")                                           \
    X(SQL_BEGIN_READING, "BEGIN")                                             \
    X(SQL_COMMIT, "COMMIT")                                                   \
    X(SQL_BEGIN_RUN,                                                          \
      "INSERT INTO run (first_row, started_at, input)"                        \
      " VALUES ((SELECT ifnull(max(id), 0) + 1 FROM row), ?, ?)"              \
      " RETURNING first_row")                                                 \
    X(SQL_END_RUN,                                                            \
      "UPDATE run SET ended_at = ?, exit_code = ?, rows_read = ?,"            \
      " already_invited = ? WHERE id = (SELECT max(id) FROM run)")            \
    X(SQL_FIRST_ROW_OF_KILLED,                                                \
      "SELECT min(first_row) FROM run WHERE ended_at IS NULL")                \
    X(SQL_SETTLE_KILLED,                                                      \
      "UPDATE row SET state = 2, status = ?, code = ?, error = ?,"            \
      " settled_at = ? WHERE state = ? AND id >= ?")                          \
    X(SQL_WAITING_RESENDS,                                                    \
      "SELECT replaces, person FROM row WHERE id >= ? AND state = 0"          \
      " AND replaces IS NOT NULL AND person IS NOT NULL")                     \
    X(SQL_END_KILLED, "UPDATE run SET ended_at = ? WHERE ended_at IS NULL")   \
    X(SQL_COUNT_STATUSES,                                                     \
      "SELECT status, count(*) FROM row WHERE id >= ? GROUP BY status")       \
    X(SQL_FIND_ROW, "SELECT " STORED_COLUMNS ", " STORED_END ", person"       \
                    " FROM row WHERE id = ?")                                 \
    X(SQL_INDEX_GET, "SELECT row FROM person WHERE key = ?")                  \
    X(SQL_INDEX_PUT, "INSERT OR REPLACE INTO person VALUES (?, ?)")           \
    X(SQL_MERGED_TO, "SELECT merged_to,"                                      \
                     " (SELECT ifnull(max(id), 0) FROM row) FROM identity")   \
    X(SQL_SET_MERGED_TO, "UPDATE identity SET merged_to = ?")                 \
    X(SQL_NOT_MERGED, "SELECT id, person FROM row"                            \
                      " WHERE id > ? AND person IS NOT NULL ORDER BY id")     \
    X(SQL_FIND_RUN_OF_ROW,                                                    \
      "SELECT id, started_at, first_row,"                                     \
      " (SELECT first_row FROM run AS later WHERE later.id = run.id + 1)"     \
      " FROM run WHERE first_row <= ? ORDER BY id DESC LIMIT 1")              \
    X(SQL_SET_PERSON, "UPDATE row SET person = ? WHERE id = ?")               \
    X(SQL_ADD_ROW,                                                            \
      "INSERT INTO row (line, state, status, email, role, person,"            \
      " idempotency_key, replaces, settled_at, code, http_status, attempts,"  \
      " invitation_id, invitation_state, created_at, expires_at, error)"      \
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")          \
    X(SQL_SAVE_PACE,                                                          \
      "INSERT INTO pace VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE"    \
      " SET rate_per_s = CASE WHEN ?1 > 0 THEN ?1 ELSE rate_per_s END,"       \
      " held_until = ?2, noted_at = ?3")                                      \
    X(SQL_LOAD_PACE, "SELECT rate_per_s, held_until, noted_at FROM pace")     \
    X(SQL_ADD_HOLD, "INSERT INTO hold (run, began_at, planned_until, reason)" \
                    " VALUES ((SELECT max(id) FROM run), ?, ?, ?)")           \
    X(SQL_HOLDS_OF_RUN, "SELECT began_at, planned_until, reason FROM hold"    \
                        " WHERE run = ? ORDER BY id")                         \
    X(SQL_SET_STATE, "UPDATE row SET state = ? WHERE id = ?")                 \
    X(SQL_SETTLE,                                                             \
      "UPDATE row SET state = 2, status = ?, settled_at = ?, code = ?,"       \
      " http_status = ?, attempts = ?, invitation_id = ?,"                    \
      " invitation_state = ?, created_at = ?, expires_at = ?, error = ?"      \
      " WHERE id = ?")                                                        \
    X(SQL_FIND_SEEN, "SELECT line, role FROM seen WHERE key = ?")             \
    X(SQL_ADD_SEEN,                                                           \
      "INSERT OR IGNORE INTO seen (key, line, role) VALUES (?, ?, ?)")        \
    X(SQL_RUNS,                                                               \
      "SELECT id, started_at, ifnull(ended_at, 0), ifnull(exit_code, -1),"    \
      " ifnull(rows_read, 0), ifnull(already_invited, 0), input, first_row"   \
      " FROM run WHERE ?1 = 0 OR id = ?1 ORDER BY id DESC LIMIT ?2")          \
    X(SQL_ROWS_OF_RUN,                                                        \
      "SELECT " STORED_COLUMNS " FROM row WHERE"                              \
      " id >= (SELECT first_row FROM run WHERE id = ?1) AND id <"             \
      " ifnull((SELECT first_row FROM run WHERE id = ?1 + 1),"                \
      "  9223372036854775807) ORDER BY id")                                   \
    X(SQL_NEWEST_RUN, "SELECT first_row, started_at, ended_at FROM run"       \
                      " ORDER BY id DESC LIMIT 1")                            \
    X(SQL_COUNT_PEOPLE, "SELECT status, state, id >= ?, count(*) FROM row"    \
                        " WHERE person IS NOT NULL GROUP BY 1, 2, 3")         \
    X(SQL_UNKNOWN_PEOPLE,                                                     \
      "SELECT " STORED_COLUMNS ", " STORED_RUN " FROM row"                    \
      " WHERE person IS NOT NULL AND (status = ? OR (state = ? AND id < ?))"  \
      " ORDER BY row.id")                                                     \
    X(SQL_EXPIRING_PEOPLE,                                                    \
      "SELECT " STORED_COLUMNS ", " STORED_RUN ", " STORED_END " AS ends"     \
      " FROM row WHERE status = ? AND person IS NOT NULL"                     \
      " AND ends >= ? AND ends < ? ORDER BY ends, row.id")                    \
    X(SQL_COUNT_EXPIRED,                                                      \
      "SELECT count(*) FROM row WHERE status = ? AND person IS NOT NULL"      \
      " AND " STORED_END " < ?")                                              \
    X(SQL_RESOLVE,                                                            \
      "UPDATE row SET state = 2, status = ?, code = ?, error = ?,"            \
      " settled_at = ? WHERE id = ?")                                         \
    X(SQL_STANDING, "SELECT status, state, replaces FROM row WHERE id = ?")   \
    X(SQL_SETTLED_WHEN_CREATED,                                               \
      "UPDATE row SET settled_at = min(settled_at,"                           \
      " ifnull(CAST(strftime('%s', created_at) AS INTEGER), settled_at))"     \
      " WHERE id = ?")                                                        \
    X(SQL_EMAILS,                                                             \
      "SELECT id, email FROM row WHERE email IS NOT NULL ORDER BY id")        \
    X(SQL_ERASE, "UPDATE row SET email = NULL, role = NULL, error = NULL,"    \
                 " invitation_id = NULL WHERE id = ?")                        \
    X(SQL_ERASE_BEFORE,                                                       \
      "UPDATE row SET email = NULL, role = NULL, error = NULL,"               \
      " invitation_id = NULL WHERE email IS NOT NULL AND"                     \
      " ifnull(settled_at, (SELECT started_at FROM run"                       \
      "  WHERE first_row <= row.id ORDER BY id DESC LIMIT 1)) < ?")

enum ledger_sql {
#define X(name, sql) name,
    LEDGER_STATEMENTS(X)
#undef X
    SQL_COUNT
};

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
    int64_t merged_to; /* all rows up to this one are in the table */
    int64_t newest;    /* all rows up to this one are in either */
};

/* The run that find_run() found last, and its rows. */
struct found_run {
    int64_t id;
    int64_t started_s;
    int64_t first_row;
    int64_t next_first_row;
};

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    char *name; /* its path, and what messages call it */
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
    bool keeps_seen;   /* table seen: people of this run or plan
                          that no row stored stands for */
    int64_t first_row; /* of the current run */
    uint64_t counted_already_invited; /* in the current run */
};

/* Does another process work on it, and since when (as lock_find_holder())? */
bool ledger_is_held_elsewhere(const struct ledger *ledger, int64_t *since_s);

/* The statement, prepared on first use, reset and without values. NULL on
 * error. */
sqlite3_stmt *ledger_statement(struct ledger *ledger, enum ledger_sql sql,
                               struct error *err);

/* Runs a statement that gives no rows. */
enum error_kind ledger_run_statement(struct ledger *ledger, sqlite3_stmt *stmt,
                                     struct error *err) MUST_CHECK;

/* Runs SQL text, several statements if need be. */
enum error_kind ledger_execute(struct ledger *ledger, const char *sql,
                               struct error *err) MUST_CHECK;

/* "ledger NAME: what SQLite says". Returns ERROR_STORAGE. */
enum error_kind ledger_error(struct ledger *ledger, struct error *err);

/* NULL is bound as NULL; `text` must live until the statement is reset. */
void ledger_bind_text(sqlite3_stmt *stmt, int index, const char *text);

/* A column's text as a copy, NULL for NULL. */
char *ledger_column_dup(sqlite3_stmt *stmt, int index);

/* What stands for a person in the ledger; valid until the next call. */
const unsigned char *ledger_hash_person(struct ledger *ledger,
                                        const char *person);

/* The row that the statement (STORED_COLUMNS) stands on; the caller frees it.
 * What is not settled gets the outcome of a killed run's row. */
struct row *ledger_stored_row(sqlite3_stmt *stmt);

/* Gives the outcome of a row that was in this state when its run was killed;
 * none when it was settled. */
void ledger_say_killed(struct outcome *outcome, enum row_state state);

/* The row that decides about a person, into a statement of STORED_COLUMNS and
 * expires_at in seconds that the caller resets; NULL with err->kind ERROR_NONE
 * when the person is not known. */
sqlite3_stmt *ledger_find_person(struct ledger *ledger, const char *person,
                                 struct error *err);

/* The row is a duplicate of `line`, which has `role` (NULL: not known). */
void ledger_say_duplicate(struct row *row, uint64_t line, const char *role);

/* A table of people in SQLite's temporary file: those whose earlier line in
 * this input is in no stored row. From open to close, look finds them too. */
enum error_kind ledger_open_seen(struct ledger *ledger,
                                 struct error *err) MUST_CHECK;
enum error_kind ledger_close_seen(struct ledger *ledger,
                                  struct error *err) MUST_CHECK;
enum error_kind ledger_add_seen(struct ledger *ledger, const struct row *row,
                                struct error *err) MUST_CHECK;

/* Gives the row its outcome as a duplicate if it is one of them. */
enum error_kind ledger_look_seen(struct ledger *ledger, struct row *row,
                                 struct error *err) MUST_CHECK;

/* Stores a row and gives it its id. If it `decides` about its person, no other
 * row does any more. */
enum error_kind ledger_insert_row(struct ledger *ledger, struct row *row,
                                  enum row_state state, bool decides,
                                  struct error *err) MUST_CHECK;

/* In two steps, for a row that is stored between them with the hash: the row
 * that decides about the person does so no more; `row` does. */
enum error_kind ledger_release_person(struct ledger *ledger,
                                      const unsigned char *hash,
                                      struct error *err) MUST_CHECK;
enum error_kind ledger_take_person(struct ledger *ledger, int64_t row,
                                   struct error *err) MUST_CHECK;

/* Makes a stored row the one that decides about the person with this hash. */
enum error_kind ledger_set_person(struct ledger *ledger,
                                  const unsigned char hash[LEDGER_HASH_SIZE],
                                  int64_t row_id, struct error *err) MUST_CHECK;

/*
 * The index of people: key -> row. The table person, and before it what is in
 * memory only: `recent` is filled again from the rows that are not merged yet,
 * by whoever looks first, so a crash loses nothing.
 */

/* *row is 0 when there is no such key. */
enum error_kind ledger_index_get(struct ledger *ledger, int64_t key,
                                 int64_t *row, struct error *err) MUST_CHECK;

/* Lasts once the transaction is committed: by the row's column person when it
 * is not merged yet, otherwise in the table at once. */
enum error_kind ledger_index_put(struct ledger *ledger, int64_t key,
                                 int64_t row, struct error *err) MUST_CHECK;

/* Writes what is recent into the table, in order: in several transactions, or
 * in the one that was begun. */
enum error_kind ledger_index_merge(struct ledger *ledger,
                                   struct error *err) MUST_CHECK;

/* Is it so full that a transaction should not begin before it is merged? */
bool ledger_index_is_full(const struct ledger *ledger);

/* Drops what is in memory only: the transaction was taken back. */
void ledger_index_clear(struct ledger *ledger);

/* Finds the person's place (ledger->looked_up), and the row that decides as
 * ledger_find_person() does. */
sqlite3_stmt *ledger_look_up(struct ledger *ledger,
                             const unsigned char hash[LEDGER_HASH_SIZE],
                             struct error *err);

#endif
