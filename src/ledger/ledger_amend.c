#include "base/clock.h"
#include "ledger/inside.h"
#include "ledger/ledger_books.h"

/* What is known of a person by the row that a look found. */
static enum status standing_of(sqlite3_stmt *stmt)
{
    int status = sqlite3_column_int(stmt, STORED_STATUS);
    if (status == STATUS_NONE &&
        sqlite3_column_int(stmt, STORED_STATE) == ROW_INTENT)
        return STATUS_UNKNOWN;
    return status > 0 && status < STATUS_COUNT ? (enum status)status
                                               : STATUS_NONE;
}

static void resolve_row(struct ledger *ledger, const unsigned char *hash,
                        int64_t row_id, enum status status)
{
    bool is_invited = status == STATUS_INVITED;
    int64_t replaced = 0;
    if (!is_invited)
        replaced = sql_number(
            ledger, SQL_WITH(ledger, SQL_FIND_REPLACED, row_id, STATUS_UNKNOWN,
                             STATUS_INVITED, STATUS_ALREADY_INVITED));
    if (replaced > 0)
        ledger_set_person(ledger, hash, replaced);
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_RESOLVE, status,
                                  clock_wall_us() / US_PER_S, row_id);
    sql_bind_text(stmt, 4, outcome_code_name(CODE_RESOLVED));
    sql_bind_text(stmt, 5,
                  is_invited ? "was unknown; settled by hand: invited"
                             : "was unknown; settled by hand: not sent");
    sql_run(ledger, stmt);
}

enum error_kind ledger_resolve(struct ledger *ledger, const char *person,
                               enum status status, struct error *err)
{
    const unsigned char *hash = ledger_hash_person(ledger, person);
    sqlite3_stmt *stmt = ledger_look_up(ledger, hash);
    if (ledger_result(ledger, err))
        return err->kind;
    if (!stmt)
        return error_set(err, ERROR_USAGE,
                         "the ledger %s does not know that person",
                         ledger->name);
    int64_t row_id = sqlite3_column_int64(stmt, STORED_ID);
    enum status standing = standing_of(stmt);
    sqlite3_reset(stmt);
    if (standing != STATUS_UNKNOWN)
        return error_set(err, ERROR_USAGE,
                         "that person is not unknown but %s: nothing to "
                         "resolve",
                         standing == STATUS_NONE ? "waiting"
                                                 : status_label(standing));
    if (ledger_begin(ledger, err))
        return err->kind;
    resolve_row(ledger, hash, row_id, status);
    return ledger_commit(ledger, err);
}

/* How much a status says of whether a person was invited. */
static int weight(enum status status)
{
    if (status == STATUS_INVITED || status == STATUS_ALREADY_INVITED)
        return 2;
    return status == STATUS_UNKNOWN ? 1 : 0;
}

enum error_kind ledger_import(struct ledger *ledger, struct row *row,
                              bool *is_new, struct error *err)
{
    sqlite3_stmt *stmt =
        ledger_look_up(ledger, ledger_hash_person(ledger, row->person));
    enum status standing = stmt ? standing_of(stmt) : STATUS_NONE;
    sqlite3_reset(stmt);
    /* One that is known as rejected, say, would be invited again. */
    *is_new = weight(row->outcome.status) > weight(standing);
    if (*is_new) {
        ledger_insert_row(ledger, row, ROW_SETTLED, true);
        /* Not the import but the invitation is what --resend-before and
         * forget --before go by. */
        sql_run(ledger, SQL_WITH(ledger, SQL_SETTLED_WHEN_CREATED, row->id));
    }
    return ledger_result(ledger, err);
}
