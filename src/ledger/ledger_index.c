#include "ledger/inside.h"

/* 2^17 slots: 2 MiB, and 98,304 people from one merge to the next. */
#define RECENT_BITS 17

/* Slots of a merge in a transaction of its own: bounds what it adds to the WAL
 * before that can be checkpointed. */
#define MERGED_AT_ONCE 4096

/* Slots that each new person moves a merge on: it is done before those that
 * come meanwhile fill the rest. */
#define MERGED_A_PERSON 8

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

static void put_rows_not_merged(struct ledger *ledger)
{
    struct recent_people *recent = &ledger->recent;
    sqlite3_stmt *stmt = SQL_WITH(ledger, SQL_NOT_MERGED, recent->merged_to);
    while (sql_step(ledger, stmt)) {
        const unsigned char *hash = ledger_column_hash(stmt, 1);
        if (!hash)
            continue;
        sqlite3_reset(ledger_look_up(ledger, hash));
        int64_t key = ledger->looked_up.key;
        fill_slot(recent, find_slot(recent, key), key,
                  sqlite3_column_int64(stmt, 0));
    }
}

static void load(struct ledger *ledger)
{
    struct recent_people *recent = &ledger->recent;
    sqlite3_stmt *stmt = sql_get(ledger, SQL_MERGED_TO);
    int64_t row_count = 0;
    if (sql_step(ledger, stmt)) {
        recent->merged_to = sqlite3_column_int64(stmt, 0);
        row_count = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    recent->newest = recent->merged_to;
    make_slots(recent, ledger->recent_bits, (size_t)row_count);
    put_rows_not_merged(ledger);
}

int64_t ledger_index_get(struct ledger *ledger, int64_t key)
{
    if (!ledger->recent.slots)
        load(ledger);
    int64_t row = find_slot(&ledger->recent, key)->row;
    if (row != 0 || ledger->recent.merged_to == 0)
        return row;
    return sql_number(ledger, SQL_WITH(ledger, SQL_INDEX_GET, key));
}

static void put_into_table(struct ledger *ledger, int64_t key, int64_t row)
{
    sql_run(ledger, SQL_WITH(ledger, SQL_INDEX_PUT, key, row));
}

/* Of what is recent, only what came during the merge stays. */
static void drop_merged(struct recent_people *recent)
{
    size_t slot_count = (size_t)1 << recent->bits;
    struct index_slot *kept = xcalloc(recent->count, sizeof(*kept));
    size_t kept_count = 0;
    recent->merged_to = recent->merging_to;
    recent->merging_to = 0;
    recent->merging_at = 0;
    for (size_t i = 0; i < slot_count; i++)
        if (recent->slots[i].row > recent->merged_to)
            kept[kept_count++] = recent->slots[i];
    memset(recent->slots, 0, slot_count * sizeof(*recent->slots));
    recent->count = 0;
    for (size_t i = 0; i < kept_count; i++)
        fill_slot(recent, find_slot(recent, kept[i].key), kept[i].key,
                  kept[i].row);
    free(kept);
}

/* Moves the merge on, or begins one. */
static void merge_some(struct ledger *ledger, size_t slots)
{
    struct recent_people *recent = &ledger->recent;
    size_t end = (size_t)1 << recent->bits;
    if (recent->merging_to == 0)
        recent->merging_to = recent->newest;
    for (; slots > 0 && recent->merging_at < end; slots--) {
        const struct index_slot *slot = &recent->slots[recent->merging_at++];
        if (slot->row != 0)
            put_into_table(ledger, slot->key, slot->row);
    }
    if (recent->merging_at < end)
        return;
    sql_run(ledger, SQL_WITH(ledger, SQL_SET_MERGED_TO, recent->merging_to));
    drop_merged(recent);
}

void ledger_index_put(struct ledger *ledger, int64_t key, int64_t row)
{
    struct recent_people *recent = &ledger->recent;
    struct index_slot *slot = find_slot(recent, key);
    bool is_merged = row <= recent->merged_to;
    if (!is_merged || slot->row != 0)
        fill_slot(recent, slot, key, row);
    /* A merge under way may have passed its slot. */
    if (is_merged || row <= recent->merging_to)
        put_into_table(ledger, key, row);
    else if (recent->count >= recent->most)
        ledger_index_merge(ledger);
    else if (recent->merging_to != 0 ||
             recent->count > recent->most - recent->most / 4)
        merge_some(ledger, MERGED_A_PERSON);
}

void ledger_index_merge(struct ledger *ledger)
{
    bool has_begun = !sqlite3_get_autocommit(ledger->db);
    while (ledger->recent.count > 0) {
        if (!has_begun)
            sql_run(ledger, sql_get(ledger, SQL_BEGIN));
        merge_some(ledger, MERGED_AT_ONCE);
        if (!has_begun)
            sql_run(ledger, sql_get(ledger, SQL_COMMIT));
    }
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
