#include "base/atomic_file.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_SIZE 128

/* What the two calls below, which stand in for libc's, were called for: the
 * bytes of a file, a folder, or a new name. */
static char calls[16];

static void note_call(char letter)
{
    size_t len = strlen(calls);

    if (len < sizeof(calls) - 1)
        calls[len] = letter;
}

int fsync(int fd)
{
    struct stat st;

    note_call(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f');
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    note_call('n');
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* Every test has a folder of its own. */
struct fixture {
    char folder[PATH_SIZE - 32];
    char path[PATH_SIZE]; /* FOLDER/report.csv */
    struct error err;
};

static int setup(void **state)
{
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));

    snprintf(fixture->folder, sizeof(fixture->folder),
             "/tmp/test_atomic_file.XXXXXX");
    if (!mkdtemp(fixture->folder))
        return -1;
    snprintf(fixture->path, sizeof(fixture->path), "%s/report.csv",
             fixture->folder);
    *state = fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    int rc = nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

    free(fixture);
    return rc;
}

/* The path with `suffix`; valid until the next call with the same `name`. */
static const char *beside(const struct fixture *fixture, const char *suffix,
                          char *name)
{
    snprintf(name, PATH_SIZE + 32, "%s%s", fixture->path, suffix);
    return name;
}

static void put(const struct fixture *fixture, const char *suffix,
                const char *text)
{
    char name[PATH_SIZE + 32];
    FILE *file = fopen(beside(fixture, suffix, name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool exists(const struct fixture *fixture, const char *suffix)
{
    char name[PATH_SIZE + 32];
    struct stat st;

    return lstat(beside(fixture, suffix, name), &st) == 0;
}

static void assert_content(const struct fixture *fixture, const char *suffix,
                           const char *expected)
{
    char name[PATH_SIZE + 32];
    char text[200];
    FILE *file = fopen(beside(fixture, suffix, name), "r");
    size_t len;

    if (!file)
        fail_msg("%s is missing", name);
    len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static struct atomic_file *open_ok(struct fixture *fixture, const char *path)
{
    struct atomic_file *file;

    if (atomic_file_open(&file, path, &fixture->err) != ERROR_NONE)
        fail_msg("%s", fixture->err.text);
    return file;
}

static void write_ok(struct fixture *fixture, struct atomic_file *file,
                     const char *text)
{
    if (atomic_file_write(file, text, strlen(text), &fixture->err) !=
        ERROR_NONE)
        fail_msg("%s", fixture->err.text);
}

static void commit_ok(struct fixture *fixture, struct atomic_file *file)
{
    if (atomic_file_commit(file, &fixture->err) != ERROR_NONE)
        fail_msg("%s", fixture->err.text);
}

static void write_whole(struct fixture *fixture, const char *text)
{
    struct atomic_file *file = open_ok(fixture, fixture->path);

    write_ok(fixture, file, text);
    commit_ok(fixture, file);
}

static void assert_says(const struct fixture *fixture, const char *words)
{
    assert_int_equal(fixture->err.kind, ERROR_STORAGE);
    if (!strstr(fixture->err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", fixture->err.text, words);
}

static void assert_refused(struct fixture *fixture, const char *path,
                           const char *words)
{
    struct atomic_file *file = (void *)fixture; /* must become NULL */

    assert_int_equal(atomic_file_open(&file, path, &fixture->err),
                     ERROR_STORAGE);
    assert_null(file);
    assert_says(fixture, words);
}

static void is_partial_until_commit(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *file = open_ok(fixture, fixture->path);

    write_ok(fixture, file, "one\n");
    assert_true(exists(fixture, ".partial"));
    assert_false(exists(fixture, ""));
    commit_ok(fixture, file);
    assert_false(exists(fixture, ".partial"));
    assert_false(exists(fixture, ".1"));
    assert_content(fixture, "", "one\n");
}

/* A power cut must not find the name on a file whose bytes are not there. */
static void bytes_are_synced_before_the_name_and_the_folder_after(void **state)
{
    struct fixture *fixture = *state;

    memset(calls, 0, sizeof(calls));
    write_whole(fixture, "one\n");
    assert_string_equal(calls, "fnd");
}

static void only_the_owner_can_read_it(void **state)
{
    struct fixture *fixture = *state;
    mode_t before = umask(0);
    struct stat st;

    write_whole(fixture, "secret");
    umask(before);
    assert_int_equal(stat(fixture->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void flush_shows_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *file = open_ok(fixture, fixture->path);

    write_ok(fixture, file, "one\n");
    assert_content(fixture, ".partial", "");
    assert_int_equal(atomic_file_flush(file, &fixture->err), ERROR_NONE);
    assert_content(fixture, ".partial", "one\n");
    atomic_file_abandon(file);
}

static void abandoned_file_stays_partial(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *file;

    put(fixture, "", "old");
    file = open_ok(fixture, fixture->path);
    write_ok(fixture, file, "one\n");
    assert_int_equal(atomic_file_flush(file, &fixture->err), ERROR_NONE);
    atomic_file_abandon(file);
    assert_content(fixture, "", "old");
    assert_content(fixture, ".partial", "one\n");
    assert_false(exists(fixture, ".1"));
    atomic_file_abandon(NULL);
}

static void previous_file_is_kept_as_1(void **state)
{
    struct fixture *fixture = *state;

    write_whole(fixture, "first");
    write_whole(fixture, "second");
    assert_content(fixture, "", "second");
    assert_content(fixture, ".1", "first");
    write_whole(fixture, "third");
    assert_content(fixture, "", "third");
    assert_content(fixture, ".1", "second");
    assert_false(exists(fixture, ".2"));
}

static void stale_partial_files_are_moved_not_lost(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, ".partial", "killed first");
    write_whole(fixture, "one");
    assert_content(fixture, ".partial.1", "killed first");
    put(fixture, ".partial", "killed second");
    put(fixture, ".partial.3", "another");
    write_whole(fixture, "two");
    assert_content(fixture, ".partial.1", "killed first");
    assert_content(fixture, ".partial.2", "killed second");
    assert_content(fixture, ".partial.3", "another");
    assert_content(fixture, "", "two");
}

static void partial_file_of_a_live_run_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *first = open_ok(fixture, fixture->path);

    assert_refused(fixture, fixture->path, "another process is writing");
    write_ok(fixture, first, "first");
    commit_ok(fixture, first);
    assert_content(fixture, "", "first");
    assert_false(exists(fixture, ".partial.1"));
}

static void partial_replaced_by_another_is_not_renamed(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *file = open_ok(fixture, fixture->path);
    char name[PATH_SIZE + 32];

    assert_int_equal(unlink(beside(fixture, ".partial", name)), 0);
    put(fixture, ".partial", "not ours");
    assert_int_equal(atomic_file_commit(file, &fixture->err), ERROR_STORAGE);
    assert_says(fixture, "moved or replaced");
    assert_false(exists(fixture, ""));
    assert_content(fixture, ".partial", "not ours");
}

static void symbolic_link_at_partial_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char target[PATH_SIZE + 32];
    char name[PATH_SIZE + 32];

    put(fixture, ".target", "precious");
    beside(fixture, ".target", target);
    beside(fixture, ".partial", name);
    assert_int_equal(symlink(target, name), 0);
    assert_refused(fixture, fixture->path, "report.csv.partial is a symbolic");
    assert_content(fixture, ".target", "precious");

    assert_int_equal(unlink(name), 0);
    assert_int_equal(symlink("nowhere", name), 0);
    assert_refused(fixture, fixture->path, "symbolic link");
}

static void folder_at_partial_or_at_the_path_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char name[PATH_SIZE + 32];

    assert_refused(fixture, fixture->folder, "is a directory");
    assert_int_equal(mkdir(beside(fixture, ".partial", name), 0700), 0);
    assert_refused(fixture, fixture->path, "not a regular file");
}

static void missing_folder_is_named(void **state)
{
    struct fixture *fixture = *state;
    char path[PATH_SIZE + 32];

    snprintf(path, sizeof(path), "%s/no/report.csv", fixture->folder);
    assert_refused(fixture, path, "/no/report.csv: cannot open its folder");
    assert_says(fixture, "No such file or directory");
    snprintf(path, sizeof(path), "%s/report.csv", "/dev/null");
    assert_refused(fixture, path, "Not a directory");
    assert_refused(fixture, "", "no name");
}

static void folder_that_takes_no_files_is_an_error(void **state)
{
    struct fixture *fixture = *state;

    /* Not even root creates a file here. */
    assert_refused(fixture, "/proc/report.csv",
                   "cannot create /proc/report.csv.partial: ");
    if (geteuid() != 0) {
        assert_int_equal(chmod(fixture->folder, 0500), 0);
        assert_refused(fixture, fixture->path, "Permission denied");
        assert_int_equal(chmod(fixture->folder, 0700), 0);
    }
}

static void failed_rename_leaves_the_partial_file(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *file = open_ok(fixture, fixture->path);
    char name[PATH_SIZE + 32];

    write_ok(fixture, file, "complete");
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(atomic_file_commit(file, &fixture->err), ERROR_STORAGE);
    assert_says(fixture, "Is a directory");
    assert_content(fixture, ".partial", "complete");

    assert_int_equal(rmdir(fixture->path), 0);
    put(fixture, "", "old");
    assert_int_equal(mkdir(beside(fixture, ".1", name), 0700), 0);
    file = open_ok(fixture, fixture->path);
    write_ok(fixture, file, "newer");
    assert_int_equal(atomic_file_commit(file, &fixture->err), ERROR_STORAGE);
    assert_says(fixture, "cannot keep the previous");
    assert_content(fixture, "", "old");
    assert_content(fixture, ".partial", "newer");
}

static void long_content_arrives_whole(void **state)
{
    struct fixture *fixture = *state;
    struct atomic_file *file = open_ok(fixture, fixture->path);
    const size_t lens[] = {1, 65535, 65536, 65537, 3, 200000, 7};
    static unsigned char piece[200000];
    unsigned char next = 0;
    long total = 0;
    FILE *back;

    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        for (size_t n = 0; n < lens[i]; n++)
            piece[n] = next++;
        assert_int_equal(atomic_file_write(file, piece, lens[i], &fixture->err),
                         ERROR_NONE);
        total += (long)lens[i];
    }
    commit_ok(fixture, file);
    back = fopen(fixture->path, "r");
    assert_non_null(back);
    for (long n = 0; n < total; n++)
        assert_int_equal(fgetc(back), (unsigned char)n);
    assert_int_equal(fgetc(back), EOF);
    fclose(back);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_partial_until_commit),
        TEST(bytes_are_synced_before_the_name_and_the_folder_after),
        TEST(only_the_owner_can_read_it),
        TEST(flush_shows_what_was_written),
        TEST(abandoned_file_stays_partial),
        TEST(previous_file_is_kept_as_1),
        TEST(stale_partial_files_are_moved_not_lost),
        TEST(partial_file_of_a_live_run_is_left_alone),
        TEST(partial_replaced_by_another_is_not_renamed),
        TEST(symbolic_link_at_partial_is_refused),
        TEST(folder_at_partial_or_at_the_path_is_refused),
        TEST(missing_folder_is_named),
        TEST(folder_that_takes_no_files_is_an_error),
        TEST(failed_rename_leaves_the_partial_file),
        TEST(long_content_arrives_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
