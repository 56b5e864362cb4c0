#include "send/due_list.h"

#include "base/clock.h"
#include "base/error.h"

struct waiting {
    int64_t due_us;
    struct row *row;
};

struct due_list {
    size_t count;
    struct waiting waiting[]; /* the earliest last */
};

struct due_list *due_list_new(size_t capacity)
{
    return xcalloc(1,
                   sizeof(struct due_list) + capacity * sizeof(struct waiting));
}

void due_list_free(struct due_list *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->count; i++)
        row_free(list->waiting[i].row);
    free(list);
}

void due_list_push(struct due_list *list, struct row *row, int64_t due_us)
{
    size_t at = list->count++;
    for (; at > 0 && list->waiting[at - 1].due_us <= due_us; at--)
        list->waiting[at] = list->waiting[at - 1];
    list->waiting[at] = (struct waiting){due_us, row};
}

struct row *due_list_pop(struct due_list *list)
{
    return list->count > 0 ? list->waiting[--list->count].row : NULL;
}

int64_t due_list_next_us(const struct due_list *list)
{
    return list->count > 0 ? list->waiting[list->count - 1].due_us
                           : CLOCK_NEVER_US;
}

size_t due_list_count(const struct due_list *list)
{
    return list->count;
}
