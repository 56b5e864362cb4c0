#include "input/row_check.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text_safe.h"
#include "domain/person.h"
#include "input/address.h"
#include "input/clean.h"

#define SENTENCE_MAX 500
#define PERSON_MAX   2048 /* a local part may grow when it is folded */

/* A cell that is used: email or role. */
struct cell {
    const char *header;
    const char *bytes;
    size_t len; /* trimmed, up to the first NUL */
    bool has_nul;
    bool was_trimmed; /* of more than ASCII blanks */
};

static struct cell cell_of(const struct csv_record *record, size_t column,
                           const char *header)
{
    struct cell cell = {.header = header, .bytes = ""};

    if (column < record->field_count) {
        const struct csv_field *field = &record->fields[column];
        const char *nul = memchr(field->bytes, '\0', field->len);
        cell.bytes = field->bytes;
        cell.len = nul ? (size_t)(nul - field->bytes) : field->len;
        cell.has_nul = nul != NULL;
        cell.was_trimmed = clean_trim(&cell.bytes, &cell.len);
    }
    return cell;
}

/* Faults that leave open which field is which. */
static enum outcome_code record_fault(const struct csv_record *record,
                                      const struct columns *columns,
                                      struct strbuf *why)
{
    if (record->has_open_quote) {
        strbuf_addf(why,
                    "the quote that opens on line %" PRIu64 " never closes: "
                    "all that follows was read as one field",
                    record->open_quote_line);
        return CODE_UNCLOSED_QUOTE;
    }
    if (record->has_stray_quote) {
        strbuf_add_str(why, "there is a single \" inside a quoted field, so "
                            "its end cannot be told (lines below may have "
                            "been taken into it): double it");
        return CODE_UNCLOSED_QUOTE;
    }
    if (record->is_over_cap && record->field_count == CSV_COLUMN_CAP) {
        strbuf_addf(why, "the row has more than %d columns", CSV_COLUMN_CAP);
        return CODE_TOO_MANY_COLUMNS;
    }
    if (record->is_over_cap) {
        strbuf_addf(why,
                    "the row is too long: a field may have %d KiB, a row %d",
                    CSV_FIELD_CAP / 1024, CSV_RECORD_CAP / 1024);
        return CODE_FIELD_TOO_LONG;
    }
    for (size_t i = columns->count; i < record->field_count; i++) {
        if (record->fields[i].len == 0)
            continue;
        strbuf_addf(why,
                    "the row has %zu columns, the %s %zu: is there a "
                    "delimiter in a field without quotes?",
                    record->field_count,
                    columns->has_header ? "header" : "first row",
                    columns->count);
        return CODE_TOO_MANY_COLUMNS;
    }
    return CODE_NONE;
}

static enum outcome_code missing_fault(const struct csv_record *record,
                                       size_t column, const struct cell *cell,
                                       enum outcome_code missing,
                                       struct strbuf *why)
{
    if (column >= record->field_count) {
        strbuf_addf(why, "the row has %zu column%s, %s is column %zu",
                    record->field_count, record->field_count == 1 ? "" : "s",
                    cell->header, column + 1);
        return CODE_TOO_FEW_COLUMNS;
    }
    if (cell->has_nul) {
        strbuf_addf(why, "%s has a NUL byte in it", cell->header);
        return CODE_NUL_BYTE;
    }
    if (cell->len == 0) {
        strbuf_addf(why, "%s is empty", cell->header);
        return missing;
    }
    return CODE_NONE;
}

static enum outcome_code utf8_fault(const struct cell *cell, struct strbuf *why)
{
    if (!text_is_utf8(cell->bytes, cell->len)) {
        strbuf_addf(why,
                    "%s is not in the encoding of the text before it: name the "
                    "right one with --encoding, or export as CSV UTF-8",
                    cell->header);
        return CODE_BAD_ENCODING;
    }
    return CODE_NONE;
}

static enum outcome_code person_fault(const struct cell *email,
                                      struct strbuf *person, struct strbuf *why)
{
    const char *fault = NULL;

    if (text_has_control(email->bytes, email->len))
        fault = "has a line end or control character in it";
    if (!fault)
        fault = address_fault(email->bytes, email->len);
    if (!fault && person_key(email->bytes, email->len, person) != PERSON_OK)
        fault = "has a domain that cannot exist (IDNA refuses it)";
    if (!fault && person->is_cut)
        fault = "is too long";
    if (!fault)
        return CODE_NONE;
    strbuf_addf(why, "%s %s", email->header, fault);
    return CODE_INVALID_EMAIL;
}

static bool is_ascii(const struct cell *cell)
{
    for (size_t i = 0; i < cell->len; i++)
        if ((unsigned char)cell->bytes[i] >= 0x80)
            return false;
    return true;
}

static enum outcome_code email_fault(const struct csv_record *record,
                                     size_t column, const struct cell *email,
                                     bool is_encoding_assumed,
                                     struct strbuf *person, struct strbuf *why)
{
    enum outcome_code code =
        missing_fault(record, column, email, CODE_MISSING_EMAIL, why);

    if (code == CODE_NONE)
        code = utf8_fault(email, why);
    if (code == CODE_NONE && is_encoding_assumed && !is_ascii(email)) {
        strbuf_addf(why,
                    "%s has letters outside ASCII, and that the text is in "
                    "Windows-1252 is only assumed: say so with --encoding, or "
                    "export as CSV UTF-8",
                    email->header);
        code = CODE_BAD_ENCODING;
    }
    if (code == CODE_NONE)
        code = person_fault(email, person, why);
    return code;
}

/* Line ends and tabs are what a cell of a sheet may hold. */
static bool has_odd_control(const struct cell *role)
{
    const char *at = role->bytes;
    const char *end = at + role->len;

    while (at < end) {
        size_t len = 0;
        while (at + len < end && !strchr("\n\r\t", at[len]))
            len++;
        if (text_has_control(at, len))
            return true;
        at += len + 1;
    }
    return false;
}

static enum outcome_code role_fault(const struct csv_record *record,
                                    size_t column, const struct cell *role,
                                    struct strbuf *why)
{
    enum outcome_code code =
        missing_fault(record, column, role, CODE_MISSING_ROLE, why);

    if (code == CODE_NONE)
        code = utf8_fault(role, why);
    if (code == CODE_NONE && has_odd_control(role)) {
        strbuf_addf(why, "%s has a control character in it", role->header);
        code = CODE_INVALID_ROLE;
    }
    return code;
}

static void set_text(struct cell *cell, const char *text)
{
    if (!text)
        return;
    cell->bytes = text;
    cell->len = strlen(text);
}

/* Most addresses are only letters, and need no copy. */
static bool is_clean(const struct cell *email)
{
    for (size_t i = 0; i < email->len; i++) {
        char c = email->bytes[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '@' || c == '.' || c == '-' ||
              c == '_' || c == '+'))
            return false;
    }
    return email->len == 0 || email->bytes[email->len - 1] != '.';
}

static void clean(struct cell *email, bool was_trimmed, struct strbuf *cleaned,
                  uint64_t *count)
{
    bool is_changed = was_trimmed;

    if (!is_clean(email)) {
        is_changed =
            clean_address(email->bytes, email->len, cleaned) || is_changed;
        email->bytes = strbuf_str(cleaned);
        email->len = cleaned->len;
    }
    if (is_changed && count)
        ++*count;
}

static void map_role(struct cell *role, const struct row_check_options *options)
{
    const char *mapped =
        role_map_find(options->role_map, role->bytes, role->len);

    if (options->fixed_role)
        mapped = options->fixed_role;
    else if (mapped && options->mapped)
        ++*options->mapped;
    set_text(role, mapped);
}

static bool is_listed(const char *list, const char *word, size_t len)
{
    for (; *list; list += *list == ',') {
        const char *entry = list;
        size_t entry_len = strcspn(list, ",");
        list += entry_len;
        clean_trim(&entry, &entry_len);
        if (entry_len == len && memcmp(entry, word, len) == 0)
            return true;
    }
    return false;
}

static enum outcome_code guard_fault(const struct row_check_options *options,
                                     const struct cell *email,
                                     const struct cell *role,
                                     const struct strbuf *person,
                                     struct strbuf *why)
{
    const char *domain = strrchr(strbuf_str(person), '@') + 1;

    if (options->allow_domains &&
        !is_listed(options->allow_domains, domain, strlen(domain))) {
        strbuf_addf(why, "%s is in a domain that --allow-domain does not name",
                    email->header);
        return CODE_DOMAIN_NOT_ALLOWED;
    }
    if (options->allow_roles &&
        !is_listed(options->allow_roles, role->bytes, role->len)) {
        strbuf_addf(why, "%s is not one that --allow-role names",
                    role->header ? role->header : "the role");
        return CODE_ROLE_NOT_ALLOWED;
    }
    return CODE_NONE;
}

struct row *row_check(const struct csv_record *record,
                      const struct columns *columns,
                      const struct row_check_options *options)
{
    struct cell email = cell_of(record, columns->email, options->email_header);
    struct cell role = cell_of(record, columns->role, options->role_header);
    struct strbuf cleaned;
    struct strbuf person;
    struct strbuf why;
    enum outcome_code code;
    enum row_cell cell = ROW_CELL_NONE;

    strbuf_init(&cleaned, CSV_FIELD_CAP);
    strbuf_init(&person, PERSON_MAX);
    strbuf_init(&why, SENTENCE_MAX);
    clean(&email, email.was_trimmed, &cleaned, options->cleaned);
    map_role(&role, options);

    code = record_fault(record, columns, &why);
    if (code == CODE_NONE) {
        cell = ROW_CELL_EMAIL;
        code = email_fault(record, columns->email, &email,
                           options->is_encoding_assumed, &person, &why);
    }
    if (code == CODE_NONE && !options->fixed_role) {
        cell = ROW_CELL_ROLE;
        code = role_fault(record, columns->role, &role, &why);
    }
    if (code == CODE_NONE) {
        code = guard_fault(options, &email, &role, &person, &why);
        cell = code == CODE_DOMAIN_NOT_ALLOWED ? ROW_CELL_EMAIL : ROW_CELL_ROLE;
    }

    struct row *row =
        row_new(record->line, email.bytes, email.len, role.bytes, role.len,
                code == CODE_NONE ? strbuf_str(&person) : NULL);
    if (code != CODE_NONE) {
        outcome_set(&row->outcome, STATUS_INVALID, code, strbuf_str(&why));
        row->cell_at_fault = cell;
    }
    strbuf_clear(&cleaned);
    strbuf_clear(&person);
    strbuf_clear(&why);
    return row;
}
