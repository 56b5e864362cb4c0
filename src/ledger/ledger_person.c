#include <sodium.h>

#include "ledger/file.h"
#include "ledger/statements.h"

/* The last column of SQL_FIND_ROW. */
#define FOUND_PERSON (STORED_COLUMN_COUNT + 1)

const unsigned char *ledger_hash_person(struct ledger *ledger,
                                        const char *person)
{
    struct hashed_person *hashed = &ledger->hashed;
    size_t len = strlen(person);
    if (len > 0 && strcmp(hashed->person, person) == 0)
        return hashed->hash;
    crypto_generichash(hashed->hash, LEDGER_HASH_SIZE,
                       (const unsigned char *)person, len, ledger->hash_key,
                       LEDGER_HASH_KEY_SIZE);
    hashed->person[0] = '\0';
    if (len < sizeof(hashed->person))
        memcpy(hashed->person, person, len + 1);
    return hashed->hash;
}

/* The first 63 bits of a hash. */
static int64_t first_key(const unsigned char hash[LEDGER_HASH_SIZE])
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | hash[i];
    return (int64_t)(bits >> 1);
}

/* What an index entry leads to: the row decides about this hash, about nobody
 * any more, or about another person with the same 63 bits. NULL on error. */
static sqlite3_stmt *read_row(struct ledger *ledger, int64_t row,
                              struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_FIND_ROW, err);
    if (!stmt)
        return NULL;
    sqlite3_bind_int64(stmt, 1, row);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        return stmt;
    if (code == SQLITE_DONE)
        error_set(err, ERROR_STORAGE, "ledger %s: %s", ledger->name,
                  LEDGER_DAMAGED);
    else
        ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return NULL;
}

static bool decides_about(sqlite3_stmt *stmt,
                          const unsigned char hash[LEDGER_HASH_SIZE])
{
    return sqlite3_column_bytes(stmt, FOUND_PERSON) == LEDGER_HASH_SIZE &&
           memcmp(sqlite3_column_blob(stmt, FOUND_PERSON), hash,
                  LEDGER_HASH_SIZE) == 0;
}

sqlite3_stmt *ledger_look_up(struct ledger *ledger,
                             const unsigned char hash[LEDGER_HASH_SIZE],
                             struct error *err)
{
    struct person_place place = {.is_known = true, .key = first_key(hash)};
    memcpy(place.hash, hash, LEDGER_HASH_SIZE);
    *err = (struct error)ERROR_INIT;
    for (;; place.key = (place.key + 1) & INT64_MAX) {
        if (ledger_index_get(ledger, place.key, &place.row, err))
            return NULL;
        if (place.row == 0)
            break;
        sqlite3_stmt *stmt = read_row(ledger, place.row, err);
        if (!stmt)
            return NULL;
        if (decides_about(stmt, hash)) {
            ledger->looked_up = place;
            return stmt;
        }
        sqlite3_reset(stmt);
    }
    ledger->looked_up = place;
    return NULL;
}

sqlite3_stmt *ledger_find_person(struct ledger *ledger, const char *person,
                                 struct error *err)
{
    return ledger_look_up(ledger, ledger_hash_person(ledger, person), err);
}

static enum error_kind set_hash(struct ledger *ledger, int64_t row,
                                const unsigned char *hash, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SET_PERSON, err);
    if (!stmt)
        return err->kind;
    if (hash)
        sqlite3_bind_blob(stmt, 1, hash, LEDGER_HASH_SIZE, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, 1);
    sqlite3_bind_int64(stmt, 2, row);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_release_person(struct ledger *ledger,
                                      const unsigned char *hash,
                                      struct error *err)
{
    struct person_place *place = &ledger->looked_up;
    if (!place->is_known || memcmp(place->hash, hash, LEDGER_HASH_SIZE) != 0) {
        sqlite3_stmt *stmt = ledger_look_up(ledger, hash, err);
        if (!stmt && err->kind)
            return err->kind;
        sqlite3_reset(stmt);
    }
    return place->row ? set_hash(ledger, place->row, NULL, err) : ERROR_NONE;
}

enum error_kind ledger_take_person(struct ledger *ledger, int64_t row,
                                   struct error *err)
{
    ledger->looked_up.row = row;
    return ledger_index_put(ledger, ledger->looked_up.key, row, err);
}

enum error_kind ledger_set_person(struct ledger *ledger,
                                  const unsigned char hash[LEDGER_HASH_SIZE],
                                  int64_t row, struct error *err)
{
    if (ledger_release_person(ledger, hash, err) ||
        set_hash(ledger, row, hash, err))
        return err->kind;
    return ledger_take_person(ledger, row, err);
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
