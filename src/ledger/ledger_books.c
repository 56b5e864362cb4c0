#include "ledger/ledger_books.h"

#include "base/clock.h"
#include "ledger/statements.h"

static void read_run(sqlite3_stmt *stmt, struct ledger_run *run)
{
    *run = (struct ledger_run){
        .id = sqlite3_column_int64(stmt, 0),
        .started_s = sqlite3_column_int64(stmt, 1),
        .ended_s = sqlite3_column_int64(stmt, 2),
        .exit_code = sqlite3_column_int(stmt, 3),
        .rows_read = (uint64_t)sqlite3_column_int64(stmt, 4),
        .already_invited = (uint64_t)sqlite3_column_int64(stmt, 5),
        .input = (const char *)sqlite3_column_text(stmt, 6),
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
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_RUNS, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, 0);
    sqlite3_bind_int64(stmt, 2, most > INT64_MAX ? -1 : (int64_t)most);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct ledger_run run;
        read_run(stmt, &run);
        visit(context, &run);
    }
    return end_steps(ledger, stmt, code, err);
}

/* What a deciding row says of its person. */
static enum status standing_of(int status, int state)
{
    if (status == STATUS_NONE && state == ROW_INTENT)
        return STATUS_UNKNOWN;
    if (status < 0 || status >= STATUS_COUNT)
        return STATUS_NONE;
    return (enum status)status;
}

enum error_kind ledger_count_people(struct ledger *ledger,
                                    uint64_t people[STATUS_COUNT],
                                    struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_COUNT_PEOPLE, err);
    if (!stmt)
        return err->kind;
    memset(people, 0, STATUS_COUNT * sizeof(*people));
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        enum status status = standing_of(sqlite3_column_int(stmt, 0),
                                         sqlite3_column_int(stmt, 1));
        people[status] += (uint64_t)sqlite3_column_int64(stmt, 2);
    }
    return end_steps(ledger, stmt, code, err);
}

enum error_kind ledger_each_person(
    struct ledger *ledger, enum ledger_people which, int64_t until_s,
    void (*visit)(void *context, const struct row *row, int64_t run),
    void *context, struct error *err)
{
    bool is_unknown = which == LEDGER_UNKNOWN;
    sqlite3_stmt *stmt = ledger_statement(
        ledger, is_unknown ? SQL_UNKNOWN_PEOPLE : SQL_EXPIRING_PEOPLE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, is_unknown ? STATUS_UNKNOWN : STATUS_INVITED);
    if (!is_unknown)
        sqlite3_bind_int64(stmt, 2, until_s);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct row *row = ledger_stored_row(stmt);
        visit(context, row, sqlite3_column_int64(stmt, STORED_COLUMN_COUNT));
        row_free(row);
    }
    return end_steps(ledger, stmt, code, err);
}

/* *next_first_row is where the following run's rows begin. */
static enum error_kind find_run(struct ledger *ledger, int64_t wanted,
                                struct ledger_run *run, int64_t *first_row,
                                int64_t *next_first_row, sqlite3_stmt **held,
                                struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_RUNS, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, wanted);
    sqlite3_bind_int64(stmt, 2, 1);
    int code = sqlite3_step(stmt);
    *held = stmt; /* run->input is its column */
    if (code == SQLITE_DONE && wanted == 0)
        return error_set(err, ERROR_USAGE, "no run is in the ledger %s yet",
                         ledger->name);
    if (code == SQLITE_DONE)
        return error_set(err, ERROR_USAGE,
                         "there is no run %lld in the ledger %s; `bulk-invite "
                         "status` lists them",
                         (long long)wanted, ledger->name);
    if (code != SQLITE_ROW)
        return ledger_error(ledger, err);
    read_run(stmt, run);
    *first_row = sqlite3_column_int64(stmt, 7);
    *next_first_row = INT64_MAX;
    if (sqlite3_column_type(stmt, 8) != SQLITE_NULL)
        *next_first_row = sqlite3_column_int64(stmt, 8);
    return ERROR_NONE;
}

static enum error_kind
visit_rows(struct ledger *ledger, int64_t first_row, int64_t next_first_row,
           enum error_kind (*visit)(void *context, const struct row *row,
                                    struct error *err),
           void *context, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ROWS_BETWEEN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, first_row);
    sqlite3_bind_int64(stmt, 2, next_first_row);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
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

enum error_kind
ledger_each_row(struct ledger *ledger, int64_t wanted, struct ledger_run *run,
                enum error_kind (*visit)(void *context, const struct row *row,
                                         struct error *err),
                void *context, struct error *err)
{
    int64_t first_row = 0;
    int64_t next_first_row = 0;
    sqlite3_stmt *held = NULL;
    enum error_kind kind =
        find_run(ledger, wanted, run, &first_row, &next_first_row, &held, err);
    if (!kind)
        kind =
            visit_rows(ledger, first_row, next_first_row, visit, context, err);
    sqlite3_reset(held);
    run->input = NULL;
    return kind;
}

static enum error_kind set_resolved(struct ledger *ledger, int64_t row_id,
                                    enum status status, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_RESOLVE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, (int)status);
    ledger_bind_text(stmt, 2, outcome_code_name(CODE_RESOLVED));
    ledger_bind_text(stmt, 3,
                     status == STATUS_INVITED
                         ? "was unknown; settled by hand: invited"
                         : "was unknown; settled by hand: not sent");
    sqlite3_bind_int64(stmt, 4, clock_wall_us() / US_PER_S);
    sqlite3_bind_int64(stmt, 5, row_id);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_resolve(struct ledger *ledger, const char *person,
                               enum status status, struct error *err)
{
    sqlite3_stmt *stmt = ledger_find_person(ledger, person, err);
    if (!stmt)
        return err->kind ? err->kind
                         : error_set(err, ERROR_USAGE,
                                     "the ledger %s does not know that person",
                                     ledger->name);
    int64_t row_id = sqlite3_column_int64(stmt, STORED_ID);
    int was = sqlite3_column_int(stmt, STORED_STATUS);
    bool is_unknown = was == STATUS_UNKNOWN ||
                      sqlite3_column_int(stmt, STORED_STATE) == ROW_INTENT;
    sqlite3_reset(stmt);
    if (!is_unknown)
        return error_set(err, ERROR_USAGE,
                         "that person is not unknown but %s: nothing to "
                         "resolve",
                         was > 0 && was < STATUS_COUNT
                             ? status_name((enum status)was)
                             : "waiting");
    if (ledger_begin(ledger, err) || set_resolved(ledger, row_id, status, err))
        return err->kind;
    return ledger_commit(ledger, err);
}

enum error_kind ledger_import(struct ledger *ledger, struct row *row,
                              bool *is_new, struct error *err)
{
    sqlite3_stmt *stmt = ledger_find_person(ledger, row->person, err);
    *is_new = !stmt && !err->kind;
    if (stmt)
        sqlite3_reset(stmt);
    if (!*is_new)
        return err->kind;
    if (ledger_insert_row(ledger, row, ROW_SETTLED, err))
        return err->kind;
    return ledger_set_person(ledger, row->person, row->id, err);
}
