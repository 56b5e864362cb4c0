#include "ledger/inside.h"

void ledger_open_seen(struct ledger *ledger)
{
    ledger->keeps_seen = true;
    sql_run(ledger, sql_get(ledger, SQL_MAKE_SEEN));
}

static void bind_person(struct ledger *ledger, sqlite3_stmt *stmt, int index,
                        const struct row *row)
{
    sqlite3_bind_blob(stmt, index, ledger_hash_person(ledger, row->person),
                      LEDGER_HASH_SIZE, SQLITE_STATIC);
}

void ledger_look_seen(struct ledger *ledger, struct row *row)
{
    sqlite3_stmt *stmt = sql_get(ledger, SQL_FIND_SEEN);
    bind_person(ledger, stmt, 1, row);
    if (sql_step(ledger, stmt))
        ledger_say_duplicate(row, (uint64_t)sqlite3_column_int64(stmt, 0),
                             (const char *)sqlite3_column_text(stmt, 1));
    sqlite3_reset(stmt);
}

void ledger_add_seen(struct ledger *ledger, const struct row *row)
{
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_ADD_SEEN, (int64_t)row->line);
    bind_person(ledger, stmt, 2, row);
    sql_bind_text(stmt, 3, row->role);
    sql_run(ledger, stmt);
}

enum error_kind ledger_begin_plan(struct ledger *ledger, struct error *err)
{
    /* Rows of earlier runs stand as they are. */
    ledger->first_row = INT64_MAX;
    if (ledger->is_reader) /* what it knew is of another moment */
        ledger_index_clear(ledger);
    ledger_open_seen(ledger);
    sql_run(ledger, sql_get(ledger, SQL_BEGIN_READING));
    return ledger_result(ledger, err);
}

enum error_kind ledger_plan(struct ledger *ledger, struct row *row,
                            struct error *err)
{
    bool is_owed = false;
    if (row->outcome.status != STATUS_NONE)
        return ERROR_NONE;
    if (ledger_look(ledger, row, &is_owed, err))
        return err->kind;
    if (is_owed || row->outcome.status == STATUS_ALREADY_INVITED)
        ledger_add_seen(ledger, row);
    return ledger_result(ledger, err);
}

enum error_kind ledger_end_plan(struct ledger *ledger, struct error *err)
{
    ledger->keeps_seen = false;
    sql_run(ledger, sql_get(ledger, SQL_COMMIT));
    sql_run(ledger, sql_get(ledger, SQL_DROP_SEEN));
    return ledger_result(ledger, err);
}
