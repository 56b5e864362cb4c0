#include "base/clock.h"
#include "ledger/statements.h"

/* What becomes of a row that was in this state when its run was killed. */
static const struct verdict {
    enum status status;
    enum outcome_code code;
    const char *words;
} verdicts[] = {
    [ROW_PENDING] = {STATUS_UNPROCESSED, CODE_STOPPED,
                     "the run was killed before this row was sent"},
    [ROW_INTENT] = {STATUS_UNKNOWN, CODE_LEFT_UNKNOWN,
                    "the run was killed while this invitation was under way"},
};

void ledger_say_killed(struct outcome *outcome, enum row_state state)
{
    if (state == ROW_SETTLED)
        return;
    const struct verdict *verdict = &verdicts[state];
    outcome_set(outcome, verdict->status, verdict->code, verdict->words);
}

/* Settles the killed runs' rows that are in `state`. */
static enum error_kind settle_killed(struct ledger *ledger, int64_t first_row,
                                     enum row_state state, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SETTLE_KILLED, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int(stmt, 1, (int)verdicts[state].status);
    ledger_bind_text(stmt, 2, outcome_code_name(verdicts[state].code));
    ledger_bind_text(stmt, 3, verdicts[state].words);
    sqlite3_bind_int64(stmt, 4, clock_wall_us() / US_PER_S);
    sqlite3_bind_int(stmt, 5, (int)state);
    sqlite3_bind_int64(stmt, 6, first_row);
    return ledger_run_statement(ledger, stmt, err);
}

/* What a killed run was to send again, and did not, stands as it stood. */
static enum error_kind restore_replaced(struct ledger *ledger,
                                        int64_t first_row, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_WAITING_RESENDS, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, first_row);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        unsigned char hash[LEDGER_HASH_SIZE];
        if (sqlite3_column_bytes(stmt, 1) != LEDGER_HASH_SIZE)
            continue;
        memcpy(hash, sqlite3_column_blob(stmt, 1), LEDGER_HASH_SIZE);
        if (ledger_set_person(ledger, hash, sqlite3_column_int64(stmt, 0),
                              err)) {
            sqlite3_reset(stmt);
            return err->kind;
        }
    }
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

static enum error_kind recover(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIRST_ROW_OF_KILLED, err);
    if (!stmt)
        return err->kind;
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return ledger_error(ledger, err);
    bool is_clean = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
    int64_t first_row = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (is_clean)
        return ERROR_NONE;
    if (restore_replaced(ledger, first_row, err) ||
        settle_killed(ledger, first_row, ROW_INTENT, err) ||
        settle_killed(ledger, first_row, ROW_PENDING, err))
        return err->kind;
    stmt = ledger_statement(ledger, SQL_END_KILLED, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, clock_wall_us() / US_PER_S);
    return ledger_run_statement(ledger, stmt, err);
}

static enum error_kind insert_run(struct ledger *ledger, const char *input_name,
                                  struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_BEGIN_RUN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, clock_wall_us() / US_PER_S);
    ledger_bind_text(stmt, 2, input_name);
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return ledger_error(ledger, err);
    ledger->first_row = sqlite3_column_int64(stmt, 0);
    ledger->counted_already_invited = 0;
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_begin_run(struct ledger *ledger, const char *input_name,
                                 struct error *err)
{
    if (ledger_begin(ledger, err) || recover(ledger, err) ||
        insert_run(ledger, input_name, err) || ledger_commit(ledger, err))
        return err->kind;
    /* Whose role changed, and who is twice in the input with two roles? */
    return ledger->policy.resends_changed ? ledger_open_seen(ledger, err)
                                          : ERROR_NONE;
}

static enum error_kind count_stored(struct ledger *ledger,
                                    uint64_t stored[STATUS_COUNT],
                                    struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_COUNT_STATUSES, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, ledger->first_row);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        int status = sqlite3_column_int(stmt, 0);
        if (status >= 0 && status < STATUS_COUNT)
            stored[status] += (uint64_t)sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? ERROR_NONE : ledger_error(ledger, err);
}

/* Do the rows stored say the same as the counters? */
static enum error_kind reconcile(struct ledger *ledger,
                                 const struct counters *counters,
                                 struct error *err)
{
    uint64_t stored[STATUS_COUNT] = {0};
    stored[STATUS_ALREADY_INVITED] = ledger->counted_already_invited;
    if (count_stored(ledger, stored, err))
        return err->kind;
    for (int status = 0; status < STATUS_COUNT; status++) {
        unsigned long long counted = counters->settled[status];
        if (stored[status] == counted)
            continue;
        return error_set(err, ERROR_STORAGE,
                         "bug: the ledger has %llu rows %s, the run counted "
                         "%llu",
                         (unsigned long long)stored[status],
                         status == STATUS_NONE
                             ? "not settled"
                             : status_name((enum status)status),
                         counted);
    }
    return ERROR_NONE;
}

enum error_kind ledger_end_run(struct ledger *ledger,
                               const struct counters *counters,
                               const struct ledger_pace *pace, int exit_code,
                               struct error *err)
{
    if (ledger_index_merge(ledger, err) || ledger_begin(ledger, err) ||
        reconcile(ledger, counters, err) ||
        (pace && ledger_save_pace(ledger, pace, err)))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_END_RUN, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, clock_wall_us() / US_PER_S);
    sqlite3_bind_int(stmt, 2, exit_code);
    sqlite3_bind_int64(stmt, 3, (int64_t)counters->rows_read);
    sqlite3_bind_int64(stmt, 4, (int64_t)ledger->counted_already_invited);
    if (ledger_run_statement(ledger, stmt, err))
        return err->kind;
    return ledger_commit(ledger, err);
}
