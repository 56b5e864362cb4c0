#include "ledger/ledger_books.h"

#include "ledger/statements.h"

/* From this row on, what is not settled is in the hands of a run that is
 * going; INT64_MAX when none is. A run that started before the lock was taken
 * is one that was killed. */
static enum error_kind find_first_in_hand(struct ledger *ledger,
                                          int64_t *first_row, struct error *err)
{
    int64_t since_s;
    *first_row = INT64_MAX;
    if (!ledger_is_held_elsewhere(ledger, &since_s))
        return ERROR_NONE;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_NEWEST_RUN, err);
    if (!stmt)
        return err->kind;
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && sqlite3_column_int64(stmt, 1) >= since_s &&
        sqlite3_column_type(stmt, 2) == SQLITE_NULL)
        *first_row = sqlite3_column_int64(stmt, 0);
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

static void read_run(sqlite3_stmt *stmt, int64_t first_in_hand,
                     struct ledger_run *run)
{
    *run = (struct ledger_run){
        .id = sqlite3_column_int64(stmt, 0),
        .started_s = sqlite3_column_int64(stmt, 1),
        .ended_s = sqlite3_column_int64(stmt, 2),
        .exit_code = sqlite3_column_int(stmt, 3),
        .rows_read = (uint64_t)sqlite3_column_int64(stmt, 4),
        .already_invited = (uint64_t)sqlite3_column_int64(stmt, 5),
        .input = (const char *)sqlite3_column_text(stmt, 6),
        .is_going = sqlite3_column_int64(stmt, 7) >= first_in_hand,
    };
}

/* Ends a series of steps: the last code must be SQLITE_DONE. */
static enum error_kind end_steps(struct ledger *ledger, sqlite3_stmt *stmt,
                                 int code, struct error *err)
{
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

enum error_kind ledger_each_run(struct ledger *ledger, uint64_t most,
                                void (*visit)(void *context,
                                              const struct ledger_run *run),
                                void *context, struct error *err)
{
    int64_t first_in_hand;
    if (find_first_in_hand(ledger, &first_in_hand, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_RUNS, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, 0);
    sqlite3_bind_int64(stmt, 2, most > INT64_MAX ? -1 : (int64_t)most);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct ledger_run run;
        read_run(stmt, first_in_hand, &run);
        visit(context, &run);
    }
    return end_steps(ledger, stmt, code, err);
}

/* What the row that decides about people says of them. */
static enum status standing_of(sqlite3_stmt *stmt)
{
    int status = sqlite3_column_int(stmt, 0);
    int state = sqlite3_column_int(stmt, 1);
    bool is_in_hand = sqlite3_column_int(stmt, 2) != 0;
    struct outcome killed = {0};
    if (status > STATUS_NONE && status < STATUS_COUNT)
        return (enum status)status;
    if (is_in_hand || (state != ROW_PENDING && state != ROW_INTENT))
        return STATUS_NONE;
    ledger_say_killed(&killed, (enum row_state)state);
    enum status standing = killed.status;
    outcome_clear(&killed);
    return standing;
}

enum error_kind ledger_count_people(struct ledger *ledger,
                                    uint64_t people[STATUS_COUNT],
                                    struct error *err)
{
    int64_t first_in_hand;
    if (find_first_in_hand(ledger, &first_in_hand, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_COUNT_PEOPLE, err);
    if (!stmt)
        return err->kind;
    memset(people, 0, STATUS_COUNT * sizeof(*people));
    sqlite3_bind_int64(stmt, 1, first_in_hand);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        people[standing_of(stmt)] += (uint64_t)sqlite3_column_int64(stmt, 3);
    return end_steps(ledger, stmt, code, err);
}

/* The statement's columns are STORED_COLUMNS and the run. */
static enum error_kind
visit_people(struct ledger *ledger, sqlite3_stmt *stmt,
             void (*visit)(void *context, const struct row *row, int64_t run),
             void *context, struct error *err)
{
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct row *row = ledger_stored_row(stmt);
        visit(context, row, sqlite3_column_int64(stmt, STORED_COLUMN_COUNT));
        row_free(row);
    }
    return end_steps(ledger, stmt, code, err);
}

enum error_kind ledger_each_unknown(struct ledger *ledger,
                                    void (*visit)(void *context,
                                                  const struct row *row,
                                                  int64_t run),
                                    void *context, struct error *err)
{
    int64_t first_in_hand;
    if (find_first_in_hand(ledger, &first_in_hand, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_UNKNOWN_PEOPLE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, STATUS_UNKNOWN);
    sqlite3_bind_int(stmt, 2, ROW_INTENT);
    sqlite3_bind_int64(stmt, 3, first_in_hand);
    return visit_people(ledger, stmt, visit, context, err);
}

enum error_kind ledger_each_expiring(
    struct ledger *ledger, int64_t from_s, int64_t until_s,
    void (*visit)(void *context, const struct row *row, int64_t run),
    void *context, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_EXPIRING_PEOPLE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, STATUS_INVITED);
    sqlite3_bind_int64(stmt, 2, from_s);
    sqlite3_bind_int64(stmt, 3, until_s);
    return visit_people(ledger, stmt, visit, context, err);
}

enum error_kind ledger_count_expired(struct ledger *ledger, int64_t now_s,
                                     uint64_t *count, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_COUNT_EXPIRED, err);
    *count = 0;
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, STATUS_INVITED);
    sqlite3_bind_int64(stmt, 2, now_s);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        *count = (uint64_t)sqlite3_column_int64(stmt, 0);
    return end_steps(ledger, stmt, code, err);
}

enum error_kind ledger_find_run(struct ledger *ledger, int64_t number,
                                struct ledger_run *run, struct error *err)
{
    int64_t first_in_hand;
    if (find_first_in_hand(ledger, &first_in_hand, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_RUNS, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, number);
    sqlite3_bind_int64(stmt, 2, 1);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_DONE && number == 0)
        return error_set(err, ERROR_USAGE, "no run is in the ledger %s yet",
                         ledger->name);
    if (code == SQLITE_DONE)
        return error_set(err, ERROR_USAGE,
                         "there is no run %lld in the ledger %s; `bulk-invite "
                         "status` lists the last ones",
                         (long long)number, ledger->name);
    if (code != SQLITE_ROW)
        return ledger_error(ledger, err);
    read_run(stmt, first_in_hand, run);
    free(ledger->found_input);
    ledger->found_input = xstrdup(run->input);
    run->input = ledger->found_input;
    sqlite3_reset(stmt);
    return ERROR_NONE;
}

enum error_kind ledger_each_row(struct ledger *ledger, struct ledger_run *run,
                                enum error_kind (*visit)(void *context,
                                                         const struct row *row,
                                                         struct error *err),
                                void *context, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ROWS_OF_RUN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, run->id);
    run->in_hand = 0;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (run->is_going &&
            sqlite3_column_int(stmt, STORED_STATE) != ROW_SETTLED) {
            run->in_hand++;
            continue;
        }
        struct row *row = ledger_stored_row(stmt);
        enum error_kind kind = visit(context, row, err);
        row_free(row);
        if (kind) {
            sqlite3_reset(stmt);
            return kind;
        }
    }
    return end_steps(ledger, stmt, code, err);
}

enum error_kind ledger_each_hold(struct ledger *ledger, int64_t run,
                                 void (*visit)(void *context,
                                               const struct ledger_hold *hold),
                                 void *context, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_HOLDS_OF_RUN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, run);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct ledger_hold hold = {
            .from_s = sqlite3_column_int64(stmt, 0),
            .until_s = sqlite3_column_int64(stmt, 1),
            .reason = (enum hold_reason)sqlite3_column_int(stmt, 2),
        };
        visit(context, &hold);
    }
    return end_steps(ledger, stmt, code, err);
}
