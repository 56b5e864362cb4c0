#include "input/columns.h"

#include <string.h>

#include "base/text_safe.h"
#include "domain/name_key.h"
#include "input/address.h"
#include "input/clean.h"

#define NAME_SHOWN_MAX 48
#define LIST_SHOWN_MAX 600  /* bytes; leaves an error room for its sentence */
#define LIST_SIZE      1024 /* what is shown, and one name more, escaped */
#define KEY_MAX        256  /* longer names are none that we know */

/* One of the two columns that are looked for. */
struct wanted {
    const char *what;
    const char *flag;
    const char *chosen;       /* given with the flag, or NULL */
    const char *const *names; /* otherwise one of these, NULL at the end */
    const char *way_out;      /* what else would help, or "" */
};

/* name_key() of each. Titles of jobs are not among them: they are no roles. */
static const char *const email_names[] = {
    "email", "mail", "emailaddress", "mailaddress", "emailid", "useremail",
    "workemail", "workemailaddress", "workmail", "businessemail",
    "businessemailaddress", "companyemail", "corporateemail", "officeemail",
    "primaryemail", "primaryemailaddress", "emailwork", "memberemail",
    "employeeemail", "inviteeemail", "smtpaddress",
    /* German */
    "emailadresse", "mailadresse", "emailgeschaftlich", "geschaftlicheemail",
    "geschaftlicheemailadresse", "emaildienstlich", "dienstlicheemail",
    "dienstlicheemailadresse", "firmenemail",
    /* French */
    "courriel", "mel", "adresseemail", "adressemail", "adressemel",
    "adressecourriel", "adressedecourriel", "adresseelectronique",
    "adressedemessagerie", "emailprofessionnel", "mailprofessionnel",
    "adresseemailprofessionnelle", "courrielprofessionnel",
    /* Spanish */
    "correo", "correoelectronico", "correoe", "direcciondecorreo",
    "direcciondecorreoelectronico", "direccionemail", "direcciondeemail",
    "correocorporativo", "correodetrabajo", "emailcorporativo", NULL};
static const char *const role_names[] = {
    "role", "roles", "userrole", "memberrole", "accountrole", "accessrole",
    "invitationrole", "inviterole", "teamrole", "workspacerole",
    "organizationrole", "organisationrole", "orgrole", "accesslevel",
    "permission", "permissions", "permissionlevel",
    /* German */
    "rolle", "rollen", "benutzerrolle", "nutzerrolle", "zugriffsrolle",
    "mitgliedsrolle", "berechtigung", "berechtigungen", "berechtigungsstufe",
    "zugriffsebene",
    /* French ("rôle" is "role") */
    "roleutilisateur", "roledelutilisateur", "roledumembre", "droits",
    "droitsdacces", "niveaudacces", "autorisation", "autorisations",
    /* Spanish */
    "rol", "roldeusuario", "rolusuario", "roldelusuario", "permiso", "permisos",
    "niveldeacceso", NULL};

/* Words that are nobody's name and no department. */
static const char *const role_words[] = {
    "admin", "administrator", "member",  "owner",   "viewer",   "editor",
    "guest", "user",          "manager", "billing", "readonly", NULL};

static struct wanted wanted_email(const struct columns_options *options)
{
    return (struct wanted){"email", "--email-column", options->email_column,
                           email_names, ""};
}

static struct wanted wanted_role(const struct columns_options *options)
{
    return (struct wanted){"role", "--role-column", options->role_column,
                           role_names, ", or give everybody one with --role"};
}

static bool is_spelled(const struct csv_field *header, const char *name)
{
    return header->len == strlen(name) &&
           memcmp(header->bytes, name, header->len) == 0;
}

static bool is_one_of(const struct csv_field *cell, const char *const *keys)
{
    struct strbuf key;
    bool is_known = false;

    strbuf_init(&key, KEY_MAX);
    name_key(cell->bytes, cell->len, &key);
    for (; *keys && !is_known; keys++)
        is_known = !key.is_cut && strcmp(strbuf_str(&key), *keys) == 0;
    strbuf_clear(&key);
    return is_known;
}

static bool is_same_name(const struct csv_field *header, const char *name)
{
    struct strbuf key;

    strbuf_init(&key, KEY_MAX);
    name_key(name, strlen(name), &key);
    const char *const keys[] = {strbuf_str(&key), NULL};
    bool is_same = is_spelled(header, name) ||
                   (key.len > 0 && !key.is_cut && is_one_of(header, keys));
    strbuf_clear(&key);
    return is_same;
}

/* "3" is the third column; 0 when `chosen` is no number. */
static size_t number_of(const char *chosen)
{
    size_t number = 0;

    for (; *chosen; chosen++) {
        if (*chosen < '0' || *chosen > '9' || number > CSV_COLUMN_CAP)
            return 0;
        number = number * 10 + (size_t)(*chosen - '0');
    }
    return number;
}

static bool fits(const struct csv_field *header, const struct wanted *wanted)
{
    return wanted->chosen ? is_same_name(header, wanted->chosen)
                          : is_one_of(header, wanted->names);
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
    if (spelled == 1)
        *found = spelled_at;
    if (fitting > 0 || !wanted->chosen)
        return spelled == 1 ? 1 : fitting;

    size_t number = number_of(wanted->chosen);
    if (number == 0 || number > header->field_count)
        return 0;
    *found = number - 1;
    return 1;
}

bool columns_has_email(const struct csv_record *record,
                       const struct columns_options *options)
{
    const struct wanted email = wanted_email(options);
    size_t found;

    return count_fits(record, &email, &found) > 0;
}

bool columns_has_both(const struct csv_record *record,
                      const struct columns_options *options)
{
    const struct wanted role = wanted_role(options);
    size_t found;

    return columns_has_email(record, options) &&
           (options->fixed_role || count_fits(record, &role, &found) > 0);
}

static bool is_address(const struct csv_field *cell)
{
    struct strbuf address;
    const char *at;
    bool is_one;

    if (!memchr(cell->bytes, '@', cell->len))
        return false;
    strbuf_init(&address, KEY_MAX);
    clean_address(cell->bytes, cell->len, &address);
    at = memchr(strbuf_str(&address), '@', address.len);
    /* A dot: "@home" and "me@work" are words. */
    is_one = at && !address.is_cut && strchr(at, '.') &&
             !address_fault(address.bytes, address.len);
    strbuf_clear(&address);
    return is_one;
}

bool columns_hold_address(const struct csv_record *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (is_address(&record->fields[i]))
            return true;
    return false;
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

static enum error_kind check_apart(const struct columns *columns,
                                   const char *name, struct error *err)
{
    if (columns->role != columns->email)
        return ERROR_NONE;
    return error_set(err, ERROR_INPUT,
                     "the email and the role cannot both be in column %zu of "
                     "%s: see --email-column and --role-column",
                     columns->email + 1, name);
}

static enum error_kind no_header(const char *name, const char *what,
                                 const char *flag, const char *way_out,
                                 struct error *err)
{
    return error_set(err, ERROR_INPUT,
                     "%s has no header, its first row already holds an "
                     "address, and %s: say which column with %s NUMBER%s, or "
                     "put a line with the columns' names above it, for "
                     "example: email,role",
                     name, what, flag, way_out);
}

enum error_kind columns_find(const struct csv_record *header,
                             const struct columns_options *options,
                             const char *name, struct columns *columns,
                             struct error *err)
{
    const struct wanted email = wanted_email(options);
    const struct wanted role = wanted_role(options);

    columns->count = header->field_count;
    columns->role = COLUMNS_NONE;
    columns->has_header = true;
    if (find(header, &email, name, &columns->email, err)) {
        if (columns_hold_address(header))
            return no_header(name, "no column is named", "--email-column", "",
                             err);
        return err->kind;
    }
    if (options->fixed_role)
        return ERROR_NONE;
    if (find(header, &role, name, &columns->role, err))
        return err->kind;
    return check_apart(columns, name, err);
}

static enum error_kind find_email_cell(const struct csv_record *row,
                                       const struct columns_options *options,
                                       const char *name, size_t *found,
                                       struct error *err)
{
    size_t addresses = 0;

    for (size_t i = 0; i < row->field_count; i++) {
        if (!is_address(&row->fields[i]))
            continue;
        *found = i;
        addresses++;
    }
    if (options->email_column) {
        *found = number_of(options->email_column) - 1;
        if (*found < row->field_count)
            return ERROR_NONE;
        return no_header(name, "no column of that name or number",
                         "--email-column", "", err);
    }
    if (addresses == 1)
        return ERROR_NONE;
    return no_header(name, "more than one column of it does", "--email-column",
                     "", err);
}

static enum error_kind find_role_cell(const struct csv_record *row,
                                      const struct columns_options *options,
                                      const char *name, size_t email,
                                      size_t *found, struct error *err)
{
    static const char way_out[] = " (or give everybody a role with --role)";

    if (options->role_column) {
        *found = number_of(options->role_column) - 1;
        if (*found < row->field_count)
            return ERROR_NONE;
        return no_header(name, "no column of that name or number",
                         "--role-column", way_out, err);
    }
    *found = 1 - email;
    if (row->field_count == 2 && is_one_of(&row->fields[*found], role_words))
        return ERROR_NONE;
    return no_header(name, "nothing tells the role", "--role-column", way_out,
                     err);
}

enum error_kind columns_find_by_content(const struct csv_record *row,
                                        const struct columns_options *options,
                                        const char *name,
                                        struct columns *columns,
                                        struct error *err)
{
    columns->count = row->field_count;
    columns->role = COLUMNS_NONE;
    columns->has_header = false;
    if (find_email_cell(row, options, name, &columns->email, err))
        return err->kind;
    if (options->fixed_role)
        return ERROR_NONE;
    if (find_role_cell(row, options, name, columns->email, &columns->role, err))
        return err->kind;
    return check_apart(columns, name, err);
}
