#ifndef BULK_INVITE_BASE_ATTRIBUTES_H
#define BULK_INVITE_BASE_ATTRIBUTES_H

/* Compiler marks used in contracts. */

/* The caller must look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Arguments are checked like printf's: format at `fmt`, values from `first`. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define NO_RETURN __attribute__((noreturn))

#endif
