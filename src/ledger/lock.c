#include "ledger/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "ledger/file.h"
#include "ledger/ledger.h"

#define PATH_CAP   4096
#define HOLDER_CAP 512

/* A look at the lock (ledger_holder) holds it for a moment: give it time. */
#define LOOK_TIME_US (100 * US_PER_MS)
#define TRY_EACH_US  (20 * US_PER_MS)

static int open_lock(const char *path, int flags)
{
    struct strbuf name;
    strbuf_init(&name, PATH_CAP);
    strbuf_addf(&name, "%s.lock", path);
    int fd = file_open(strbuf_str(&name), flags | O_NOFOLLOW | O_NONBLOCK);
    int saved = errno;
    strbuf_clear(&name);
    errno = saved;
    return fd;
}

/* What the holder wrote about itself. */
static void read_holder(int fd, struct strbuf *words)
{
    char text[HOLDER_CAP];
    ssize_t len = pread(fd, text, sizeof(text), 0);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    if (len > 0)
        strbuf_add(words, text, (size_t)len);
    else
        strbuf_add_str(words, "a run that has not said who it is");
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    size_t written = 0;
    while (written < len) {
        ssize_t count =
            pwrite(fd, bytes + written, len - written, (off_t)written);
        if (count > 0)
            written += (size_t)count;
        else if (count == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static enum error_kind write_holder(int fd, const char *path,
                                    const char *activity, struct error *err)
{
    char now[CLOCK_UTC_SIZE];
    struct strbuf words;
    strbuf_init(&words, HOLDER_CAP);
    clock_format_utc(clock_wall_us(), now);
    strbuf_addf(&words, "pid %ld (%s) since %s\n", (long)getpid(), activity,
                now);
    bool is_written =
        ftruncate(fd, 0) == 0 && write_all(fd, words.bytes, words.len);
    strbuf_clear(&words);
    if (is_written)
        return ERROR_NONE;
    return error_set_errno(err, ERROR_STORAGE, errno, "cannot write %s.lock",
                           path);
}

/* False with errno EWOULDBLOCK when somebody else still has it at the end of
 * the wait, with another one when there is no locking here. */
static bool wait_for_lock(int fd, int64_t wait_us)
{
    int64_t until_us = CLOCK_NEVER_US;
    int64_t now_us = clock_monotonic_us();
    if (wait_us < LOOK_TIME_US)
        wait_us = LOOK_TIME_US;
    if (wait_us < CLOCK_NEVER_US - now_us)
        until_us = now_us + wait_us;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK || clock_monotonic_us() >= until_us)
            return false;
        clock_sleep_us(TRY_EACH_US);
    }
    return true;
}

static enum error_kind say_locked(int fd, const char *path, struct error *err)
{
    struct strbuf words;
    if (errno != EWOULDBLOCK)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot lock %s.lock: choose a --ledger on "
                               "another file system",
                               path);
    strbuf_init(&words, HOLDER_CAP);
    read_holder(fd, &words);
    error_set(err, ERROR_LOCKED,
              "the ledger %s is in use by %s; --lock-wait 10m waits for it",
              path, strbuf_str(&words));
    strbuf_clear(&words);
    return err->kind;
}

enum error_kind lock_take(int *out, const char *path, int64_t wait_us,
                          const char *activity, struct error *err)
{
    *out = -1;
    int fd = open_lock(path, O_RDWR | O_CREAT);
    if (fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno, "cannot open %s.lock",
                               path);
    struct stat stat;
    enum error_kind kind = ERROR_NONE;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) ||
        stat.st_uid != geteuid())
        kind = error_set(err, ERROR_STORAGE,
                         "%s.lock is not a file of yours: move it away, or "
                         "choose another --ledger",
                         path);
    else if (!wait_for_lock(fd, wait_us))
        kind = say_locked(fd, path, err);
    else
        kind = write_holder(fd, path, activity, err);
    if (kind) {
        close(fd);
        return kind;
    }
    *out = fd;
    return ERROR_NONE;
}

void lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* The time that write_holder() ended its words with. */
static int64_t since_of(const struct strbuf *words)
{
    const char *text = strbuf_str(words);
    const size_t len = CLOCK_UTC_SIZE - 1;
    struct tm tm = {0};
    if (words->len < len ||
        !strptime(text + words->len - len, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return INT64_MAX;
    return (int64_t)timegm(&tm);
}

bool lock_find_holder(const char *path, struct strbuf *words, int64_t *since_s)
{
    *since_s = INT64_MAX;
    int fd = open_lock(path, O_RDONLY);
    if (fd < 0)
        return false;
    bool is_held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (is_held) {
        read_holder(fd, words);
        *since_s = since_of(words);
    }
    close(fd);
    return is_held;
}

bool ledger_holder(const char *path, struct strbuf *words)
{
    int64_t since_s;
    return lock_find_holder(path, words, &since_s);
}
