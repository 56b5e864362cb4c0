#include "app/console.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text_safe.h"

#define WIDTH_UNKNOWN 80
#define WIDTH_MAX     400
#define LINE_CAP      (16 * 1024)

bool console_can_draw(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) == 1 && term && *term && strcmp(term, "dumb") != 0;
}

bool console_has_colour(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return console_can_draw(fd) && (!no_color || *no_color == '\0');
}

size_t console_width(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_UNKNOWN;
    return size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

bool console_can_ask(void)
{
    return isatty(STDERR_FILENO) == 1 && isatty(STDIN_FILENO) == 1;
}

bool console_agrees(const char *question)
{
    char answer[16];
    fprintf(stderr, "%s [y/N] ", question);
    if (!fgets(answer, sizeof(answer), stdin)) {
        fprintf(stderr, "\n");
        return false;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 ||
           strcmp(answer, "yes") == 0;
}

void console_say(FILE *out, const char *format, ...)
{
    struct strbuf line;
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    strbuf_init(&line, LINE_CAP);
    text_safe_add(&line, text, strlen(text));
    fprintf(out, "%s\n", strbuf_str(&line));
    strbuf_clear(&line);
    free(text);
}

enum error_kind console_finish(struct error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return ERROR_NONE;
    return error_set(err, ERROR_STORAGE, "cannot write to stdout");
}
