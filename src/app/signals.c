#include "app/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Those that were ignored from the start stay so (nohup, a shell's background
 * job); once blocked they would arrive all the same. */
static void stop_signals(sigset_t *set)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;

    sigemptyset(set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (sigaction(numbers[i], NULL, &action) == 0 &&
            action.sa_handler != SIG_IGN)
            sigaddset(set, numbers[i]);
}

enum error_kind signals_open(int *fd, struct error *err)
{
    sigset_t set;
    stop_signals(&set);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    int code = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (code != 0)
        return error_set_errno(err, ERROR_STORAGE, code,
                               "cannot block signals");
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

void signals_close(int fd)
{
    sigset_t set;
    stop_signals(&set);
    close(fd);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
