#include "domain/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Copies a text to *next and moves *next behind its NUL. */
static char *place(char **next, const char *text, size_t len)
{
    char *placed = *next;

    if (len > 0)
        memcpy(placed, text, len);
    placed[len] = '\0';
    *next = placed + len + 1;
    return placed;
}

struct row *row_new(uint64_t line, const char *email, size_t email_len,
                    const char *role, size_t role_len, const char *person)
{
    size_t person_len = person ? strlen(person) : 0;
    struct row *row =
        xmalloc(sizeof(*row) + email_len + 1 + role_len + 1 + person_len + 1);
    char *next = (char *)(row + 1);

    memset(row, 0, sizeof(*row));
    row->line = line;
    row->email = place(&next, email, email_len);
    row->role = place(&next, role, role_len);
    if (person)
        row->person = place(&next, person, person_len);
    return row;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    outcome_clear(&row->outcome);
    free(row->record);
    free(row);
}

bool row_has_idempotency_key(const struct row *row)
{
    static const unsigned char none[IDEMPOTENCY_KEY_SIZE];
    return memcmp(row->idempotency_key, none, sizeof(none)) != 0;
}
