#include "report/report_parse.h"

#include <string.h>

#include "base/strbuf.h"
#include "domain/person.h"
#include "report/report_format.h"

#define PERSON_CAP 4096

static const char *const names[REPORT_COLUMN_COUNT] = {
    [REPORT_LINE] = "line",
    [REPORT_EMAIL] = "email",
    [REPORT_ROLE] = "role",
    [REPORT_STATUS] = "status",
    [REPORT_INVITATION_ID] = "invitation_id",
    [REPORT_STATE] = "state",
    [REPORT_CREATED_AT] = "created_at",
    [REPORT_EXPIRES_AT] = "expires_at",
    [REPORT_HTTP_STATUS] = "http_status",
    [REPORT_ATTEMPTS] = "attempts",
    [REPORT_ERROR_CODE] = "error_code",
    [REPORT_ERROR] = "error",
};

const char *report_column_name(enum report_column column)
{
    return names[column];
}

enum report_column report_column_of(const char *name)
{
    int column = 0;
    while (column < REPORT_COLUMN_COUNT && strcmp(names[column], name) != 0)
        column++;
    return (enum report_column)column;
}

const char *report_cell_text(const char *cell)
{
    return cell + (cell[0] == '\'' && report_needs_apostrophe(cell + 1));
}

/* Decimal digits up to `max`; nothing is 0. */
static enum error_kind read_number(const char *const values[],
                                   enum report_column column, uint64_t max,
                                   uint64_t *number, struct error *err)
{
    const char *text = values[column] ? values[column] : "";
    const char *at = text;
    *number = 0;
    for (; *at >= '0' && *at <= '9' && *number <= max / 10; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    if (*at == '\0' && *number <= max)
        return ERROR_NONE;
    return error_set(err, ERROR_INPUT, "its %s, \"%s\", is not such a number",
                     names[column], text);
}

static enum error_kind read_status(const char *text, enum status *status,
                                   struct error *err)
{
    *status = text ? status_from_name(text) : STATUS_NONE;
    if (!text)
        return error_set(err, ERROR_INPUT, "it has no status");
    if (*status == STATUS_NONE)
        return error_set(err, ERROR_INPUT,
                         "its status, \"%s\", is not one of a report", text);
    return ERROR_NONE;
}

static char *dup_or_null(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static struct row *row_for(uint64_t line, const char *email, const char *role)
{
    struct strbuf person;
    strbuf_init(&person, PERSON_CAP);
    bool is_person = person_key(email, strlen(email), &person) == PERSON_OK &&
                     !person.is_cut;
    struct row *row = row_new(line, email, strlen(email), role, strlen(role),
                              is_person ? strbuf_str(&person) : NULL);
    strbuf_clear(&person);
    return row;
}

enum error_kind report_parse_row(struct row **row,
                                 const char *const values[REPORT_COLUMN_COUNT],
                                 struct error *err)
{
    uint64_t line, http_status, attempts;
    enum status status;
    *row = NULL;
    if (read_status(values[REPORT_STATUS], &status, err) ||
        read_number(values, REPORT_LINE, INT64_MAX, &line, err) ||
        read_number(values, REPORT_HTTP_STATUS, 999, &http_status, err) ||
        read_number(values, REPORT_ATTEMPTS, UINT32_MAX, &attempts, err))
        return err->kind;
    *row = row_for(line, values[REPORT_EMAIL] ? values[REPORT_EMAIL] : "",
                   values[REPORT_ROLE] ? values[REPORT_ROLE] : "");
    struct outcome *outcome = &(*row)->outcome;
    outcome->status = status;
    if (values[REPORT_ERROR_CODE])
        outcome->code = outcome_code_from_name(values[REPORT_ERROR_CODE]);
    outcome->http_status = (int)http_status;
    outcome->attempts = (unsigned)attempts;
    outcome->invitation_id = dup_or_null(values[REPORT_INVITATION_ID]);
    outcome->state = dup_or_null(values[REPORT_STATE]);
    outcome->created_at = dup_or_null(values[REPORT_CREATED_AT]);
    outcome->expires_at = dup_or_null(values[REPORT_EXPIRES_AT]);
    outcome->error = dup_or_null(values[REPORT_ERROR]);
    return ERROR_NONE;
}
