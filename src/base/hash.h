#ifndef BULK_INVITE_BASE_HASH_H
#define BULK_INVITE_BASE_HASH_H

#include <stdint.h>

/* FNV-1a, 64 bits: the same on every machine. Anyone can make texts collide, so
 * nothing may depend on their not doing it but speed. */
uint64_t hash_text(const char *text);

#endif
