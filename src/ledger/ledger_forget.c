#include "base/strbuf.h"
#include "domain/person.h"
#include "ledger/inside.h"
#include "ledger/ledger_books.h"

/* SQL's is_person(email, person): is the address this person's? */
static void is_person(sqlite3_context *context, int count,
                      sqlite3_value **values)
{
    const char *email = (const char *)sqlite3_value_text(values[0]);
    const char *person = (const char *)sqlite3_value_text(values[1]);
    struct strbuf key;
    (void)count;
    strbuf_init(&key, PERSON_KEY_CAP);
    sqlite3_result_int(context, email && person &&
                                    person_key(email, strlen(email), &key) ==
                                        PERSON_OK &&
                                    strcmp(strbuf_str(&key), person) == 0);
    strbuf_clear(&key);
}

/* Moves all of the WAL into the file, and empties it. A reader of an older
 * moment is waited for a while. */
static enum error_kind cut_wal(struct ledger *ledger, struct error *err)
{
    int code =
        ledger->failure.kind
            ? SQLITE_OK
            : sqlite3_wal_checkpoint_v2(ledger->db, NULL,
                                        SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code == SQLITE_BUSY)
        return error_set(err, ERROR_LOCKED,
                         "somebody is reading the ledger %s, which keeps what "
                         "was erased in its files: run this again when that "
                         "has ended",
                         ledger->name);
    if (code != SQLITE_OK)
        sql_note_failure(ledger);
    return ledger_result(ledger, err);
}

static enum error_kind begin_erasing(struct ledger *ledger, struct error *err)
{
    /* Freed bytes are overwritten, not only let go. */
    sql_execute(ledger, "PRAGMA secure_delete = ON");
    return ledger_begin(ledger, err);
}

/* Nothing of it may stay in the file's slack or in the WAL. */
static enum error_kind erase(struct ledger *ledger, sqlite3_stmt *stmt,
                             uint64_t *erased, struct error *err)
{
    sql_run(ledger, stmt);
    *erased = (uint64_t)sqlite3_changes64(ledger->db);
    if (ledger_commit(ledger, err) || cut_wal(ledger, err))
        return err->kind;
    sql_execute(ledger, "VACUUM");
    return cut_wal(ledger, err);
}

enum error_kind ledger_forget_person(struct ledger *ledger, const char *person,
                                     uint64_t *erased, struct error *err)
{
    /* Rows have no index by address (a run never needs one): all are read. */
    if (sqlite3_create_function(ledger->db, "is_person", 2,
                                SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                is_person, NULL, NULL) != SQLITE_OK)
        sql_note_failure(ledger);
    if (begin_erasing(ledger, err))
        return err->kind;
    sqlite3_stmt *stmt = sql_get(ledger, SQL_ERASE_PERSON);
    sql_bind_text(stmt, 1, person);
    return erase(ledger, stmt, erased, err);
}

enum error_kind ledger_forget_before(struct ledger *ledger, int64_t before_s,
                                     uint64_t *erased, struct error *err)
{
    if (begin_erasing(ledger, err))
        return err->kind;
    return erase(ledger, SQL_WITH(ledger, SQL_ERASE_BEFORE, before_s), erased,
                 err);
}
