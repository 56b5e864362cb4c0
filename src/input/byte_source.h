#ifndef BULK_INVITE_INPUT_BYTE_SOURCE_H
#define BULK_INVITE_INPUT_BYTE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * The bytes of an input, out of their gzip wrapping if they have one. Used by
 * one thread.
 */
struct byte_source;

/* Reads from `fd` (stays the caller's) from where it stands. `name` is for
 * messages and must live as long as the source. `cancel_fd`, unless -1, ends a
 * read that waits as soon as it becomes readable: then the input ends there. */
struct byte_source *byte_source_new(int fd, const char *name, int cancel_fd);
void byte_source_free(struct byte_source *source);

/* Waits for at least one byte; *got is 0 at the end only. ERROR_INPUT: it can't
 * be read, or gzip data is damaged or cut short. */
enum error_kind byte_source_read(struct byte_source *source, char *buffer,
                                 size_t size, size_t *got,
                                 struct error *err) MUST_CHECK;

bool byte_source_is_gzip(const struct byte_source *source);
bool byte_source_is_cancelled(const struct byte_source *source);

#endif
