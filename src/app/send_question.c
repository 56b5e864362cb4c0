#include <inttypes.h>
#include <string.h>

#include "app/console.h"
#include "app/send_state.h"

#define ASSUMPTIONS_CAP (16 * 1024)

static void say_plan(const struct send *send)
{
    const struct plan *plan = &send->plan;
    struct strbuf text;
    strbuf_init(&text, ASSUMPTIONS_CAP);
    strbuf_addf(&text, "%" PRIu64 " row%s, %" PRIu64 " %s to invite",
                plan->rows, plan->rows == 1 ? "" : "s", plan->to_send,
                plan->to_send == 1 ? "person" : "people");
    for (int status = 1; status < STATUS_COUNT; status++)
        if (plan->settled[status] > 0)
            strbuf_addf(&text, ", %" PRIu64 " %s", plan->settled[status],
                        status_label((enum status)status));
    console_say(stderr, "%s: %s", input_name(send->input), strbuf_str(&text));
    console_say(stderr, "to the organization %s at %s%s", send->options->org,
                send->endpoint.base,
                send->sandbox ? " (sandbox: no e-mail is sent)" : "");
    strbuf_reset(&text);
    input_assumptions(send->input, &text);
    console_say(stderr, "read as: %s", strbuf_str(&text));
    strbuf_clear(&text);
}

enum error_kind send_can_ask(const struct send *send, struct error *err)
{
    if (strcmp(send->options->input, "-") != 0 || send->options->yes ||
        !send->is_terminal)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "the list comes from stdin, so nothing can be asked "
                     "here: add --yes to send it");
}

static enum error_kind ask(const struct send *send, struct error *err)
{
    say_plan(send);
    if (console_agrees("Invite them now?"))
        return ERROR_NONE;
    return error_set(err, ERROR_GUARD, "not agreed; nothing was sent");
}

enum error_kind send_look_ahead(struct send *send, struct error *err)
{
    const struct options *options = send->options;
    bool asks = !options->yes && console_can_ask();
    bool shows = send->is_terminal || strcmp(options->progress, "always") == 0;
    if (asks && !input_is_rewindable(send->input))
        return error_set(err, ERROR_USAGE,
                         "%s can be read only once, so nothing can be asked "
                         "here: add --yes to send it",
                         input_name(send->input));
    if (!input_is_rewindable(send->input) ||
        (!asks && !shows && options->max_new == UINT64_MAX))
        return ERROR_NONE;
    if (plan_read(&send->plan, send->input, send->ledger, NULL, NULL, err))
        return err->kind;
    if (send->plan.to_send > options->max_new)
        return error_set(err, ERROR_GUARD,
                         "%s has %" PRIu64 " new people, more than --max-new "
                         "%" PRIu64 " allows; nothing was sent",
                         input_name(send->input), send->plan.to_send,
                         options->max_new);
    if (asks && send->plan.to_send > 0 && ask(send, err))
        return err->kind;
    return input_rewind(send->input, err);
}
