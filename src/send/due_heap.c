#include "send/due_heap.h"

#include "base/clock.h"
#include "base/error.h"

struct waiting {
    int64_t due_us;
    uint64_t order;
    struct row *row;
};

struct due_heap {
    struct waiting *waiting;
    size_t count;
    uint64_t pushed;
};

struct due_heap *due_heap_new(size_t capacity)
{
    struct due_heap *heap = xcalloc(1, sizeof(*heap));
    heap->waiting = xcalloc(capacity, sizeof(*heap->waiting));
    return heap;
}

void due_heap_free(struct due_heap *heap)
{
    if (!heap)
        return;
    for (size_t i = 0; i < heap->count; i++)
        row_free(heap->waiting[i].row);
    free(heap->waiting);
    free(heap);
}

static bool is_earlier(const struct waiting *a, const struct waiting *b)
{
    if (a->due_us != b->due_us)
        return a->due_us < b->due_us;
    return a->order < b->order;
}

void due_heap_push(struct due_heap *heap, struct row *row, int64_t due_us)
{
    struct waiting added = {due_us, heap->pushed++, row};
    size_t at = heap->count++;
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!is_earlier(&added, &heap->waiting[parent]))
            break;
        heap->waiting[at] = heap->waiting[parent];
        at = parent;
    }
    heap->waiting[at] = added;
}

struct row *due_heap_pop(struct due_heap *heap)
{
    if (heap->count == 0)
        return NULL;
    struct row *row = heap->waiting[0].row;
    struct waiting moved = heap->waiting[--heap->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            is_earlier(&heap->waiting[child + 1], &heap->waiting[child]))
            child++;
        if (!is_earlier(&heap->waiting[child], &moved))
            break;
        heap->waiting[at] = heap->waiting[child];
        at = child;
    }
    heap->waiting[at] = moved;
    return row;
}

int64_t due_heap_next_us(const struct due_heap *heap)
{
    return heap->count == 0 ? CLOCK_NEVER_US : heap->waiting[0].due_us;
}

size_t due_heap_count(const struct due_heap *heap)
{
    return heap->count;
}
