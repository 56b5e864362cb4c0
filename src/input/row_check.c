#include "input/row_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text_safe.h"
#include "domain/person.h"
#include "input/address.h"
#include "input/clean.h"
#include "input/role_map.h"

/* A cell that is used: email or role. */
struct cell {
    enum row_cell which;
    const struct column *column;
    const char *bytes;
    size_t len; /* cleaned, up to the first NUL */
    bool has_nul;
};

/* A row on its way through the checks. */
struct check {
    const struct csv_record *record;
    const struct columns *columns;
    const struct input_options *options;
    struct cell email;
    struct cell role;
    struct strbuf cleaned; /* the email, if it needed a copy */
    struct strbuf person;
    enum outcome_code code; /* these three of the fault that was found */
    enum row_cell cell_at_fault;
    char *why;
};

/* Every check below answers true, or what this does. */
PRINTF_LIKE(4, 5)
static bool refuse(struct check *check, enum row_cell cell,
                   enum outcome_code code, const char *format, ...)
{
    va_list args;

    check->cell_at_fault = cell;
    check->code = code;
    va_start(args, format);
    check->why = xvasprintf(format, args);
    va_end(args);
    return false;
}

/* Nothing leaves open which field is which. */
static bool check_record(struct check *check)
{
    const struct csv_record *record = check->record;
    const struct columns *columns = check->columns;
    size_t count = record->field_count;

    if (record->has_open_quote)
        return refuse(check, ROW_CELL_NONE, CODE_UNCLOSED_QUOTE,
                      "the quote that opens on line %" PRIu64 " never closes: "
                      "all that follows was read as one field",
                      record->open_quote_line);
    if (record->has_stray_quote)
        return refuse(check, ROW_CELL_NONE, CODE_UNCLOSED_QUOTE,
                      "there is a single \" inside a quoted field, so its end "
                      "cannot be told (lines below may have been taken into "
                      "it): double it");
    if (record->is_over_cap && count == CSV_COLUMN_CAP)
        return refuse(check, ROW_CELL_NONE, CODE_TOO_MANY_COLUMNS,
                      "the row has more than %d columns", CSV_COLUMN_CAP);
    if (record->is_over_cap)
        return refuse(check, ROW_CELL_NONE, CODE_FIELD_TOO_LONG,
                      "the row is too long: a field may have %d KiB, a row %d",
                      CSV_FIELD_CAP / 1024, CSV_RECORD_CAP / 1024);
    for (size_t i = columns->count; i < count; i++)
        if (record->fields[i].len > 0)
            return refuse(check, ROW_CELL_NONE, CODE_TOO_MANY_COLUMNS,
                          "the row has %zu columns, the %s %zu: is there a "
                          "delimiter in a field without quotes?",
                          count, columns->has_header ? "header" : "first row",
                          columns->count);
    return true;
}

static bool check_cell(struct check *check, const struct cell *cell,
                       enum outcome_code missing)
{
    size_t count = check->record->field_count;

    if (cell->column->place >= count)
        return refuse(check, cell->which, CODE_TOO_FEW_COLUMNS,
                      "the row has %zu column%s, %s is column %zu", count,
                      count == 1 ? "" : "s", cell->column->name,
                      cell->column->place + 1);
    if (cell->has_nul)
        return refuse(check, cell->which, CODE_NUL_BYTE,
                      "%s has a NUL byte in it", cell->column->name);
    if (cell->len == 0)
        return refuse(check, cell->which, missing, "%s is empty",
                      cell->column->name);
    if (!text_is_utf8(cell->bytes, cell->len))
        return refuse(check, cell->which, CODE_BAD_ENCODING,
                      "%s is not in the encoding of the text before it: name "
                      "the right one with --encoding, or export as CSV UTF-8",
                      cell->column->name);
    return true;
}

static bool check_email(struct check *check, bool is_encoding_assumed)
{
    const struct cell *email = &check->email;
    const char *fault = NULL;

    if (!check_cell(check, email, CODE_MISSING_EMAIL))
        return false;
    if (is_encoding_assumed &&
        text_ascii_len(email->bytes, email->len) < email->len)
        return refuse(check, ROW_CELL_EMAIL, CODE_BAD_ENCODING,
                      "%s has letters outside ASCII, and that the text is in "
                      "Windows-1252 is only assumed: say so with --encoding, "
                      "or export as CSV UTF-8",
                      email->column->name);
    if (text_has_control(email->bytes, email->len))
        fault = "has a line end or control character in it";
    if (!fault)
        fault = address_fault(email->bytes, email->len);
    if (!fault &&
        person_key(email->bytes, email->len, &check->person) != PERSON_OK)
        fault = "has a domain that cannot exist (IDNA refuses it)";
    if (!fault && check->person.is_cut)
        fault = "is too long";
    return !fault || refuse(check, ROW_CELL_EMAIL, CODE_INVALID_EMAIL, "%s %s",
                            email->column->name, fault);
}

/* Line ends and tabs are what a cell of a sheet may hold. */
static bool has_odd_control(const struct cell *role)
{
    const char *at = role->bytes;
    const char *end = at + role->len;

    if (!text_has_control(at, role->len))
        return false;
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

static bool check_role(struct check *check)
{
    if (check->options->fixed_role)
        return true;
    if (!check_cell(check, &check->role, CODE_MISSING_ROLE))
        return false;
    return !has_odd_control(&check->role) ||
           refuse(check, ROW_CELL_ROLE, CODE_INVALID_ROLE,
                  "%s has a control character in it", check->role.column->name);
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

static bool check_allowed(struct check *check)
{
    const struct input_options *options = check->options;
    const struct cell *role = &check->role;
    const char *domain = strrchr(strbuf_str(&check->person), '@') + 1;

    if (options->allow_domains &&
        !is_listed(options->allow_domains, domain, strlen(domain)))
        return refuse(check, ROW_CELL_EMAIL, CODE_DOMAIN_NOT_ALLOWED,
                      "%s is in a domain that --allow-domain does not name",
                      check->email.column->name);
    if (options->allow_roles &&
        !is_listed(options->allow_roles, role->bytes, role->len))
        return refuse(check, ROW_CELL_ROLE, CODE_ROLE_NOT_ALLOWED,
                      "%s is not one that --allow-role names",
                      role->column->name ? role->column->name : "the role");
    return true;
}

static void take_cell(struct cell *cell, const struct csv_record *record)
{
    cell->bytes = "";
    if (cell->column->place >= record->field_count)
        return;
    const struct csv_field *field = &record->fields[cell->column->place];
    const char *nul = memchr(field->bytes, '\0', field->len);
    cell->bytes = field->bytes;
    cell->len = nul ? (size_t)(nul - field->bytes) : field->len;
    cell->has_nul = nul != NULL;
}

static void map_role(struct check *check, struct row_check_counts *counts)
{
    struct cell *role = &check->role;
    const char *text = check->options->fixed_role;

    if (!text) {
        text = role_map_find(check->options->role_map, role->bytes, role->len);
        counts->mapped += text != NULL;
    }
    if (text) {
        role->bytes = text;
        role->len = strlen(text);
    }
}

struct row *row_check(const struct csv_record *record,
                      const struct columns *columns,
                      const struct input_options *options,
                      bool is_encoding_assumed, struct row_check_counts *counts)
{
    struct check check = {
        .record = record,
        .columns = columns,
        .options = options,
        .email = {.which = ROW_CELL_EMAIL, .column = &columns->email},
        .role = {.which = ROW_CELL_ROLE, .column = &columns->role},
    };

    strbuf_init(&check.cleaned, CSV_FIELD_CAP);
    strbuf_init(&check.person, PERSON_KEY_CAP);
    take_cell(&check.email, record);
    take_cell(&check.role, record);
    counts->cleaned +=
        clean_address(&check.email.bytes, &check.email.len, &check.cleaned);
    clean_trim(&check.role.bytes, &check.role.len);
    map_role(&check, counts);

    bool is_good = check_record(&check) &&
                   check_email(&check, is_encoding_assumed) &&
                   check_role(&check) && check_allowed(&check);
    struct row *row = row_new(record->line, check.email.bytes, check.email.len,
                              check.role.bytes, check.role.len,
                              is_good ? strbuf_str(&check.person) : NULL);
    if (!is_good) {
        outcome_set(&row->outcome, STATUS_INVALID, check.code, check.why);
        row->cell_at_fault = check.cell_at_fault;
    }
    free(check.why);
    strbuf_clear(&check.cleaned);
    strbuf_clear(&check.person);
    return row;
}
