#include "ledger/ledger_books.h"

#include "ledger/inside.h"

/* From this row on, what is not settled is in the hands of a run that is
 * going; INT64_MAX when none is. A run that started before the lock was taken
 * is one that was killed. */
static int64_t first_in_hand(struct ledger *ledger)
{
    int64_t since_s;
    if (!ledger_is_held_elsewhere(ledger, &since_s))
        return INT64_MAX;
    int64_t first_row =
        sql_number(ledger, SQL_WITH(ledger, SQL_FIRST_ROW_GOING, since_s));
    return first_row > 0 ? first_row : INT64_MAX;
}

static void read_run(sqlite3_stmt *stmt, int64_t in_hand_from,
                     struct ledger_run *run)
{
    *run = (struct ledger_run){
        .id = sqlite3_column_int64(stmt, 0),
        .started_s = sql_column_time(stmt, 1),
        .ended_s = sql_column_time(stmt, 2),
        .exit_code = sqlite3_column_int(stmt, 3),
        .rows_read = (uint64_t)sqlite3_column_int64(stmt, 4),
        .already_invited = (uint64_t)sqlite3_column_int64(stmt, 5),
        .input = (const char *)sqlite3_column_text(stmt, 6),
        .is_going = sqlite3_column_int64(stmt, 7) >= in_hand_from,
    };
}

enum error_kind ledger_each_run(struct ledger *ledger, uint64_t most,
                                ledger_see_run *see, void *context,
                                struct error *err)
{
    int64_t in_hand_from = first_in_hand(ledger);
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_RUNS, 0, (int64_t)most);
    while (sql_step(ledger, stmt)) {
        struct ledger_run run;
        read_run(stmt, in_hand_from, &run);
        see(context, &run);
    }
    return ledger_result(ledger, err);
}

enum error_kind ledger_count_people(struct ledger *ledger,
                                    uint64_t people[STATUS_COUNT],
                                    struct error *err)
{
    int64_t in_hand_from = first_in_hand(ledger);
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_COUNT_PEOPLE, in_hand_from,
                                  STATUS_UNKNOWN, STATUS_UNPROCESSED);
    memset(people, 0, STATUS_COUNT * sizeof(*people));
    while (sql_step(ledger, stmt)) {
        int status = sqlite3_column_int(stmt, 0);
        if (status >= 0 && status < STATUS_COUNT)
            people[status] = (uint64_t)sqlite3_column_int64(stmt, 1);
    }
    return ledger_result(ledger, err);
}

/* The statement's columns are STORED_COLUMNS and the run. */
static enum error_kind see_people(struct ledger *ledger, sqlite3_stmt *stmt,
                                  ledger_see_person *see, void *context,
                                  struct error *err)
{
    while (sql_step(ledger, stmt)) {
        struct row *row = ledger_stored_row(stmt);
        see(context, row, sqlite3_column_int64(stmt, STORED_COLUMN_COUNT));
        row_free(row);
    }
    return ledger_result(ledger, err);
}

enum error_kind ledger_each_unknown(struct ledger *ledger,
                                    ledger_see_person *see, void *context,
                                    struct error *err)
{
    int64_t in_hand_from = first_in_hand(ledger);
    return see_people(
        ledger,
        SQL_WITH(ledger, SQL_UNKNOWN_PEOPLE, STATUS_UNKNOWN, in_hand_from), see,
        context, err);
}

enum error_kind ledger_each_expiring(struct ledger *ledger, int64_t from_s,
                                     int64_t until_s, ledger_see_person *see,
                                     void *context, struct error *err)
{
    return see_people(
        ledger,
        SQL_WITH(ledger, SQL_EXPIRING_PEOPLE, STATUS_INVITED, from_s, until_s),
        see, context, err);
}

enum error_kind ledger_count_expired(struct ledger *ledger, int64_t now_s,
                                     uint64_t *count, struct error *err)
{
    *count = (uint64_t)sql_number(
        ledger, SQL_WITH(ledger, SQL_COUNT_EXPIRED, STATUS_INVITED, now_s));
    return ledger_result(ledger, err);
}

enum error_kind ledger_find_run(struct ledger *ledger, int64_t number,
                                struct ledger_run *run, struct error *err)
{
    int64_t in_hand_from = first_in_hand(ledger);
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_RUNS, number, 1);
    if (sql_step(ledger, stmt)) {
        read_run(stmt, in_hand_from, run);
        free(ledger->found_input);
        ledger->found_input = sql_column_dup(stmt, 6);
        run->input = ledger->found_input;
        sqlite3_reset(stmt);
        return ERROR_NONE;
    }
    if (ledger_result(ledger, err))
        return err->kind;
    if (number == 0)
        return error_set(err, ERROR_USAGE, "no run is in the ledger %s yet",
                         ledger->name);
    return error_set(err, ERROR_USAGE,
                     "there is no run %lld in the ledger %s; `bulk-invite "
                     "status` lists the last ones",
                     (long long)number, ledger->name);
}

enum error_kind ledger_each_row(struct ledger *ledger, struct ledger_run *run,
                                ledger_take_row *take, void *context,
                                struct error *err)
{
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_ROWS_OF_RUN, run->id);
    run->in_hand = 0;
    while (sql_step(ledger, stmt)) {
        if (run->is_going &&
            sqlite3_column_int(stmt, STORED_STATE) != ROW_SETTLED) {
            run->in_hand++;
            continue;
        }
        struct row *row = ledger_stored_row(stmt);
        enum error_kind kind = take(context, row, err);
        row_free(row);
        if (kind) {
            sqlite3_reset(stmt);
            return kind;
        }
    }
    return ledger_result(ledger, err);
}

enum error_kind ledger_each_hold(struct ledger *ledger, int64_t run,
                                 ledger_see_hold *see, void *context,
                                 struct error *err)
{
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_HOLDS_OF_RUN, run);
    while (sql_step(ledger, stmt)) {
        struct hold hold = {
            .from_s = sql_column_time(stmt, 0),
            .until_s = sql_column_time(stmt, 1),
            .reason = (enum hold_reason)sqlite3_column_int(stmt, 2),
        };
        see(context, &hold);
    }
    return ledger_result(ledger, err);
}
