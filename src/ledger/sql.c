#include "ledger/sql.h"

#include "ledger/file.h"
#include "ledger/inside.h"

static const char *const sql_texts[SQL_COUNT] = {
#define X(name, sql) [name] = (sql),
    LEDGER_STATEMENTS(X)
#undef X
};

void sql_note_failure(struct ledger *ledger)
{
    struct error *failure = &ledger->failure;
    if (failure->kind)
        return;
    int code = sqlite3_errcode(ledger->db) & 0xff; /* not the extended one */
    if (code == SQLITE_CORRUPT)
        ledger_say_damaged(ledger);
    else if (code == SQLITE_NOTADB)
        error_set(failure, ERROR_STORAGE, LEDGER_NOT_ONE, ledger->name);
    else
        error_set(failure, ERROR_STORAGE, "ledger %s: %s", ledger->name,
                  sqlite3_errmsg(ledger->db));
}

sqlite3_stmt *sql_get(struct ledger *ledger, enum sql_name name)
{
    sqlite3_stmt **stmt = &ledger->statements[name];
    if (ledger->failure.kind)
        return NULL;
    if (*stmt)
        sqlite3_reset(*stmt);
    else if (sqlite3_prepare_v3(ledger->db, sql_texts[name], -1,
                                SQLITE_PREPARE_PERSISTENT, stmt,
                                NULL) != SQLITE_OK)
        sql_note_failure(ledger);
    return *stmt;
}

sqlite3_stmt *sql_bind_numbers(sqlite3_stmt *stmt, const int64_t *numbers,
                               size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_bind_int64(stmt, (int)i + 1, numbers[i]);
    return stmt;
}

void sql_bind_text(sqlite3_stmt *stmt, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, index);
}

bool sql_step(struct ledger *ledger, sqlite3_stmt *stmt)
{
    if (!stmt)
        return false;
    int code = ledger->failure.kind ? SQLITE_DONE : sqlite3_step(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        sql_note_failure(ledger);
    return code == SQLITE_ROW;
}

void sql_run(struct ledger *ledger, sqlite3_stmt *stmt)
{
    while (sql_step(ledger, stmt))
        ;
}

int64_t sql_number(struct ledger *ledger, sqlite3_stmt *stmt)
{
    if (!sql_step(ledger, stmt))
        return 0;
    int64_t number = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return number;
}

void sql_execute(struct ledger *ledger, const char *text)
{
    if (!ledger->failure.kind &&
        sqlite3_exec(ledger->db, text, NULL, NULL, NULL) != SQLITE_OK)
        sql_note_failure(ledger);
}

int64_t sql_column_time(sqlite3_stmt *stmt, int index)
{
    const int64_t first_s = INT64_C(-62135596800);
    const int64_t last_s = INT64_C(253402300799);
    int64_t at_s = sqlite3_column_int64(stmt, index);
    if (at_s < first_s)
        return first_s;
    return at_s < last_s ? at_s : last_s;
}

char *sql_column_dup(sqlite3_stmt *stmt, int index)
{
    return xstrdup((const char *)sqlite3_column_text(stmt, index));
}
