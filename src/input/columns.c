#include "input/columns.h"

#include <stdbool.h>
#include <string.h>

#include "base/text_safe.h"

#define NAME_SHOWN_MAX 48
#define LIST_SHOWN_MAX 600  /* bytes; leaves an error room for its sentence */
#define LIST_SIZE      1024 /* what is shown, and one name more, escaped */

/* One of the two columns that are looked for. */
struct wanted {
    const char *what;
    const char *flag;
    const char *chosen;       /* the name given with the flag, or NULL */
    const char *const *names; /* otherwise one of these, NULL at the end */
    const char *way_out;      /* what else would help, or "" */
};

static const char *const email_names[] = {"email", "email address", "mail",
                                          NULL};
static const char *const role_names[] = {"role", NULL};

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static const char *skip_fillers(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '-' || *at == '_' || *at == '.'))
        at++;
    return at;
}

static bool is_same_name(const struct csv_field *header, const char *name)
{
    const char *a = header->bytes;
    const char *a_end = a + header->len;
    const char *b = name;
    const char *b_end = b + strlen(b);

    for (;;) {
        a = skip_fillers(a, a_end);
        b = skip_fillers(b, b_end);
        if (a == a_end || b == b_end)
            return a == a_end && b == b_end;
        if (lower(*a++) != lower(*b++))
            return false;
    }
}

static bool is_spelled(const struct csv_field *header, const char *name)
{
    return header->len == strlen(name) &&
           memcmp(header->bytes, name, header->len) == 0;
}

static bool fits(const struct csv_field *header, const struct wanted *wanted)
{
    if (wanted->chosen)
        return is_same_name(header, wanted->chosen);
    for (const char *const *name = wanted->names; *name; name++)
        if (is_same_name(header, *name))
            return true;
    return false;
}

/* How many columns fit; *found is the first of them. */
static size_t count_fits(const struct csv_record *header,
                         const struct wanted *wanted, size_t *found)
{
    size_t fitting = 0;
    size_t spelled = 0;
    size_t spelled_at = 0;

    for (size_t i = header->field_count; i-- > 0;) {
        if (!fits(&header->fields[i], wanted))
            continue;
        *found = i;
        fitting++;
        if (wanted->chosen && is_spelled(&header->fields[i], wanted->chosen)) {
            spelled_at = i;
            spelled++;
        }
    }
    if (spelled != 1)
        return fitting;
    *found = spelled_at;
    return 1;
}

void columns_add_name(struct strbuf *out, const struct csv_field *name)
{
    size_t len = name->len;

    if (len > NAME_SHOWN_MAX) {
        len = NAME_SHOWN_MAX;
        while (len > 0 && ((unsigned char)name->bytes[len] & 0xC0) == 0x80)
            len--;
    }
    strbuf_add_char(out, '"');
    text_safe_add(out, name->bytes, len);
    strbuf_add_str(out, len < name->len ? "...\"" : "\"");
}

static void add_list(struct strbuf *out, const struct csv_record *header)
{
    for (size_t i = 0; i < header->field_count; i++) {
        if (out->len > LIST_SHOWN_MAX) {
            strbuf_addf(out, " and %zu more", header->field_count - i);
            return;
        }
        if (i > 0)
            strbuf_add_str(out, ", ");
        columns_add_name(out, &header->fields[i]);
    }
}

static enum error_kind find(const struct csv_record *header,
                            const struct wanted *wanted, const char *name,
                            size_t *found, struct error *err)
{
    size_t fitting = count_fits(header, wanted, found);
    struct strbuf list;

    if (fitting == 1)
        return ERROR_NONE;

    strbuf_init(&list, LIST_SIZE);
    add_list(&list, header);
    if (fitting > 1)
        error_set(err, ERROR_INPUT,
                  "%s has %zu columns that could be the %s: choose one with %s "
                  "(columns: %s)",
                  name, fitting, wanted->what, wanted->flag, strbuf_str(&list));
    else if (wanted->chosen)
        error_set(err, ERROR_INPUT,
                  "%s has no column \"%.*s\" for %s "
                  "(columns: %s)",
                  name, NAME_SHOWN_MAX, wanted->chosen, wanted->flag,
                  strbuf_str(&list));
    else
        error_set(err, ERROR_INPUT,
                  "%s has no %s column: name it with %s%s (columns: %s)", name,
                  wanted->what, wanted->flag, wanted->way_out,
                  strbuf_str(&list));
    strbuf_clear(&list);
    return err->kind;
}

/* Does the first line hold an address, as in a file without a header? */
static bool is_data(const struct csv_record *header)
{
    for (size_t i = 0; i < header->field_count; i++)
        if (memchr(header->fields[i].bytes, '@', header->fields[i].len))
            return true;
    return false;
}

enum error_kind columns_find(const struct csv_record *header,
                             const struct columns_options *options,
                             const char *name, struct columns *columns,
                             struct error *err)
{
    const struct wanted email = {"email", "--email-column",
                                 options->email_column, email_names, ""};
    const struct wanted role = {"role", "--role-column", options->role_column,
                                role_names,
                                ", or give everybody one with --role"};

    columns->count = header->field_count;
    columns->role = COLUMNS_NONE;
    if (find(header, &email, name, &columns->email, err) != ERROR_NONE) {
        if (is_data(header))
            error_set(err, ERROR_INPUT,
                      "%s has no header: its first line already holds an "
                      "address. Put a line with the columns' names above it, "
                      "for example: email,role",
                      name);
        return err->kind;
    }
    if (options->fixed_role)
        return ERROR_NONE;
    if (find(header, &role, name, &columns->role, err) != ERROR_NONE)
        return err->kind;
    if (columns->role == columns->email)
        return error_set(err, ERROR_INPUT,
                         "the email and the role cannot both be in column %zu "
                         "of %s: see --email-column and --role-column",
                         columns->email + 1, name);
    return ERROR_NONE;
}
