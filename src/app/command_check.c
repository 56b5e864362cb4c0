#include <inttypes.h>
#include <string.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/input_choice.h"
#include "app/json_out.h"
#include "app/ledger_choice.h"
#include "app/plan.h"
#include "base/clock.h"
#include "domain/tally.h"
#include "input/address.h"

#define FIRST_ROWS 5
#define HINT_CAP   256
#define PLACE_CAP  1024
#define TEXT_CAP   (1024 * 1024)

/* What is counted: of people who would be invited, their roles and domains; by
 * their sentences, rows that need a look, and what looks like a typing error.
 */
enum tally_of {
    ROLES,
    DOMAINS,
    PROBLEMS,
    HINTS,
    TALLIES
};

static const struct {
    const char *title;
    size_t shown; /* --json has more */
    const char *key, *name_key, *others_key;
} faces[TALLIES] = {
    [ROLES] = {"By role", 10, "roles", "role", "other_roles"},
    [DOMAINS] = {"By domain", 10, "domains", "domain", "other_domains"},
    [PROBLEMS] = {"What needs a look", 50, "problems", "error",
                  "other_problems"},
    [HINTS] = {"What may be a typing error, and will be sent as it is", 50,
               "hints", "hint", "other_hints"},
};

struct check {
    struct input *input;
    struct input_facts facts;
    struct plan plan;
    int64_t seconds; /* that inviting takes at the given rate; -1: none was */
    struct tally *tallies[TALLIES];
    struct row *first[FIRST_ROWS];
    size_t first_count;
};

static void note_problem(struct tally *problems, const struct row *row)
{
    const struct outcome *outcome = &row->outcome;
    struct tally_entry *entry = tally_add(
        problems,
        outcome->error ? outcome->error : status_label(outcome->status),
        row->line);
    entry->code = outcome->code;
    entry->cell = row->cell_at_fault;
}

static void note_hint(struct tally *hints, const struct row *row)
{
    const char *meant = address_suggestion(row->email);
    struct strbuf hint;
    if (!meant)
        return;
    strbuf_init(&hint, HINT_CAP);
    strbuf_addf(&hint, "%s: did you mean %s?", strrchr(row->email, '@') + 1,
                meant);
    tally_add(hints, strbuf_str(&hint), row->line)->cell = ROW_CELL_EMAIL;
    strbuf_clear(&hint);
}

static void see(void *context, const struct row *row)
{
    struct check *check = context;
    struct tally **tallies = check->tallies;
    if (outcome_needs_look(&row->outcome))
        note_problem(tallies[PROBLEMS], row);
    if (row->outcome.status != STATUS_NONE)
        return;
    tally_add(tallies[ROLES], row->role, row->line);
    tally_add(tallies[DOMAINS], strrchr(row->person, '@') + 1, row->line);
    note_hint(tallies[HINTS], row);
    if (check->first_count < FIRST_ROWS)
        check->first[check->first_count++] =
            row_new(row->line, row->email, strlen(row->email), row->role,
                    strlen(row->role), NULL);
}

static int64_t seconds_at_rate(const struct rate *rate, uint64_t people)
{
    if (rate->count == 0)
        return -1;
    double us = (double)people * (double)rate->per_us / (double)rate->count;
    return (int64_t)(us / (double)US_PER_S + 0.5);
}

static enum error_kind
read_list(struct check *check, const struct options *options, struct error *err)
{
    struct ledger *ledger;
    if (ledger_open_chosen(&ledger, options, LEDGER_LOOKS, "check", err))
        return err->kind;
    enum error_kind kind =
        plan_read(&check->plan, check->input, ledger, see, check, err);
    ledger_close(ledger);
    input_get_facts(check->input, &check->facts);
    check->seconds = seconds_at_rate(&options->rate, check->plan.to_send);
    for (int i = 0; i < TALLIES; i++)
        tally_sort(check->tallies[i]);
    return kind;
}

/* From 1; 0 for no one column. */
static size_t column_of(const struct check *check, enum row_cell cell)
{
    return cell == ROW_CELL_EMAIL  ? check->facts.email_column
           : cell == ROW_CELL_ROLE ? check->facts.role_column
                                   : 0;
}

static void print_count(uint64_t count, const char *what)
{
    console_say(stdout, "  %10" PRIu64 "  %s", count, what);
}

static void print_group(const struct check *check,
                        const struct tally_entry *entry)
{
    size_t column = column_of(check, entry->cell);
    struct strbuf place;
    strbuf_init(&place, PLACE_CAP);
    for (size_t i = 0; i < entry->count && i < TALLY_KEEP; i++)
        strbuf_addf(&place, "%s %" PRIu64, i > 0 ? "," : "", entry->lines[i]);
    if (entry->count > TALLY_KEEP)
        strbuf_addf(&place, " and %" PRIu64 " more", entry->count - TALLY_KEEP);
    if (column > 0)
        strbuf_addf(&place, ", column %zu", column);
    console_say(stdout, "  line%s%s: %s", entry->count == 1 ? "" : "s",
                strbuf_str(&place), entry->name);
    strbuf_clear(&place);
}

static void print_tally(const struct check *check, enum tally_of which)
{
    struct tally *tally = check->tallies[which];
    tally_fold(tally, faces[which].shown);
    if (tally->count > 0)
        printf("\n%s\n", faces[which].title);
    for (size_t i = 0; i < tally->count; i++)
        if (which == ROLES || which == DOMAINS)
            print_count(tally->entries[i].count, tally->entries[i].name);
        else
            print_group(check, &tally->entries[i]);
    if (tally->others.count > 0)
        print_count(tally->others.count, "others");
}

static void print_first_rows(const struct check *check)
{
    if (check->first_count > 0)
        puts("\nThe first, as they will be sent");
    for (size_t i = 0; i < check->first_count; i++)
        console_say(stdout, "  line %" PRIu64 ": %s as %s",
                    check->first[i]->line, check->first[i]->email,
                    check->first[i]->role);
}

static void print_text(const struct check *check)
{
    const struct plan *plan = &check->plan;
    struct strbuf assumed;
    strbuf_init(&assumed, TEXT_CAP);
    input_assumptions(check->input, &assumed);
    console_say(stdout, "%s: %" PRIu64 " row%s", input_name(check->input),
                plan->rows, plan->rows == 1 ? "" : "s");
    console_say(stdout, "read as: %s", strbuf_str(&assumed));
    putchar('\n');
    strbuf_clear(&assumed);
    print_count(plan->to_send, "to invite");
    for (int status = 1; status < STATUS_COUNT; status++)
        if (plan->settled[status] > 0)
            print_count(plan->settled[status],
                        status_label((enum status)status));
    if (check->seconds >= 0)
        printf("\nAt the given rate, inviting takes %" PRId64 ":%02d:%02d "
               "(hours, minutes, seconds).\n",
               check->seconds / 3600, (int)(check->seconds / 60 % 60),
               (int)(check->seconds % 60));
    print_tally(check, ROLES);
    print_tally(check, DOMAINS);
    print_first_rows(check);
    print_tally(check, PROBLEMS);
    print_tally(check, HINTS);
}

static void add_facts(struct json_out *out, const struct input_facts *facts)
{
    const char delimiter[] = {facts->delimiter, '\0'};
    json_out_begin(out, "read_as", '{');
    json_out_text(out, "encoding", facts->encoding);
    json_out_bool(out, "encoding_is_assumed", facts->is_encoding_assumed);
    json_out_bool(out, "is_mixed", facts->is_mixed);
    json_out_bool(out, "is_gzip", facts->is_gzip);
    json_out_text(out, "delimiter", delimiter);
    json_out_number(out, "header_line", facts->header_line);
    json_out_number(out, "email_column", facts->email_column);
    json_out_number(out, "role_column", facts->role_column);
    json_out_number(out, "cleaned", facts->cleaned);
    json_out_number(out, "mapped", facts->mapped);
    json_out_end(out, '}');
}

static void add_cause(struct json_out *out, const struct check *check,
                      const struct tally_entry *entry)
{
    const struct input_facts *facts = &check->facts;
    size_t column = column_of(check, entry->cell);
    const char *header = entry->cell == ROW_CELL_EMAIL  ? facts->email_header
                         : entry->cell == ROW_CELL_ROLE ? facts->role_header
                                                        : NULL;
    json_out_text(out, "error_code", outcome_code_name(entry->code));
    json_out_text(out, "column", header);
    json_out_number(out, "column_number", column > 0 ? column : JSON_OUT_NULL);
}

static void add_tally(struct json_out *out, const struct check *check,
                      enum tally_of which)
{
    const struct tally *tally = check->tallies[which];
    json_out_begin(out, faces[which].key, '[');
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_entry *entry = &tally->entries[i];
        json_out_begin(out, NULL, '{');
        json_out_text(out, faces[which].name_key, entry->name);
        if (which == PROBLEMS)
            add_cause(out, check, entry);
        json_out_number(out, "rows", entry->count);
        json_out_begin(out, "first_lines", '[');
        for (size_t j = 0; j < entry->count && j < TALLY_KEEP; j++)
            json_out_number(out, NULL, entry->lines[j]);
        json_out_end(out, ']');
        json_out_end(out, '}');
    }
    json_out_end(out, ']');
    json_out_number(out, faces[which].others_key, tally->others.count);
}

static void add_first_rows(struct json_out *out, const struct check *check)
{
    json_out_begin(out, "first", '[');
    for (size_t i = 0; i < check->first_count; i++) {
        json_out_begin(out, NULL, '{');
        json_out_number(out, "line", check->first[i]->line);
        json_out_text(out, "email", check->first[i]->email);
        json_out_text(out, "role", check->first[i]->role);
        json_out_end(out, '}');
    }
    json_out_end(out, ']');
}

static void print_json(const struct check *check)
{
    const struct plan *plan = &check->plan;
    struct json_out out = {.has_item = false};
    json_out_begin(&out, NULL, '{');
    json_out_text(&out, "input", input_name(check->input));
    json_out_number(&out, "rows", plan->rows);
    json_out_number(&out, "to_invite", plan->to_send);
    for (int status = 1; status < STATUS_COUNT; status++)
        json_out_number(&out, status_name((enum status)status),
                        plan->settled[status]);
    json_out_number(&out, "need_look", plan->need_look);
    if (check->seconds >= 0)
        json_out_number(&out, "seconds_at_rate", (uint64_t)check->seconds);
    add_facts(&out, &check->facts);
    for (int which = 0; which < TALLIES; which++)
        add_tally(&out, check, (enum tally_of)which);
    add_first_rows(&out, check);
    json_out_end(&out, '}');
    putchar('\n');
}

static enum error_kind run(struct check *check, const struct options *options,
                           struct error *err)
{
    if (read_list(check, options, err))
        return err->kind;
    if (options->json)
        print_json(check);
    else
        print_text(check);
    return console_finish(err);
}

int command_check(const struct options *options, struct error *err)
{
    struct check check = {.input = NULL};
    struct input_choice choice;
    for (int i = 0; i < TALLIES; i++)
        check.tallies[i] = tally_new();
    enum error_kind kind = input_choice_init(&choice, options, -1, err);
    if (!kind)
        kind = input_open(&check.input, &choice.options, err);
    if (!kind)
        kind = run(&check, options, err);
    for (size_t i = 0; i < check.first_count; i++)
        row_free(check.first[i]);
    for (int i = 0; i < TALLIES; i++)
        tally_free(check.tallies[i]);
    input_close(check.input);
    input_choice_clear(&choice);
    if (kind)
        return error_exit_code(kind);
    return check.plan.need_look > 0 ? EXIT_NEEDS_LOOK : 0;
}
