#ifndef BULK_INVITE_APP_TOKEN_H
#define BULK_INVITE_APP_TOKEN_H

#include "app/options.h"
#include "base/error.h"

/* Where the bearer token comes from: the first of these that is set. */
enum token_place {
    TOKEN_NOWHERE,   /* none is, or a rehearsal needs none */
    TOKEN_VARIABLE,  /* $BULK_INVITE_TOKEN */
    TOKEN_FILE,      /* --token-file */
    TOKEN_COMMAND,   /* stdout of --token-command, run by /bin/sh -c */
    TOKEN_CREDENTIAL /* systemd's: $CREDENTIALS_DIRECTORY/token */
};

enum token_place token_place(const struct options *options,
                             char *(*getenv_fn)(const char *name));

/*
 * Trailing line ends are dropped. A file that group or others can read (a
 * credential may be readable by its group: systemd grants access that way), an
 * empty token, and bytes outside RFC 6750's b64token are refused (ERROR_USAGE)
 * without showing any of it.
 *
 * *token is NULL when there is none (the contract allows that), also where the
 * credential is not there; otherwise the caller ends it with token_free(). A
 * token command may take 60 s, also to end, and print 64 KiB. It gets the
 * signals as this process has them: to be called before signals_open().
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
