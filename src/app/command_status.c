#include "app/commands.h"
#include "app/console.h"
#include "app/ledger_choice.h"
#include "app/status.h"
#include "base/clock.h"

#define HOLDER_CAP 1024

const char *status_end_of(const struct ledger_run *run)
{
    static const struct {
        int exit_code;
        const char *words;
    } ends[] = {
        {-1, "killed"},
        {0, "done"},
        {3, "done, some rows need a look"},
        {4, "the input could not be read"},
        {5, "server unavailable, or out of time"},
        {6, "the report could not be written"},
        {7, "refused: token, organization, URL or certificate"},
        {8, "stopped by a guard"},
        {9, "done, no rows"},
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

static enum error_kind print(struct status_view *view,
                             const struct options *options, struct error *err)
{
    if (ledger_begin(view->ledger, err))
        return err->kind;
    enum error_kind kind = options->json ? status_print_json(view, stdout, err)
                                         : status_print_text(view, stdout, err);
    return kind ? kind : ledger_commit(view->ledger, err);
}

int command_status(const struct options *options, struct error *err)
{
    struct status_view view = {.now_s = clock_wall_us() / US_PER_S};
    view.until_s = view.now_s + options->within_us / US_PER_S;
    if (ledger_open_chosen(&view.ledger, options, LEDGER_READS, "status", err))
        return error_exit_code(err->kind);
    struct strbuf holder;
    strbuf_init(&holder, HOLDER_CAP);
    if (ledger_holder(ledger_path(view.ledger), &holder))
        view.holder = strbuf_str(&holder);
    enum error_kind kind = print(&view, options, err);
    strbuf_clear(&holder);
    ledger_close(view.ledger);
    if (!kind)
        kind = console_finish(err);
    return error_exit_code(kind);
}
