#ifndef BULK_INVITE_SEND_DUE_LIST_H
#define BULK_INVITE_SEND_DUE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "domain/row.h"

/*
 * Rows that wait for their time, earliest first (few: kept in order; equal
 * times in the order they came). One thread.
 */
struct due_list;

struct due_list *due_list_new(size_t capacity);

/* Rows still inside are freed. */
void due_list_free(struct due_list *list);

/* Takes the row. The capacity is the caller's promise. */
void due_list_push(struct due_list *list, struct row *row, int64_t due_us);

/* The earliest row, the caller's from now on; NULL when empty. */
struct row *due_list_pop(struct due_list *list);

/* CLOCK_NEVER_US when empty. */
int64_t due_list_next_us(const struct due_list *list);

size_t due_list_count(const struct due_list *list);

#endif
