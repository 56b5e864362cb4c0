#include "ledger/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first bytes of a SQLite file (sqlite.org/fileformat2.html, 1.3). */
#define HEADER_SIZE       100
#define HEADER_MAGIC      "SQLite format 3"
#define AT_PAGE_SIZE      16
#define AT_CHANGE_COUNTER 24
#define AT_PAGE_COUNT     28
#define AT_VALID_FOR      92

static uint32_t big_endian_32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

int file_open(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, 0600);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t read_header(int fd, unsigned char header[HEADER_SIZE])
{
    ssize_t count;
    do
        count = pread(fd, header, HEADER_SIZE, 0);
    while (count < 0 && errno == EINTR);
    return count;
}

static bool has_wal(const char *path)
{
    char *wal = NULL;
    struct stat stat_of_wal;
    if (asprintf(&wal, "%s-wal", path) < 0)
        error_out_of_memory();
    bool has_it = stat(wal, &stat_of_wal) == 0 && stat_of_wal.st_size > 0;
    free(wal);
    return has_it;
}

/* The size that the header claims; 0 when it makes no valid claim. */
static int64_t claimed_size(const unsigned char header[HEADER_SIZE])
{
    int64_t page_size = header[AT_PAGE_SIZE] << 8 | header[AT_PAGE_SIZE + 1];
    if (page_size == 1)
        page_size = 65536;
    if (big_endian_32(header + AT_CHANGE_COUNTER) !=
        big_endian_32(header + AT_VALID_FOR))
        return 0;
    return page_size * big_endian_32(header + AT_PAGE_COUNT);
}

static enum error_kind check_open_file(int fd, const char *path, bool *is_new,
                                       struct error *err)
{
    struct stat stat;
    unsigned char header[HEADER_SIZE];
    if (fstat(fd, &stat) != 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot look at the ledger %s", path);
    if (!S_ISREG(stat.st_mode))
        return error_set(err, ERROR_STORAGE, "the ledger %s is not a file",
                         path);
    if (stat.st_uid != geteuid())
        return error_set(err, ERROR_STORAGE,
                         "the ledger %s belongs to another user", path);
    *is_new = stat.st_size == 0;
    if (*is_new)
        return ERROR_NONE;
    ssize_t count = read_header(fd, header);
    if (count < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot read the ledger %s", path);
    if (count != HEADER_SIZE ||
        memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)) != 0)
        return error_set(err, ERROR_STORAGE,
                         "%s is not a ledger; it was left as it is", path);
    /* With a WAL the file may be short in good health. */
    if (!has_wal(path) && stat.st_size < claimed_size(header))
        return error_set(err, ERROR_STORAGE, "ledger %s is cut short: %s", path,
                         LEDGER_DAMAGED);
    return ERROR_NONE;
}

enum error_kind file_check(const char *path, bool *is_new, struct error *err)
{
    int fd = file_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    *is_new = fd < 0 && errno == ENOENT;
    if (*is_new)
        return ERROR_NONE;
    if (fd < 0 && errno == ELOOP)
        return error_set(err, ERROR_STORAGE,
                         "the ledger %s is a symbolic link: name the file "
                         "itself",
                         path);
    if (fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot open the ledger %s", path);
    enum error_kind kind = check_open_file(fd, path, is_new, err);
    close(fd);
    return kind;
}

enum error_kind file_make_folders(const char *path, struct error *err)
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
    int fd = file_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0 && errno == EEXIST)
        return ERROR_NONE;
    if (fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot make the ledger %s", path);
    close(fd);
    return ERROR_NONE;
}

char *file_resolve_folders(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *folder = slash ? xstrndup(path, (size_t)(name - path)) : xstrdup(".");
    char *resolved = realpath(folder, NULL);
    char *whole = NULL;
    if (asprintf(&whole, "%s/%s", resolved ? resolved : folder, name) < 0)
        error_out_of_memory();
    free(resolved);
    free(folder);
    return whole;
}

int64_t file_size(const char *path)
{
    struct stat stat_of_file;
    if (!path || stat(path, &stat_of_file) != 0)
        return 0;
    return stat_of_file.st_size;
}
