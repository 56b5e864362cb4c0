#include "app/commands.h"
#include "app/console.h"
#include "app/ledger_choice.h"
#include "ledger/ledger_books.h"

static void say_erased(const struct options *options, uint64_t erased)
{
    if (erased == 0)
        fprintf(stderr, "%s\n",
                options->person
                    ? "No row with this address is in the ledger."
                    : "No row that was settled before then is in the ledger.");
    else
        fprintf(stderr,
                "Erased: address, role and the server's words of %llu row%s. "
                "Who was invited is still\nnot invited again.\n",
                (unsigned long long)erased, erased == 1 ? "" : "s");
    fputs("Not touched: reports, retry files and lists elsewhere, and what the "
          "server knows.\n",
          stderr);
}

int command_forget(const struct options *options, struct error *err)
{
    struct ledger *ledger;
    uint64_t erased = 0;
    if (!options->yes && console_can_ask() &&
        !console_agrees("Erase it from the ledger for good?"))
        return error_exit_code(
            error_set(err, ERROR_GUARD, "not agreed; nothing was erased"));
    if (ledger_open_chosen(&ledger, options, LEDGER_EDITS, "forget", err))
        return error_exit_code(err->kind);
    enum error_kind kind =
        options->person
            ? ledger_forget_person(ledger, options->person, &erased, err)
            : ledger_forget_before(ledger, options->before_s, &erased, err);
    if (!kind)
        say_erased(options, erased);
    ledger_close(ledger);
    return error_exit_code(kind);
}
