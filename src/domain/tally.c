#include "domain/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define SLOTS ((size_t)TALLY_CAP * 2)

struct tally *tally_new(void)
{
    return xcalloc(1, sizeof(struct tally));
}

void tally_free(struct tally *tally)
{
    if (!tally)
        return;
    tally_fold(tally, 0);
    free(tally);
}

static struct tally_entry *find(struct tally *tally, const char *key,
                                const char *name)
{
    size_t slot = hash_text(key) % SLOTS;

    for (; tally->slots[slot]; slot = (slot + 1) % SLOTS) {
        struct tally_entry *entry = &tally->entries[tally->slots[slot] - 1];
        if (strcmp(entry->key ? entry->key : entry->name, key) == 0)
            return entry;
    }
    if (tally->count == TALLY_CAP)
        return &tally->others;
    struct tally_entry *entry = &tally->entries[tally->count++];
    tally->slots[slot] = (uint16_t)tally->count;
    entry->name = xstrdup(name);
    if (key != name)
        entry->key = xstrdup(key);
    return entry;
}

struct tally_entry *tally_add(struct tally *tally, const char *name,
                              uint64_t line)
{
    return tally_add_like(tally, name, name, line);
}

struct tally_entry *tally_add_like(struct tally *tally, const char *key,
                                   const char *name, uint64_t line)
{
    struct tally_entry *entry = find(tally, key, name);

    if (entry->count < TALLY_KEEP)
        entry->lines[entry->count] = line;
    entry->count++;
    return entry;
}

static int compare(const void *one, const void *other)
{
    const struct tally_entry *a = one;
    const struct tally_entry *b = other;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->lines[0] < b->lines[0] ? -1 : a->lines[0] > b->lines[0];
}

static int compare_lines(const void *one, const void *other)
{
    const uint64_t *a = one;
    const uint64_t *b = other;

    return *a < *b ? -1 : *a > *b;
}

void tally_sort(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct tally_entry *entry = &tally->entries[i];
        size_t kept = entry->count < TALLY_KEEP ? entry->count : TALLY_KEEP;

        qsort(entry->lines, kept, sizeof(*entry->lines), compare_lines);
    }
    qsort(tally->entries, tally->count, sizeof(*tally->entries), compare);
}

void tally_fold(struct tally *tally, size_t most)
{
    while (tally->count > most) {
        struct tally_entry *entry = &tally->entries[--tally->count];

        tally->others.count += entry->count;
        for (size_t kind = 0; kind < TALLY_KINDS; kind++)
            tally->others.kinds[kind] += entry->kinds[kind];
        free(entry->name);
        free(entry->key);
    }
}
