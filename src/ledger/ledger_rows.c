#include "base/clock.h"
#include "base/strbuf.h"
#include "ledger/statements.h"

#define SENTENCE_CAP 512

static const char *column_text(sqlite3_stmt *stmt, int index)
{
    return (const char *)sqlite3_column_text(stmt, index);
}

void ledger_say_duplicate(struct row *row, uint64_t line, const char *role)
{
    struct strbuf words;
    strbuf_init(&words, SENTENCE_CAP);
    bool is_other_role = role && strcmp(role, row->role) != 0;
    strbuf_addf(&words, "same person as line %llu", (unsigned long long)line);
    if (is_other_role)
        strbuf_addf(&words, ", which asks for the role \"%s\"", role);
    if (is_other_role)
        row->cell_at_fault = ROW_CELL_ROLE;
    outcome_set(&row->outcome, STATUS_DUPLICATE,
                is_other_role ? CODE_DUPLICATE_OTHER_ROLE : CODE_DUPLICATE,
                strbuf_str(&words));
    strbuf_clear(&words);
}

/* Finds the run of a row, by way of the one found last: people invited
 * together are asked for together. */
static enum error_kind find_run(struct ledger *ledger, int64_t row_id,
                                struct error *err)
{
    struct found_run *found = &ledger->found_run;
    if (row_id >= found->first_row && row_id < found->next_first_row)
        return ERROR_NONE;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIND_RUN_OF_ROW, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, row_id);
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return ledger_error(ledger, err);
    found->id = sqlite3_column_int64(stmt, 0);
    found->started_s = sqlite3_column_int64(stmt, 1);
    found->first_row = sqlite3_column_int64(stmt, 2);
    found->next_first_row = INT64_MAX;
    if (sqlite3_column_type(stmt, 3) != SQLITE_NULL)
        found->next_first_row = sqlite3_column_int64(stmt, 3);
    sqlite3_reset(stmt);
    return ERROR_NONE;
}

static enum error_kind say_already_invited(struct ledger *ledger,
                                           struct row *row, sqlite3_stmt *stmt,
                                           struct error *err)
{
    if (find_run(ledger, sqlite3_column_int64(stmt, STORED_ID), err))
        return err->kind;
    char when[CLOCK_UTC_SIZE];
    char words[SENTENCE_CAP];
    clock_format_utc(ledger->found_run.started_s * US_PER_S, when);
    when[strcspn(when, "T")] = '\0';
    snprintf(words, sizeof(words), "invited by run %lld on %s (line %lld)",
             (long long)ledger->found_run.id, when,
             (long long)sqlite3_column_int64(stmt, STORED_LINE));
    struct outcome *outcome = &row->outcome;
    outcome_set(outcome, STATUS_ALREADY_INVITED, CODE_ALREADY_INVITED, words);
    outcome->invitation_id = ledger_column_dup(stmt, STORED_INVITATION_ID);
    outcome->state = ledger_column_dup(stmt, STORED_INVITATION_STATE);
    outcome->created_at = ledger_column_dup(stmt, STORED_CREATED_AT);
    outcome->expires_at = ledger_column_dup(stmt, STORED_EXPIRES_AT);
    return ERROR_NONE;
}

static bool has_other_role(sqlite3_stmt *stmt, const struct row *row)
{
    const char *role = column_text(stmt, STORED_ROLE);
    return role && strcmp(role, row->role) != 0;
}

/* Does the policy send an invitation again that was made before? */
static bool is_resent(const struct ledger *ledger, sqlite3_stmt *stmt,
                      const struct row *row)
{
    const struct ledger_policy *policy = &ledger->policy;
    int64_t now_s = clock_wall_us() / US_PER_S;
    bool has_end =
        sqlite3_column_type(stmt, STORED_COLUMN_COUNT) != SQLITE_NULL;
    if (policy->resends_changed && has_other_role(stmt, row))
        return true;
    if (policy->resends_expired && has_end &&
        sqlite3_column_int64(stmt, STORED_COLUMN_COUNT) <= now_s)
        return true;
    return sqlite3_column_int64(stmt, STORED_SETTLED_AT) <
           policy->resend_before_s;
}

static enum error_kind after_invitation(struct ledger *ledger, struct row *row,
                                        sqlite3_stmt *stmt, bool *is_owed,
                                        struct error *err)
{
    *is_owed = is_resent(ledger, stmt, row);
    if (!*is_owed)
        return say_already_invited(ledger, row, stmt, err);
    row->replaces = sqlite3_column_int64(stmt, STORED_ID);
    return ERROR_NONE;
}

static void after_unknown(struct ledger *ledger, struct row *row,
                          sqlite3_stmt *stmt, bool *is_owed)
{
    *is_owed = ledger->policy.retries_unknown;
    row->replaces = sqlite3_column_int64(stmt, STORED_ID);
    if (*is_owed && !has_other_role(stmt, row) &&
        sqlite3_column_bytes(stmt, STORED_IDEMPOTENCY_KEY) ==
            IDEMPOTENCY_KEY_SIZE)
        memcpy(row->idempotency_key,
               sqlite3_column_blob(stmt, STORED_IDEMPOTENCY_KEY),
               IDEMPOTENCY_KEY_SIZE);
    if (!*is_owed)
        outcome_set(&row->outcome, STATUS_UNKNOWN, CODE_LEFT_UNKNOWN,
                    "an earlier run may have invited this person, nobody can "
                    "tell; not sent again");
}

/* The one rule on who is owed an invitation. */
static enum error_kind judge(struct ledger *ledger, struct row *row,
                             sqlite3_stmt *stmt, bool *is_owed,
                             struct error *err)
{
    int status = sqlite3_column_int(stmt, STORED_STATUS);
    int state = sqlite3_column_int(stmt, STORED_STATE);
    *is_owed = false;
    if (sqlite3_column_int64(stmt, STORED_ID) >= ledger->first_row) {
        ledger_say_duplicate(row,
                             (uint64_t)sqlite3_column_int64(stmt, STORED_LINE),
                             column_text(stmt, STORED_ROLE));
        return ERROR_NONE;
    }
    if (status == STATUS_INVITED || status == STATUS_ALREADY_INVITED)
        return after_invitation(ledger, row, stmt, is_owed, err);
    if (status == STATUS_UNKNOWN || state == ROW_INTENT)
        after_unknown(ledger, row, stmt, is_owed);
    else
        *is_owed = true;
    return ERROR_NONE;
}

enum error_kind ledger_look(struct ledger *ledger, struct row *row,
                            bool *is_owed, struct error *err)
{
    sqlite3_stmt *stmt = ledger_find_person(ledger, row->person, err);
    *is_owed = !stmt;
    enum error_kind kind = err->kind;
    if (stmt) {
        kind = judge(ledger, row, stmt, is_owed, err);
        sqlite3_reset(stmt);
    }
    if (!kind && *is_owed && ledger->keeps_seen) {
        kind = ledger_look_seen(ledger, row, err);
        *is_owed = row->outcome.status == STATUS_NONE;
    }
    return kind;
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

static void bind_row(sqlite3_stmt *stmt, const struct row *row,
                     enum row_state state, const unsigned char *hash)
{
    sqlite3_bind_int64(stmt, 1, (int64_t)row->line);
    sqlite3_bind_int(stmt, 2, (int)state);
    sqlite3_bind_int(stmt, 3, (int)row->outcome.status);
    ledger_bind_text(stmt, 4, row->email);
    ledger_bind_text(stmt, 5, row->role);
    /* NULL is bound as NULL. */
    sqlite3_bind_blob(stmt, 6, hash, LEDGER_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(
        stmt, 7, row_has_idempotency_key(row) ? row->idempotency_key : NULL,
        IDEMPOTENCY_KEY_SIZE, SQLITE_STATIC);
    if (row->replaces > 0)
        sqlite3_bind_int64(stmt, 8, row->replaces);
    else
        sqlite3_bind_null(stmt, 8);
    if (state == ROW_SETTLED)
        sqlite3_bind_int64(stmt, 9, clock_wall_us() / US_PER_S);
    else
        sqlite3_bind_null(stmt, 9);
    bind_outcome(stmt, 10, &row->outcome);
}

enum error_kind ledger_insert_row(struct ledger *ledger, struct row *row,
                                  enum row_state state, bool decides,
                                  struct error *err)
{
    const unsigned char *hash =
        decides ? ledger_hash_person(ledger, row->person) : NULL;
    if (hash && ledger_release_person(ledger, hash, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ADD_ROW, err);
    if (!stmt)
        return err->kind;
    bind_row(stmt, row, state, hash);
    if (ledger_run_statement(ledger, stmt, err))
        return err->kind;
    row->id = sqlite3_last_insert_rowid(ledger->db);
    return hash ? ledger_take_person(ledger, row->id, err) : ERROR_NONE;
}

enum error_kind ledger_add(struct ledger *ledger, struct row *row,
                           enum row_state state, struct error *err)
{
    if (row->outcome.status == STATUS_ALREADY_INVITED) {
        ledger->counted_already_invited++;
        return ledger->keeps_seen ? ledger_add_seen(ledger, row, err)
                                  : ERROR_NONE;
    }
    /* Only a row that stands for its person may decide about later ones; one
     * that was to replace another does so once it is on its way. */
    bool stands =
        state == ROW_INTENT ||
        (row->outcome.status == STATUS_UNPROCESSED && row->replaces == 0);
    return ledger_insert_row(ledger, row, state, row->person && stands, err);
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

/* Was it sent, or may it have been? */
static bool is_decisive(enum status status)
{
    return status == STATUS_INVITED || status == STATUS_ALREADY_INVITED ||
           status == STATUS_UNKNOWN;
}

enum error_kind ledger_settle(struct ledger *ledger, const struct row *row,
                              struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SETTLE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, (int)row->outcome.status);
    sqlite3_bind_int64(stmt, 2, clock_wall_us() / US_PER_S);
    bind_outcome(stmt, 3, &row->outcome);
    sqlite3_bind_int64(stmt, 11, row->id);
    if (ledger_run_statement(ledger, stmt, err))
        return err->kind;
    /* The old invitation stays until the new one is known; what is unknown
     * stays unknown. */
    if (row->replaces > 0 && !is_decisive(row->outcome.status))
        return ledger_set_person(ledger,
                                 ledger_hash_person(ledger, row->person),
                                 row->replaces, err);
    return ERROR_NONE;
}
