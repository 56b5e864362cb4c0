#include "ledger/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ledger/ledger.h"

#define HOLDER_CAP 512

/* A look at the lock (ledger_holder) holds it for a moment: give it time. */
#define LOOK_TIME_US (100 * US_PER_MS)
#define TRY_EACH_US  (20 * US_PER_MS)

static int open_lock(const char *path, int flags)
{
    char *name = xasprintf("%s.lock", path);
    flags |= O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = (int)TEMP_FAILURE_RETRY(open(name, flags, 0600));
    free(name); /* keeps errno */
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
    while (len > 0) {
        ssize_t written = TEMP_FAILURE_RETRY(write(fd, bytes, len));
        if (written <= 0)
            return false;
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

static bool write_holder(int fd, const char *activity)
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
    return is_written;
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
    while (TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) != 0) {
        if (errno != EWOULDBLOCK || clock_monotonic_us() >= until_us)
            return false;
        clock_sleep_us(TRY_EACH_US);
    }
    return true;
}

static enum error_kind say_locked(int fd, const char *path, struct error *err)
{
    struct strbuf words;
    strbuf_init(&words, HOLDER_CAP);
    read_holder(fd, &words);
    error_set(err, ERROR_LOCKED,
              "the ledger %s is in use by %s; --lock-wait 10m waits for it",
              path, strbuf_str(&words));
    strbuf_clear(&words);
    return err->kind;
}

/* And no second name of another one: it is about to be emptied. */
static bool is_own_file(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
           stat.st_nlink == 1 && stat.st_uid == geteuid();
}

enum error_kind lock_take(int *fd, const char *path, int64_t wait_us,
                          const char *activity, struct error *err)
{
    *fd = open_lock(path, O_RDWR | O_CREAT);
    if (*fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno, "cannot open %s.lock",
                               path);
    enum error_kind kind = ERROR_NONE;
    if (!is_own_file(*fd))
        kind = error_set(err, ERROR_STORAGE,
                         "%s.lock is not a file of yours: move it away, or "
                         "choose another --ledger",
                         path);
    else if (!wait_for_lock(*fd, wait_us))
        kind = errno == EWOULDBLOCK
                   ? say_locked(*fd, path, err)
                   : error_set_errno(err, ERROR_STORAGE, errno,
                                     "cannot lock %s.lock: choose a --ledger "
                                     "on another file system",
                                     path);
    else if (!write_holder(*fd, activity))
        kind = error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write %s.lock", path);
    if (kind) {
        close(*fd);
        *fd = -1;
    }
    return kind;
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

bool ledger_holder(const char *path, struct strbuf *words, int64_t *since_s)
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
