#include <inttypes.h>

#include "app/status.h"
#include "base/clock.h"
#include "base/text_safe.h"

/* Longer lists are for --json. */
#define PEOPLE_SHOWN 20

struct list {
    FILE *out;
    uint64_t count;
};

static void print_safe(FILE *out, const char *text)
{
    char *safe = text_safe_dup(text);
    fputs(safe, out);
    free(safe);
}

static void print_head(const struct status_view *view, FILE *out)
{
    print_safe(out, ledger_organization(view->ledger));
    fputs(" at ", out);
    print_safe(out, ledger_server(view->ledger));
    fputs("\nLedger: ", out);
    print_safe(out, ledger_path(view->ledger));
    if (view->holder) {
        fputs("\nIn use by ", out);
        print_safe(out, view->holder);
    }
    fputc('\n', out);
}

static enum error_kind print_people(const struct status_view *view, FILE *out,
                                    struct error *err)
{
    uint64_t people[STATUS_COUNT];
    uint64_t sum = 0;
    if (ledger_count_people(view->ledger, people, err))
        return err->kind;
    for (int status = 0; status < STATUS_COUNT; status++)
        sum += people[status];
    fprintf(out, "\nPeople%s\n", sum == 0 ? ": nobody yet" : "");
    int width = snprintf(NULL, 0, "%" PRIu64, sum);
    for (int status = STATUS_NONE + 1; status < STATUS_COUNT; status++)
        if (people[status] > 0)
            fprintf(out, "  %*" PRIu64 " %s\n", width, people[status],
                    status_label((enum status)status));
    if (people[STATUS_NONE] > 0)
        fprintf(out, "  %*" PRIu64 " in the hands of the run that is going\n",
                width, people[STATUS_NONE]);
    return ERROR_NONE;
}

static void print_run(void *context, const struct ledger_run *run)
{
    struct list *list = context;
    char started[CLOCK_UTC_SIZE];
    char took[CLOCK_DURATION_SIZE] = "";
    char rows[24] = "";
    clock_format_utc(run->started_s * US_PER_S, started);
    /* Of a killed run nobody knows when it was, or how far it got. */
    if (run->exit_code >= 0) {
        int64_t took_s = run->ended_s - run->started_s;
        snprintf(took, sizeof(took), "under 1 s");
        if (took_s > 0)
            clock_format_duration(took_s * US_PER_S, took);
        snprintf(rows, sizeof(rows), "%" PRIu64, run->rows_read);
    }
    if (list->count++ == 0)
        fprintf(list->out, "\nLast runs\n%6s  %-20s  %14s  %9s  %s\n", "run",
                "started", "took", "rows", "input: end");
    fprintf(list->out, "%6" PRId64 "  %-20s  %14s  %9s  ", run->id, started,
            took, rows);
    print_safe(list->out, run->input ? run->input : "");
    fprintf(list->out, ": %s\n", status_end_of(run));
}

/* Counts all and shows the first ones. */
static bool is_shown(struct list *list, const char *title)
{
    if (list->count++ == 0)
        fputs(title, list->out);
    return list->count <= PEOPLE_SHOWN;
}

static void print_person(FILE *out, const struct row *row, int64_t run)
{
    fprintf(out, "  run %" PRId64 ", line %" PRIu64 ": ", run, row->line);
    print_safe(out, row->email[0] ? row->email : "(forgotten)");
}

static void print_unknown(void *context, const struct row *row, int64_t run)
{
    struct list *list = context;
    if (!is_shown(list, "\nUnknown: nobody can tell whether these people were "
                        "invited\n"))
        return;
    print_person(list->out, row, run);
    fputc('\n', list->out);
}

static void print_expiring(void *context, const struct row *row, int64_t run)
{
    struct list *list = context;
    if (!is_shown(list, "\nInvitations that expire soon\n"))
        return;
    fputs("  ", list->out);
    print_safe(list->out, row->outcome.expires_at);
    print_person(list->out, row, run);
    fputc('\n', list->out);
}

static void print_more(const struct list *list)
{
    if (list->count > PEOPLE_SHOWN)
        fprintf(list->out, "  and %" PRIu64 " more; --json lists all\n",
                list->count - PEOPLE_SHOWN);
}

static enum error_kind print_unknowns(const struct status_view *view, FILE *out,
                                      struct error *err)
{
    struct list list = {.out = out};
    if (ledger_each_unknown(view->ledger, print_unknown, &list, err))
        return err->kind;
    print_more(&list);
    if (list.count == 0)
        return ERROR_NONE;
    char *org = text_safe_dup(ledger_organization(view->ledger));
    fprintf(out,
            "  Ask them, or look in Almanac; then, for each of them, one of\n"
            "    bulk-invite resolve EMAIL --invited --org %s\n"
            "    bulk-invite resolve EMAIL --not-sent --org %s\n"
            "  or send to all of them once more, which may be a second e-mail "
            "to some:\n"
            "    bulk-invite send FILE --retry-unknown --org %s\n",
            org, org, org);
    free(org);
    return ERROR_NONE;
}

static enum error_kind print_expirings(const struct status_view *view,
                                       FILE *out, struct error *err)
{
    struct list list = {.out = out};
    uint64_t expired;
    if (ledger_each_expiring(view->ledger, view->now_s, view->until_s,
                             print_expiring, &list, err) ||
        ledger_count_expired(view->ledger, view->now_s, &expired, err))
        return err->kind;
    print_more(&list);
    if (expired > 0)
        fprintf(out,
                "\n%" PRIu64 " invitation%s expired; bulk-invite send FILE "
                "--resend expired sends %s again\n",
                expired, expired == 1 ? " has" : "s have",
                expired == 1 ? "it" : "them");
    return ERROR_NONE;
}

enum error_kind status_print_text(const struct status_view *view, FILE *out,
                                  struct error *err)
{
    struct list runs = {.out = out};
    print_head(view, out);
    if (print_people(view, out, err) ||
        ledger_each_run(view->ledger, STATUS_RUNS, print_run, &runs, err) ||
        print_unknowns(view, out, err))
        return err->kind;
    return print_expirings(view, out, err);
}
