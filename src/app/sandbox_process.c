#include "app/sandbox_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM          "bulk-invite-sandbox"
#define GREETING         "listening on "
#define START_TIMEOUT_MS 10000

/* Exit codes of a child that could not become the sandbox, as shells use
 * them. */
#define EXIT_NOT_FOUND    127
#define EXIT_NOT_RUNNABLE 126

struct sandbox_process {
    pid_t pid;
    char base_url[64];
};

/* The sandbox beside this program, or its bare name (found in $PATH then) when
 * there is none. */
static void find_program(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM));

    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len > 0) {
        memcpy(path + len, PROGRAM, sizeof(PROGRAM));
        if (access(path, X_OK) == 0)
            return;
    }
    memcpy(path, PROGRAM, sizeof(PROGRAM));
}

/* In the child: only async-signal-safe calls. `parent` may be gone already. */
NO_RETURN static void become_sandbox(const char *path, int stdout_fd,
                                     pid_t parent)
{
    char name[] = PROGRAM;
    char quiet[] = "--quiet";
    /* Whom a list names is no business of other users of this machine. */
    char private[] = "--private";
    char *argv[] = {name, quiet, private, NULL};
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

/* It remembers nothing that would need an orderly end. Returns its status. */
static int end(pid_t pid)
{
    int status = 0;

    kill(pid, SIGKILL);
    TEMP_FAILURE_RETRY(waitpid(pid, &status, 0));
    return status;
}

/* Reads its greeting, which is one write; false when there was none in time. */
static bool find_base_url(struct sandbox_process *sandbox, int fd)
{
    char line[sizeof(GREETING) + sizeof(sandbox->base_url)] = "";
    struct pollfd waiting = {.fd = fd, .events = POLLIN};

    if (poll(&waiting, 1, START_TIMEOUT_MS) > 0 &&
        read(fd, line, sizeof(line) - 1) < 0)
        return false;
    return sscanf(line, GREETING "%63s\n", sandbox->base_url) == 1;
}

/* Ends it, and says why there was no greeting. */
static enum error_kind explain(pid_t pid, struct error *err)
{
    int status = end(pid);

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

enum error_kind sandbox_process_start(struct sandbox_process **sandbox,
                                      struct error *err)
{
    char path[PATH_MAX];
    int fds[2];
    pid_t parent = getpid();

    *sandbox = NULL;
    find_program(path);
    unsetenv("BULK_INVITE_TOKEN"); /* a rehearsal has no use for it */
    if (pipe2(fds, O_CLOEXEC) != 0)
        return error_set_errno(err, ERROR_SERVER, errno, "cannot make a pipe");
    pid_t pid = fork();
    if (pid == 0)
        become_sandbox(path, fds[1], parent);
    if (pid < 0)
        error_set_errno(err, ERROR_SERVER, errno, "cannot start %s", PROGRAM);
    close(fds[1]);
    struct sandbox_process *started = xcalloc(1, sizeof(*started));
    started->pid = pid;
    if (pid > 0 && !find_base_url(started, fds[0]))
        explain(pid, err);
    close(fds[0]);
    if (err->kind)
        free(started);
    else
        *sandbox = started;
    return err->kind;
}

const char *sandbox_process_base_url(const struct sandbox_process *sandbox)
{
    return sandbox->base_url;
}

void sandbox_process_stop(struct sandbox_process *sandbox)
{
    if (!sandbox)
        return;
    end(sandbox->pid);
    free(sandbox);
}
