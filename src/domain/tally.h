#ifndef BULK_INVITE_DOMAIN_TALLY_H
#define BULK_INVITE_DOMAIN_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "domain/row.h"

/*
 * Counts by name, and where each stands, with flat memory: what comes after
 * the first TALLY_CAP names is counted together. One thread.
 */
#define TALLY_CAP   2000
#define TALLY_KEEP  10 /* lines kept of each */
#define TALLY_KINDS 3

struct tally_entry {
    char *name;
    char *key; /* NULL: the name */
    uint64_t count;
    uint64_t lines[TALLY_KEEP];  /* the first ones */
    uint64_t kinds[TALLY_KINDS]; /* these are the caller's: of the count, by
                                    kinds of its own, and two words on it */
    enum outcome_code code;
    enum row_cell cell;
};

struct tally {
    size_t count;
    struct tally_entry others;
    struct tally_entry entries[TALLY_CAP];
    uint16_t slots[TALLY_CAP * 2]; /* hash table of places in entries, from 1 */
};

struct tally *tally_new(void);
void tally_free(struct tally *tally);

/* Returns where it was counted, valid until the tally is sorted. */
struct tally_entry *tally_add(struct tally *tally, const char *name,
                              uint64_t line);

/* Counts by `key`, and keeps the name that came with it first. */
struct tally_entry *tally_add_like(struct tally *tally, const char *key,
                                   const char *name, uint64_t line);

/* Puts the highest counts first, or what came first. Nothing may be added
 * afterwards. */
void tally_sort(struct tally *tally);

/* Keeps the first `most` names of a sorted tally; the rest goes to `others`. */
void tally_fold(struct tally *tally, size_t most);

#endif
