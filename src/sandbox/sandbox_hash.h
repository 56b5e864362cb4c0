#ifndef BULK_INVITE_SANDBOX_SANDBOX_HASH_H
#define BULK_INVITE_SANDBOX_SANDBOX_HASH_H

#include <stdint.h>

/*
 * FNV-1a with splitmix64's finish: spreads well and is the same everywhere,
 * so that a seed means the same faults and ids on every machine. Not for
 * hostile keys: only the sandbox's own user talks to it.
 */
static inline uint64_t sandbox_hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

static inline uint64_t sandbox_hash_uint(uint64_t hash, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        hash = sandbox_hash_byte(hash, (unsigned char)(value >> (8 * i)));
    return hash;
}

static inline uint64_t sandbox_hash_start(uint64_t seed)
{
    return sandbox_hash_uint(UINT64_C(0xcbf29ce484222325), seed);
}

/* The end mark keeps "ab","c" and "a","bc" apart. */
static inline uint64_t sandbox_hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = sandbox_hash_byte(hash, (unsigned char)*text);
    return sandbox_hash_byte(hash, 0xff);
}

/* As sandbox_hash_text(), A-Z as a-z. */
static inline uint64_t sandbox_hash_lower(uint64_t hash, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 'A' && byte <= 'Z')
            byte = (unsigned char)(byte + ('a' - 'A'));
        hash = sandbox_hash_byte(hash, byte);
    }
    return sandbox_hash_byte(hash, 0xff);
}

static inline uint64_t sandbox_hash_end(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

#endif
