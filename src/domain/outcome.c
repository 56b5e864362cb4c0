#include "domain/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const struct {
    const char *name;
    const char *label;
    bool needs_look;
} statuses[STATUS_COUNT] = {[STATUS_NONE] = {"", "", false},
#define X(status, name, needs_look, label) [status] = {name, label, needs_look},
                            STATUSES(X)
#undef X
};

static const char *const code_names[CODE_COUNT] = {[CODE_NONE] = "",
#define X(code, name) [code] = (name),
                                                   OUTCOME_CODES(X)
#undef X
};

void outcome_clear(struct outcome *outcome)
{
    free(outcome->invitation_id);
    free(outcome->state);
    free(outcome->created_at);
    free(outcome->expires_at);
    free(outcome->error);
    memset(outcome, 0, sizeof(*outcome));
}

void outcome_set(struct outcome *outcome, enum status status,
                 enum outcome_code code, const char *error)
{
    /* Copied first: it may be the old sentence. */
    char *copy = xstrdup(error);

    free(outcome->error);
    outcome->error = copy;
    outcome->status = status;
    outcome->code = code;
}

void outcome_set_stopped(struct outcome *outcome)
{
    outcome_set(outcome, STATUS_UNPROCESSED, CODE_STOPPED,
                "the run stopped before this row was sent");
}

const char *status_name(enum status status)
{
    return statuses[status].name;
}

const char *status_label(enum status status)
{
    return statuses[status].label;
}

enum status status_from_name(const char *name)
{
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++)
        if (strcmp(statuses[i].name, name) == 0)
            return (enum status)i;
    return STATUS_NONE;
}

const char *outcome_code_name(enum outcome_code code)
{
    return code_names[code];
}

bool outcome_needs_look(const struct outcome *outcome)
{
    return statuses[outcome->status].needs_look ||
           (outcome->status == STATUS_DUPLICATE &&
            outcome->code == CODE_DUPLICATE_OTHER_ROLE);
}

enum outcome_code outcome_code_from_name(const char *name)
{
    for (int i = CODE_NONE + 1; i < CODE_COUNT; i++)
        if (strcmp(code_names[i], name) == 0)
            return (enum outcome_code)i;
    return CODE_NONE;
}
