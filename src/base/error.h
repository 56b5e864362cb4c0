#ifndef BULK_INVITE_BASE_ERROR_H
#define BULK_INVITE_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attributes.h"

/*
 * What went wrong on our side, in words for the person who runs the program.
 * A row that is bad or refused is an outcome (domain/outcome.h), not an error.
 *
 * A fallible call returns an enum error_kind (ERROR_NONE is 0 and means
 * success) and fills the struct error it was given. Callers add context with
 * error_prefix() on the way up; only main() prints, once.
 */

/* kind, exit code */
#define ERROR_KINDS(X)                                              \
    X(ERROR_NONE, 0)                                                \
    X(ERROR_USAGE, 2)   /* command line or configuration */         \
    X(ERROR_INPUT, 4)   /* the input cannot be read */              \
    X(ERROR_SERVER, 5)  /* unavailable, or time is up */            \
    X(ERROR_STORAGE, 6) /* ledger or report cannot be written */    \
    X(ERROR_REFUSED, 7) /* token, organization, URL, certificate */ \
    X(ERROR_GUARD, 8)   /* a guard stopped the run */               \
    X(ERROR_LOCKED, 11) /* another run holds the ledger */

enum error_kind {
#define X(kind, exit_code) kind,
    ERROR_KINDS(X)
#undef X
};

struct error {
    enum error_kind kind;
    char text[1024]; /* one sentence, UTF-8, may quote raw input: escape it
                        with text_safe before a terminal */
};

#define ERROR_INIT     \
    {                  \
        ERROR_NONE, "" \
    }

/* Sets kind and text (cut at the buffer's end). Returns `kind`. */
enum error_kind error_set(struct error *err, enum error_kind kind,
                          const char *format, ...) PRINTF_LIKE(3, 4);

/* As error_set(), followed by ": " and the text of the errno given. */
enum error_kind error_set_errno(struct error *err, enum error_kind kind,
                                int errno_value, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Puts "CONTEXT: " before the text. Returns err->kind. */
enum error_kind error_prefix(struct error *err, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* The exit code a run ends with when this kind stopped it. */
int error_exit_code(enum error_kind kind);

/* "out of memory" on stderr, exit 6. For small allocations only; anything
 * sized by input has a cap and returns an error instead. */
NO_RETURN void error_out_of_memory(void);

/* malloc and others that end the program when memory is short. */
void *xmalloc(size_t size) MUST_CHECK;
void *xcalloc(size_t count, size_t size) MUST_CHECK;
char *xstrdup(const char *text) MUST_CHECK; /* NULL for NULL */
char *xstrndup(const char *text, size_t len) MUST_CHECK;
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;
char *xvasprintf(const char *format, va_list args) PRINTF_LIKE(1, 0) MUST_CHECK;

#endif
