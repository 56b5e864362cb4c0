#include "base/clock.h"
#include "base/strbuf.h"
#include "ledger/inside.h"

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

/* The run of a row, by way of the one found last: people invited together are
 * asked for together. */
static const struct found_run *run_of_row(struct ledger *ledger, int64_t row_id)
{
    struct found_run *found = &ledger->found_run;
    if (row_id >= found->first_row && row_id < found->next_first_row)
        return found;
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_FIND_RUN_OF_ROW, row_id);
    if (!sql_step(ledger, stmt)) {
        ledger_say_damaged(ledger);
        return found;
    }
    found->id = sqlite3_column_int64(stmt, 0);
    found->started_s = sql_column_time(stmt, 1);
    found->first_row = sqlite3_column_int64(stmt, 2);
    found->next_first_row = sqlite3_column_int64(stmt, 3);
    sqlite3_reset(stmt);
    return found;
}

/* What the server said of the invitation. */
static void read_invitation(sqlite3_stmt *stmt, struct outcome *outcome)
{
    outcome->invitation_id = sql_column_dup(stmt, STORED_INVITATION_ID);
    outcome->state = sql_column_dup(stmt, STORED_INVITATION_STATE);
    outcome->created_at = sql_column_dup(stmt, STORED_CREATED_AT);
    outcome->expires_at = sql_column_dup(stmt, STORED_EXPIRES_AT);
}

static void say_already_invited(struct ledger *ledger, struct row *row,
                                sqlite3_stmt *stmt)
{
    const struct found_run *run =
        run_of_row(ledger, sqlite3_column_int64(stmt, STORED_ID));
    char when[CLOCK_UTC_SIZE];
    char words[SENTENCE_CAP];
    clock_format_utc(run->started_s * US_PER_S, when);
    when[strcspn(when, "T")] = '\0';
    snprintf(words, sizeof(words), "invited by run %lld on %s (line %lld)",
             (long long)run->id, when,
             (long long)sqlite3_column_int64(stmt, STORED_LINE));
    outcome_set(&row->outcome, STATUS_ALREADY_INVITED, CODE_ALREADY_INVITED,
                words);
    read_invitation(stmt, &row->outcome);
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
    bool has_end =
        sqlite3_column_type(stmt, STORED_COLUMN_COUNT) != SQLITE_NULL;
    if (policy->resends_changed && has_other_role(stmt, row))
        return true;
    if (policy->resends_expired && has_end &&
        sqlite3_column_int64(stmt, STORED_COLUMN_COUNT) <=
            clock_wall_us() / US_PER_S)
        return true;
    return sqlite3_column_int64(stmt, STORED_SETTLED_AT) <
           policy->resend_before_s;
}

static void keep_idempotency_key(sqlite3_stmt *stmt, struct row *row)
{
    if (sqlite3_column_bytes(stmt, STORED_IDEMPOTENCY_KEY) ==
        IDEMPOTENCY_KEY_SIZE)
        memcpy(row->idempotency_key,
               sqlite3_column_blob(stmt, STORED_IDEMPOTENCY_KEY),
               IDEMPOTENCY_KEY_SIZE);
}

/* The one rule on who is owed an invitation. */
static bool judge(struct ledger *ledger, struct row *row, sqlite3_stmt *stmt)
{
    int status = sqlite3_column_int(stmt, STORED_STATUS);
    int64_t id = sqlite3_column_int64(stmt, STORED_ID);
    if (id >= ledger->first_row) {
        ledger_say_duplicate(row,
                             (uint64_t)sqlite3_column_int64(stmt, STORED_LINE),
                             column_text(stmt, STORED_ROLE));
        return false;
    }
    if (status == STATUS_INVITED || status == STATUS_ALREADY_INVITED) {
        if (!is_resent(ledger, stmt, row)) {
            say_already_invited(ledger, row, stmt);
            return false;
        }
        row->replaces = id;
        return true;
    }
    if (status != STATUS_UNKNOWN &&
        sqlite3_column_int(stmt, STORED_STATE) != ROW_INTENT)
        return true;
    row->replaces = id;
    if (!ledger->policy.retries_unknown)
        outcome_set(&row->outcome, STATUS_UNKNOWN, CODE_LEFT_UNKNOWN,
                    "an earlier run may have invited this person, nobody can "
                    "tell; not sent again");
    else if (!has_other_role(stmt, row)) /* another role: another request */
        keep_idempotency_key(stmt, row);
    return ledger->policy.retries_unknown;
}

enum error_kind ledger_look(struct ledger *ledger, struct row *row,
                            bool *is_owed, struct error *err)
{
    sqlite3_stmt *stmt =
        ledger_look_up(ledger, ledger_hash_person(ledger, row->person));
    *is_owed = !stmt || judge(ledger, row, stmt);
    sqlite3_reset(stmt);
    if (*is_owed && ledger->keeps_seen) {
        ledger_look_seen(ledger, row);
        *is_owed = row->outcome.status == STATUS_NONE;
    }
    return ledger_result(ledger, err);
}

/* Binds code, http_status, attempts, invitation_id, invitation_state,
 * created_at, expires_at and error from `index` on. */
static void bind_outcome(sqlite3_stmt *stmt, int index,
                         const struct outcome *outcome)
{
    const char *code = NULL;
    if (outcome->code != CODE_NONE)
        code = outcome_code_name(outcome->code);
    sql_bind_text(stmt, index, code);
    sqlite3_bind_int(stmt, index + 1, outcome->http_status);
    sqlite3_bind_int64(stmt, index + 2, outcome->attempts);
    sql_bind_text(stmt, index + 3, outcome->invitation_id);
    sql_bind_text(stmt, index + 4, outcome->state);
    sql_bind_text(stmt, index + 5, outcome->created_at);
    sql_bind_text(stmt, index + 6, outcome->expires_at);
    sql_bind_text(stmt, index + 7, outcome->error);
}

static void bind_unless_0(sqlite3_stmt *stmt, int index, int64_t number)
{
    if (number != 0)
        sqlite3_bind_int64(stmt, index, number);
    else
        sqlite3_bind_null(stmt, index);
}

void ledger_insert_row(struct ledger *ledger, struct row *row,
                       enum row_state state, bool decides)
{
    const unsigned char *hash =
        decides ? ledger_hash_person(ledger, row->person) : NULL;
    if (hash)
        ledger_release_person(ledger, hash);
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_ADD_ROW, (int64_t)row->line,
                                  state, row->outcome.status);
    sql_bind_text(stmt, 4, row->email);
    sql_bind_text(stmt, 5, row->role);
    /* NULL is bound as NULL. */
    sqlite3_bind_blob(stmt, 6, hash, LEDGER_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(
        stmt, 7, row_has_idempotency_key(row) ? row->idempotency_key : NULL,
        IDEMPOTENCY_KEY_SIZE, SQLITE_STATIC);
    bind_unless_0(stmt, 8, row->replaces);
    bind_unless_0(stmt, 9,
                  state == ROW_SETTLED ? clock_wall_us() / US_PER_S : 0);
    bind_outcome(stmt, 10, &row->outcome);
    sql_run(ledger, stmt);
    row->id = sqlite3_last_insert_rowid(ledger->db);
    if (hash)
        ledger_take_person(ledger, row->id);
}

enum error_kind ledger_add(struct ledger *ledger, struct row *row,
                           enum row_state state, struct error *err)
{
    /* Only a row that stands for its person may decide about later ones; one
     * that was to replace another does so once it is on its way. */
    bool stands =
        state == ROW_INTENT ||
        (row->outcome.status == STATUS_UNPROCESSED && row->replaces == 0);
    if (row->outcome.status != STATUS_ALREADY_INVITED) {
        ledger_insert_row(ledger, row, state, row->person && stands);
    } else {
        ledger->counted_already_invited++;
        if (ledger->keeps_seen)
            ledger_add_seen(ledger, row);
    }
    return ledger_result(ledger, err);
}

enum error_kind ledger_set_state(struct ledger *ledger, int64_t row_id,
                                 enum row_state state, struct error *err)
{
    sql_run(ledger, SQL_WITH(ledger, SQL_SET_STATE, state, row_id));
    return ledger_result(ledger, err);
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
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_SETTLE, row->outcome.status,
                                  clock_wall_us() / US_PER_S, row->id);
    bind_outcome(stmt, 4, &row->outcome);
    sql_run(ledger, stmt);
    /* The old invitation stays until the new one is known; what is unknown
     * stays unknown. */
    if (row->replaces > 0 && !is_decisive(row->outcome.status))
        ledger_set_person(ledger, ledger_hash_person(ledger, row->person),
                          row->replaces);
    return ledger_result(ledger, err);
}

static const char *text_or_empty(sqlite3_stmt *stmt, int column)
{
    const char *text = column_text(stmt, column);
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
    row->settled_s = sql_column_time(stmt, STORED_SETTLED_AT);
    int status = sqlite3_column_int(stmt, STORED_STATUS);
    if (status >= 0 && status < STATUS_COUNT)
        outcome->status = (enum status)status;
    outcome->code = outcome_code_from_name(text_or_empty(stmt, STORED_CODE));
    outcome->http_status = sqlite3_column_int(stmt, STORED_HTTP_STATUS);
    outcome->attempts = (unsigned)sqlite3_column_int64(stmt, STORED_ATTEMPTS);
    outcome->error = sql_column_dup(stmt, STORED_ERROR);
    read_invitation(stmt, outcome);
    int state = sqlite3_column_int(stmt, STORED_STATE);
    if (state == ROW_PENDING || state == ROW_INTENT)
        ledger_say_killed(outcome, (enum row_state)state);
    return row;
}
