#include "ledger/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is wrong with a file for us to believe it, or NULL. */
static const char *fault_of(const struct stat *stat)
{
    if (!S_ISREG(stat->st_mode))
        return "is not a file";
    return stat->st_uid != geteuid() ? "belongs to another user" : NULL;
}

/* What SQLite takes for pages of the ledger that are not in it yet. */
static enum error_kind check_companions(const char *path, struct error *err)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        char *name = xasprintf("%s%s", path, endings[i]);
        struct stat stat;
        const char *fault = lstat(name, &stat) == 0 ? fault_of(&stat) : NULL;
        if (fault)
            error_set(err, ERROR_STORAGE, "the ledger's %s %s: move it away",
                      name, fault);
        free(name);
        if (fault)
            return err->kind;
    }
    return ERROR_NONE;
}

enum error_kind file_check(const char *path, bool *is_new, struct error *err)
{
    struct stat stat;
    *is_new = false;
    if (check_companions(path, err))
        return err->kind;
    if (lstat(path, &stat) != 0) {
        *is_new = errno == ENOENT;
        return *is_new ? ERROR_NONE
                       : error_set_errno(err, ERROR_STORAGE, errno,
                                         "cannot look at the ledger %s", path);
    }
    const char *fault = S_ISLNK(stat.st_mode)
                            ? "is a symbolic link: name the file itself"
                            : fault_of(&stat);
    if (fault)
        return error_set(err, ERROR_STORAGE, "the ledger %s %s", path, fault);
    *is_new = stat.st_size == 0;
    /* SQLite takes a single byte for an empty file. */
    if (stat.st_size == 1)
        return error_set(err, ERROR_STORAGE, LEDGER_NOT_ONE, path);
    return ERROR_NONE;
}

static enum error_kind make_folders(const char *path, struct error *err)
{
    char *folder = xstrdup(path);
    enum error_kind kind = ERROR_NONE;
    for (char *c = folder + 1; *c && !kind; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            kind = error_set_errno(err, ERROR_STORAGE, errno,
                                   "cannot make the folder %s", folder);
        *c = '/';
    }
    free(folder);
    return kind;
}

enum error_kind file_create(const char *path, struct error *err)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    if (make_folders(path, err))
        return err->kind;
    int fd = (int)TEMP_FAILURE_RETRY(open(path, flags, 0600));
    if (fd < 0 && errno != EEXIST)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot make the ledger %s", path);
    if (fd >= 0)
        close(fd);
    return ERROR_NONE;
}

char *file_resolve_folders(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *folder = slash ? xstrndup(path, (size_t)(name - path)) : xstrdup(".");
    char *resolved = realpath(folder, NULL);
    char *whole = xasprintf("%s/%s", resolved ? resolved : folder, name);
    free(resolved);
    free(folder);
    return whole;
}
