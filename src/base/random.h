#ifndef BULK_INVITE_BASE_RANDOM_H
#define BULK_INVITE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Random numbers: from the system for keys, and a small reproducible sequence
 * for jitter.
 */

/* From the kernel, 256 bytes at most; ends the program if it has none. */
void random_bytes(void *bytes, size_t len);

/* A random UUID: version 4 (RFC 9562, section 5.4). */
void random_uuid(unsigned char uuid[16]);

/* The next number of the sequence that *state stands for (SplitMix64: passes
 * BigCrush, any state is a good one). */
uint64_t random_next(uint64_t *state);

/* Evenly from 0 to below `bound`; 0 when bound is 0 or less. */
int64_t random_below(uint64_t *state, int64_t bound);

#endif
