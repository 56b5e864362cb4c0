#include <inttypes.h>
#include <stdio.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/json_out.h"
#include "app/ledger_choice.h"
#include "app/status.h"
#include "app/typed_command.h"
#include "base/clock.h"

#define HOLDER_CAP   1024
#define ORG_CAP      4096
#define RUNS_SHOWN   5
#define PEOPLE_SHOWN 20 /* longer lists are for --json */

/* What is shown, as lines safe for a terminal or as one JSON object. */
struct view {
    const struct options *options;
    struct ledger *ledger;
    struct json_out json;
    const char *title; /* of the list under way */
    uint64_t count;    /* what it has so far */
};

const char *status_end_of(const struct ledger_run *run)
{
    static const struct {
        int exit_code;
        const char *words;
    } ends[] = {
        {-1, "killed"},
        {0, "done"},
        {EXIT_NEEDS_LOOK, "done, some rows need a look"},
        {4, "the input could not be read"},
        {5, "server unavailable, or out of time"},
        {6, "the report could not be written"},
        {7, "refused: token, organization, URL or certificate"},
        {8, "stopped by a guard"},
        {EXIT_NO_ROWS, "done, no rows"},
        {129, "stopped by SIGHUP"},
        {130, "stopped by SIGINT"},
        {143, "stopped by SIGTERM"},
    };
    if (run->is_going)
        return "going on";
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        if (ends[i].exit_code == run->exit_code)
            return ends[i].words;
    return "ended";
}

static void show_head(struct view *view)
{
    const char *organization = ledger_organization(view->ledger);
    const char *server = ledger_server(view->ledger);
    const char *path = ledger_path(view->ledger);
    struct strbuf words;
    int64_t since_s;
    strbuf_init(&words, HOLDER_CAP);
    const char *holder =
        ledger_holder(path, &words, &since_s) ? strbuf_str(&words) : NULL;
    if (view->options->json) {
        json_out_text(&view->json, "organization", organization);
        json_out_text(&view->json, "server", server);
        json_out_text(&view->json, "ledger", path);
        json_out_text(&view->json, "in_use_by", holder);
    } else {
        console_say(stdout, "%s at %s", organization, server);
        console_say(stdout, "Ledger: %s", path);
        if (holder)
            console_say(stdout, "In use by %s", holder);
    }
    strbuf_clear(&words);
}

static enum error_kind show_people(struct view *view, struct error *err)
{
    uint64_t people[STATUS_COUNT];
    if (ledger_count_people(view->ledger, people, err))
        return err->kind;
    if (view->options->json)
        json_out_begin(&view->json, "people", '{');
    else
        puts("\nPeople");
    for (enum status status = STATUS_NONE; status < STATUS_COUNT; status++) {
        bool is_in_hand = status == STATUS_NONE;
        if (view->options->json)
            json_out_number(&view->json,
                            is_in_hand ? "in_hand" : status_name(status),
                            people[status]);
        else if (people[status] > 0)
            printf("%9" PRIu64 " %s\n", people[status],
                   is_in_hand ? "in the hands of the run that is going"
                              : status_label(status));
    }
    if (view->options->json)
        json_out_end(&view->json, '}');
    return ERROR_NONE;
}

static void begin_list(struct view *view, const char *key, const char *title)
{
    view->title = title;
    view->count = 0;
    if (view->options->json)
        json_out_begin(&view->json, key, '[');
}

static void end_list(struct view *view)
{
    if (view->options->json)
        json_out_end(&view->json, ']');
    else if (view->count > PEOPLE_SHOWN)
        printf("  and %" PRIu64 " more; --json lists all\n",
               view->count - PEOPLE_SHOWN);
}

/* Of a killed run nobody knows when it was, or how far it got. */
static void show_run(void *context, const struct ledger_run *run)
{
    struct view *view = context;
    struct json_out *json = &view->json;
    bool has_ended = run->exit_code >= 0;
    int64_t took_s = has_ended ? run->ended_s - run->started_s : 0;
    char started[CLOCK_UTC_SIZE], ended[CLOCK_UTC_SIZE];
    char took[CLOCK_DURATION_SIZE] = "under 1 s", rows[24];
    clock_format_utc(run->started_s * US_PER_S, started);
    clock_format_utc(run->ended_s * US_PER_S, ended);
    if (view->options->json) {
        json_out_begin(json, NULL, '{');
        json_out_number(json, "run", (uint64_t)run->id);
        json_out_text(json, "started_at", started);
        json_out_text(json, "ended_at", has_ended ? ended : NULL);
        json_out_text(json, "input", run->input);
        json_out_number(json, "rows",
                        has_ended ? run->rows_read : JSON_OUT_NULL);
        json_out_number(json, "exit_code",
                        has_ended ? (uint64_t)run->exit_code : JSON_OUT_NULL);
        json_out_text(json, "end", status_end_of(run));
        json_out_end(json, '}');
        return;
    }
    if (view->count++ == 0)
        printf("\n%s\n%6s  %-20s  %14s  %9s  %s\n", view->title, "run",
               "started", "took", "rows", "input: end");
    if (took_s > 0)
        clock_format_duration(took_s * US_PER_S, took);
    snprintf(rows, sizeof(rows), "%" PRIu64, run->rows_read);
    console_say(stdout, "%6" PRId64 "  %-20s  %14s  %9s  %s: %s", run->id,
                started, has_ended ? took : "", has_ended ? rows : "",
                run->input ? run->input : "", status_end_of(run));
}

static void show_person(void *context, const struct row *row, int64_t run)
{
    struct view *view = context;
    struct json_out *json = &view->json;
    const struct outcome *outcome = &row->outcome;
    if (view->options->json) {
        json_out_begin(json, NULL, '{');
        json_out_text(json, "email", row->email[0] ? row->email : NULL);
        json_out_text(json, "role", row->role[0] ? row->role : NULL);
        json_out_text(json, "invitation_id", outcome->invitation_id);
        json_out_text(json, "expires_at", outcome->expires_at);
        json_out_number(json, "run", (uint64_t)run);
        json_out_number(json, "line", row->line);
        json_out_end(json, '}');
        return;
    }
    if (view->count++ == 0)
        printf("\n%s\n", view->title);
    if (view->count > PEOPLE_SHOWN)
        return;
    bool is_unknown = outcome->status == STATUS_UNKNOWN;
    console_say(stdout, "%s%s  run %" PRId64 ", line %" PRIu64 ": %s",
                is_unknown ? "" : "  ", is_unknown ? "" : outcome->expires_at,
                run, row->line, row->email[0] ? row->email : "(forgotten)");
}

static void say_what_of_unknown(const struct view *view)
{
    struct strbuf org; /* as a shell reads it: the ledger may say anything */
    if (view->options->json || view->count == 0)
        return;
    strbuf_init(&org, ORG_CAP);
    typed_command_add_word(&org, ledger_organization(view->ledger));
    puts("  Ask them, or look in Almanac; then, for each of them, one of");
    console_say(stdout, "    bulk-invite resolve EMAIL --invited --org %s",
                strbuf_str(&org));
    console_say(stdout, "    bulk-invite resolve EMAIL --not-sent --org %s",
                strbuf_str(&org));
    puts("  or send to all of them once more, which may be a second e-mail to "
         "some:");
    console_say(stdout, "    bulk-invite send FILE --retry-unknown --org %s",
                strbuf_str(&org));
    strbuf_clear(&org);
}

static enum error_kind show_expired(struct view *view, int64_t now_s,
                                    struct error *err)
{
    uint64_t expired;
    if (ledger_count_expired(view->ledger, now_s, &expired, err))
        return err->kind;
    if (view->options->json)
        json_out_number(&view->json, "expired", expired);
    else if (expired > 0)
        printf("\nInvitations that have expired: %" PRIu64 "\n  To send them "
               "again: bulk-invite send FILE --resend expired\n",
               expired);
    return ERROR_NONE;
}

static enum error_kind show(struct view *view, struct error *err)
{
    int64_t now_s = clock_wall_us() / US_PER_S;
    int64_t until_s = now_s + view->options->within_us / US_PER_S;
    show_head(view);
    if (show_people(view, err))
        return err->kind;
    begin_list(view, "runs", "Last runs");
    if (ledger_each_run(view->ledger, RUNS_SHOWN, show_run, view, err))
        return err->kind;
    end_list(view);
    begin_list(view, "unknown",
               "Unknown: nobody can tell whether these people were invited");
    if (ledger_each_unknown(view->ledger, show_person, view, err))
        return err->kind;
    end_list(view);
    say_what_of_unknown(view);
    begin_list(view, "expiring", "Invitations that expire soon");
    if (ledger_each_expiring(view->ledger, now_s, until_s, show_person, view,
                             err))
        return err->kind;
    end_list(view);
    return show_expired(view, now_s, err);
}

int command_status(const struct options *options, struct error *err)
{
    struct view view = {.options = options};
    if (ledger_open_chosen(&view.ledger, options, LEDGER_READS, "status", err))
        return error_exit_code(err->kind);
    if (options->json)
        json_out_begin(&view.json, NULL, '{');
    enum error_kind kind = ledger_begin(view.ledger, err);
    if (!kind)
        kind = show(&view, err);
    if (!kind)
        kind = ledger_commit(view.ledger, err);
    if (!kind && options->json) {
        json_out_end(&view.json, '}');
        putchar('\n');
    }
    ledger_close(view.ledger);
    return error_exit_code(kind ? kind : console_finish(err));
}
