#include "ledger/statements.h"

enum error_kind ledger_open_seen(struct ledger *ledger, struct error *err)
{
    ledger->keeps_seen = true;
    return ledger_execute(ledger,
                          "CREATE TEMP TABLE seen (key BLOB PRIMARY KEY,"
                          " line INTEGER, role TEXT) WITHOUT ROWID",
                          err);
}

enum error_kind ledger_close_seen(struct ledger *ledger, struct error *err)
{
    ledger->keeps_seen = false;
    for (int sql = SQL_FIND_SEEN; sql <= SQL_ADD_SEEN; sql++) {
        sqlite3_finalize(ledger->statements[sql]);
        ledger->statements[sql] = NULL;
    }
    return ledger_execute(ledger, "DROP TABLE seen", err);
}

enum error_kind ledger_look_seen(struct ledger *ledger, struct row *row,
                                 struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIND_SEEN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_blob(stmt, 1, ledger_hash_person(ledger, row->person),
                      LEDGER_HASH_SIZE, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        ledger_say_duplicate(row, (uint64_t)sqlite3_column_int64(stmt, 0),
                             (const char *)sqlite3_column_text(stmt, 1));
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

enum error_kind ledger_add_seen(struct ledger *ledger, const struct row *row,
                                struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ADD_SEEN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_blob(stmt, 1, ledger_hash_person(ledger, row->person),
                      LEDGER_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (int64_t)row->line);
    ledger_bind_text(stmt, 3, row->role);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_begin_plan(struct ledger *ledger, struct error *err)
{
    /* Rows of earlier runs stand as they are. */
    ledger->first_row = INT64_MAX;
    if (ledger->is_reader) /* what it knew is of another moment */
        ledger_index_clear(ledger);
    if (ledger_open_seen(ledger, err))
        return err->kind;
    return ledger_execute(ledger, "BEGIN", err);
}

enum error_kind ledger_plan(struct ledger *ledger, struct row *row,
                            struct error *err)
{
    bool is_owed = false;
    if (row->outcome.status != STATUS_NONE)
        return ERROR_NONE;
    if (ledger_look(ledger, row, &is_owed, err))
        return err->kind;
    bool is_seen_first =
        is_owed || row->outcome.status == STATUS_ALREADY_INVITED;
    return is_seen_first ? ledger_add_seen(ledger, row, err) : ERROR_NONE;
}

enum error_kind ledger_end_plan(struct ledger *ledger, struct error *err)
{
    if (ledger_execute(ledger, "COMMIT", err))
        return err->kind;
    return ledger_close_seen(ledger, err);
}
