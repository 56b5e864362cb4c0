#include "ledger/ledger.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/random.h"
#include "ledger/schema.h"
#include "ledger/statements.h"

static enum error_kind create(struct ledger *ledger, struct error *err)
{
    random_bytes(ledger->hash_key, sizeof(ledger->hash_key));
    return ledger_execute(ledger, ledger_schema, err);
}

enum error_kind ledger_open_temporary(struct ledger **out, struct error *err)
{
    struct ledger *ledger = xcalloc(1, sizeof(*ledger));
    *out = NULL;
    ledger->name = xstrdup("(temporary)");
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    /* An empty name is SQLite's private temporary file. */
    enum error_kind kind = ERROR_NONE;
    if (sodium_init() < 0)
        kind = error_set(err, ERROR_STORAGE, "libsodium cannot start");
    else if (sqlite3_open_v2("", &ledger->db, flags, NULL) != SQLITE_OK)
        kind = ledger_error(ledger, err);
    if (!kind)
        kind = ledger_execute(ledger,
                              "PRAGMA journal_mode = OFF;"
                              "PRAGMA synchronous = OFF;"
                              "PRAGMA cache_size = -256;",
                              err);
    if (!kind)
        kind = create(ledger, err);
    if (kind) {
        ledger_close(ledger);
        return kind;
    }
    *out = ledger;
    return ERROR_NONE;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_close(ledger->db);
    sodium_memzero(ledger->hash_key, sizeof(ledger->hash_key));
    free(ledger->name);
    free(ledger);
}

enum error_kind ledger_begin(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_BEGIN, err);
    return stmt ? ledger_run_statement(ledger, stmt, err) : err->kind;
}

enum error_kind ledger_commit(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_COMMIT, err);
    return stmt ? ledger_run_statement(ledger, stmt, err) : err->kind;
}

enum error_kind ledger_begin_run(struct ledger *ledger, const char *input_name,
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
    ledger->seen_already_invited = 0;
    return ledger_run_statement(ledger, stmt, err);
}

/* Do the rows stored say the same as the counters? */
static enum error_kind reconcile(struct ledger *ledger,
                                 const struct counters *counters,
                                 struct error *err)
{
    uint64_t stored[STATUS_COUNT] = {0};
    stored[STATUS_ALREADY_INVITED] = ledger->seen_already_invited;
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
    if (code != SQLITE_DONE)
        return ledger_error(ledger, err);
    for (int status = 0; status < STATUS_COUNT; status++) {
        unsigned long long counted = counters->settled[status];
        if (stored[status] != counted)
            return error_set(err, ERROR_STORAGE,
                             "bug: the ledger has %llu rows %s, the run "
                             "counted %llu",
                             (unsigned long long)stored[status],
                             status == STATUS_NONE
                                 ? "not settled"
                                 : status_name((enum status)status),
                             counted);
    }
    return ERROR_NONE;
}

enum error_kind ledger_end_run(struct ledger *ledger,
                               const struct counters *counters, int exit_code,
                               struct error *err)
{
    if (reconcile(ledger, counters, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_END_RUN, err);
    if (!stmt)
        return err->kind;
    uint64_t already = counters->settled[STATUS_ALREADY_INVITED];
    sqlite3_bind_int64(stmt, 1, clock_wall_us() / US_PER_S);
    sqlite3_bind_int(stmt, 2, exit_code);
    sqlite3_bind_int64(stmt, 3, (int64_t)counters->rows_read);
    sqlite3_bind_int64(stmt, 4, (int64_t)already);
    return ledger_run_statement(ledger, stmt, err);
}
