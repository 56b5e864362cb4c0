#include <sodium.h>

#include "base/strbuf.h"
#include "ledger/ledger.h"
#include "ledger/statements.h"

#define SENTENCE_CAP 512

/* What is stored of a person's deciding row. */
struct standing {
    int64_t row_id;
    uint64_t line;
    enum row_state state;
    enum status status;
    const char *role;
};

static void hash_person(const struct ledger *ledger, const char *person,
                        unsigned char hash[LEDGER_HASH_SIZE])
{
    crypto_generichash(hash, LEDGER_HASH_SIZE, (const unsigned char *)person,
                       strlen(person), ledger->hash_key, LEDGER_HASH_KEY_SIZE);
}

static const char *column_text(sqlite3_stmt *stmt, int index)
{
    return (const char *)sqlite3_column_text(stmt, index);
}

static char *column_dup(sqlite3_stmt *stmt, int index)
{
    const char *text = column_text(stmt, index);
    return text ? xstrdup(text) : NULL;
}

static void say_duplicate(struct row *row, uint64_t line, const char *role)
{
    struct strbuf words;
    strbuf_init(&words, SENTENCE_CAP);
    bool is_other_role = role && strcmp(role, row->role) != 0;
    strbuf_addf(&words, "same person as line %llu", (unsigned long long)line);
    if (is_other_role)
        strbuf_addf(&words, ", which asks for the role \"%s\"", role);
    outcome_set(&row->outcome, STATUS_DUPLICATE,
                is_other_role ? CODE_DUPLICATE_OTHER_ROLE : CODE_DUPLICATE,
                strbuf_str(&words));
    strbuf_clear(&words);
}

static void say_already_invited(struct row *row, sqlite3_stmt *stmt)
{
    outcome_set(&row->outcome, STATUS_ALREADY_INVITED, CODE_ALREADY_INVITED,
                "invited by an earlier run");
    row->outcome.invitation_id = column_dup(stmt, 5);
    row->outcome.state = column_dup(stmt, 6);
    row->outcome.created_at = column_dup(stmt, 7);
    row->outcome.expires_at = column_dup(stmt, 8);
}

/* The one rule on who is owed an invitation; false fills the outcome. */
static bool judge(const struct ledger *ledger, const struct standing *standing,
                  struct row *row, sqlite3_stmt *stmt)
{
    if (standing->row_id >= ledger->first_row) {
        say_duplicate(row, standing->line, standing->role);
        return false;
    }
    if (standing->status == STATUS_INVITED ||
        standing->status == STATUS_ALREADY_INVITED) {
        say_already_invited(row, stmt);
        return false;
    }
    if (standing->status == STATUS_UNKNOWN || standing->state == ROW_INTENT) {
        outcome_set(&row->outcome, STATUS_UNKNOWN, CODE_LEFT_UNKNOWN,
                    "an earlier run may have invited this person, nobody can "
                    "tell; not sent again");
        return false;
    }
    return true;
}

enum error_kind ledger_look(struct ledger *ledger, struct row *row,
                            bool *is_owed, struct error *err)
{
    unsigned char hash[LEDGER_HASH_SIZE];
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIND_PERSON, err);
    if (!stmt)
        return err->kind;
    hash_person(ledger, row->person, hash);
    sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    *is_owed = true;
    if (code == SQLITE_ROW) {
        struct standing standing = {
            .row_id = sqlite3_column_int64(stmt, 0),
            .line = (uint64_t)sqlite3_column_int64(stmt, 1),
            .state = (enum row_state)sqlite3_column_int(stmt, 2),
            .status = (enum status)sqlite3_column_int(stmt, 3),
            .role = column_text(stmt, 4),
        };
        *is_owed = judge(ledger, &standing, row, stmt);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE ? ERROR_NONE : err->kind;
}

/* Binds code, http_status, attempts, invitation_id, invitation_state,
 * created_at, expires_at and error from `index` on. */
static void bind_outcome(sqlite3_stmt *stmt, int index,
                         const struct outcome *outcome)
{
    const char *code = NULL;
    if (outcome->code != CODE_NONE)
        code = outcome_code_name(outcome->code);
    ledger_bind_text(stmt, index, code);
    sqlite3_bind_int(stmt, index + 1, outcome->http_status);
    sqlite3_bind_int64(stmt, index + 2, outcome->attempts);
    ledger_bind_text(stmt, index + 3, outcome->invitation_id);
    ledger_bind_text(stmt, index + 4, outcome->state);
    ledger_bind_text(stmt, index + 5, outcome->created_at);
    ledger_bind_text(stmt, index + 6, outcome->expires_at);
    ledger_bind_text(stmt, index + 7, outcome->error);
}

static enum error_kind set_person(struct ledger *ledger, const struct row *row,
                                  struct error *err)
{
    unsigned char hash[LEDGER_HASH_SIZE];
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SET_PERSON, err);
    if (!stmt)
        return err->kind;
    hash_person(ledger, row->person, hash);
    sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, row->id);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_add(struct ledger *ledger, struct row *row,
                           enum row_state state, struct error *err)
{
    if (row->outcome.status == STATUS_ALREADY_INVITED) {
        ledger->seen_already_invited++;
        return ERROR_NONE;
    }
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ADD_ROW, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->line);
    sqlite3_bind_int(stmt, 2, (int)state);
    sqlite3_bind_int(stmt, 3, (int)row->outcome.status);
    ledger_bind_text(stmt, 4, row->email);
    ledger_bind_text(stmt, 5, row->role);
    ledger_bind_text(stmt, 6,
                     row->idempotency_key[0] ? row->idempotency_key : NULL);
    bind_outcome(stmt, 7, &row->outcome);
    if (ledger_run_statement(ledger, stmt, err))
        return err->kind;
    row->id = sqlite3_last_insert_rowid(ledger->db);
    /* Only a row that stands for its person may decide about later ones. */
    if (row->person &&
        (state == ROW_INTENT || row->outcome.status == STATUS_UNPROCESSED))
        return set_person(ledger, row, err);
    return ERROR_NONE;
}

enum error_kind ledger_set_state(struct ledger *ledger, int64_t row_id,
                                 enum row_state state, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SET_STATE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, (int)state);
    sqlite3_bind_int64(stmt, 2, row_id);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_settle(struct ledger *ledger, const struct row *row,
                              struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SETTLE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, (int)row->outcome.status);
    bind_outcome(stmt, 2, &row->outcome);
    sqlite3_bind_int64(stmt, 10, row->id);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_begin_plan(struct ledger *ledger, struct error *err)
{
    /* Rows of earlier runs stand as they are; those of this plan are kept
     * apart, in SQLite's temporary file. */
    ledger->first_row = INT64_MAX;
    return ledger_execute(ledger,
                          "CREATE TEMP TABLE planned (key BLOB PRIMARY KEY,"
                          " line INTEGER, role TEXT) WITHOUT ROWID;"
                          "BEGIN",
                          err);
}

static enum error_kind plan_new(struct ledger *ledger, struct row *row,
                                const unsigned char *hash, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ADD_PLANNED, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_blob(stmt, 1, hash, LEDGER_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (int64_t)row->line);
    ledger_bind_text(stmt, 3, row->role);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_plan(struct ledger *ledger, struct row *row,
                            struct error *err)
{
    if (row->outcome.status != STATUS_NONE)
        return ERROR_NONE;
    bool is_owed = false;
    if (ledger_look(ledger, row, &is_owed, err))
        return err->kind;
    if (!is_owed)
        return ERROR_NONE;
    unsigned char hash[LEDGER_HASH_SIZE];
    hash_person(ledger, row->person, hash);
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIND_PLANNED, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_blob(stmt, 1, hash, sizeof(hash), SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        say_duplicate(row, (uint64_t)sqlite3_column_int64(stmt, 0),
                      column_text(stmt, 1));
    sqlite3_reset(stmt);
    if (code == SQLITE_ROW)
        return ERROR_NONE;
    if (code != SQLITE_DONE)
        return ledger_error(ledger, err);
    return plan_new(ledger, row, hash, err);
}

enum error_kind ledger_end_plan(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt **planned = ledger->statements;
    for (int sql = SQL_FIND_PLANNED; sql <= SQL_ADD_PLANNED; sql++) {
        sqlite3_finalize(planned[sql]);
        planned[sql] = NULL;
    }
    return ledger_execute(ledger, "COMMIT; DROP TABLE planned", err);
}
