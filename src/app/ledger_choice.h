#ifndef BULK_INVITE_APP_LEDGER_CHOICE_H
#define BULK_INVITE_APP_LEDGER_CHOICE_H

#include "app/options.h"

/*
 * Which ledger a command works on: --ledger, or the usual place of this server
 * (endpoint's base) and organization. *path is the caller's.
 */
enum error_kind ledger_choose(char **path, const struct options *options,
                              const char *server, struct error *err) MUST_CHECK;

#endif
