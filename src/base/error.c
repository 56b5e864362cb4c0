#include "base/error.h"

#include <unistd.h>

#include "base/text_safe.h"

/* The text may itself be a part: it is built elsewhere and copied over it. */
static void store(struct error *err, enum error_kind kind, const char *text,
                  const char *separator, const char *more)
{
    char *whole = xasprintf("%s%s%s", text, separator, more);
    size_t len = text_cut_len(whole, strlen(whole), sizeof(err->text) - 1);
    memcpy(err->text, whole, len);
    err->text[len] = '\0';
    err->kind = kind;
    free(whole);
}

char *xvasprintf(const char *format, va_list args)
{
    char *text;
    if (vasprintf(&text, format, args) < 0)
        error_out_of_memory();
    return text;
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    return text;
}

enum error_kind error_set(struct error *err, enum error_kind kind,
                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    store(err, kind, text, "", "");
    free(text);
    return kind;
}

enum error_kind error_set_errno(struct error *err, enum error_kind kind,
                                int errno_value, const char *format, ...)
{
    char reason[128]; /* not always used: this is the GNU strerror_r */
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    store(err, kind, text, ": ",
          strerror_r(errno_value, reason, sizeof(reason)));
    free(text);
    return kind;
}

enum error_kind error_prefix(struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    store(err, err->kind, text, ": ", err->text);
    free(text);
    return err->kind;
}

int error_exit_code(enum error_kind kind)
{
    static const int exit_codes[] = {
#define X(kind, exit_code) [kind] = (exit_code),
        ERROR_KINDS(X)
#undef X
    };
    return exit_codes[kind];
}

void error_out_of_memory(void)
{
    static const char words[] = "bulk-invite: out of memory\n";
    ssize_t written = write(STDERR_FILENO, words, sizeof(words) - 1);
    (void)written;
    /* Other threads still run: exit() would tear down what they use. What
     * matters is on disk already. */
    _exit(error_exit_code(ERROR_STORAGE));
}

static void *checked(void *memory)
{
    if (!memory)
        error_out_of_memory();
    return memory;
}

/* Of no bytes glibc gives something, not NULL. */
void *xmalloc(size_t size)
{
    return checked(malloc(size));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count, size));
}

char *xstrdup(const char *text)
{
    return text ? checked(strdup(text)) : NULL;
}

char *xstrndup(const char *text, size_t len)
{
    return checked(strndup(text, len));
}
