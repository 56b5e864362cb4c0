#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE    ((size_t)64 * 1024)
#define STALE_FILE_MAX 9999

struct atomic_file {
    char *path;      /* the name it takes, or what errors call it */
    char *partial;   /* the name it has meanwhile, NULL when written directly */
    int fd;          /* -1 when closed */
    int folder_fd;   /* for the fsync after the rename, or -1 */
    int write_errno; /* of the first failed write: what is in the file since
                        then is not known, so nothing more is written */
    size_t used;
    char buffer[BUFFER_SIZE];
};

void atomic_file_abandon(struct atomic_file *file)
{
    if (!file)
        return;
    if (file->fd > STDERR_FILENO)
        close(file->fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    free(file->partial);
    free(file->path);
    free(file);
}

static int open_file(const char *path, int flags)
{
    flags |= O_CLOEXEC | O_NOCTTY;
    return (int)TEMP_FAILURE_RETRY(open(path, flags, 0600));
}

static enum error_kind open_folder(struct atomic_file *file, struct error *err)
{
    const char *slash = strrchr(file->path, '/');
    char *folder = slash
                       ? xstrndup(file->path, (size_t)(slash - file->path) + 1)
                       : xstrdup(".");
    enum error_kind kind = ERROR_NONE;

    /* Opened now, not at the end of the run: a folder that cannot be synced
     * is better known before the first row. */
    file->folder_fd = open_file(folder, O_RDONLY | O_DIRECTORY);
    if (file->folder_fd < 0)
        kind = error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write %s: cannot open its folder %s",
                               file->path, folder);
    free(folder);
    return kind;
}

/* Renames only to a name that is free. */
static int rename_to_new(const char *from, const char *to)
{
    struct stat st;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* The filesystem (NFS) has no such rename: look first. */
    if (lstat(to, &st) != 0)
        return rename(from, to);
    errno = EEXIST;
    return -1;
}

static enum error_kind move_to_free_name(const char *partial, struct error *err)
{
    bool is_moved = false;

    errno = EEXIST;
    for (int n = 1; n <= STALE_FILE_MAX && !is_moved && errno == EEXIST; n++) {
        char *name = xasprintf("%s.%d", partial, n);
        is_moved = rename_to_new(partial, name) == 0;
        free(name);
    }
    if (is_moved)
        return ERROR_NONE;
    return error_set_errno(err, ERROR_STORAGE, errno,
                           "cannot move the unfinished %s to a free name",
                           partial);
}

/* Is a live process writing it? Its writer holds a lock for as long. */
static bool is_locked(const char *path)
{
    int fd = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

static enum error_kind clear_the_way(const char *partial, struct error *err)
{
    struct stat st;

    if (lstat(partial, &st) != 0)
        return errno == ENOENT ? ERROR_NONE
                               : error_set_errno(err, ERROR_STORAGE, errno,
                                                 "cannot look at %s", partial);
    if (S_ISLNK(st.st_mode))
        return error_set(err, ERROR_STORAGE,
                         "%s is a symbolic link and is not followed: remove it",
                         partial);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_STORAGE,
                         "%s is in the way and not a regular file", partial);
    if (is_locked(partial))
        return error_set(err, ERROR_STORAGE, "another process is writing %s",
                         partial);
    return move_to_free_name(partial, err);
}

static enum error_kind open_partial(struct atomic_file *file, struct error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

    file->partial = xasprintf("%s.partial", file->path);
    if (open_folder(file, err) || clear_the_way(file->partial, err))
        return err->kind;
    file->fd = open_file(file->partial, flags);
    if (file->fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno, "cannot create %s",
                               file->partial);
    /* Where locks are not supported, commit still notices a second writer. */
    if (flock(file->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return error_set(err, ERROR_STORAGE, "another process is opening %s",
                         file->partial);
    return ERROR_NONE;
}

static enum error_kind open_by_type(struct atomic_file *file, struct error *err)
{
    struct stat st, opened;

    if (file->path[0] == '\0')
        return error_set(err, ERROR_STORAGE, "the file to write has no name");
    if (stat(file->path, &st) != 0 || S_ISREG(st.st_mode))
        return open_partial(file, err);
    if (S_ISDIR(st.st_mode))
        return error_set(err, ERROR_STORAGE,
                         "cannot write %s: it is a directory", file->path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return error_set(err, ERROR_STORAGE,
                         "cannot write %s: it belongs to another user",
                         file->path);
    file->fd = open_file(file->path, O_WRONLY);
    if (file->fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno, "cannot open %s",
                               file->path);
    if (fstat(file->fd, &opened) != 0 || opened.st_dev != st.st_dev ||
        opened.st_ino != st.st_ino)
        return error_set(err, ERROR_STORAGE,
                         "%s was replaced while it was opened", file->path);
    return ERROR_NONE;
}

enum error_kind atomic_file_open(struct atomic_file **file, const char *path,
                                 struct error *err)
{
    bool is_stdout = strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
    struct atomic_file *opened = xmalloc(sizeof(*opened));

    opened->path = xstrdup(is_stdout ? "stdout" : path);
    opened->partial = NULL;
    opened->fd = is_stdout ? STDOUT_FILENO : -1;
    opened->folder_fd = -1;
    opened->write_errno = 0;
    opened->used = 0;
    *file = opened;
    if (is_stdout || !open_by_type(opened, err))
        return ERROR_NONE;
    *file = NULL;
    atomic_file_abandon(opened);
    return err->kind;
}

bool atomic_file_is_terminal(const struct atomic_file *file)
{
    return !file->partial && isatty(file->fd) == 1;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    while (len > 0) {
        ssize_t written = TEMP_FAILURE_RETRY(write(fd, bytes, len));
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        } else if (written == 0) {
            errno = ENOSPC;
            return false;
        } else if (errno != EAGAIN ||
                   TEMP_FAILURE_RETRY(poll(&room, 1, -1)) < 0) {
            /* EAGAIN: stdout is non-blocking when another program shares it. */
            return false;
        }
    }
    return true;
}

static enum error_kind write_out(struct atomic_file *file, const char *bytes,
                                 size_t len, struct error *err)
{
    if (file->write_errno == 0 && !write_all(file->fd, bytes, len))
        file->write_errno = errno;
    if (file->write_errno == 0)
        return ERROR_NONE;
    return error_set_errno(err, ERROR_STORAGE, file->write_errno,
                           "cannot write %s",
                           file->partial ? file->partial : file->path);
}

enum error_kind atomic_file_flush(struct atomic_file *file, struct error *err)
{
    size_t len = file->used;

    file->used = 0;
    return write_out(file, file->buffer, len, err);
}

enum error_kind atomic_file_write(struct atomic_file *file, const void *bytes,
                                  size_t len, struct error *err)
{
    if (len > BUFFER_SIZE - file->used && atomic_file_flush(file, err))
        return err->kind;
    if (len >= BUFFER_SIZE)
        return write_out(file, bytes, len, err);
    if (len > 0)
        memcpy(file->buffer + file->used, bytes, len);
    file->used += len;
    return ERROR_NONE;
}

/* A second name first, so that PATH is there at every moment; a rename where
 * hard links are not possible. */
static int keep_previous(const char *path, const char *previous)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? 0 : -1;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (unlink(previous) != 0 && errno != ENOENT)
        return -1;
    return link(path, previous) == 0 ? 0 : rename(path, previous);
}

static bool is_still_ours(const struct atomic_file *file)
{
    struct stat opened;
    struct stat named;

    return fstat(file->fd, &opened) == 0 && lstat(file->partial, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static enum error_kind take_name(struct atomic_file *file, struct error *err)
{
    enum error_kind kind = ERROR_NONE;
    char *previous = xasprintf("%s.1", file->path);

    if (!is_still_ours(file))
        kind = error_set(err, ERROR_STORAGE,
                         "%s was moved or replaced while it was written",
                         file->partial);
    else if (keep_previous(file->path, previous) != 0)
        kind = error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot keep the previous %s as %s (the new "
                               "one is complete in %s)",
                               file->path, previous, file->partial);
    else if (rename(file->partial, file->path) != 0)
        kind =
            error_set_errno(err, ERROR_STORAGE, errno, "cannot rename %s to %s",
                            file->partial, file->path);
    /* Some network filesystems cannot sync a folder. */
    else if (TEMP_FAILURE_RETRY(fsync(file->folder_fd)) != 0 && errno != EINVAL)
        kind = error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot sync the folder of %s", file->path);
    free(previous);
    return kind;
}

static enum error_kind sync_bytes(struct atomic_file *file, struct error *err)
{
    if (TEMP_FAILURE_RETRY(fsync(file->fd)) == 0)
        return ERROR_NONE;
    /* A pipe, a terminal or a device has nothing to sync. */
    if (!file->partial && (errno == EINVAL || errno == EROFS))
        return ERROR_NONE;
    return error_set_errno(err, ERROR_STORAGE, errno, "cannot sync %s",
                           file->partial ? file->partial : file->path);
}

enum error_kind atomic_file_commit(struct atomic_file *file, struct error *err)
{
    enum error_kind kind = atomic_file_flush(file, err);

    if (!kind)
        kind = sync_bytes(file, err);
    if (!kind && file->partial)
        kind = take_name(file, err);
    atomic_file_abandon(file);
    return kind;
}
