#include "base/random.h"

#include <sys/random.h>

void random_bytes(void *bytes, size_t len)
{
    if (getentropy(bytes, len) == 0)
        return;
    fprintf(stderr, "bulk-invite: the system has no random numbers\n");
    abort();
}

void random_uuid(unsigned char uuid[16])
{
    random_bytes(uuid, 16);
    uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
}

uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t random_below(uint64_t *state, int64_t bound)
{
    if (bound <= 0)
        return 0;
    return (int64_t)(random_next(state) % (uint64_t)bound);
}
