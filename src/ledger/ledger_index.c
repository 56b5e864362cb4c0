#include "ledger/statements.h"

/* 2^17 slots: 2 MiB, and 98,304 people from one merge to the next. */
#define RECENT_BITS 17

/* Bounds what a merge adds to the WAL before it can be checkpointed. */
#define MERGED_AT_ONCE 2048

/* Keys have 63 bits. They are hashes: in the slots' order, they are as good as
 * sorted. */
static struct index_slot *find_slot(const struct recent_people *recent,
                                    int64_t key)
{
    size_t mask = ((size_t)1 << recent->bits) - 1;
    size_t i = (size_t)(key >> (63 - recent->bits));
    while (recent->slots[i].row != 0 && recent->slots[i].key != key)
        i = (i + 1) & mask;
    return &recent->slots[i];
}

static void fill_slot(struct recent_people *recent, struct index_slot *slot,
                      int64_t key, int64_t row)
{
    recent->count += slot->row == 0;
    *slot = (struct index_slot){.key = key, .row = row};
    if (row > recent->newest)
        recent->newest = row;
}

/* So many slots that the rows which are not merged fill 3 of 4 at most. */
static void make_slots(struct recent_people *recent, unsigned bits,
                       size_t row_count)
{
    recent->bits = bits ? bits : RECENT_BITS;
    while (((size_t)3 << recent->bits) / 4 < row_count)
        recent->bits++;
    recent->most = ((size_t)3 << recent->bits) / 4;
    recent->slots = xcalloc((size_t)1 << recent->bits, sizeof(*recent->slots));
    recent->count = 0;
}

static enum error_kind put_rows_not_merged(struct ledger *ledger,
                                           struct error *err)
{
    struct recent_people *recent = &ledger->recent;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_NOT_MERGED, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, recent->merged_to);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const unsigned char *hash = sqlite3_column_blob(stmt, 1);
        if (sqlite3_column_bytes(stmt, 1) != LEDGER_HASH_SIZE)
            continue;
        sqlite3_stmt *found = ledger_look_up(ledger, hash, err);
        if (!found && err->kind)
            break;
        sqlite3_reset(found);
        int64_t key = ledger->looked_up.key;
        fill_slot(recent, find_slot(recent, key), key,
                  sqlite3_column_int64(stmt, 0));
    }
    enum error_kind kind = err->kind;
    if (!kind && code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

static enum error_kind load(struct ledger *ledger, struct error *err)
{
    struct recent_people *recent = &ledger->recent;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_MERGED_TO, err);
    if (!stmt)
        return err->kind;
    if (sqlite3_step(stmt) != SQLITE_ROW)
        return ledger_error(ledger, err);
    recent->merged_to = sqlite3_column_int64(stmt, 0);
    recent->newest = recent->merged_to;
    int64_t row_count = sqlite3_column_int64(stmt, 1) - recent->merged_to;
    sqlite3_reset(stmt);
    make_slots(recent, ledger->recent_bits,
               row_count > 0 ? (size_t)row_count : 0);
    return put_rows_not_merged(ledger, err);
}

enum error_kind ledger_index_get(struct ledger *ledger, int64_t key,
                                 int64_t *row, struct error *err)
{
    *row = 0;
    if (!ledger->recent.slots && load(ledger, err))
        return err->kind;
    *row = find_slot(&ledger->recent, key)->row;
    if (*row != 0 || ledger->recent.merged_to == 0)
        return ERROR_NONE;
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_INDEX_GET, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, key);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *row = sqlite3_column_int64(stmt, 0);
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_reset(stmt);
    return kind;
}

static enum error_kind put_into_table(struct ledger *ledger, int64_t key,
                                      int64_t row, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_INDEX_PUT, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, key);
    sqlite3_bind_int64(stmt, 2, row);
    return ledger_run_statement(ledger, stmt, err);
}

enum error_kind ledger_index_put(struct ledger *ledger, int64_t key,
                                 int64_t row, struct error *err)
{
    struct recent_people *recent = &ledger->recent;
    struct index_slot *slot = find_slot(recent, key);
    bool is_merged = row <= recent->merged_to;
    if (!is_merged || slot->row != 0)
        fill_slot(recent, slot, key, row);
    if (is_merged)
        return put_into_table(ledger, key, row, err);
    return recent->count < recent->most ? ERROR_NONE
                                        : ledger_index_merge(ledger, err);
}

static enum error_kind set_merged_to(struct ledger *ledger, int64_t row,
                                     struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_SET_MERGED_TO, err);
    if (!stmt)
        return err->kind;
    sqlite3_bind_int64(stmt, 1, row);
    return ledger_run_statement(ledger, stmt, err);
}

/* From slot *at on. */
static enum error_kind merge_some(struct ledger *ledger, size_t *at,
                                  struct error *err)
{
    const struct recent_people *recent = &ledger->recent;
    size_t end = (size_t)1 << recent->bits;
    for (size_t merged = 0; *at < end && merged < MERGED_AT_ONCE; (*at)++) {
        const struct index_slot *slot = &recent->slots[*at];
        if (slot->row == 0)
            continue;
        if (put_into_table(ledger, slot->key, slot->row, err))
            return err->kind;
        merged++;
    }
    return *at < end ? ERROR_NONE : set_merged_to(ledger, recent->newest, err);
}

enum error_kind ledger_index_merge(struct ledger *ledger, struct error *err)
{
    struct recent_people *recent = &ledger->recent;
    size_t slot_count = (size_t)1 << recent->bits;
    bool has_begun = !sqlite3_get_autocommit(ledger->db);
    if (recent->count == 0)
        return ERROR_NONE;
    for (size_t at = 0; at < slot_count;) {
        if (!has_begun && ledger_execute(ledger, "BEGIN IMMEDIATE", err))
            return err->kind;
        if (merge_some(ledger, &at, err))
            return err->kind;
        if (!has_begun && ledger_commit(ledger, err))
            return err->kind;
    }
    memset(recent->slots, 0, slot_count * sizeof(*recent->slots));
    recent->count = 0;
    recent->merged_to = recent->newest;
    return ERROR_NONE;
}

bool ledger_index_is_full(const struct ledger *ledger)
{
    const struct recent_people *recent = &ledger->recent;
    return recent->count > recent->most - recent->most / 16;
}

void ledger_index_clear(struct ledger *ledger)
{
    ledger->looked_up.is_known = false;
    free(ledger->recent.slots);
    ledger->recent = (struct recent_people){0};
}
