/*
 * Preloaded into bulk-invite by the fault tests (faults.py): counts the
 * program's calls by kind from the start of main(), and at the Nth of one kind
 * something happens.
 *
 *   FAULT=ACTION:KIND:N[:ERRNO]
 *     kill        SIGKILL instead of the call
 *     kill-after  SIGKILL right after it
 *     power       as kill, and what was written since the last fsync of its
 *                 file is lost; with an even N only the older half of it
 *     fail        the call fails with ERRNO
 *     fail-from   so does every later one of the kind
 *     fail-odd    so does every second one from then on
 *     short       half of the bytes are written, sent or received
 *     short-from  one byte, and so for every later one of the kind
 *     hang        30 s pass first
 *   FAULT_STATE=FILE  is mapped: a 64-bit number that is 1 once it happened,
 *                     then one for each kind with the calls so far
 *
 * Of resolve (getaddrinfo), ERRNO is NONAME, AGAIN or FAIL; a name is at
 * 127.0.0.1 from the Nth question on, before that at 127.0.0.2.
 *
 * Real calls go straight to the kernel. Other programs that the variables
 * reach, and children, are left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* In the order of faults.py. read, write and ftruncate: of regular files;
 * newfd: epoll_create1, eventfd, signalfd, pipe2 and socketpair. */
#define KINDS(X) \
    X(write)     \
    X(fsync)     \
    X(sendto)    \
    X(recvfrom)  \
    X(open)      \
    X(read)      \
    X(rename)    \
    X(unlink)    \
    X(mkdir)     \
    X(ftruncate) \
    X(flock)     \
    X(mmap)      \
    X(malloc)    \
    X(socket)    \
    X(connect)   \
    X(sockname)  \
    X(peername)  \
    X(sockopt)   \
    X(fcntl)     \
    X(newfd)     \
    X(thread)    \
    X(epollctl)  \
    X(epollwait) \
    X(poll)      \
    X(resolve)

enum kind {
#define X(name) KIND_##name,
    KINDS(X)
#undef X
    KIND_COUNT
};

static const char *const kind_names[] = {
#define X(name) #name,
    KINDS(X)
#undef X
};

enum action {
    ACTION_NONE,
    ACTION_KILL,
    ACTION_KILL_AFTER,
    ACTION_POWER,
    ACTION_FAIL,
    ACTION_FAIL_FROM,
    ACTION_FAIL_ODD,
    ACTION_SHORT,
    ACTION_SHORT_FROM,
    ACTION_HANG,
    ACTION_COUNT
};

static const char *const action_names[] = {
    "none",      "kill",     "kill-after", "power",      "fail",
    "fail-from", "fail-odd", "short",      "short-from", "hang",
};

static const struct {
    const char *name;
    int number;
} errnos[] = {
    {"ENOSPC", ENOSPC},
    {"EIO", EIO},
    {"EINTR", EINTR},
    {"ENOMEM", ENOMEM},
    {"EACCES", EACCES},
    {"EMFILE", EMFILE},
    {"EROFS", EROFS},
    {"EDQUOT", EDQUOT},
    {"ENOLCK", ENOLCK},
    {"ENFILE", ENFILE},
    {"ENOBUFS", ENOBUFS},
    {"EAGAIN", EAGAIN},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ECONNRESET", ECONNRESET},
    {"ENETUNREACH", ENETUNREACH},
    {"ETIMEDOUT", ETIMEDOUT},
    {"EPIPE", EPIPE},
    {"ENOSYS", ENOSYS},
    {"EPERM", EPERM},
    {"NONAME", EAI_NONAME},
    {"AGAIN", EAI_AGAIN},
    {"FAIL", EAI_FAIL},
};

struct state {
    _Atomic uint64_t has_happened;
    _Atomic uint64_t calls[KIND_COUNT];
};

static struct {
    enum action action;
    enum kind kind;
    uint64_t nth;
    int errno_value;
} plan;

static struct state own_state;
static struct state *state = &own_state;
static bool is_armed;

/* glibc's own, for a malloc of ours to stand before. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

/* --- what the disk has not got yet --- */

#define WRITES_MOST 65536

struct write_back {
    dev_t device;
    ino_t inode;
    int fd;
    off_t offset;
    off_t size_before;
    size_t len;
    char *before; /* `len` bytes, zeros beyond the end */
};

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static struct write_back unsynced[WRITES_MOST];
static size_t unsynced_count;

static bool is_file(int fd, struct stat *stat)
{
    return fstat(fd, stat) == 0 && S_ISREG(stat->st_mode);
}

/* Keeps what is at `offset` now; the lock is held. */
static void note_write(int fd, const struct stat *stat, off_t offset,
                       size_t len)
{
    if (unsynced_count == WRITES_MOST)
        abort();
    struct write_back *write = &unsynced[unsynced_count++];
    *write = (struct write_back){
        .device = stat->st_dev,
        .inode = stat->st_ino,
        .fd = fd,
        .offset = offset,
        .size_before = stat->st_size,
        .len = len,
        .before = __libc_calloc(1, len + 1),
    };
    /* A file that is only written was only appended to. */
    syscall(SYS_pread64, fd, write->before, len, offset);
}

static void forget_writes(int fd)
{
    struct stat stat;
    size_t kept = 0;
    if (!is_file(fd, &stat))
        return;
    for (size_t i = 0; i < unsynced_count; i++) {
        struct write_back *write = &unsynced[i];
        if (write->device == stat.st_dev && write->inode == stat.st_ino)
            free(write->before);
        else
            unsynced[kept++] = *write;
    }
    unsynced_count = kept;
}

static void lose_unsynced(bool is_half)
{
    size_t most = is_half ? (unsynced_count + 1) / 2 : unsynced_count;
    for (size_t i = most; i-- > 0;) {
        struct write_back *write = &unsynced[i];
        struct stat stat;
        if (!is_file(write->fd, &stat) || stat.st_dev != write->device ||
            stat.st_ino != write->inode)
            continue;
        syscall(SYS_pwrite64, write->fd, write->before, write->len,
                write->offset);
        if (!is_half)
            syscall(SYS_ftruncate, write->fd, write->size_before);
    }
}

/* --- the fault --- */

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        syscall(SYS_pause);
}

enum fate {
    FATE_NONE,
    FATE_FAIL, /* errno is set */
    FATE_SHORT,
    FATE_DIE_AFTER,
};

/* Counts a call that is about to be made. */
static enum fate fate_of(enum kind kind)
{
    if (!is_armed)
        return FATE_NONE;
    uint64_t number = atomic_fetch_add(&state->calls[kind], 1) + 1;
    bool is_it = kind == plan.kind && number == plan.nth;
    bool is_later = kind == plan.kind && number > plan.nth;
    if (is_later)
        is_it =
            plan.action == ACTION_FAIL_FROM ||
            plan.action == ACTION_SHORT_FROM ||
            (plan.action == ACTION_FAIL_ODD && (number - plan.nth) % 2 == 0);
    if (!is_it)
        return FATE_NONE;
    state->has_happened = plan.action != ACTION_NONE;
    switch (plan.action) {
    case ACTION_NONE:
        return FATE_NONE;
    case ACTION_POWER:
        pthread_mutex_lock(&disk_lock);
        lose_unsynced(plan.nth % 2 == 0);
        die();
        return FATE_NONE;
    case ACTION_KILL:
        die();
        return FATE_NONE;
    case ACTION_KILL_AFTER:
        return FATE_DIE_AFTER;
    case ACTION_SHORT:
    case ACTION_SHORT_FROM:
        return FATE_SHORT;
    case ACTION_HANG:
        syscall(SYS_nanosleep, &(struct timespec){.tv_sec = 30}, NULL);
        return FATE_NONE;
    case ACTION_COUNT:
        return FATE_NONE;
    case ACTION_FAIL:
    case ACTION_FAIL_FROM:
    case ACTION_FAIL_ODD:
        errno = plan.errno_value;
        return FATE_FAIL;
    }
    return FATE_NONE;
}

/* The result of a call that was made, or that fails (-1) without. */
#define SUFFER(kind, type, call)         \
    do {                                 \
        enum fate fate_ = fate_of(kind); \
        if (fate_ == FATE_FAIL)          \
            return (type)-1;             \
        type result_ = (type)(call);     \
        if (fate_ == FATE_DIE_AFTER)     \
            die();                       \
        return result_;                  \
    } while (0)

static size_t shortened(size_t len)
{
    if (len <= 1)
        return len;
    return plan.action == ACTION_SHORT_FROM ? 1 : len / 2;
}

static ssize_t real_write(int fd, const void *bytes, size_t len, off_t offset)
{
    if (offset < 0)
        return syscall(SYS_write, fd, bytes, len);
    return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

/* `offset` -1: where the file stands. */
static ssize_t write_at(int fd, const void *bytes, size_t len, off_t offset)
{
    struct stat stat;
    if (!is_armed || !is_file(fd, &stat))
        return real_write(fd, bytes, len, offset);
    enum fate fate = fate_of(KIND_write);
    if (fate == FATE_FAIL)
        return -1;
    if (fate == FATE_SHORT)
        len = shortened(len);
    bool is_noted = plan.action == ACTION_POWER;
    if (is_noted) {
        pthread_mutex_lock(&disk_lock);
        note_write(fd, &stat, offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset,
                   len);
    }
    ssize_t written = real_write(fd, bytes, len, offset);
    if (is_noted)
        pthread_mutex_unlock(&disk_lock);
    if (fate == FATE_DIE_AFTER)
        die();
    return written;
}

static int sync_file(int fd, long number)
{
    enum fate fate = fate_of(KIND_fsync);
    if (fate == FATE_FAIL)
        return -1;
    int result = (int)syscall(number, fd);
    if (plan.action == ACTION_POWER && is_armed) {
        pthread_mutex_lock(&disk_lock);
        forget_writes(fd);
        pthread_mutex_unlock(&disk_lock);
    }
    if (fate == FATE_DIE_AFTER)
        die();
    return result;
}

static ssize_t read_at(int fd, void *bytes, size_t len, off_t offset)
{
    struct stat stat;
    if (is_armed && is_file(fd, &stat) && fate_of(KIND_read) == FATE_FAIL)
        return -1;
    if (offset < 0)
        return syscall(SYS_read, fd, bytes, len);
    return syscall(SYS_pread64, fd, bytes, len, offset);
}

/* --- the calls --- */

ssize_t write(int fd, const void *bytes, size_t len)
{
    return write_at(fd, bytes, len, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return write_at(fd, bytes, len, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    return write_at(fd, bytes, len, offset);
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    return read_at(fd, bytes, len, -1);
}

ssize_t __read_chk(int fd, void *bytes, size_t len, size_t size)
{
    if (len > size)
        abort();
    return read_at(fd, bytes, len, -1);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
    return read_at(fd, bytes, len, offset);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
    return read_at(fd, bytes, len, offset);
}

static int open_path(const char *path, int flags, va_list args)
{
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    SUFFER(KIND_open, int, syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int fd = open_path(path, flags, args);
    va_end(args);
    return fd;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int rename(const char *from, const char *to)
{
    SUFFER(KIND_rename, int, syscall(SYS_rename, from, to));
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to,
              unsigned flags)
{
    SUFFER(KIND_rename, int,
           syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
}

int link(const char *from, const char *to)
{
    SUFFER(KIND_rename, int, syscall(SYS_link, from, to));
}

int unlink(const char *path)
{
    SUFFER(KIND_unlink, int, syscall(SYS_unlink, path));
}

int mkdir(const char *path, mode_t mode)
{
    SUFFER(KIND_mkdir, int, syscall(SYS_mkdir, path, mode));
}

int ftruncate(int fd, off_t len)
{
    SUFFER(KIND_ftruncate, int, syscall(SYS_ftruncate, fd, len));
}

int ftruncate64(int fd, off64_t len)
{
    SUFFER(KIND_ftruncate, int, syscall(SYS_ftruncate, fd, len));
}

int flock(int fd, int operation)
{
    SUFFER(KIND_flock, int, syscall(SYS_flock, fd, operation));
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd,
             off64_t offset)
{
    SUFFER(KIND_mmap, void *,
           syscall(SYS_mmap, at, len, protection, flags, fd, offset));
}

ssize_t sendto(int fd, const void *bytes, size_t len, int flags,
               const struct sockaddr *address, socklen_t address_len)
{
    enum fate fate = fate_of(KIND_sendto);
    if (fate == FATE_FAIL)
        return -1;
    if (fate == FATE_SHORT)
        len = shortened(len);
    ssize_t sent =
        syscall(SYS_sendto, fd, bytes, len, flags, address, address_len);
    if (fate == FATE_DIE_AFTER)
        die();
    return sent;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    return sendto(fd, bytes, len, flags, NULL, 0);
}

ssize_t recvfrom(int fd, void *bytes, size_t len, int flags,
                 struct sockaddr *address, socklen_t *address_len)
{
    enum fate fate = fate_of(KIND_recvfrom);
    if (fate == FATE_FAIL)
        return -1;
    if (fate == FATE_SHORT)
        len = shortened(len);
    ssize_t got =
        syscall(SYS_recvfrom, fd, bytes, len, flags, address, address_len);
    if (fate == FATE_DIE_AFTER)
        die();
    return got;
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    return recvfrom(fd, bytes, len, flags, NULL, NULL);
}

int socket(int family, int type, int protocol)
{
    SUFFER(KIND_socket, int, syscall(SYS_socket, family, type, protocol));
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    SUFFER(KIND_connect, int, syscall(SYS_connect, fd, address, len));
}

int getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    SUFFER(KIND_sockname, int, syscall(SYS_getsockname, fd, address, len));
}

int getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    SUFFER(KIND_peername, int, syscall(SYS_getpeername, fd, address, len));
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
    SUFFER(KIND_sockopt, int,
           syscall(SYS_getsockopt, fd, level, option, value, len));
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    SUFFER(KIND_sockopt, int,
           syscall(SYS_setsockopt, fd, level, option, value, len));
}

static int control(int fd, int command, va_list args)
{
    void *arg = va_arg(args, void *);
    SUFFER(KIND_fcntl, int, syscall(SYS_fcntl, fd, command, arg));
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    int result = control(fd, command, args);
    va_end(args);
    return result;
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

int epoll_create1(int flags)
{
    SUFFER(KIND_newfd, int, syscall(SYS_epoll_create1, flags));
}

int eventfd(unsigned count, int flags)
{
    SUFFER(KIND_newfd, int, syscall(SYS_eventfd2, count, flags));
}

int signalfd(int fd, const sigset_t *mask, int flags)
{
    SUFFER(KIND_newfd, int, syscall(SYS_signalfd4, fd, mask, _NSIG / 8, flags));
}

int pipe2(int fds[2], int flags)
{
    SUFFER(KIND_newfd, int, syscall(SYS_pipe2, fds, flags));
}

int socketpair(int family, int type, int protocol, int fds[2])
{
    SUFFER(KIND_newfd, int,
           syscall(SYS_socketpair, family, type, protocol, fds));
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*run)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (fate_of(KIND_thread) == FATE_FAIL)
        return errno;
    return real(thread, attributes, run, arg);
}

int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    SUFFER(KIND_epollctl, int,
           syscall(SYS_epoll_ctl, epoll_fd, operation, fd, event));
}

/* epoll_wait(), which takes its place on older kernels, never fails. */
int epoll_pwait2(int epoll_fd, struct epoll_event *events, int most,
                 const struct timespec *wait, const sigset_t *mask)
{
    SUFFER(KIND_epollwait, int,
           syscall(SYS_epoll_pwait2, epoll_fd, events, most, wait, mask,
                   _NSIG / 8));
}

int poll(struct pollfd *fds, nfds_t count, int wait_ms)
{
    SUFFER(KIND_poll, int, syscall(SYS_poll, fds, count, wait_ms));
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!is_armed || plan.kind != KIND_resolve)
        return real(name, service, hints, found);
    if (fate_of(KIND_resolve) == FATE_FAIL)
        return plan.errno_value;
    bool is_there = state->calls[KIND_resolve] >= plan.nth;
    return real(is_there ? "127.0.0.1" : "127.0.0.2", service, hints, found);
}

void *malloc(size_t size)
{
    return fate_of(KIND_malloc) == FATE_FAIL ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fate_of(KIND_malloc) == FATE_FAIL ? NULL
                                             : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fate_of(KIND_malloc) == FATE_FAIL ? NULL
                                             : __libc_realloc(memory, size);
}

/* --- the start --- */

static int number_of(const char *name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    fprintf(stderr, "faultlib: what is \"%s\"?\n", name);
    _exit(99);
}

static int errno_called(const char *name)
{
    for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
        if (strcmp(errnos[i].name, name) == 0)
            return errnos[i].number;
    return EIO;
}

static void read_plan(const char *text)
{
    char action[16];
    char kind[16];
    char errno_name[16] = "";
    unsigned long long nth;
    if (sscanf(text, "%15[^:]:%15[^:]:%llu:%15s", action, kind, &nth,
               errno_name) < 3)
        _exit(99);
    plan.action = (enum action)number_of(action, action_names, ACTION_COUNT);
    plan.kind = (enum kind)number_of(kind, kind_names, KIND_COUNT);
    plan.nth = nth;
    plan.errno_value =
        plan.kind == KIND_malloc ? ENOMEM : errno_called(errno_name);
}

static void map_state(const char *path)
{
    int fd =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_TRUNC | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_ftruncate, fd, sizeof(struct state)) != 0)
        _exit(99);
    state = (struct state *)syscall(SYS_mmap, NULL, sizeof(struct state),
                                    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (state == MAP_FAILED)
        _exit(99);
}

static int (*real_main)(int argc, char **argv, char **env);

static int main_with_faults(int argc, char **argv, char **env)
{
    const char *text = getenv("FAULT");
    const char *path = getenv("FAULT_STATE");
    if (strcmp(program_invocation_short_name, "bulk-invite") != 0)
        return real_main(argc, argv, env);
    if (text)
        read_plan(text);
    if (path)
        map_state(path);
    unsetenv("LD_PRELOAD");
    unsetenv("FAULT");
    unsetenv("FAULT_STATE");
    is_armed = true;
    int exit_code = real_main(argc, argv, env);
    is_armed = false;
    return exit_code;
}

static void disarm(void)
{
    is_armed = false;
}

typedef int start_function(int (*main)(int, char **, char **), int argc,
                           char **argv, void (*init)(void), void (*fini)(void),
                           void (*loader_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end)
{
    start_function *real;
    *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    pthread_atfork(NULL, NULL, disarm);
    return real(main_with_faults, argc, argv, init, fini, loader_fini,
                stack_end);
}
