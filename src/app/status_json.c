#include <inttypes.h>

#include "app/status.h"
#include "base/clock.h"
#include "base/json_text.h"

/* The longest text of a ledger, escaped. */
#define TEXT_CAP (1024 * 1024)

/* An array under way. */
struct array {
    FILE *out;
    uint64_t count;
};

static void print_text(FILE *out, const char *text)
{
    struct strbuf json;
    strbuf_init(&json, TEXT_CAP);
    json_text_add(&json, text);
    fputs(strbuf_str(&json), out);
    strbuf_clear(&json);
}

static void print_member(FILE *out, const char *key, const char *text)
{
    fprintf(out, "\"%s\":", key);
    print_text(out, text);
    fputc(',', out);
}

static void print_time(FILE *out, const char *key, int64_t time_s,
                       bool is_known)
{
    char text[CLOCK_UTC_SIZE];
    clock_format_utc(time_s * US_PER_S, text);
    print_member(out, key, is_known ? text : NULL);
}

static void print_number(FILE *out, const char *key, int64_t number,
                         bool is_known)
{
    if (is_known)
        fprintf(out, "\"%s\":%" PRId64 ",", key, number);
    else
        fprintf(out, "\"%s\":null,", key);
}

static void begin_object(struct array *array)
{
    fputs(array->count++ > 0 ? ",{" : "{", array->out);
}

static enum error_kind print_people(const struct status_view *view, FILE *out,
                                    struct error *err)
{
    uint64_t people[STATUS_COUNT];
    if (ledger_count_people(view->ledger, people, err))
        return err->kind;
    fputs("\"people\":{", out);
    for (int status = STATUS_NONE + 1; status < STATUS_COUNT; status++)
        fprintf(out, "\"%s\":%" PRIu64 ",", status_name((enum status)status),
                people[status]);
    fprintf(out, "\"in_hand\":%" PRIu64 "},", people[STATUS_NONE]);
    return ERROR_NONE;
}

static void print_run(void *context, const struct ledger_run *run)
{
    struct array *array = context;
    FILE *out = array->out;
    bool has_ended = run->exit_code >= 0;
    begin_object(array);
    print_number(out, "run", run->id, true);
    print_time(out, "started_at", run->started_s, true);
    print_time(out, "ended_at", run->ended_s, has_ended);
    print_member(out, "input", run->input);
    print_number(out, "rows", (int64_t)run->rows_read, has_ended);
    print_number(out, "exit_code", run->exit_code, has_ended);
    fputs("\"end\":", out);
    print_text(out, status_end_of(run));
    fputc('}', out);
}

static void print_person(void *context, const struct row *row, int64_t run)
{
    struct array *array = context;
    FILE *out = array->out;
    begin_object(array);
    print_member(out, "email", row->email[0] ? row->email : NULL);
    print_member(out, "role", row->role[0] ? row->role : NULL);
    print_member(out, "invitation_id", row->outcome.invitation_id);
    print_member(out, "expires_at", row->outcome.expires_at);
    print_number(out, "run", run, true);
    fprintf(out, "\"line\":%" PRIu64 "}", row->line);
}

enum error_kind status_print_json(const struct status_view *view, FILE *out,
                                  struct error *err)
{
    struct array runs = {.out = out};
    struct array unknown = {.out = out};
    struct array expiring = {.out = out};
    uint64_t expired;
    fputc('{', out);
    print_member(out, "organization", ledger_organization(view->ledger));
    print_member(out, "server", ledger_server(view->ledger));
    print_member(out, "ledger", ledger_path(view->ledger));
    print_member(out, "in_use_by", view->holder);
    if (print_people(view, out, err))
        return err->kind;
    fputs("\"runs\":[", out);
    if (ledger_each_run(view->ledger, STATUS_RUNS, print_run, &runs, err))
        return err->kind;
    fputs("],\"unknown\":[", out);
    if (ledger_each_unknown(view->ledger, print_person, &unknown, err))
        return err->kind;
    fputs("],\"expiring\":[", out);
    if (ledger_each_expiring(view->ledger, view->now_s, view->until_s,
                             print_person, &expiring, err) ||
        ledger_count_expired(view->ledger, view->now_s, &expired, err))
        return err->kind;
    fprintf(out, "],\"expired\":%" PRIu64 "}\n", expired);
    return ERROR_NONE;
}
