#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/ledger_books.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Where the header of a SQLite file has them (sqlite.org/fileformat2.html). */
#define AT_USER_VERSION   63
#define AT_APPLICATION_ID 68

static struct error err;
static char folder[] = "/tmp/test_ledger_open.XXXXXX";
static char path[64];
static char deep_path[96];

static void ok(enum error_kind kind)
{
    if (kind != ERROR_NONE)
        fail_msg("%s", err.text);
}

static void fails(enum error_kind kind, enum error_kind expected,
                  const char *words)
{
    if (kind != expected || !strstr(err.text, words))
        fail_msg("kind %d: %s", (int)kind, err.text);
}

static struct ledger_options options_of(const char *where)
{
    return (struct ledger_options){
        .path = where,
        .server = "https://example.com",
        .organization = "acme",
        .activity = "send team.csv",
    };
}

static enum error_kind try_open(const struct ledger_options *options)
{
    struct ledger *ledger = NULL;
    enum error_kind kind = ledger_open(&ledger, options, &err);
    if (kind)
        assert_null(ledger);
    ledger_close(ledger);
    return kind;
}

/* A ledger with one run in it. */
static void make_ledger(void)
{
    struct ledger_options options = options_of(path);
    struct counters counters = {0};
    struct ledger *ledger;
    ok(ledger_open(&ledger, &options, &err));
    ok(ledger_begin_run(ledger, "team.csv", &err));
    ok(ledger_end_run(ledger, &counters, NULL, 0, &err));
    ledger_close(ledger);
}

static void write_file(const char *bytes, size_t len, off_t at)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

static char *read_file(size_t *len)
{
    static char bytes[1 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t count = read(fd, bytes, sizeof(bytes));
    assert_true(count >= 0);
    close(fd);
    char *copy = malloc((size_t)count + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, (size_t)count);
    *len = (size_t)count;
    return copy;
}

static mode_t mode_of(const char *name)
{
    struct stat stat_of_file;
    assert_int_equal(lstat(name, &stat_of_file), 0);
    return stat_of_file.st_mode & 07777;
}

/* It is refused with these words, to a writer and a reader, and stays as it
 * is. */
static void refused(enum error_kind kind, const char *words)
{
    size_t len, len_after;
    char *before = read_file(&len);
    struct ledger_options options = options_of(path);
    for (int is_reader = 0; is_reader < 2; is_reader++) {
        options.is_reader = is_reader;
        fails(try_open(&options), kind, words);
    }
    char *after = read_file(&len_after);
    assert_int_equal(len, len_after);
    assert_memory_equal(before, after, len);
    free(before);
    free(after);
}

static void a_new_ledger_and_its_folders_are_its_owners_alone(void **state)
{
    (void)state;
    struct ledger_options options = options_of(deep_path);
    mode_t old = umask(0);
    ok(try_open(&options));
    umask(old);
    assert_int_equal(mode_of(deep_path), 0600);
    char *at = strrchr(deep_path, '/');
    *at = '\0';
    assert_int_equal(mode_of(deep_path), 0700);
    *at = '/';
}

static void it_knows_whose_it_is(void **state)
{
    (void)state;
    make_ledger();
    struct ledger_options options = options_of(path);
    options.organization = "globex";
    fails(try_open(&options), ERROR_USAGE,
          "belongs to the organization acme at https://example.com, not to "
          "globex at https://example.com");
    options = options_of(path);
    options.server = "https://example.org";
    fails(try_open(&options), ERROR_USAGE,
          "not to acme at https://example.org");

    options.server = NULL;
    options.organization = NULL;
    struct ledger *ledger;
    ok(ledger_open(&ledger, &options, &err));
    assert_string_equal(ledger_server(ledger), "https://example.com");
    assert_string_equal(ledger_organization(ledger), "acme");
    assert_string_equal(ledger_path(ledger), path);
    ledger_close(ledger);
}

static void a_new_one_must_be_told_whose_it_is(void **state)
{
    (void)state;
    struct ledger_options options = options_of(path);
    options.organization = NULL;
    fails(try_open(&options), ERROR_USAGE, "--org ORG says whose");
    assert_int_equal(access(path, F_OK), -1);
}

static void what_must_exist_is_not_made(void **state)
{
    (void)state;
    struct ledger_options options = options_of(path);
    options.must_exist = true;
    fails(try_open(&options), ERROR_STORAGE, "there is no ledger");
    options.must_exist = false;
    options.is_reader = true;
    fails(try_open(&options), ERROR_STORAGE,
          "nothing was sent to acme at https://example.com from here");
    options.server = options.organization = NULL;
    fails(try_open(&options), ERROR_STORAGE, "there is no ledger");
    options.path = ":memory:";
    fails(try_open(&options), ERROR_STORAGE, "there is no ledger");
    assert_int_equal(access(path, F_OK), -1);
    write_file("", 0, 0);
    options.path = path;
    fails(try_open(&options), ERROR_STORAGE, "there is no ledger");
}

static void a_newer_version_is_left_alone(void **state)
{
    (void)state;
    make_ledger();
    write_file("\x63", 1, AT_USER_VERSION);
    refused(ERROR_STORAGE, "written by a newer bulk-invite (version 99");
}

static void a_version_that_no_ledger_has_is_left_alone(void **state)
{
    (void)state;
    make_ledger();
    write_file("\xff\xff\xff\xff", 4, AT_USER_VERSION - 3);
    refused(ERROR_STORAGE, "damaged");
}

static void another_programs_database_is_left_alone(void **state)
{
    (void)state;
    make_ledger();
    write_file("\0\0\0\0", 4, AT_APPLICATION_ID);
    refused(ERROR_STORAGE, "another program's database");
}

static void a_text_file_is_left_alone(void **state)
{
    static const char *const texts[] = {
        "x", "email,role\nada@example.com,member\n", "SQLite format 3"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        write_file(texts[i], strlen(texts[i]), 0);
        refused(ERROR_STORAGE, "is not a ledger");
        assert_int_equal(unlink(path), 0);
    }
}

static void a_cut_or_scribbled_file_is_left_alone(void **state)
{
    static char noise[4096];
    (void)state;
    memset(noise, 0xA5, sizeof(noise));
    make_ledger();
    size_t len;
    free(read_file(&len));
    assert_int_equal(truncate(path, (off_t)len / 2), 0);
    refused(ERROR_STORAGE, "is cut short");

    unlink(path);
    make_ledger();
    for (size_t at = 4096; at < len; at += 4096)
        write_file(noise, sizeof(noise), (off_t)at);
    refused(ERROR_STORAGE, "ledger ");
}

/* As systemd's /var/lib/bulk-invite is one with DynamicUser=. */
static void a_folder_may_be_a_symbolic_link(void **state)
{
    char link[80];
    char through_link[96];
    (void)state;
    make_ledger();
    snprintf(link, sizeof(link), "%s.link", path);
    snprintf(through_link, sizeof(through_link), "%s/%s", link,
             strrchr(path, '/') + 1);
    assert_int_equal(symlink(folder, link), 0);
    struct ledger_options options = options_of(through_link);
    options.must_exist = true;
    ok(try_open(&options));
    unlink(link);
}

static void what_is_no_file_is_refused(void **state)
{
    char target[80];
    (void)state;
    make_ledger();
    snprintf(target, sizeof(target), "%s.target", path);
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    refused(ERROR_STORAGE, "is a symbolic link");
    unlink(path);
    unlink(target);

    assert_int_equal(mkdir(path, 0700), 0);
    struct ledger_options options = options_of(path);
    fails(try_open(&options), ERROR_STORAGE, "is not a file");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    fails(try_open(&options), ERROR_STORAGE, "is not a file");
    unlink(path);
}

static void another_users_file_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_ledger();
    assert_int_equal(chown(path, 12345, 12345), 0);
    refused(ERROR_STORAGE, "belongs to another user");
}

/* SQLite would read pages out of them before it looks at the ledger's own. */
static void another_users_file_beside_it_is_refused(void **state)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    char name[80];
    char words[64];
    (void)state;
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < COUNT(endings); i++) {
        make_ledger();
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        snprintf(words, sizeof(words), "%s belongs to another user",
                 endings[i]);
        int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(fchown(fd, 12345, 12345), 0);
        close(fd);
        refused(ERROR_STORAGE, words);
        assert_int_equal(unlink(name), 0);
        assert_int_equal(symlink("/dev/null", name), 0);
        refused(ERROR_STORAGE, "is not a file");
        assert_int_equal(unlink(name), 0);
        unlink(path);
    }
}

static void a_lock_that_is_another_files_second_name_is_refused(void **state)
{
    char lock[80];
    char precious[96];
    struct ledger_options options = options_of(path);
    struct stat stat_of_file;
    (void)state;
    make_ledger();
    snprintf(lock, sizeof(lock), "%s.lock", path);
    snprintf(precious, sizeof(precious), "%s.precious", path);
    assert_int_equal(link(lock, precious), 0);
    assert_int_equal(truncate(precious, 4321), 0);
    enum error_kind kind = try_open(&options);
    assert_int_equal(lstat(precious, &stat_of_file), 0);
    unlink(precious);
    assert_int_equal(stat_of_file.st_size, 4321);
    fails(kind, ERROR_STORAGE, "is not a file of yours");
}

static void one_writer_at_a_time_and_the_other_learns_who(void **state)
{
    char words[64];
    struct ledger_options options = options_of(path);
    struct ledger *ledger;
    struct strbuf holder;
    int64_t since_s;
    (void)state;
    strbuf_init(&holder, 512);
    assert_false(ledger_holder(path, &holder, &since_s));
    ok(ledger_open(&ledger, &options, &err));
    snprintf(words, sizeof(words), "in use by pid %ld (send team.csv) since 2",
             (long)getpid());
    fails(try_open(&options), ERROR_LOCKED, words);
    options.lock_wait_us = 150000;
    fails(try_open(&options), ERROR_LOCKED, words);
    assert_true(ledger_holder(path, &holder, &since_s));
    assert_non_null(strstr(strbuf_str(&holder), "(send team.csv)"));
    assert_in_range(time(NULL) - since_s, 0, 10);

    ledger_close(ledger);
    strbuf_clear(&holder);
    assert_false(ledger_holder(path, &holder, &since_s));
    ok(try_open(&options));
    strbuf_clear(&holder);
}

static void a_reader_needs_no_lock_and_sees_what_is_committed(void **state)
{
    struct ledger_options options = options_of(path);
    struct ledger *writer, *reader;
    uint64_t people[STATUS_COUNT];
    (void)state;
    ok(ledger_open(&writer, &options, &err));
    options.is_reader = true;
    ok(ledger_open(&reader, &options, &err));
    ok(ledger_begin_run(writer, "team.csv", &err));
    struct row *row = row_new(2, "a@x.org", 7, "member", 6, "a@x.org");
    ok(ledger_begin(writer, &err));
    ok(ledger_add(writer, row, ROW_INTENT, &err));
    ok(ledger_count_people(reader, people, &err));
    assert_int_equal(people[STATUS_NONE], 0);
    ok(ledger_commit(writer, &err));
    ok(ledger_count_people(reader, people, &err));
    assert_int_equal(people[STATUS_NONE], 1);
    row_free(row);
    ledger_close(reader);
    ledger_close(writer);
}

static void a_reader_sees_one_moment_between_begin_and_commit(void **state)
{
    struct ledger_options options = options_of(path);
    struct ledger *writer, *reader;
    struct ledger_run run;
    (void)state;
    ok(ledger_open(&writer, &options, &err));
    ok(ledger_begin_run(writer, "one", &err));
    options.is_reader = true;
    ok(ledger_open(&reader, &options, &err));
    ok(ledger_begin(reader, &err));
    ok(ledger_find_run(reader, 0, &run, &err));
    assert_int_equal(run.id, 1);
    ok(ledger_begin_run(writer, "two", &err));
    ok(ledger_find_run(reader, 0, &run, &err));
    assert_int_equal(run.id, 1);
    ok(ledger_commit(reader, &err));
    ok(ledger_find_run(reader, 0, &run, &err));
    assert_int_equal(run.id, 2);
    ledger_close(reader);
    ledger_close(writer);
}

static void memory_and_temporary_ledgers_leave_nothing(void **state)
{
    static const char *const places[] = {":memory:", NULL};
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        struct ledger_options options = options_of(places[i]);
        struct ledger *one, *two;
        ok(ledger_open(&one, &options, &err));
        ok(ledger_open(&two, &options, &err));
        ok(ledger_begin_run(one, "team.csv", &err));
        struct ledger_run run;
        assert_int_equal(ledger_find_run(two, 0, &run, &err), ERROR_USAGE);
        ledger_close(one);
        ledger_close(two);
    }
    assert_int_equal(access(":memory:", F_OK), -1);
}

static char *place(const char *state_directory, const char *state_home,
                   const char *home, const char *server,
                   const char *organization)
{
    struct strbuf found;
    strbuf_init(&found, 4096);
    ok(ledger_place(state_directory, state_home, home, server, organization,
                    &found, &err));
    return strbuf_detach(&found);
}

static void the_usual_place_is_the_first_that_there_is(void **state)
{
    static const struct {
        const char *state_directory, *state_home, *home, *place;
    } cases[] = {
        {"/s", "/x", "/h", "/s/h/o.db"},
        {"/s:/t", "/x", "/h", "/s/h/o.db"},
        {"s", "/x", "/h", "/x/bulk-invite/h/o.db"},
        {NULL, "/x", "/h", "/x/bulk-invite/h/o.db"},
        {NULL, "", "/h", "/h/.local/state/bulk-invite/h/o.db"},
        {"", "x", "/h", "/h/.local/state/bulk-invite/h/o.db"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *found = place(cases[i].state_directory, cases[i].state_home,
                            cases[i].home, "h", "o");
        assert_string_equal(found, cases[i].place);
        free(found);
    }
    struct strbuf none;
    strbuf_init(&none, 4096);
    fails(ledger_place(NULL, "", "home", "h", "o", &none, &err), ERROR_USAGE,
          "name one with --ledger FILE");
    strbuf_clear(&none);
}

static void two_identities_never_share_a_place(void **state)
{
    static const char *const texts[] = {
        "a",        "A",           "a.",         ".a",   ".",     "..",
        "a/b",      "a%2Fb",       "a_b",        "a%b",  "a%25b", "%",
        "%2E",      "\xc3\xa4",    "..%2F",      "a b",  "-",     "a.db",
        "http://a", "http://a:80", "http://a/b", "a\x01"};
    char *places[COUNT(texts) * 2];
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        places[count++] = place("/s", NULL, NULL, texts[i], "o");
        places[count++] = place("/s", NULL, NULL, "h", texts[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t slashes = 0;
        for (const char *c = places[i]; *c; c++)
            slashes += *c == '/';
        assert_int_equal(slashes, 3);
        assert_null(strstr(places[i], "/."));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(places[i], places[j]);
    }
    while (count > 0)
        free(places[--count]);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/acme.db", folder);
    snprintf(deep_path, sizeof(deep_path), "%s/a/b/acme.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {
        "acme.db",     "acme.db-wal",     "acme.db-shm",     "acme.db.lock",
        "a/b/acme.db", "a/b/acme.db-wal", "a/b/acme.db-shm", "a/b/acme.db.lock",
    };
    char name[96];
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
        unlink(name);
    }
    snprintf(name, sizeof(name), "%s/a/b", folder);
    rmdir(name);
    snprintf(name, sizeof(name), "%s/a", folder);
    rmdir(name);
    return rmdir(folder);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_ledger_and_its_folders_are_its_owners_alone),
        CASE(it_knows_whose_it_is),
        CASE(a_new_one_must_be_told_whose_it_is),
        CASE(what_must_exist_is_not_made),
        CASE(a_newer_version_is_left_alone),
        CASE(a_version_that_no_ledger_has_is_left_alone),
        CASE(another_programs_database_is_left_alone),
        CASE(a_text_file_is_left_alone),
        CASE(a_cut_or_scribbled_file_is_left_alone),
        CASE(a_folder_may_be_a_symbolic_link),
        CASE(what_is_no_file_is_refused),
        CASE(another_users_file_is_refused),
        CASE(another_users_file_beside_it_is_refused),
        CASE(a_lock_that_is_another_files_second_name_is_refused),
        CASE(one_writer_at_a_time_and_the_other_learns_who),
        CASE(a_reader_needs_no_lock_and_sees_what_is_committed),
        CASE(a_reader_sees_one_moment_between_begin_and_commit),
        CASE(memory_and_temporary_ledgers_leave_nothing),
        CASE(the_usual_place_is_the_first_that_there_is),
        CASE(two_identities_never_share_a_place),
    };
    return cmocka_run_group_tests_name("ledger_open", tests, NULL, NULL);
}
