#include "app/sandbox_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define PROGRAM          "bulk-invite-sandbox"
#define GREETING         "listening on "
#define START_TIMEOUT_US (10 * US_PER_S)
#define STOP_TIMEOUT_MS  5000

/* Exit codes of a child that could not become the sandbox, as shells use
 * them. */
#define EXIT_NOT_FOUND    127
#define EXIT_NOT_RUNNABLE 126

struct sandbox_process {
    pid_t pid;
    char base_url[64];
};

/* Writes the path of the sandbox beside this program, or its bare name (found
 * in $PATH then) when there is none. */
static void find_program(char path[PATH_MAX])
{
    static const char name[] = PROGRAM;
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len > 0 && (size_t)len + sizeof name <= PATH_MAX) {
        memcpy(path + len, name, sizeof name);
        if (access(path, X_OK) == 0)
            return;
    }
    memcpy(path, name, sizeof name);
}

/* In the child: only async-signal-safe calls. `parent` may be gone already. */
NO_RETURN static void become_sandbox(const char *path, int stdout_fd,
                                     pid_t parent)
{
    char name[] = PROGRAM;
    char quiet[] = "--quiet";
    char *argv[] = {name, quiet, NULL};
    sigset_t none;
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    sigemptyset(&none);
    /* A group of its own: Ctrl-C is for the run, which then still needs
     * answers for what is in flight. */
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(stdout_fd, STDOUT_FILENO) < 0 || setpgid(0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(EXIT_NOT_RUNNABLE);
    execvp(path, argv);
    _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE);
}

/* Reads up to a line end. False at the end of the output, when it is longer
 * than a greeting can be, or when the time is up (errno ETIMEDOUT). */
static bool read_line(int fd, char *line, size_t size)
{
    int64_t deadline_us = clock_monotonic_us() + START_TIMEOUT_US;
    size_t len = 0;

    errno = 0;
    while (len < size) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_us = deadline_us - clock_monotonic_us();
        int ready =
            left_us > 0 ? poll(&wait, 1, (int)(left_us / US_PER_MS) + 1) : 0;
        ssize_t count = ready > 0 ? read(fd, line + len, size - len) : -1;

        if (ready == 0) {
            errno = ETIMEDOUT;
            return false;
        }
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        len += (size_t)count;
        if (line[len - 1] == '\n') {
            line[len - 1] = '\0';
            return true;
        }
    }
    return false;
}

static int reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Why there was no greeting; the child is gone afterwards. */
static enum error_kind explain(pid_t pid, bool is_late, struct error *err)
{
    if (is_late) {
        kill(pid, SIGKILL);
        reap(pid);
        return error_set(err, ERROR_SERVER,
                         "%s was started but did not listen within %d s",
                         PROGRAM, (int)(START_TIMEOUT_US / US_PER_S));
    }
    /* It has closed its output; one that lives on is not our sandbox. */
    kill(pid, SIGTERM);
    int status = reap(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_FOUND)
        return error_set(err, ERROR_USAGE,
                         "--sandbox needs the program %s, which is neither "
                         "beside bulk-invite nor in $PATH",
                         PROGRAM);
    if (WIFEXITED(status))
        return error_set(err, ERROR_SERVER,
                         "%s ended with exit code %d before it listened",
                         PROGRAM, WEXITSTATUS(status));
    return error_set(err, ERROR_SERVER, "%s did not say where it listens",
                     PROGRAM);
}

static enum error_kind wait_until_listening(struct sandbox_process *sandbox,
                                            int fd, struct error *err)
{
    char line[sizeof GREETING + sizeof sandbox->base_url] = "";
    bool has_line = read_line(fd, line, sizeof line - 1);
    bool is_late = !has_line && errno == ETIMEDOUT;
    const char *url = line + strlen(GREETING);

    if (!has_line || strncmp(line, GREETING, strlen(GREETING)) != 0 ||
        strlen(url) >= sizeof sandbox->base_url)
        return explain(sandbox->pid, is_late, err);
    memcpy(sandbox->base_url, url, strlen(url) + 1);
    return ERROR_NONE;
}

enum error_kind sandbox_process_start(struct sandbox_process **sandbox,
                                      struct error *err)
{
    struct sandbox_process *started = xcalloc(1, sizeof *started);
    char path[PATH_MAX];
    int fds[2];
    pid_t parent = getpid();

    *sandbox = NULL;
    find_program(path);
    unsetenv("BULK_INVITE_TOKEN"); /* a rehearsal has no use for it */
    if (pipe2(fds, O_CLOEXEC) != 0) {
        free(started);
        return error_set_errno(err, ERROR_SERVER, errno, "cannot make a pipe");
    }
    started->pid = fork();
    if (started->pid == 0)
        become_sandbox(path, fds[1], parent);
    int fork_errno = errno;
    close(fds[1]);
    enum error_kind kind = started->pid < 0
                               ? error_set_errno(err, ERROR_SERVER, fork_errno,
                                                 "cannot start %s", PROGRAM)
                               : wait_until_listening(started, fds[0], err);
    close(fds[0]);
    if (kind != ERROR_NONE) {
        free(started);
        return kind;
    }
    *sandbox = started;
    return ERROR_NONE;
}

const char *sandbox_process_base_url(const struct sandbox_process *sandbox)
{
    return sandbox->base_url;
}

void sandbox_process_stop(struct sandbox_process *sandbox)
{
    if (!sandbox)
        return;
    /* It ends at once unless somebody stopped it (SIGSTOP). */
    int pidfd = pidfd_open(sandbox->pid, 0);
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};

    kill(sandbox->pid, SIGTERM);
    if (pidfd < 0 || poll(&wait, 1, STOP_TIMEOUT_MS) <= 0)
        kill(sandbox->pid, SIGKILL);
    if (pidfd >= 0)
        close(pidfd);
    reap(sandbox->pid);
    free(sandbox);
}
