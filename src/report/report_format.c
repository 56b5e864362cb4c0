#include "report/report_format.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/json_text.h"
#include "base/text_safe.h"

/*
 * The columns, in order: key, how the value is written, the value of `row`.
 * Both formats are made from this list.
 */
#define COLUMNS(X)                                                        \
    X("line", number, row->line)                                          \
    X("email", text, row->email)                                          \
    X("role", text, row->role)                                            \
    X("status", text, status_name(row->outcome.status))                   \
    X("invitation_id", text, row->outcome.invitation_id)                  \
    X("state", text, row->outcome.state)                                  \
    X("created_at", text, row->outcome.created_at)                        \
    X("expires_at", text, row->outcome.expires_at)                        \
    X("http_status", optional_number, (uint64_t)row->outcome.http_status) \
    X("attempts", number, row->outcome.attempts)                          \
    X("error_code", text, outcome_code_name(row->outcome.code))           \
    X("error", text, row->outcome.error)

/* Would a spreadsheet take the cell for a formula (OWASP, CSV injection)? The
 * full-width forms of = + - @ are U+FF1D, FF0B, FF0D, FF20. */
static bool is_formula(const char *text)
{
    if (strncmp(text, "\xef\xbc", 2) == 0)
        return text[2] && strchr("\x9d\x8b\x8d\xa0", text[2]);
    return text[0] && strchr("=+-@\t\r\n", text[0]);
}

/* What already starts with an apostrophe before a formula gets another one:
 * so taking one away gives back what was there, whatever it was. */
bool report_needs_apostrophe(const char *text)
{
    return is_formula(text + strspn(text, "'"));
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

static void csv_text(struct strbuf *out, const char *text)
{
    if (!text || is_plain(text)) {
        strbuf_add_str(out, text ? text : "");
        return;
    }
    strbuf_add_char(out, '"');
    if (report_needs_apostrophe(text))
        strbuf_add_char(out, '\'');
    while (*text != '\0') {
        size_t len = text_utf8_len(text);
        if (*text == '"')
            strbuf_add_char(out, '"');
        if (len > 0)
            strbuf_add(out, text, len);
        else
            strbuf_add_str(out, TEXT_REPLACEMENT);
        text += len > 0 ? len : 1;
    }
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
#define X(key, how, value) strbuf_add_str(out, key ",");
    COLUMNS(X)
#undef X
    end_csv_line(out);
}

void report_csv_row(struct strbuf *out, const struct row *row)
{
#define X(key, how, value) \
    csv_##how(out, value); \
    strbuf_add_char(out, ',');
    COLUMNS(X)
#undef X
    end_csv_line(out);
}

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

#define X(key, how, value)               \
    strbuf_add_char(out, separator);     \
    strbuf_add_str(out, "\"" key "\":"); \
    json_##how(out, value);              \
    separator = ',';
    COLUMNS(X)
#undef X
    strbuf_add_str(out, "}\n");
}
