#include "app/console.h"

#include <unistd.h>

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

enum error_kind console_finish(struct error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return ERROR_NONE;
    return error_set(err, ERROR_STORAGE, "cannot write to stdout");
}
