#include "app/token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"

#define TOKEN_CAP (64 * 1024)

#define COMMAND_TIME_US (60 * US_PER_S)

/* Where bytes pass on their way to the token; wiped when done. */
struct secret {
    size_t len;
    char bytes[TOKEN_CAP];
};

static struct secret *secret_new(void)
{
    return xcalloc(1, sizeof(struct secret));
}

static void secret_free(struct secret *secret)
{
    explicit_bzero(secret, sizeof(*secret));
    free(secret);
}

void token_free(char *token)
{
    if (!token)
        return;
    explicit_bzero(token, strlen(token));
    free(token);
}

/* RFC 6750, 2.1: b64token. */
static bool is_b64token(const char *bytes, size_t len)
{
    size_t i = 0;

    while (i < len && ((bytes[i] >= 'a' && bytes[i] <= 'z') ||
                       (bytes[i] >= 'A' && bytes[i] <= 'Z') ||
                       (bytes[i] >= '0' && bytes[i] <= '9') ||
                       (bytes[i] && strchr("-._~+/", bytes[i]))))
        i++;
    if (i == 0)
        return false;
    while (i < len && bytes[i] == '=')
        i++;
    return i == len;
}

/* `place` is for messages: they never show a byte of the token. */
static enum error_kind take_token(char **token, const char *bytes, size_t len,
                                  const char *place, struct error *err)
{
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    if (len == 0)
        return error_set(err, ERROR_USAGE, "the token in %s is empty", place);
    if (!is_b64token(bytes, len))
        return error_set(err, ERROR_USAGE,
                         "what is in %s is no bearer token: it may hold "
                         "letters, digits and - . _ ~ + / only, and = at its "
                         "end (no quotes, spaces or second line)",
                         place);
    *token = xmalloc(len + 1);
    memcpy(*token, bytes, len);
    (*token)[len] = '\0';
    return ERROR_NONE;
}

/* One read; *is_end at the end of the input. */
static enum error_kind read_some(int fd, struct secret *secret, bool *is_end,
                                 const char *place, struct error *err)
{
    ssize_t got;

    *is_end = false;
    if (secret->len == sizeof(secret->bytes))
        return error_set(err, ERROR_USAGE, "%s has over %d bytes, no token",
                         place, TOKEN_CAP - 1);
    got = read(fd, secret->bytes + secret->len,
               sizeof(secret->bytes) - secret->len);
    if (got < 0 && errno == EINTR)
        return ERROR_NONE;
    if (got < 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot read %s",
                               place);
    secret->len += (size_t)got;
    *is_end = got == 0;
    return ERROR_NONE;
}

static bool is_inside(const char *path, const char *folder)
{
    size_t len = folder ? strlen(folder) : 0;

    return len > 0 && strncmp(path, folder, len) == 0 && path[len] == '/' &&
           !strstr(path + len, "/../");
}

/* systemd lets the service's user in by an ACL, which shows as the group's
 * right to read; the folder keeps everyone else out. */
static enum error_kind check_mode(int fd, const char *path,
                                  const char *credentials, struct error *err)
{
    mode_t forbidden = S_IRWXG | S_IRWXO;
    struct stat info;

    if (fstat(fd, &info) != 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot read %s", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERROR_USAGE,
                         "%s is not a regular file (a token that a program "
                         "prints comes with --token-command)",
                         path);
    if (is_inside(path, credentials) && info.st_uid == 0)
        forbidden = S_IWGRP | S_IRWXO;
    if (info.st_mode & forbidden)
        return error_set(err, ERROR_USAGE,
                         "others can get at the secret in %s (mode %04o); "
                         "chmod 600 it, and replace a secret that was seen",
                         path, (unsigned)(info.st_mode & 07777));
    return ERROR_NONE;
}

/* With `is_optional`, a file that is not there leaves *token NULL. Symbolic
 * links are followed (Kubernetes mounts secrets so): what is checked is the
 * file that was opened. */
static enum error_kind from_file(char **token, const char *path,
                                 bool is_optional, const char *credentials,
                                 struct error *err)
{
    struct secret *secret;
    bool is_end = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 && is_optional && errno == ENOENT)
        return ERROR_NONE;
    if (fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno,
                               "cannot open the token file %s", path);
    secret = secret_new();
    enum error_kind kind = check_mode(fd, path, credentials, err);
    while (!kind && !is_end)
        kind = read_some(fd, secret, &is_end, path, err);
    if (!kind)
        kind = take_token(token, secret->bytes, secret->len, path, err);
    close(fd);
    secret_free(secret);
    return kind;
}

enum error_kind token_check_key(const struct options *options,
                                char *(*getenv_fn)(const char *name),
                                struct error *err)
{
    const char *path = options->key ? options->key : options->cert;

    if (!options->cert)
        return ERROR_NONE;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open %s", path);
    check_mode(fd, path, getenv_fn("CREDENTIALS_DIRECTORY"), err);
    close(fd);
    return err->kind;
}

static enum error_kind spawn_shell(pid_t *pid, const char *command,
                                   int stdout_fd, struct error *err)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, xstrdup(command), NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    int failure;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, stdout_fd, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    /* Nothing of how this program treats signals is for the command. */
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    failure = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(argv[2]);
    if (failure)
        return error_set_errno(err, ERROR_USAGE, failure,
                               "cannot run the token command");
    return ERROR_NONE;
}

static enum error_kind read_output(int fd, struct secret *secret,
                                   struct error *err)
{
    const int64_t deadline_us = clock_monotonic_us() + COMMAND_TIME_US;
    bool is_end = false;

    while (!is_end) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int ready =
            left_us > 0 ? poll(&waiting, 1, (int)(left_us / US_PER_MS) + 1) : 0;

        if (ready < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_USAGE, errno,
                                   "cannot wait for the token command");
        if (ready == 0)
            return error_set(err, ERROR_USAGE,
                             "the token command took over %d s",
                             (int)(COMMAND_TIME_US / US_PER_S));
        if (ready > 0 &&
            read_some(fd, secret, &is_end, "the token command's output", err))
            return err->kind;
    }
    return ERROR_NONE;
}

static enum error_kind wait_for(pid_t pid, struct error *err)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_set_errno(err, ERROR_USAGE, errno,
                                   "cannot wait for the token command");
    if (WIFSIGNALED(status))
        return error_set(err, ERROR_USAGE,
                         "the token command was ended by signal %d",
                         WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return error_set(err, ERROR_USAGE,
                         "the token command failed with exit code %d",
                         WEXITSTATUS(status));
    return ERROR_NONE;
}

static enum error_kind from_command(char **token, const char *command,
                                    struct error *err)
{
    struct secret *secret;
    struct error ignored = ERROR_INIT;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, ERROR_USAGE, errno,
                               "cannot make a pipe for the token command");
    enum error_kind kind = spawn_shell(&pid, command, ends[1], err);
    close(ends[1]);
    if (kind) {
        close(ends[0]);
        return kind;
    }
    secret = secret_new();
    kind = read_output(ends[0], secret, err);
    close(ends[0]);
    if (kind)
        kill(pid, SIGKILL); /* and its end is not what went wrong */
    if (wait_for(pid, kind ? &ignored : err) && !kind)
        kind = err->kind;
    if (!kind)
        kind = take_token(token, secret->bytes, secret->len,
                          "the token command's output", err);
    secret_free(secret);
    return kind;
}

static enum error_kind from_credential(char **token, const char *folder,
                                       struct error *err)
{
    struct strbuf path;

    strbuf_init(&path, 4096);
    strbuf_addf(&path, "%s/token", folder);
    enum error_kind kind =
        from_file(token, strbuf_str(&path), true, folder, err);
    strbuf_clear(&path);
    return kind;
}

enum error_kind token_load(char **token, const struct options *options,
                           char *(*getenv_fn)(const char *name),
                           struct error *err)
{
    const char *variable = getenv_fn("BULK_INVITE_TOKEN");
    const char *credentials = getenv_fn("CREDENTIALS_DIRECTORY");

    *token = NULL;
    if (options->sandbox)
        return ERROR_NONE;
    if (variable)
        return take_token(token, variable, strlen(variable),
                          "$BULK_INVITE_TOKEN", err);
    if (options->token_file)
        return from_file(token, options->token_file, false, credentials, err);
    if (options->token_command)
        return from_command(token, options->token_command, err);
    if (credentials && *credentials)
        return from_credential(token, credentials, err);
    return ERROR_NONE;
}
