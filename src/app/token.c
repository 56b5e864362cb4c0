#include "app/token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define SECRET_CAP (64 * 1024)

#define READ_TIME_US (60 * US_PER_S)

/* What a file or command gives; wiped when done. */
struct secret {
    size_t len;
    char bytes[SECRET_CAP];
};

enum token_place token_place(const struct options *options,
                             char *(*getenv_fn)(const char *name))
{
    const char *credentials = getenv_fn("CREDENTIALS_DIRECTORY");

    if (options->sandbox)
        return TOKEN_NOWHERE;
    if (getenv_fn("BULK_INVITE_TOKEN"))
        return TOKEN_VARIABLE;
    if (options->token_file)
        return TOKEN_FILE;
    if (options->token_command)
        return TOKEN_COMMAND;
    return credentials && *credentials ? TOKEN_CREDENTIAL : TOKEN_NOWHERE;
}

void token_free(char *token)
{
    if (!token)
        return;
    explicit_bzero(token, strlen(token));
    free(token);
}

/* `place` is for messages: they never show a byte of the token. */
static enum error_kind take_token(char **token, const char *bytes, size_t len,
                                  const char *place, struct error *err)
{
    /* RFC 6750, 2.1: b64token. */
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~+/";

    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    if (len == 0)
        return error_set(err, ERROR_USAGE, "the token in %s is empty", place);
    char *text = xstrndup(bytes, len);
    size_t used = strspn(text, letters);
    if (used > 0 && used + strspn(text + used, "=") == len) {
        *token = text;
        return ERROR_NONE;
    }
    token_free(text);
    return error_set(err, ERROR_USAGE,
                     "what is in %s is no bearer token: it may hold "
                     "letters, digits and - . _ ~ + / only, and = at its "
                     "end (no quotes, spaces or second line)",
                     place);
}

static enum error_kind too_slow(const char *place, struct error *err)
{
    return error_set(err, ERROR_USAGE, "%s did not end within %d s", place,
                     (int)(READ_TIME_US / US_PER_S));
}

/* Reads to the end. */
static enum error_kind read_secret(struct secret *secret, int fd,
                                   int64_t deadline_us, const char *place,
                                   struct error *err)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int ready =
            poll(&waiting, 1, left_us > 0 ? (int)(left_us / US_PER_MS) : 0);

        if (ready == 0)
            return too_slow(place, err);
        if (secret->len == SECRET_CAP)
            return error_set(err, ERROR_USAGE, "%s has over %d bytes, no token",
                             place, SECRET_CAP - 1);
        ssize_t got = ready < 0 ? -1
                                : read(fd, secret->bytes + secret->len,
                                       SECRET_CAP - secret->len);
        if (got == 0)
            return ERROR_NONE;
        if (got < 0 && errno != EINTR)
            return error_set_errno(err, ERROR_USAGE, errno, "cannot read %s",
                                   place);
        secret->len += got > 0 ? (size_t)got : 0;
    }
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

/* Symbolic links are followed (Kubernetes mounts secrets so): what is checked
 * is the file that was opened. */
static enum error_kind open_private(int *fd, const char *path,
                                    const char *credentials, struct error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno, "cannot open %s", path);
    if (check_mode(*fd, path, credentials, err))
        close(*fd);
    return err->kind;
}

static enum error_kind from_file(char **token, const char *path,
                                 const char *credentials, struct error *err)
{
    const int64_t deadline_us = clock_monotonic_us() + READ_TIME_US;
    struct secret secret = {.len = 0};
    int fd;

    if (open_private(&fd, path, credentials, err))
        return err->kind;
    if (!read_secret(&secret, fd, deadline_us, path, err))
        take_token(token, secret.bytes, secret.len, path, err);
    close(fd);
    explicit_bzero(&secret, sizeof(secret));
    return err->kind;
}

enum error_kind token_check_key(const struct options *options,
                                char *(*getenv_fn)(const char *name),
                                struct error *err)
{
    const char *path = options->key ? options->key : options->cert;
    int fd;

    if (!options->cert)
        return ERROR_NONE;
    if (open_private(&fd, path, getenv_fn("CREDENTIALS_DIRECTORY"), err))
        return err->kind;
    close(fd);
    return ERROR_NONE;
}

static enum error_kind check_status(int status, struct error *err)
{
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

/* Its output can be read from *fd. */
static enum error_kind start_command(pid_t *pid, int *fd, const char *command,
                                     struct error *err)
{
    char shell[] = "sh";
    char flag[] = "-c";
    /* Its stdin is not ours, which may be the list. */
    char *script = xasprintf("exec </dev/null\n%s", command);
    char *argv[] = {shell, flag, script, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    int failed = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;

    posix_spawn_file_actions_init(&actions); /* cannot fail in glibc */
    if (!failed) {
        failed =
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        if (!failed)
            failed = posix_spawn(pid, "/bin/sh", &actions, NULL, argv, environ);
        close(ends[1]);
        *fd = ends[0];
        if (failed)
            close(ends[0]);
    }
    posix_spawn_file_actions_destroy(&actions);
    free(script);
    if (failed)
        return error_set_errno(err, ERROR_USAGE, failed,
                               "cannot run the token command");
    return ERROR_NONE;
}

/* It may go on after its output has ended. */
static enum error_kind await_command(pid_t pid, int64_t deadline_us,
                                     struct error *err)
{
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 &&
           clock_monotonic_us() < deadline_us)
        clock_sleep_us(US_PER_MS);
    if (ended == 0)
        return too_slow("the token command", err);
    if (ended < 0)
        return error_set_errno(err, ERROR_USAGE, errno,
                               "cannot tell how the token command ended");
    return check_status(status, err);
}

/* Who has not ended in time is left alone. */
static enum error_kind from_command(char **token, const char *command,
                                    struct error *err)
{
    static const char place[] = "the token command's output";
    const int64_t deadline_us = clock_monotonic_us() + READ_TIME_US;
    struct secret secret = {.len = 0};
    pid_t pid = 0;
    int fd = -1;

    if (start_command(&pid, &fd, command, err))
        return err->kind;
    if (!read_secret(&secret, fd, deadline_us, place, err) &&
        !await_command(pid, deadline_us, err))
        take_token(token, secret.bytes, secret.len, place, err);
    close(fd);
    explicit_bzero(&secret, sizeof(secret));
    return err->kind;
}

static enum error_kind from_credential(char **token, const char *folder,
                                       struct error *err)
{
    char *path = xasprintf("%s/token", folder);

    if (access(path, F_OK) == 0 || errno != ENOENT)
        from_file(token, path, folder, err);
    free(path);
    return err->kind;
}

enum error_kind token_load(char **token, const struct options *options,
                           char *(*getenv_fn)(const char *name),
                           struct error *err)
{
    const char *variable = getenv_fn("BULK_INVITE_TOKEN");
    const char *credentials = getenv_fn("CREDENTIALS_DIRECTORY");

    *token = NULL;
    switch (token_place(options, getenv_fn)) {
    case TOKEN_VARIABLE:
        return take_token(token, variable, strlen(variable),
                          "$BULK_INVITE_TOKEN", err);
    case TOKEN_FILE:
        return from_file(token, options->token_file, credentials, err);
    case TOKEN_COMMAND:
        return from_command(token, options->token_command, err);
    case TOKEN_CREDENTIAL:
        return from_credential(token, credentials, err);
    case TOKEN_NOWHERE:
        break;
    }
    return ERROR_NONE;
}
