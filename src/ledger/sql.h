#ifndef BULK_INVITE_LEDGER_SQL_H
#define BULK_INVITE_LEDGER_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The ledger's SQL, and how it is run. Private to this room.
 *
 * The first failure stays in ledger->failure, and from then on sql_get() gives
 * NULL, which SQLite and all of these take for a statement that does nothing.
 * So a change is written down as if nothing could fail, and ledger_result()
 * looks once, at its end.
 */
struct ledger;

/* What a row is read back as: columns in the order of enum stored_column. */
#define STORED_COLUMNS                                                     \
    "row.id, line, state, status, email, role, idempotency_key, replaces," \
    " settled_at, code, http_status, attempts, invitation_id,"             \
    " invitation_state, created_at, expires_at, error"

/* The run a row belongs to, and when its invitation ends. */
#define STORED_RUN "(SELECT max(run.id) FROM run WHERE first_row <= row.id)"
#define STORED_END "CAST(strftime('%s', expires_at) AS INTEGER)"

#define ERASE_ROWS                                            \
    "UPDATE row SET email = NULL, role = NULL, error = NULL," \
    " invitation_id = NULL WHERE email IS NOT NULL AND "

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
#define LEDGER_STATEMENTS(X)                                                   \
    /* opening */                                                              \
    X(SQL_APPLICATION_ID, "PRAGMA application_id")                             \
    X(SQL_VERSION, "PRAGMA user_version")                                      \
    X(SQL_COUNT_TABLES, "SELECT count(*) FROM sqlite_schema")                  \
    X(SQL_COUNT_KILLED, "SELECT count(*) FROM run WHERE ended_at IS NULL")     \
    X(SQL_COUNT_PAGES, "PRAGMA page_count")                                    \
    X(SQL_COUNT_DAMAGE, "SELECT count(*) FROM pragma_quick_check(1)"           \
                        " WHERE quick_check <> 'ok'")                          \
    X(SQL_IDENTITY, "SELECT server, organization, hash_key FROM identity")     \
    X(SQL_ADD_IDENTITY,                                                        \
      "INSERT INTO identity (id, created_at, merged_to, server,"               \
      " organization, hash_key) VALUES (1, ?, 0, ?, ?, ?)")                    \
    X(SQL_BEGIN, "BEGIN IMMEDIATE")                                            \
    X(SQL_BEGIN_READING, "BEGIN")                                              \
    X(SQL_COMMIT, "COMMIT")                                                    \
    X(SQL_ROLL_BACK, "ROLLBACK")                                               \
    /* a run */                                                                \
    X(SQL_BEGIN_RUN,                                                           \
      "INSERT INTO run (first_row, started_at, input)"                         \
      " VALUES ((SELECT ifnull(max(id), 0) + 1 FROM row), ?, ?)"               \
      " RETURNING first_row")                                                  \
    X(SQL_END_RUN,                                                             \
      "UPDATE run SET ended_at = ?, exit_code = ?, rows_read = ?,"             \
      " already_invited = ? WHERE id = (SELECT max(id) FROM run)")             \
    X(SQL_FIRST_ROW_OF_KILLED,                                                 \
      "SELECT min(first_row) FROM run WHERE ended_at IS NULL")                 \
    X(SQL_SETTLE_KILLED,                                                       \
      "UPDATE row SET state = 2, status = ?1, settled_at = ?2, code = ?5,"     \
      " error = ?6 WHERE state = ?3 AND id >= ?4")                             \
    X(SQL_WAITING_RESENDS,                                                     \
      "SELECT replaces, person FROM row WHERE id >= ? AND state = 0"           \
      " AND replaces IS NOT NULL AND person IS NOT NULL")                      \
    X(SQL_END_KILLED, "UPDATE run SET ended_at = ? WHERE ended_at IS NULL")    \
    X(SQL_COUNT_STATUSES,                                                      \
      "SELECT status, count(*) FROM row WHERE id >= ? GROUP BY status")        \
    X(SQL_SAVE_PACE,                                                           \
      "INSERT INTO pace (id, held_until, noted_at, rate_per_s)"                \
      " VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET"                 \
      " rate_per_s = CASE WHEN ?3 > 0 THEN ?3 ELSE rate_per_s END,"            \
      " held_until = ?1, noted_at = ?2")                                       \
    X(SQL_LOAD_PACE, "SELECT rate_per_s, held_until, noted_at FROM pace")      \
    X(SQL_ADD_HOLD, "INSERT INTO hold (run, began_at, planned_until, reason)"  \
                    " VALUES ((SELECT max(id) FROM run), ?, ?, ?)")            \
    /* a row */                                                                \
    X(SQL_FIND_ROW, "SELECT " STORED_COLUMNS ", " STORED_END ", person"        \
                    " FROM row WHERE id = ?")                                  \
    X(SQL_FIND_RUN_OF_ROW,                                                     \
      "SELECT id, started_at, first_row,"                                      \
      " ifnull((SELECT first_row FROM run AS later"                            \
      "  WHERE later.id = run.id + 1), 9223372036854775807)"                   \
      " FROM run WHERE first_row <= ? ORDER BY id DESC LIMIT 1")               \
    X(SQL_ADD_ROW,                                                             \
      "INSERT INTO row (line, state, status, email, role, person,"             \
      " idempotency_key, replaces, settled_at, code, http_status, attempts,"   \
      " invitation_id, invitation_state, created_at, expires_at, error)"       \
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")           \
    X(SQL_SET_STATE, "UPDATE row SET state = ? WHERE id = ?")                  \
    X(SQL_SETTLE,                                                              \
      "UPDATE row SET state = 2, status = ?1, settled_at = ?2, code = ?4,"     \
      " http_status = ?5, attempts = ?6, invitation_id = ?7,"                  \
      " invitation_state = ?8, created_at = ?9, expires_at = ?10,"             \
      " error = ?11 WHERE id = ?3")                                            \
    X(SQL_SET_PERSON, "UPDATE row SET person = ?2 WHERE id = ?1")              \
    /* people */                                                               \
    X(SQL_INDEX_GET, "SELECT row FROM person WHERE key = ?")                   \
    X(SQL_INDEX_PUT, "INSERT OR REPLACE INTO person VALUES (?, ?)")            \
    X(SQL_MERGED_TO,                                                           \
      "SELECT merged_to, (SELECT count(*) FROM row WHERE id > merged_to"       \
      "  AND person IS NOT NULL) FROM identity")                               \
    X(SQL_SET_MERGED_TO, "UPDATE identity SET merged_to = ?")                  \
    X(SQL_NOT_MERGED, "SELECT id, person FROM row"                             \
                      " WHERE id > ? AND person IS NOT NULL ORDER BY id")      \
    X(SQL_MAKE_SEEN, "CREATE TEMP TABLE seen (key BLOB PRIMARY KEY,"           \
                     " line INTEGER, role TEXT) WITHOUT ROWID")                \
    X(SQL_DROP_SEEN, "DROP TABLE seen")                                        \
    X(SQL_FIND_SEEN, "SELECT line, role FROM seen WHERE key = ?")              \
    X(SQL_ADD_SEEN,                                                            \
      "INSERT OR IGNORE INTO seen (line, key, role) VALUES (?, ?, ?)")         \
    /* looking in */                                                           \
    X(SQL_RUNS,                                                                \
      "SELECT id, started_at, ifnull(ended_at, 0), ifnull(exit_code, -1),"     \
      " ifnull(rows_read, 0), ifnull(already_invited, 0), ifnull(input, ''),"  \
      " first_row FROM run WHERE ?1 = 0 OR id = ?1 ORDER BY id DESC LIMIT ?2") \
    X(SQL_ROWS_OF_RUN,                                                         \
      "SELECT " STORED_COLUMNS " FROM row WHERE"                               \
      " id >= (SELECT first_row FROM run WHERE id = ?1) AND id <"              \
      " ifnull((SELECT first_row FROM run WHERE id = ?1 + 1),"                 \
      "  9223372036854775807) ORDER BY id")                                    \
    X(SQL_HOLDS_OF_RUN, "SELECT began_at, planned_until, reason FROM hold"     \
                        " WHERE run = ? ORDER BY id")                          \
    X(SQL_FIRST_ROW_GOING, /* if the newest run began since then */            \
      "SELECT first_row FROM run WHERE id = (SELECT max(id) FROM run)"         \
      " AND started_at >= ? AND ended_at IS NULL")                             \
    X(SQL_COUNT_PEOPLE,                                                        \
      "SELECT CASE WHEN status <> 0 OR state = 2 OR id >= ?1 THEN status"      \
      " WHEN state = 1 THEN ?2 ELSE ?3 END, count(*)"                          \
      " FROM row WHERE person IS NOT NULL GROUP BY 1")                         \
    X(SQL_UNKNOWN_PEOPLE,                                                      \
      "SELECT " STORED_COLUMNS ", " STORED_RUN " FROM row"                     \
      " WHERE person IS NOT NULL AND (status = ? OR (state = 1 AND id < ?))"   \
      " ORDER BY row.id")                                                      \
    X(SQL_EXPIRING_PEOPLE,                                                     \
      "SELECT " STORED_COLUMNS ", " STORED_RUN ", " STORED_END " AS ends"      \
      " FROM row WHERE status = ? AND person IS NOT NULL"                      \
      " AND ends >= ? AND ends < ? ORDER BY ends, row.id")                     \
    X(SQL_COUNT_EXPIRED,                                                       \
      "SELECT count(*) FROM row WHERE status = ? AND person IS NOT NULL"       \
      " AND " STORED_END " < ?")                                               \
    /* correcting */                                                           \
    X(SQL_RESOLVE, "UPDATE row SET state = 2, status = ?1, settled_at = ?2,"   \
                   " code = ?4, error = ?5 WHERE id = ?3")                     \
    X(SQL_FIND_REPLACED,                                                       \
      "WITH RECURSIVE behind AS (SELECT id, replaces, ?2 AS standing"          \
      " FROM row WHERE id = ?1 UNION ALL SELECT row.id, row.replaces,"         \
      " CASE WHEN row.status = 0 AND row.state = 1 THEN ?2"                    \
      "  ELSE row.status END FROM behind"                                      \
      " JOIN row ON row.id = behind.replaces AND row.id < behind.id"           \
      " WHERE behind.standing = ?2)"                                           \
      " SELECT id FROM behind WHERE standing IN (?3, ?4)")                     \
    X(SQL_SETTLED_WHEN_CREATED,                                                \
      "UPDATE row SET settled_at = min(settled_at,"                            \
      " ifnull(CAST(strftime('%s', created_at) AS INTEGER), settled_at))"      \
      " WHERE id = ?")                                                         \
    X(SQL_ERASE_PERSON, ERASE_ROWS "is_person(email, ?)")                      \
    X(SQL_ERASE_BEFORE,                                                        \
      ERASE_ROWS "ifnull(settled_at, (SELECT started_at FROM run"              \
                 "  WHERE first_row <= row.id ORDER BY id DESC LIMIT 1)) < ?")

enum sql_name {
#define X(name, sql) name,
    LEDGER_STATEMENTS(X)
#undef X
    SQL_COUNT
};

/* The statement, prepared at its first use, reset. */
sqlite3_stmt *sql_get(struct ledger *ledger, enum sql_name name);

/* The same, with whole numbers bound to its first parameters. */
#define SQL_WITH(ledger, name, ...)                                         \
    sql_bind_numbers(sql_get(ledger, name), (const int64_t[]){__VA_ARGS__}, \
                     sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
sqlite3_stmt *sql_bind_numbers(sqlite3_stmt *stmt, const int64_t *numbers,
                               size_t count);

/* NULL is bound as NULL; `text` must live until the statement is reset. */
void sql_bind_text(sqlite3_stmt *stmt, int index, const char *text);

/* Is there another row? Whoever leaves the statement on a row resets it, or its
 * reading goes on; after the last one it has ended. */
bool sql_step(struct ledger *ledger, sqlite3_stmt *stmt);

/* To its end. */
void sql_run(struct ledger *ledger, sqlite3_stmt *stmt);

/* Its only number; 0 when there is none. */
int64_t sql_number(struct ledger *ledger, sqlite3_stmt *stmt);

/* Runs SQL text, several statements if need be. */
void sql_execute(struct ledger *ledger, const char *text);

/* A column with a time, in seconds since 1970: from the year 1 to 9999. */
int64_t sql_column_time(sqlite3_stmt *stmt, int index);

/* A column's text as a copy, NULL for NULL. */
char *sql_column_dup(sqlite3_stmt *stmt, int index);

/* SQLite's last failure becomes the ledger's, unless there was one before. */
void sql_note_failure(struct ledger *ledger);

#endif
