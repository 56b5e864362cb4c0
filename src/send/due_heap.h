#ifndef BULK_INVITE_SEND_DUE_HEAP_H
#define BULK_INVITE_SEND_DUE_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "domain/row.h"

/*
 * Rows that wait for their time, earliest first (a binary heap; equal times in
 * the order they came). One thread.
 */
struct due_heap;

struct due_heap *due_heap_new(size_t capacity);

/* Rows still inside are freed. */
void due_heap_free(struct due_heap *heap);

/* Takes the row. The capacity is the caller's promise. */
void due_heap_push(struct due_heap *heap, struct row *row, int64_t due_us);

/* The earliest row, the caller's from now on; NULL when empty. */
struct row *due_heap_pop(struct due_heap *heap);

/* CLOCK_NEVER_US when empty. */
int64_t due_heap_next_us(const struct due_heap *heap);

size_t due_heap_count(const struct due_heap *heap);

#endif
