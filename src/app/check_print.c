#include "app/check.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/text_safe.h"

#define NAMES_SHOWN  10
#define GROUPS_SHOWN 50
#define TEXT_CAP     (1024 * 1024)

static void print_safe(FILE *out, const char *text)
{
    char *safe = text_safe_dup(text);
    fputs(safe, out);
    free(safe);
}

static const char *rows_word(uint64_t count)
{
    return count == 1 ? "row" : "rows";
}

static void print_lines(const struct tally_entry *entry, FILE *out)
{
    fputs(entry->count == 1 ? "line" : "lines", out);
    for (size_t i = 0; i < entry->count && i < TALLY_KEEP; i++)
        fprintf(out, "%s %" PRIu64, i > 0 ? "," : "", entry->lines[i]);
    if (entry->count > TALLY_KEEP)
        fprintf(out, " and %" PRIu64 " more", entry->count - TALLY_KEEP);
}

static void print_names(const char *title, const struct tally *tally, FILE *out)
{
    uint64_t others = tally->others.count;
    if (tally->count == 0)
        return;
    fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < tally->count; i++) {
        if (i >= NAMES_SHOWN) {
            others += tally->entries[i].count;
            continue;
        }
        fprintf(out, "  %10" PRIu64 "  ", tally->entries[i].count);
        print_safe(out, tally->entries[i].name);
        fputc('\n', out);
    }
    if (others > 0)
        fprintf(out, "  %10" PRIu64 "  others\n", others);
}

/* From 1; 0 for no one column. */
static size_t column_of(const struct input_facts *facts, enum row_cell cell)
{
    switch (cell) {
    case ROW_CELL_EMAIL:
        return facts->email_column;
    case ROW_CELL_ROLE:
        return facts->role_column;
    case ROW_CELL_NONE:
        break;
    }
    return 0;
}

static void print_groups(const char *title, const struct tally *tally,
                         const struct check *check, FILE *out)
{
    struct input_facts facts;
    uint64_t others = tally->others.count;
    input_get_facts(check->input, &facts);
    if (tally->count == 0)
        return;
    fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < tally->count; i++) {
        if (i >= GROUPS_SHOWN) {
            others += tally->entries[i].count;
            continue;
        }
        fputs("  ", out);
        print_lines(&tally->entries[i], out);
        size_t column = column_of(&facts, tally->entries[i].cell);
        if (column > 0)
            fprintf(out, ", column %zu", column);
        fputs(": ", out);
        print_safe(out, tally->entries[i].name);
        fputc('\n', out);
    }
    if (others > 0)
        fprintf(out, "  and %" PRIu64 " %s more with other words\n", others,
                rows_word(others));
}

static int64_t seconds_at_rate(const struct check *check)
{
    const struct rate *rate = &check->options->rate;
    if (rate->count == 0)
        return -1;
    double us = (double)check->plan.to_send * (double)rate->per_us /
                (double)rate->count;
    return (int64_t)(us / (double)US_PER_S + 0.5);
}

static void print_first_rows(const struct check *check, FILE *out)
{
    if (check->first_count == 0)
        return;
    fputs("\nThe first, as they will be sent\n", out);
    for (size_t i = 0; i < check->first_count; i++) {
        const struct row *row = check->first[i];
        fprintf(out, "  line %" PRIu64 ": ", row->line);
        print_safe(out, row->email);
        fputs(" as ", out);
        print_safe(out, row->role);
        fputc('\n', out);
    }
}

void check_print_text(const struct check *check, FILE *out)
{
    const struct plan *plan = &check->plan;
    int64_t seconds = seconds_at_rate(check);
    struct strbuf assumed;
    strbuf_init(&assumed, TEXT_CAP);
    input_assumptions(check->input, &assumed);
    print_safe(out, input_name(check->input));
    fprintf(out, ": %" PRIu64 " %s\n", plan->rows, rows_word(plan->rows));
    fprintf(out, "read as: %s\n\n", strbuf_str(&assumed));
    strbuf_clear(&assumed);
    fprintf(out, "  %10" PRIu64 "  to invite\n", plan->to_send);
    for (int status = 1; status < STATUS_COUNT; status++)
        if (plan->settled[status] > 0)
            fprintf(out, "  %10" PRIu64 "  %s\n", plan->settled[status],
                    status_label((enum status)status));
    if (seconds >= 0)
        fprintf(out,
                "\nAt the given rate, inviting takes %" PRId64 ":%02d:%02d "
                "(hours, minutes, seconds).\n",
                seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60));
    print_names("By role", check->roles, out);
    print_names("By domain", check->domains, out);
    print_first_rows(check, out);
    print_groups("What needs a look", check->problems, check, out);
    print_groups("What may be a typing error, and will be sent as it is",
                 check->hints, check, out);
}

static void json_text(FILE *out, const char *text)
{
    struct strbuf json;
    strbuf_init(&json, TEXT_CAP);
    json_text_add(&json, text);
    fputs(strbuf_str(&json), out);
    strbuf_clear(&json);
}

static void json_cause(FILE *out, const struct check *check,
                       const struct tally_entry *entry)
{
    struct input_facts facts;
    input_get_facts(check->input, &facts);
    const char *header = entry->cell == ROW_CELL_EMAIL  ? facts.email_header
                         : entry->cell == ROW_CELL_ROLE ? facts.role_header
                                                        : NULL;
    size_t column = column_of(&facts, entry->cell);
    fputs(",\"error_code\":", out);
    json_text(out, outcome_code_name(entry->code));
    fputs(",\"column\":", out);
    if (header)
        json_text(out, header);
    else
        fputs("null", out);
    if (column > 0)
        fprintf(out, ",\"column_number\":%zu", column);
    else
        fputs(",\"column_number\":null", out);
}

static void json_tally(FILE *out, const char *key, const char *name_key,
                       const struct check *check, const struct tally *tally)
{
    fprintf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_entry *entry = &tally->entries[i];
        fprintf(out, "%s{\"%s\":", i > 0 ? "," : "", name_key);
        json_text(out, entry->name);
        if (tally == check->problems)
            json_cause(out, check, entry);
        fprintf(out, ",\"rows\":%" PRIu64 ",\"first_lines\":[", entry->count);
        for (size_t j = 0; j < entry->count && j < TALLY_KEEP; j++)
            fprintf(out, "%s%" PRIu64, j > 0 ? "," : "", entry->lines[j]);
        fputs("]}", out);
    }
    fprintf(out, "],\"other_%s\":%" PRIu64, key, tally->others.count);
}

static void json_facts(const struct check *check, FILE *out)
{
    struct input_facts facts;
    input_get_facts(check->input, &facts);
    const char delimiter[] = {facts.delimiter, '\0'};
    fputs(",\"read_as\":{\"encoding\":", out);
    json_text(out, facts.encoding);
    fprintf(out, ",\"encoding_is_assumed\":%s,\"is_mixed\":%s,\"is_gzip\":%s",
            facts.is_encoding_assumed ? "true" : "false",
            facts.is_mixed ? "true" : "false",
            facts.is_gzip ? "true" : "false");
    fputs(",\"delimiter\":", out);
    json_text(out, delimiter);
    fprintf(out, ",\"header_line\":%" PRIu64 ",\"email_column\":%zu",
            facts.header_line, facts.email_column);
    fprintf(out, ",\"role_column\":%zu,\"cleaned\":%" PRIu64, facts.role_column,
            facts.cleaned);
    fprintf(out, ",\"mapped\":%" PRIu64 "}", facts.mapped);
}

void check_print_json(const struct check *check, FILE *out)
{
    const struct plan *plan = &check->plan;
    int64_t seconds = seconds_at_rate(check);
    fputs("{\"input\":", out);
    json_text(out, input_name(check->input));
    fprintf(out, ",\"rows\":%" PRIu64 ",\"to_invite\":%" PRIu64, plan->rows,
            plan->to_send);
    for (int status = 1; status < STATUS_COUNT; status++)
        fprintf(out, ",\"%s\":%" PRIu64, status_name((enum status)status),
                plan->settled[status]);
    fprintf(out, ",\"need_look\":%" PRIu64, plan->need_look);
    if (seconds >= 0)
        fprintf(out, ",\"seconds_at_rate\":%" PRId64, seconds);
    json_facts(check, out);
    json_tally(out, "roles", "role", check, check->roles);
    json_tally(out, "domains", "domain", check, check->domains);
    json_tally(out, "problems", "error", check, check->problems);
    json_tally(out, "hints", "hint", check, check->hints);
    fputs(",\"first\":[", out);
    for (size_t i = 0; i < check->first_count; i++) {
        const struct row *row = check->first[i];
        fprintf(out, "%s{\"line\":%" PRIu64 ",\"email\":", i > 0 ? "," : "",
                row->line);
        json_text(out, row->email);
        fputs(",\"role\":", out);
        json_text(out, row->role);
        fputc('}', out);
    }
    fputs("]}\n", out);
}
