#include "app/commands.h"
#include "app/ledger_choice.h"
#include "ledger/ledger_books.h"

int command_resolve(const struct options *options, struct error *err)
{
    struct ledger *ledger;
    enum status status = options->invited ? STATUS_INVITED : STATUS_UNPROCESSED;
    if (ledger_open_chosen(&ledger, options, LEDGER_EDITS, "resolve", err))
        return error_exit_code(err->kind);
    if (!ledger_resolve(ledger, options->person, status, err))
        fputs(options->invited
                  ? "Noted: invited. No run sends to this person again.\n"
                  : "Noted: not sent. Run the same command again to send it.\n",
              stderr);
    ledger_close(ledger);
    return error_exit_code(err->kind);
}
