#ifndef BULK_INVITE_APP_LEDGER_CHOICE_H
#define BULK_INVITE_APP_LEDGER_CHOICE_H

#include "app/options.h"
#include "ledger/ledger.h"

/*
 * Which ledger a command works on: --ledger, or the usual place of this server
 * (endpoint's base) and organization. *path is the caller's.
 */
enum error_kind ledger_choose(char **path, const struct options *options,
                              const char *server, struct error *err) MUST_CHECK;

/* What a command without a server does with its ledger. */
enum ledger_use {
    LEDGER_LOOKS, /* reads it if it is there, else an empty one in its place */
    LEDGER_READS, /* without the lock, also while a run is going */
    LEDGER_EDITS, /* it must be there */
    LEDGER_FILLS, /* it may be new */
};

/* Chooses and opens it; the caller closes it. `activity` is shown to whoever
 * finds it locked: no address in there. */
enum error_kind ledger_open_chosen(struct ledger **ledger,
                                   const struct options *options,
                                   enum ledger_use use, const char *activity,
                                   struct error *err) MUST_CHECK;

#endif
