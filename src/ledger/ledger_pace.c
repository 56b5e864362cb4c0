#include "base/clock.h"
#include "ledger/statements.h"

#define DAY_S 86400

enum error_kind ledger_save_pace(struct ledger *ledger,
                                 const struct ledger_pace *pace,
                                 struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SAVE_PACE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_double(stmt, 1, pace->rate_per_s);
    sqlite3_bind_int64(stmt, 2, pace->held_until_s);
    sqlite3_bind_int64(stmt, 3, clock_wall_us() / US_PER_S);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_add_hold(struct ledger *ledger,
                                const struct ledger_hold *hold,
                                struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ADD_HOLD, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, hold->from_s);
    sqlite3_bind_int64(stmt, 2, hold->until_s);
    sqlite3_bind_int(stmt, 3, (int)hold->reason);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_load_pace(struct ledger *ledger,
                                 struct ledger_pace *pace, struct error *err)
{
    *pace = (struct ledger_pace){0};
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_LOAD_PACE, err);
    if (!stmt)
        return err->kind;
    int code = sqlite3_step(stmt);
    int64_t now_s = clock_wall_us() / US_PER_S;
    if (code == SQLITE_ROW) {
        int64_t age_s = now_s - sqlite3_column_int64(stmt, 2);
        int64_t held_until_s = sqlite3_column_int64(stmt, 1);
        if (age_s >= 0 && age_s <= DAY_S)
            pace->rate_per_s = sqlite3_column_double(stmt, 0);
        if (age_s >= 0 && held_until_s > now_s)
            pace->held_until_s =
                held_until_s < now_s + DAY_S ? held_until_s : now_s + DAY_S;
    }
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}
