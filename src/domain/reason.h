#ifndef BULK_INVITE_DOMAIN_REASON_H
#define BULK_INVITE_DOMAIN_REASON_H

#include "domain/row.h"
#include "domain/tally.h"

/*
 * Why rows need a look, each reason once. One thread.
 */

/* Counts the row by its reason in plain words, for example
 *     role "enginer" was refused by the server: no such role
 * Numbers and ids in a server's words differ by the row: they make no other
 * reason, and the first row's are kept. The words are outcome.error's, which
 * names nobody; a role that looks like an address is not repeated. Nothing is
 * counted for a row that needs no look, or that was never tried: that the run
 * stopped is said once. `reasons` may be NULL. */
void reason_note(struct tally *reasons, const struct row *row);

#endif
