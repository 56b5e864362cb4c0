#include "input/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
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
    const char *const *words; /* and without a header one of these, or NULL: an
                                 address */
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

static struct wanted wanted_email(const struct input_options *options)
{
    return (struct wanted){.what = "email",
                           .flag = "--email-column",
                           .chosen = options->email_column,
                           .names = email_names,
                           .way_out = ""};
}

static struct wanted wanted_role(const struct input_options *options)
{
    return (struct wanted){.what = "role",
                           .flag = "--role-column",
                           .chosen = options->role_column,
                           .names = role_names,
                           .words = role_words,
                           .way_out = ", or give everybody one with --role"};
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
    return chosen[strspn(chosen, "0123456789")] == '\0'
               ? strtoul(chosen, NULL, 10)
               : 0;
}

static bool is_address(const struct csv_field *cell)
{
    const char *address = cell->bytes;
    size_t len = cell->len;
    struct strbuf room;

    if (!memchr(address, '@', len))
        return false;
    strbuf_init(&room, KEY_MAX);
    clean_address(&address, &len, &room);
    const char *at = memchr(address, '@', len);
    /* A dot: "@home" and "me@work" are words. */
    bool is_one = at && !room.is_cut &&
                  memchr(at, '.', len - (size_t)(at - address)) &&
                  !address_fault(address, len);
    strbuf_clear(&room);
    return is_one;
}

static bool holds_address(const struct csv_record *record)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (is_address(&record->fields[i]))
            return true;
    return false;
}

static bool fits(const struct csv_record *first, size_t column, bool is_header,
                 const struct wanted *wanted)
{
    const struct csv_field *cell = &first->fields[column];

    if (is_header)
        return wanted->chosen ? is_same_name(cell, wanted->chosen)
                              : is_one_of(cell, wanted->names);
    if (wanted->chosen)
        return false; /* by number only */
    return wanted->words
               ? first->field_count == 2 && is_one_of(cell, wanted->words)
               : is_address(cell);
}

/* How many columns fit; *found is the first of them. */
static size_t count_fits(const struct csv_record *first, bool is_header,
                         const struct wanted *wanted, size_t *found)
{
    size_t fitting = 0;
    size_t spelled = 0;

    for (size_t i = 0; i < first->field_count; i++) {
        if (!fits(first, i, is_header, wanted))
            continue;
        bool is_exact =
            wanted->chosen && is_spelled(&first->fields[i], wanted->chosen);
        if (fitting == 0 || (is_exact && spelled == 0))
            *found = i;
        fitting++;
        spelled += is_exact;
    }
    if (spelled == 1)
        return 1;
    if (fitting > 0 || !wanted->chosen)
        return fitting;

    size_t number = number_of(wanted->chosen);
    *found = number - 1;
    return number > 0 && number <= first->field_count;
}

enum columns_fit columns_fit(const struct csv_record *record,
                             const struct input_options *options)
{
    const struct wanted email = wanted_email(options);
    const struct wanted role = wanted_role(options);
    size_t found;

    /* First, as a column chosen by number is in any row that is long enough. */
    if (holds_address(record))
        return COLUMNS_HOLD_ADDRESS;
    if (count_fits(record, true, &email, &found) == 0)
        return COLUMNS_UNKNOWN;
    if (!options->fixed_role && count_fits(record, true, &role, &found) == 0)
        return COLUMNS_HAVE_EMAIL;
    return COLUMNS_FIT;
}

/* In quotes, cut when it is long. */
static void add_name(struct strbuf *out, const struct csv_field *name)
{
    size_t len = text_cut_len(name->bytes, name->len, NAME_SHOWN_MAX);

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
        add_name(out, &header->fields[i]);
    }
}

static void refuse_row(const struct wanted *wanted, const char *name,
                       struct error *err)
{
    const char *why = wanted->chosen  ? "no column of that name or number"
                      : wanted->words ? "nothing tells the role"
                                      : "more than one column of it does";

    error_set(err, ERROR_INPUT,
              "%s has no header, its first row already holds an address, and "
              "%s: say which column with %s NUMBER%s, or put a line with the "
              "columns' names above it, for example: email,role",
              name, why, wanted->flag, wanted->way_out);
}

static void refuse_header(const struct csv_record *header,
                          const struct wanted *wanted, size_t fitting,
                          const char *name, struct error *err)
{
    struct strbuf list;

    strbuf_init(&list, LIST_SIZE);
    add_list(&list, header);
    if (fitting > 1)
        error_set(err, ERROR_INPUT,
                  "%s has %zu columns that could be the %s: choose one with %s "
                  "(columns: %s)",
                  name, fitting, wanted->what, wanted->flag, strbuf_str(&list));
    else if (wanted->chosen)
        error_set(err, ERROR_INPUT,
                  "%s has no column \"%.*s\" for %s (columns: %s)", name,
                  NAME_SHOWN_MAX, wanted->chosen, wanted->flag,
                  strbuf_str(&list));
    else
        error_set(err, ERROR_INPUT,
                  "%s has no %s column: name it with %s%s (columns: %s)", name,
                  wanted->what, wanted->flag, wanted->way_out,
                  strbuf_str(&list));
    strbuf_clear(&list);
}

static void name_column(struct column *column, const struct csv_record *first,
                        bool has_header)
{
    const struct csv_field *cell = &first->fields[column->place];
    struct strbuf name;

    strbuf_init(&name, LIST_SIZE);
    if (has_header && cell->len > 0) {
        column->header = xstrdup(cell->bytes);
        add_name(&name, cell);
    } else {
        strbuf_addf(&name, "column %zu", column->place + 1);
    }
    column->name = strbuf_detach(&name);
}

static enum error_kind find(const struct csv_record *first, bool is_header,
                            const struct wanted *wanted, const char *name,
                            struct column *column, struct error *err)
{
    size_t fitting = count_fits(first, is_header, wanted, &column->place);

    if (fitting == 1)
        name_column(column, first, is_header);
    else if (is_header)
        refuse_header(first, wanted, fitting, name, err);
    else
        refuse_row(wanted, name, err);
    return fitting == 1 ? ERROR_NONE : err->kind;
}

enum error_kind columns_find(const struct csv_record *first,
                             const struct input_options *options,
                             const char *name, struct columns *columns,
                             struct error *err)
{
    const struct wanted email = wanted_email(options);
    const struct wanted role = wanted_role(options);
    bool is_header = !holds_address(first);

    *columns = (struct columns){.role = {.place = COLUMNS_NONE},
                                .count = first->field_count,
                                .has_header = is_header};
    if (find(first, is_header, &email, name, &columns->email, err))
        return err->kind;
    if (options->fixed_role)
        return ERROR_NONE;
    if (find(first, is_header, &role, name, &columns->role, err))
        return err->kind;
    if (columns->role.place != columns->email.place)
        return ERROR_NONE;
    return error_set(err, ERROR_INPUT,
                     "the email and the role cannot both be in column %zu of "
                     "%s: see --email-column and --role-column",
                     columns->email.place + 1, name);
}

void columns_clear(struct columns *columns)
{
    free(columns->email.header);
    free(columns->email.name);
    free(columns->role.header);
    free(columns->role.name);
    *columns = (struct columns){.count = 0};
}
