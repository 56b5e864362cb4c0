#include <sodium.h>

#include "ledger/statements.h"

void ledger_hash_person(const struct ledger *ledger, const char *person,
                        unsigned char hash[LEDGER_HASH_SIZE])
{
    crypto_generichash(hash, LEDGER_HASH_SIZE, (const unsigned char *)person,
                       strlen(person), ledger->hash_key, LEDGER_HASH_KEY_SIZE);
}

sqlite3_stmt *ledger_find_person(struct ledger *ledger, const char *person,
                                 struct error *err)
{
    unsigned char hash[LEDGER_HASH_SIZE];
    *err = (struct error)ERROR_INIT;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIND_PERSON, err);
    if (!stmt)
        return NULL;
    ledger_hash_person(ledger, person, hash);
    sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        return stmt;
    if (code != SQLITE_DONE)
        ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return NULL;
}

enum error_kind ledger_set_person(struct ledger *ledger, const char *person,
                                  int64_t row_id, struct error *err)
{
    unsigned char hash[LEDGER_HASH_SIZE];
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SET_PERSON, err);
    if (!stmt)
        return err->kind;
    ledger_hash_person(ledger, person, hash);
    sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, row_id);
    return ledger_run_statement(ledger, stmt, err);
}

static const char *text_or_empty(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text ? text : "";
}

struct row *ledger_stored_row(sqlite3_stmt *stmt)
{
    const char *email = text_or_empty(stmt, STORED_EMAIL);
    const char *role = text_or_empty(stmt, STORED_ROLE);
    struct row *row = row_new((uint64_t)sqlite3_column_int64(stmt, STORED_LINE),
                              email, strlen(email), role, strlen(role), NULL);
    struct outcome *outcome = &row->outcome;
    row->id = sqlite3_column_int64(stmt, STORED_ID);
    row->settled_s = sqlite3_column_int64(stmt, STORED_SETTLED_AT);
    int status = sqlite3_column_int(stmt, STORED_STATUS);
    if (status >= 0 && status < STATUS_COUNT)
        outcome->status = (enum status)status;
    outcome->code = outcome_code_from_name(text_or_empty(stmt, STORED_CODE));
    outcome->http_status = sqlite3_column_int(stmt, STORED_HTTP_STATUS);
    outcome->attempts = (unsigned)sqlite3_column_int64(stmt, STORED_ATTEMPTS);
    outcome->invitation_id = ledger_column_dup(stmt, STORED_INVITATION_ID);
    outcome->state = ledger_column_dup(stmt, STORED_INVITATION_STATE);
    outcome->created_at = ledger_column_dup(stmt, STORED_CREATED_AT);
    outcome->expires_at = ledger_column_dup(stmt, STORED_EXPIRES_AT);
    outcome->error = ledger_column_dup(stmt, STORED_ERROR);
    int state = sqlite3_column_int(stmt, STORED_STATE);
    if (state == ROW_PENDING || state == ROW_INTENT)
        ledger_say_killed(outcome, (enum row_state)state);
    return row;
}
