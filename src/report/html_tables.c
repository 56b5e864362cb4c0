#include "report/html_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "domain/reason.h"

#define NAMES_LISTED 25 /* the others are one row */

/* A switch, so that the compiler asks for the words of a new status. */
static const char *meaning_of(enum status status)
{
    switch (status) {
    case STATUS_INVITED:
        return "The server made the invitation.";
    case STATUS_ALREADY_INVITED:
        return "Invited before, by this list or another.";
    case STATUS_REJECTED:
        return "The server refused the row. Correct it and send the list "
               "again.";
    case STATUS_INVALID:
        return "Not sent: it failed the checks. Correct it and send the list "
               "again.";
    case STATUS_DUPLICATE:
        return "The same person stands on an earlier line; with another role "
               "there it needs a look.";
    case STATUS_UNKNOWN:
        return "May have been invited; nobody can tell, so it is not sent "
               "again unasked. Ask the person or look in Almanac, then settle "
               "it with <code>bulk-invite resolve</code>.";
    case STATUS_FAILED:
        return "Nobody was invited by it. Send the list again: only what is "
               "still owed is sent.";
    case STATUS_UNPROCESSED:
        return "The run stopped first; nobody was invited by it. Send the "
               "list again.";
    case STATUS_NONE:
    case STATUS_COUNT:
        break;
    }
    return "";
}

static void count_name(struct tally *tally, const char *text,
                       const struct row *row)
{
    char name[HTML_TEXT_MOST + 2]; /* so that html_text() sees it was cut */

    snprintf(name, sizeof(name), "%s", text);
    tally_add(tally, name, row->line)->kinds[html_group_of(&row->outcome)]++;
}

static void count_domain(struct tally *domains, const struct row *row)
{
    const char *at = strrchr(row->email, '@');
    char *domain = xstrdup(at ? at + 1 : "");

    for (char *c = domain; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 32);
    count_name(domains, domain, row);
    free(domain);
}

void html_tables_add(struct html_tables *tables, const struct row *row)
{
    tables->statuses[row->outcome.status]++;
    tables->groups[html_group_of(&row->outcome)]++;
    reason_note(tables->names[HTML_REASONS], row);
    count_name(tables->names[HTML_ROLES], row->role, row);
    count_domain(tables->names[HTML_DOMAINS], row);
}

static void add_totals(const struct html_tables *tables, struct strbuf *out)
{
    static const char *const heads[] = {"Status", "#Rows", "What it means",
                                        NULL};

    html_table(out, "totals", "What became of them", heads);
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++) {
        struct outcome outcome = {.status = (enum status)i};
        if (tables->statuses[i] == 0)
            continue;
        strbuf_addf(out, "<tr><th class=%s>%s",
                    html_group_class[html_group_of(&outcome)],
                    status_label(outcome.status));
        html_number_cell(out, tables->statuses[i]);
        strbuf_addf(out, "<td>%s\n", meaning_of(outcome.status));
    }
    strbuf_add_str(out, "<tfoot><tr><th>All rows");
    html_number_cell(out, html_group_sum(tables->groups));
    strbuf_add_str(out, "<td></table>\n");
}

static void add_reason_cells(struct strbuf *out,
                             const struct tally_entry *entry)
{
    html_number_cell(out, entry->count);
    strbuf_add_str(out, "<td>");
    for (size_t i = 0; entry->name && i < entry->count && i < TALLY_KEEP; i++)
        strbuf_addf(out, "%s%" PRIu64, i > 0 ? ", " : "", entry->lines[i]);
    if (entry->name && entry->count > TALLY_KEEP)
        strbuf_add_str(out, " &hellip;");
}

static void add_group_cells(struct strbuf *out, const struct tally_entry *entry)
{
    strbuf_add_str(out, "<td>");
    html_share(out, entry->kinds);
    for (int group = 0; group < HTML_GROUPS; group++)
        html_number_cell(out, entry->kinds[group]);
}

static const struct names {
    const char *class_name;
    const char *title;
    const char *heads[6];
    void (*add_cells)(struct strbuf *out, const struct tally_entry *entry);
} names[HTML_NAMES] = {
    [HTML_REASONS] = {"reasons",
                      "Why rows need a look",
                      {"Reason", "#Rows", "On lines"},
                      add_reason_cells},
    [HTML_ROLES] = {"names",
                    "By role",
                    {"Role", "Shares", HTML_GROUP_HEADS},
                    add_group_cells},
    [HTML_DOMAINS] = {"names",
                      "By domain",
                      {"Domain", "Shares", HTML_GROUP_HEADS},
                      add_group_cells},
};

static void add_names(struct strbuf *out, const struct names *kind,
                      struct tally *tally)
{
    tally_sort(tally);
    tally_fold(tally, NAMES_LISTED);
    if (tally->count > 0)
        html_table(out, kind->class_name, kind->title, kind->heads);
    for (size_t i = 0; i <= tally->count; i++) {
        bool is_others = i == tally->count;
        const struct tally_entry *entry =
            is_others ? &tally->others : &tally->entries[i];
        const char *name = is_others ? "all others" : entry->name;
        if (entry->count == 0)
            break;
        strbuf_add_str(out, is_others || !*name ? "<tr><th class=muted>"
                                                : "<tr><th>");
        html_text(out, *name ? name : "none");
        kind->add_cells(out, entry);
    }
    if (tally->count > 0)
        strbuf_add_str(out, "</table>\n");
}

void html_tables_write(const struct html_tables *tables, struct strbuf *out)
{
    add_totals(tables, out);
    for (size_t i = 0; i < HTML_NAMES; i++)
        add_names(out, &names[i], tables->names[i]);
}
