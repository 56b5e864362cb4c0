#include "report/report_row.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "base/text_safe.h"
#include "domain/person.h"

static const char *const names[REPORT_COLUMN_COUNT] = {
#define X(column, key, how, value) key,
    REPORT_COLUMNS(X)
#undef X
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

/* --- CSV --- */

/* Would a spreadsheet take the cell for a formula (OWASP, CSV injection)? The
 * full-width forms of = + - @ are U+FF1D, FF0B, FF0D, FF20. Some take spaces
 * away before they look. What already starts with an apostrophe before a
 * formula gets another one: so taking one away gives back what was there,
 * whatever it was. */
bool report_needs_apostrophe(const char *text)
{
    text += strspn(text, "' ");
    if (strncmp(text, "\xef\xbc", 2) == 0)
        return text[2] && strchr("\x9d\x8b\x8d\xa0", text[2]);
    return text[0] && strchr("=+-@\t\r\n", text[0]);
}

const char *report_cell_text(const char *cell)
{
    return cell + (cell[0] == '\'' && report_needs_apostrophe(cell + 1));
}

/* Quotes also keep readers with another delimiter from starting a new cell,
 * which might be a formula, in the middle of this one. */
static bool is_plain(const char *text)
{
    static const char special[] =
        "\",;|\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11"
        "\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f";
    size_t len = strcspn(text, special);

    return text[len] == '\0' && text[0] != ' ' &&
           text[len - (len > 0)] != ' ' && !report_needs_apostrophe(text) &&
           text_is_utf8(text, len);
}

void report_csv_add_inner(struct strbuf *out, const char *text,
                          bool is_one_line)
{
    while (*text != '\0') {
        size_t len = text_utf8_len(text);
        if (*text == '"')
            strbuf_add_char(out, '"');
        if (is_one_line && ((unsigned char)*text < 0x20 || *text == 0x7f))
            strbuf_add_char(out, ' ');
        else if (len > 0)
            strbuf_add(out, text, len);
        else
            strbuf_add_str(out, TEXT_REPLACEMENT);
        text += len > 0 ? len : 1;
    }
}

static void csv_text(struct strbuf *out, const char *text)
{
    if (!text || is_plain(text)) {
        strbuf_add_str(out, text ? text : "");
        return;
    }
    strbuf_add_str(out, report_needs_apostrophe(text) ? "\"'" : "\"");
    report_csv_add_inner(out, text, false);
    strbuf_add_char(out, '"');
}

static void csv_number(struct strbuf *out, uint64_t number)
{
    strbuf_addf(out, "%" PRIu64, number);
}

static void csv_optional_number(struct strbuf *out, uint64_t number)
{
    if (number != 0)
        csv_number(out, number);
}

static void end_csv_line(struct strbuf *out)
{
    out->bytes[--out->len] = '\0'; /* the comma after the last cell */
    strbuf_add_str(out, "\r\n");
}

void report_csv_header(struct strbuf *out)
{
#define X(column, key, how, value) strbuf_add_str(out, key ",");
    REPORT_COLUMNS(X)
#undef X
    end_csv_line(out);
}

void report_csv_row(struct strbuf *out, const struct row *row)
{
#define X(column, key, how, value) \
    csv_##how(out, value);         \
    strbuf_add_char(out, ',');
    REPORT_COLUMNS(X)
#undef X
    end_csv_line(out);
}

/* --- JSON Lines --- */

static void json_text(struct strbuf *out, const char *text)
{
    json_text_add(out, text && *text ? text : NULL);
}

static void json_number(struct strbuf *out, uint64_t number)
{
    strbuf_addf(out, "%" PRIu64, number);
}

static void json_optional_number(struct strbuf *out, uint64_t number)
{
    if (number != 0)
        json_number(out, number);
    else
        strbuf_add_str(out, "null");
}

void report_jsonl_row(struct strbuf *out, const struct row *row)
{
    char separator = '{';

#define X(column, key, how, value)       \
    strbuf_add_char(out, separator);     \
    strbuf_add_str(out, "\"" key "\":"); \
    json_##how(out, value);              \
    separator = ',';
    REPORT_COLUMNS(X)
#undef X
    strbuf_add_str(out, "}\n");
}

/* --- the way back --- */

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

static struct row *row_for(uint64_t line, const char *email, const char *role)
{
    struct strbuf person;

    strbuf_init(&person, PERSON_KEY_CAP);
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
    const char *email = values[REPORT_EMAIL], *role = values[REPORT_ROLE];
    const char *code = values[REPORT_ERROR_CODE];
    *row = row_for(line, email ? email : "", role ? role : "");
    (*row)->outcome = (struct outcome){
        .status = status,
        .code = outcome_code_from_name(code ? code : ""),
        .http_status = (int)http_status,
        .attempts = (unsigned)attempts,
        .invitation_id = xstrdup(values[REPORT_INVITATION_ID]),
        .state = xstrdup(values[REPORT_STATE]),
        .created_at = xstrdup(values[REPORT_CREATED_AT]),
        .expires_at = xstrdup(values[REPORT_EXPIRES_AT]),
        .error = xstrdup(values[REPORT_ERROR]),
    };
    return ERROR_NONE;
}
