#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Room for "CONTEXT: " or ": reason" beside a text that is full. */
#define SCRATCH_SIZE (2 * sizeof((struct error *)NULL)->text)

/* The text may itself be an argument of the format, so it is always built
 * elsewhere and copied over it. */
static void store(struct error *err, enum error_kind kind, const char *text)
{
    size_t len = strlen(text);

    if (len >= sizeof(err->text)) {
        len = sizeof(err->text) - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--; /* never half of a UTF-8 sequence */
    }
    memcpy(err->text, text, len);
    err->text[len] = '\0';
    err->kind = kind;
}

/* Appends to the `used` bytes in `scratch`; returns the new length. */
PRINTF_LIKE(3, 0)
static size_t append(char *scratch, size_t used, const char *format,
                     va_list args)
{
    size_t room = SCRATCH_SIZE - used;
    int len = vsnprintf(scratch + used, room, format, args);

    if (len < 0) {
        scratch[used] = '\0';
        return used;
    }
    return (size_t)len < room ? used + (size_t)len : SCRATCH_SIZE - 1;
}

enum error_kind error_set(struct error *err, enum error_kind kind,
                          const char *format, ...)
{
    char scratch[SCRATCH_SIZE];
    va_list args;

    va_start(args, format);
    append(scratch, 0, format, args);
    va_end(args);
    store(err, kind, scratch);
    return kind;
}

enum error_kind error_set_errno(struct error *err, enum error_kind kind,
                                int errno_value, const char *format, ...)
{
    char scratch[SCRATCH_SIZE];
    char reason[128];
    va_list args;
    size_t len;

    va_start(args, format);
    len = append(scratch, 0, format, args);
    va_end(args);
    /* The GNU strerror_r: the text is where it says, not always in `reason`. */
    snprintf(scratch + len, sizeof(scratch) - len, ": %s",
             strerror_r(errno_value, reason, sizeof(reason)));
    store(err, kind, scratch);
    return kind;
}

enum error_kind error_prefix(struct error *err, const char *format, ...)
{
    char scratch[SCRATCH_SIZE];
    va_list args;
    size_t len;

    va_start(args, format);
    len = append(scratch, 0, format, args);
    va_end(args);
    snprintf(scratch + len, sizeof(scratch) - len, ": %s", err->text);
    store(err, err->kind, scratch);
    return err->kind;
}

int error_exit_code(enum error_kind kind)
{
    switch (kind) {
#define X(kind, exit_code, what) \
    case kind:                   \
        return exit_code;
        ERROR_KINDS(X)
#undef X
    }
    abort();
}

void error_out_of_memory(void)
{
    static const char words[] = "bulk-invite: out of memory\n";

    /* Other threads still run: exit() would tear down what they use. What
     * matters is on disk already. */
    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
        _exit(error_exit_code(ERROR_STORAGE));
    _exit(error_exit_code(ERROR_STORAGE));
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);

    if (!memory)
        error_out_of_memory();
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

    if (!memory)
        error_out_of_memory();
    return memory;
}

char *xstrdup(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(xmalloc(size), text, size);
}

char *xstrndup(const char *text, size_t len)
{
    size_t used = strnlen(text, len);
    char *copy = memcpy(xmalloc(used + 1), text, used);

    copy[used] = '\0';
    return copy;
}
