#include "base/clock.h"
#include "ledger/ledger_books.h"
#include "ledger/statements.h"

/* What a row says of its person. */
static enum status standing_of(sqlite3_stmt *stmt, int status_column,
                               int state_column)
{
    int status = sqlite3_column_int(stmt, status_column);
    if (status == STATUS_NONE &&
        sqlite3_column_int(stmt, state_column) == ROW_INTENT)
        return STATUS_UNKNOWN;
    return status > 0 && status < STATUS_COUNT ? (enum status)status
                                               : STATUS_NONE;
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

/* Finds, behind a row that was unknown and is not sent after all, the
 * invitation that it was to replace: 0 when there is none. */
static enum error_kind find_replaced(struct ledger *ledger, int64_t row_id,
                                     int64_t *replaced, struct error *err)
{
    enum status standing = STATUS_UNKNOWN;
    *replaced = row_id;
    while (standing == STATUS_UNKNOWN && *replaced > 0) {
        sqlite3_stmt *stmt = ledger_statement(ledger, SQL_STANDING, err);
        if (!stmt)
            return err->kind;
        sqlite3_bind_int64(stmt, 1, *replaced);
        if (sqlite3_step(stmt) != SQLITE_ROW)
            return ledger_error(ledger, err);
        standing = standing_of(stmt, 0, 1);
        if (standing == STATUS_UNKNOWN) {
            /* An earlier one, or a damaged file could lead in a circle. */
            int64_t earlier = sqlite3_column_int64(stmt, 2);
            *replaced = earlier < *replaced ? earlier : 0;
        }
        sqlite3_reset(stmt);
    }
    if (standing != STATUS_INVITED && standing != STATUS_ALREADY_INVITED)
        *replaced = 0;
    return ERROR_NONE;
}

static enum error_kind resolve_row(struct ledger *ledger, const char *person,
                                   int64_t row_id, enum status status,
                                   struct error *err)
{
    int64_t replaced = 0;
    if (status != STATUS_INVITED &&
        find_replaced(ledger, row_id, &replaced, err))
        return err->kind;
    if (replaced > 0 &&
        ledger_set_person(ledger, ledger_hash_person(ledger, person), replaced,
                          err))
        return err->kind;
    return set_resolved(ledger, row_id, status, err);
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
    enum status standing = standing_of(stmt, STORED_STATUS, STORED_STATE);
    sqlite3_reset(stmt);
    if (standing != STATUS_UNKNOWN)
        return error_set(err, ERROR_USAGE,
                         "that person is not unknown but %s: nothing to "
                         "resolve",
                         standing == STATUS_NONE ? "waiting"
                                                 : status_label(standing));
    if (ledger_begin(ledger, err) ||
        resolve_row(ledger, person, row_id, status, err))
        return err->kind;
    return ledger_commit(ledger, err);
}

/* How much a status says of whether a person was invited. */
static int weight(enum status status)
{
    if (status == STATUS_INVITED || status == STATUS_ALREADY_INVITED)
        return 2;
    return status == STATUS_UNKNOWN ? 1 : 0;
}

/* Not the import but the invitation is what --resend-before and forget
 * --before go by. */
static enum error_kind set_settled_when_created(struct ledger *ledger,
                                                int64_t row_id,
                                                struct error *err)
{
    sqlite3_stmt *stmt =
        ledger_statement(ledger, SQL_SETTLED_WHEN_CREATED, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, row_id);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_import(struct ledger *ledger, struct row *row,
                              bool *is_new, struct error *err)
{
    enum status standing = STATUS_NONE;
    sqlite3_stmt *stmt = ledger_find_person(ledger, row->person, err);
    if (!stmt && err->kind)
        return err->kind;
    if (stmt) {
        standing = standing_of(stmt, STORED_STATUS, STORED_STATE);
        sqlite3_reset(stmt);
    }
    /* One that is known as rejected, say, would be invited again. */
    *is_new = weight(row->outcome.status) > weight(standing);
    if (!*is_new)
        return ERROR_NONE;
    if (ledger_insert_row(ledger, row, ROW_SETTLED, true, err))
        return err->kind;
    return set_settled_when_created(ledger, row->id, err);
}
