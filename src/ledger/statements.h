#ifndef BULK_INVITE_LEDGER_STATEMENTS_H
#define BULK_INVITE_LEDGER_STATEMENTS_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/row.h"
#include "ledger/ledger.h"

/*
 * The ledger's inside: its connection and its prepared statements. Private to
 * this room.
 */

/* name, SQL. Parameters are bound in order. */
#define LEDGER_STATEMENTS(X)                                                  \
    X(SQL_BEGIN, "BEGIN IMMEDIATE")                                           \
    X(SQL_COMMIT, "COMMIT")                                                   \
    X(SQL_BEGIN_RUN,                                                          \
      "INSERT INTO run (first_row, started_at, input)"                        \
      " VALUES ((SELECT ifnull(max(id), 0) + 1 FROM row), ?, ?)"              \
      " RETURNING first_row")                                                 \
    X(SQL_END_RUN,                                                            \
      "UPDATE run SET ended_at = ?, exit_code = ?, rows_read = ?,"            \
      " already_invited = ? WHERE id = (SELECT max(id) FROM run)")            \
    X(SQL_COUNT_STATUSES,                                                     \
      "SELECT status, count(*) FROM row WHERE id >= ? GROUP BY status")       \
    X(SQL_FIND_PERSON,                                                        \
      "SELECT row.id, line, state, status, role, invitation_id,"              \
      " invitation_state, created_at, expires_at"                             \
      " FROM person JOIN row ON row.id = person.row WHERE person.key = ?")    \
    X(SQL_SET_PERSON, "INSERT INTO person (key, row) VALUES (?, ?)"           \
                      " ON CONFLICT (key) DO UPDATE SET row = excluded.row")  \
    X(SQL_ADD_ROW,                                                            \
      "INSERT INTO row (line, state, status, email, role, idempotency_key,"   \
      " code, http_status, attempts, invitation_id, invitation_state,"        \
      " created_at, expires_at, error)"                                       \
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                   \
    X(SQL_SET_STATE, "UPDATE row SET state = ? WHERE id = ?")                 \
    X(SQL_SETTLE,                                                             \
      "UPDATE row SET state = 2, status = ?, code = ?, http_status = ?,"      \
      " attempts = ?, invitation_id = ?, invitation_state = ?,"               \
      " created_at = ?, expires_at = ?, error = ? WHERE id = ?")              \
    X(SQL_FIND_PLANNED, "SELECT line, role FROM planned WHERE key = ?")       \
    X(SQL_ADD_PLANNED, "INSERT INTO planned (key, line, role) VALUES (?, ?, " \
                       "?)")

enum ledger_sql {
#define X(name, sql) name,
    LEDGER_STATEMENTS(X)
#undef X
    SQL_COUNT
};

#define LEDGER_HASH_SIZE     16
#define LEDGER_HASH_KEY_SIZE 32

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    char *name; /* for messages */
    unsigned char hash_key[LEDGER_HASH_KEY_SIZE];
    int64_t first_row;             /* of the current run */
    uint64_t seen_already_invited; /* in the current run */
};

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

#endif
