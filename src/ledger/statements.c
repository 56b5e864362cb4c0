#include "ledger/statements.h"

static const char *const sql_texts[SQL_COUNT] = {
#define X(name, sql) [name] = (sql),
    LEDGER_STATEMENTS(X)
#undef X
};

enum error_kind ledger_error(struct ledger *ledger, struct error *err)
{
    return error_set(err, ERROR_STORAGE, "ledger %s: %s", ledger->name,
                     sqlite3_errmsg(ledger->db));
}

sqlite3_stmt *ledger_statement(struct ledger *ledger, enum ledger_sql sql,
                               struct error *err)
{
    sqlite3_stmt *stmt = ledger->statements[sql];
    if (stmt) {
        sqlite3_reset(stmt);
        return stmt;
    }
    if (sqlite3_prepare_v3(ledger->db, sql_texts[sql], -1,
                           SQLITE_PREPARE_PERSISTENT, &stmt,
                           NULL) != SQLITE_OK) {
        ledger_error(ledger, err);
        return NULL;
    }
    ledger->statements[sql] = stmt;
    return stmt;
}

enum error_kind ledger_run_statement(struct ledger *ledger, sqlite3_stmt *stmt,
                                     struct error *err)
{
    enum error_kind kind = ERROR_NONE;
    if (sqlite3_step(stmt) != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

enum error_kind ledger_execute(struct ledger *ledger, const char *sql,
                               struct error *err)
{
    if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return ledger_error(ledger, err);
    return ERROR_NONE;
}

void ledger_bind_text(sqlite3_stmt *stmt, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, index);
}

char *ledger_column_dup(sqlite3_stmt *stmt, int index)
{
    const unsigned char *text = sqlite3_column_text(stmt, index);
    return text ? xstrdup((const char *)text) : NULL;
}
