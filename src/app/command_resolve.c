#include "app/commands.h"
#include "app/ledger_choice.h"
#include "ledger/ledger_books.h"

static enum error_kind resolve(const struct options *options, struct error *err)
{
    struct ledger *ledger;
    if (ledger_open_chosen(&ledger, options, LEDGER_EDITS, "resolve", err))
        return err->kind;
    enum error_kind kind = ledger_resolve(
        ledger, options->person,
        options->invited ? STATUS_INVITED : STATUS_UNPROCESSED, err);
    ledger_close(ledger);
    return kind;
}

int command_resolve(const struct options *options, struct error *err)
{
    enum error_kind kind = resolve(options, err);
    if (!kind)
        fputs(options->invited
                  ? "Noted: invited. No run sends to this person again.\n"
                  : "Noted: not sent. Run the same command again to send it.\n",
              stderr);
    return error_exit_code(kind);
}
