#ifndef BULK_INVITE_APP_TOKEN_H
#define BULK_INVITE_APP_TOKEN_H

#include "app/options.h"
#include "base/error.h"

/*
 * The bearer token, from the first place that has one:
 *   $BULK_INVITE_TOKEN, --token-file, --token-command (its stdout, run by
 *   /bin/sh -c), the systemd credential $CREDENTIALS_DIRECTORY/token.
 * Trailing line ends are dropped. A file that group or others can read, an
 * empty token, and bytes outside RFC 6750's b64token are refused (ERROR_USAGE)
 * without showing any of it.
 *
 * A credential may be readable by its group: systemd grants access that way.
 *
 * *token is NULL when there is none (the contract allows that) and for a
 * rehearsal in a sandbox; otherwise the caller owns it and ends it with
 * token_free(). A token command may take 60 s and print 64 KiB.
 */
enum error_kind token_load(char **token, const struct options *options,
                           char *(*getenv_fn)(const char *name),
                           struct error *err) MUST_CHECK;

/* Refuses a client certificate whose key is in a file that group or others can
 * read. No certificate is fine. */
enum error_kind token_check_key(const struct options *options,
                                char *(*getenv_fn)(const char *name),
                                struct error *err) MUST_CHECK;

/* Wipes and frees. NULL is fine. */
void token_free(char *token);

#endif
