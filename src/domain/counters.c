#include "domain/counters.h"

uint64_t counters_settled(const struct counters *counters)
{
    uint64_t sum = 0;

    for (int status = STATUS_NONE + 1; status < STATUS_COUNT; status++)
        sum += atomic_load_explicit(&counters->settled[status],
                                    memory_order_relaxed);
    return sum;
}
