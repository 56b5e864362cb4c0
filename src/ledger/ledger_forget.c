#include "base/strbuf.h"
#include "domain/person.h"
#include "ledger/ledger_books.h"
#include "ledger/statements.h"

#define PERSON_CAP 4096

static bool is_person(const char *email, const char *person)
{
    struct strbuf key;
    strbuf_init(&key, PERSON_CAP);
    bool is_same = person_key(email, strlen(email), &key) == PERSON_OK &&
                   strcmp(strbuf_str(&key), person) == 0;
    strbuf_clear(&key);
    return is_same;
}

static enum error_kind erase_row(struct ledger *ledger, int64_t row_id,
                                 struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ERASE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, row_id);
    return ledger_run_statement(ledger, stmt, err);
}

/* Rows have no index by person (a run never needs one): all are read. */
static enum error_kind erase_rows_of(struct ledger *ledger, const char *person,
                                     uint64_t *erased, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_EMAILS, err);
    if (!stmt)
        return err->kind;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *email = (const char *)sqlite3_column_text(stmt, 1);
        if (!email || !is_person(email, person))
            continue;
        if (erase_row(ledger, sqlite3_column_int64(stmt, 0), err)) {
            sqlite3_reset(stmt);
            return err->kind;
        }
        (*erased)++;
    }
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

static enum error_kind begin_erasing(struct ledger *ledger, struct error *err)
{
    /* Freed bytes are overwritten, not only let go. */
    if (ledger_execute(ledger, "PRAGMA secure_delete = ON", err))
        return err->kind;
    return ledger_begin(ledger, err);
}

/* Moves all of the WAL into the file, and empties it. A reader of an older
 * moment is waited for a while. */
static enum error_kind cut_wal(struct ledger *ledger, struct error *err)
{
    int code = sqlite3_wal_checkpoint_v2(
        ledger->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code == SQLITE_BUSY)
        return error_set(err, ERROR_LOCKED,
                         "somebody is reading the ledger %s, which keeps what "
                         "was erased in its files: run this again when that "
                         "has ended",
                         ledger->name);
    return code == SQLITE_OK ? ERROR_NONE : ledger_error(ledger, err);
}

/* Nothing of it may stay in the file's slack or in the WAL. */
static enum error_kind end_erasing(struct ledger *ledger, struct error *err)
{
    if (ledger_commit(ledger, err) || cut_wal(ledger, err) ||
        ledger_execute(ledger, "VACUUM", err))
        return err->kind;
    return cut_wal(ledger, err);
}

enum error_kind ledger_forget_person(struct ledger *ledger, const char *person,
                                     uint64_t *erased, struct error *err)
{
    *erased = 0;
    if (begin_erasing(ledger, err) ||
        erase_rows_of(ledger, person, erased, err))
        return err->kind;
    return end_erasing(ledger, err);
}

enum error_kind ledger_forget_before(struct ledger *ledger, int64_t before_s,
                                     uint64_t *erased, struct error *err)
{
    if (begin_erasing(ledger, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_ERASE_BEFORE, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, before_s);
    if (ledger_run_statement(ledger, stmt, err))
        return err->kind;
    *erased = (uint64_t)sqlite3_changes64(ledger->db);
    return end_erasing(ledger, err);
}
