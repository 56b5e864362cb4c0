#include "app/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

void signals_ignore_pipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}

enum error_kind signals_open(int *fd, struct error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    struct sigaction action;
    sigemptyset(&set);
    /* Those that were ignored from the start stay so (nohup, a shell's
     * background job); once blocked they would arrive all the same. */
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (sigaction(numbers[i], NULL, &action) == 0 &&
            action.sa_handler != SIG_IGN)
            sigaddset(&set, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* fails for a wrong `how` only */
    *fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (*fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot watch signals");
    return ERROR_NONE;
}

int signals_read(int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return 0;
    return (int)info.ssi_signo;
}
