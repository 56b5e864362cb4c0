#ifndef BULK_INVITE_APP_TYPED_COMMAND_H
#define BULK_INVITE_APP_TYPED_COMMAND_H

#include "app/options.h"
#include "base/strbuf.h"

/*
 * What to type next, with the flags that were typed: quoted for a shell where
 * it has to be. The caller frees the texts.
 */

/* The same command with this input. */
char *typed_command_send(const struct options *options,
                         const char *input) MUST_CHECK;

/* `resolve` for the same ledger, with EMAIL to fill in. */
char *typed_command_resolve(const struct options *options) MUST_CHECK;

/* Appends one word, behind a space if there are others. */
void typed_command_add_word(struct strbuf *out, const char *word);

#endif
