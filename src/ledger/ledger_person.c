#include <sodium.h>

#include "ledger/inside.h"

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

const unsigned char *ledger_column_hash(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_bytes(stmt, column) == LEDGER_HASH_SIZE
               ? sqlite3_column_blob(stmt, column)
               : NULL;
}

/* What an index entry leads to: the row decides about this hash, about nobody
 * any more, or about another person with the same 63 bits. */
static bool decides_about(sqlite3_stmt *stmt,
                          const unsigned char hash[LEDGER_HASH_SIZE])
{
    const unsigned char *found = ledger_column_hash(stmt, FOUND_PERSON);
    return found && memcmp(found, hash, LEDGER_HASH_SIZE) == 0;
}

sqlite3_stmt *ledger_look_up(struct ledger *ledger,
                             const unsigned char hash[LEDGER_HASH_SIZE])
{
    struct person_place place = {.is_known = true, .key = first_key(hash)};
    memcpy(place.hash, hash, LEDGER_HASH_SIZE);
    sqlite3_stmt *found = NULL;
    while ((place.row = ledger_index_get(ledger, place.key)) != 0) {
        sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_FIND_ROW, place.row);
        if (!sql_step(ledger, stmt)) {
            ledger_say_damaged(ledger);
            break;
        }
        if (decides_about(stmt, hash)) {
            found = stmt;
            break;
        }
        sqlite3_reset(stmt);
        place.key = (place.key + 1) & INT64_MAX;
    }
    ledger->looked_up = place;
    return found;
}

static void set_hash(struct ledger *ledger, int64_t row,
                     const unsigned char *hash)
{
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_SET_PERSON, row);
    /* NULL is bound as NULL. */
    sqlite3_bind_blob(stmt, 2, hash, LEDGER_HASH_SIZE, SQLITE_STATIC);
    sql_run(ledger, stmt);
}

void ledger_release_person(struct ledger *ledger, const unsigned char *hash)
{
    struct person_place *place = &ledger->looked_up;
    if (!place->is_known || memcmp(place->hash, hash, LEDGER_HASH_SIZE) != 0)
        sqlite3_reset(ledger_look_up(ledger, hash));
    if (place->row)
        set_hash(ledger, place->row, NULL);
}

void ledger_take_person(struct ledger *ledger, int64_t row)
{
    ledger->looked_up.row = row;
    ledger_index_put(ledger, ledger->looked_up.key, row);
}

void ledger_set_person(struct ledger *ledger,
                       const unsigned char hash[LEDGER_HASH_SIZE], int64_t row)
{
    ledger_release_person(ledger, hash);
    set_hash(ledger, row, hash);
    ledger_take_person(ledger, row);
}
