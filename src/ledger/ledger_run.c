#include "base/clock.h"
#include "ledger/inside.h"

#define DAY_S 86400

/* No server's pace: more a second was not found by us. */
#define RATE_MOST 1e6

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

static void settle_killed(struct ledger *ledger, int64_t first_row,
                          enum row_state state)
{
    const struct verdict *verdict = &verdicts[state];
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_SETTLE_KILLED, verdict->status,
                                  clock_wall_us() / US_PER_S, state, first_row);
    sql_bind_text(stmt, 5, outcome_code_name(verdict->code));
    sql_bind_text(stmt, 6, verdict->words);
    sql_run(ledger, stmt);
}

/* What a killed run was to send again, and did not, stands as it stood. */
static void restore_replaced(struct ledger *ledger, int64_t first_row)
{
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_WAITING_RESENDS, first_row);
    while (sql_step(ledger, stmt)) {
        const unsigned char *found = ledger_column_hash(stmt, 1);
        unsigned char hash[LEDGER_HASH_SIZE];
        if (!found)
            continue;
        memcpy(hash, found, sizeof(hash)); /* the row is about to lose it */
        ledger_set_person(ledger, hash, sqlite3_column_int64(stmt, 0));
    }
}

static void recover(struct ledger *ledger)
{
    int64_t first_row =
        sql_number(ledger, sql_get(ledger, SQL_FIRST_ROW_OF_KILLED));
    if (first_row == 0)
        return;
    restore_replaced(ledger, first_row);
    settle_killed(ledger, first_row, ROW_INTENT);
    settle_killed(ledger, first_row, ROW_PENDING);
    sql_run(ledger,
            SQL_WITH(ledger, SQL_END_KILLED, clock_wall_us() / US_PER_S));
}

enum error_kind ledger_begin_run(struct ledger *ledger, const char *input_name,
                                 struct error *err)
{
    if (ledger_begin(ledger, err))
        return err->kind;
    recover(ledger);
    sqlite3_stmt *stmt =
        SQL_WITH(ledger, SQL_BEGIN_RUN, clock_wall_us() / US_PER_S);
    sql_bind_text(stmt, 2, input_name);
    ledger->first_row = sql_number(ledger, stmt);
    if (ledger->first_row <= 0 || ledger->first_row == INT64_MAX)
        ledger_say_damaged(ledger); /* no row can be behind all others */
    ledger->counted_already_invited = 0;
    sql_run(ledger, sql_get(ledger, SQL_COMMIT));
    /* Whose role changed, and who is twice in the input with two roles? */
    if (ledger->policy.resends_changed)
        ledger_open_seen(ledger);
    return ledger_result(ledger, err);
}

/* Do the rows stored say the same as the counters? */
static void reconcile(struct ledger *ledger, const struct counters *counters)
{
    uint64_t stored[STATUS_COUNT] = {0};
    stored[STATUS_ALREADY_INVITED] = ledger->counted_already_invited;
    sqlite3_stmt *stmt =
        SQL_WITH(ledger, SQL_COUNT_STATUSES, ledger->first_row);
    while (sql_step(ledger, stmt)) {
        int status = sqlite3_column_int(stmt, 0);
        if (status >= 0 && status < STATUS_COUNT)
            stored[status] += (uint64_t)sqlite3_column_int64(stmt, 1);
    }
    for (int status = 0; status < STATUS_COUNT; status++) {
        unsigned long long counted = counters->settled[status];
        if (stored[status] == counted || ledger->failure.kind)
            continue;
        error_set(&ledger->failure, ERROR_STORAGE,
                  "bug: the ledger has %llu rows %s, the run counted %llu",
                  (unsigned long long)stored[status],
                  status == STATUS_NONE ? "not settled"
                                        : status_name((enum status)status),
                  counted);
    }
}

enum error_kind ledger_end_run(struct ledger *ledger,
                               const struct counters *counters,
                               const struct ledger_pace *pace, int exit_code,
                               struct error *err)
{
    ledger_index_merge(ledger);
    if (ledger_begin(ledger, err))
        return err->kind;
    reconcile(ledger, counters);
    if (pace && ledger_save_pace(ledger, pace, err))
        return err->kind;
    sql_run(ledger, SQL_WITH(ledger, SQL_END_RUN, clock_wall_us() / US_PER_S,
                             exit_code, (int64_t)counters->rows_read,
                             (int64_t)ledger->counted_already_invited));
    return ledger_commit(ledger, err);
}

enum error_kind ledger_save_pace(struct ledger *ledger,
                                 const struct ledger_pace *pace,
                                 struct error *err)
{
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_SAVE_PACE, pace->held_until_s,
                                  clock_wall_us() / US_PER_S);
    sqlite3_bind_double(stmt, 3, pace->rate_per_s);
    sql_run(ledger, stmt);
    return ledger_result(ledger, err);
}

enum error_kind ledger_add_hold(struct ledger *ledger, const struct hold *hold,
                                struct error *err)
{
    sql_run(ledger, SQL_WITH(ledger, SQL_ADD_HOLD, hold->from_s, hold->until_s,
                             hold->reason));
    return ledger_result(ledger, err);
}

enum error_kind ledger_load_pace(struct ledger *ledger,
                                 struct ledger_pace *pace, struct error *err)
{
    sqlite3_stmt *stmt = sql_get(ledger, SQL_LOAD_PACE);
    int64_t now_s = clock_wall_us() / US_PER_S;
    *pace = (struct ledger_pace){0};
    if (sql_step(ledger, stmt)) {
        double rate_per_s = sqlite3_column_double(stmt, 0);
        int64_t held_until_s = sqlite3_column_int64(stmt, 1);
        int64_t age_s = now_s - sql_column_time(stmt, 2);
        if (age_s >= 0 && age_s <= DAY_S && rate_per_s > 0.0 &&
            rate_per_s <= RATE_MOST)
            pace->rate_per_s = rate_per_s;
        if (age_s >= 0 && held_until_s > now_s)
            pace->held_until_s =
                held_until_s < now_s + DAY_S ? held_until_s : now_s + DAY_S;
    }
    sqlite3_reset(stmt);
    return ledger_result(ledger, err);
}
