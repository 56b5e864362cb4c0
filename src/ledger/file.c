#include "ledger/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum error_kind file_check(const char *path, bool *is_new, struct error *err)
{
    struct stat stat;
    *is_new = false;
    if (lstat(path, &stat) != 0) {
        *is_new = errno == ENOENT;
        return *is_new ? ERROR_NONE
                       : error_set_errno(err, ERROR_STORAGE, errno,
                                         "cannot look at the ledger %s", path);
    }
    const char *fault = NULL;
    if (S_ISLNK(stat.st_mode))
        fault = "is a symbolic link: name the file itself";
    else if (!S_ISREG(stat.st_mode))
        fault = "is not a file";
    else if (stat.st_uid != geteuid())
        fault = "belongs to another user";
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
