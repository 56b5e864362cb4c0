#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "ledger/ledger_books.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct error err;
static char folder[] = "/tmp/test_ledger_books.XXXXXX";
static char path[64];

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

static struct ledger *open_ledger(bool is_reader)
{
    struct ledger_options options = {
        .path = path,
        .server = "https://example.com",
        .organization = "acme",
        .is_reader = is_reader,
        .activity = "test",
    };
    struct ledger *ledger;
    ok(ledger_open(&ledger, &options, &err));
    return ledger;
}

static struct row *row_of(uint64_t line, const char *person)
{
    return row_new(line, person, strlen(person), "member", 6, person);
}

/* A row that was sent and has this end; STATUS_NONE: it is still under way. */
static void invite(struct ledger *ledger, uint64_t line, const char *person,
                   enum status status, const char *expires_at)
{
    struct row *row = row_of(line, person);
    bool owed;
    ok(ledger_look(ledger, row, &owed, &err));
    assert_true(owed);
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    if (status != STATUS_NONE) {
        outcome_set(&row->outcome, status, CODE_NONE, NULL);
        row->outcome.expires_at = expires_at ? xstrdup(expires_at) : NULL;
        ok(ledger_settle(ledger, row, &err));
    }
    row_free(row);
}

static enum status standing(struct ledger *ledger, const char *person)
{
    struct row *row = row_of(99, person);
    bool owed;
    ok(ledger_look(ledger, row, &owed, &err));
    enum status status = row->outcome.status;
    assert_int_equal(owed, status == STATUS_NONE);
    row_free(row);
    return status;
}

static void end_run(struct ledger *ledger, struct counters counters)
{
    ok(ledger_end_run(ledger, &counters, NULL, 3, &err));
}

/* --- what is visited, in words --- */

static char seen[1024];

static void note(const char *format, ...) PRINTF_LIKE(1, 2);
static void note(const char *format, ...)
{
    size_t len = strlen(seen);
    va_list args;
    va_start(args, format);
    vsnprintf(seen + len, sizeof(seen) - len, format, args);
    va_end(args);
}

static void note_run(void *context, const struct ledger_run *run)
{
    (void)context;
    note("%" PRId64 " %s %d %" PRIu64 " %" PRIu64 "%s; ", run->id, run->input,
         run->exit_code, run->rows_read, run->already_invited,
         run->is_going ? " going" : "");
}

static void note_person(void *context, const struct row *row, int64_t run)
{
    (void)context;
    note("%s %" PRIu64 " %" PRId64 " %s; ", row->email, row->line, run,
         status_name(row->outcome.status));
}

static enum error_kind note_row(void *context, const struct row *row,
                                struct error *error)
{
    (void)context;
    (void)error;
    note("%" PRIu64 " %s %s; ", row->line, row->email,
         status_name(row->outcome.status));
    return ERROR_NONE;
}

static void expect_seen(const char *expected)
{
    assert_string_equal(seen, expected);
    seen[0] = '\0';
}

static void expect_unknown(struct ledger *ledger, const char *expected)
{
    ok(ledger_each_unknown(ledger, note_person, NULL, &err));
    expect_seen(expected);
}

static void expect_rows(struct ledger *ledger, int64_t number,
                        const char *expected)
{
    struct ledger_run run;
    ok(ledger_find_run(ledger, number, &run, &err));
    ok(ledger_each_row(ledger, &run, note_row, NULL, &err));
    expect_seen(expected);
}

/* --- reading --- */

static void the_last_runs_come_newest_first(void **state)
{
    struct ledger *ledger = open_ledger(false);
    (void)state;
    ok(ledger_each_run(ledger, 5, note_run, NULL, &err));
    expect_seen("");
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_INVITED, NULL);
    end_run(ledger,
            (struct counters){.rows_read = 1, .settled[STATUS_INVITED] = 1});
    ok(ledger_begin_run(ledger, "b.csv", &err));
    ok(ledger_begin_run(ledger, "c.csv", &err));
    struct row *again = row_of(2, "a@x.org");
    bool owed;
    ok(ledger_look(ledger, again, &owed, &err));
    ok(ledger_add(ledger, again, ROW_SETTLED, &err));
    row_free(again);
    /* One already invited by the ledger, one by the server's word. */
    invite(ledger, 3, "b@x.org", STATUS_ALREADY_INVITED, NULL);
    end_run(ledger, (struct counters){.rows_read = 2,
                                      .settled[STATUS_ALREADY_INVITED] = 2});
    ok(ledger_each_run(ledger, 5, note_run, NULL, &err));
    expect_seen("3 c.csv 3 2 1; 2 b.csv -1 0 0; 1 a.csv 3 1 0; ");
    ok(ledger_each_run(ledger, 1, note_run, NULL, &err));
    expect_seen("3 c.csv 3 2 1; ");
    ledger_close(ledger);
}

static void rows_come_in_the_order_of_the_input(void **state)
{
    struct ledger *ledger = open_ledger(false);
    struct ledger_run run;
    (void)state;
    fails(ledger_find_run(ledger, 0, &run, &err), ERROR_USAGE, "no run");
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "b@x.org", STATUS_REJECTED, NULL);
    invite(ledger, 4, "a@x.org", STATUS_INVITED, NULL);
    end_run(ledger, (struct counters){.settled[STATUS_REJECTED] = 1,
                                      .settled[STATUS_INVITED] = 1});
    ok(ledger_begin_run(ledger, "b.csv", &err));
    expect_rows(ledger, 0, "");
    invite(ledger, 2, "b@x.org", STATUS_INVITED, NULL);
    expect_rows(ledger, 1, "2 b@x.org rejected; 4 a@x.org invited; ");
    expect_rows(ledger, 0, "2 b@x.org invited; ");
    fails(ledger_find_run(ledger, 3, &run, &err), ERROR_USAGE,
          "there is no run 3");
    ledger_close(ledger);
}

/* Three people: settled, under way, waiting for another attempt. */
static struct ledger *run_that_is_going(void)
{
    struct ledger *ledger = open_ledger(false);
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_INVITED, NULL);
    invite(ledger, 3, "b@x.org", STATUS_NONE, NULL);
    struct row *parked = row_of(4, "c@x.org");
    ok(ledger_add(ledger, parked, ROW_INTENT, &err));
    ok(ledger_set_state(ledger, parked->id, ROW_PENDING, &err));
    row_free(parked);
    return ledger;
}

static void what_a_run_has_in_hand_is_not_called_unknown(void **state)
{
    struct ledger *writer = run_that_is_going();
    struct ledger *reader = open_ledger(true);
    uint64_t people[STATUS_COUNT];
    struct ledger_run run;
    (void)state;
    ok(ledger_count_people(reader, people, &err));
    assert_int_equal(people[STATUS_INVITED], 1);
    assert_int_equal(people[STATUS_NONE], 2);
    expect_unknown(reader, "");
    ok(ledger_each_run(reader, 5, note_run, NULL, &err));
    expect_seen("1 a.csv -1 0 0 going; ");
    ok(ledger_find_run(reader, 0, &run, &err));
    ok(ledger_each_row(reader, &run, note_row, NULL, &err));
    expect_seen("2 a@x.org invited; ");
    assert_int_equal(run.in_hand, 2);
    ledger_close(reader);
    ledger_close(writer);
}

static void what_a_killed_run_left_is_shown_as_the_next_will_say(void **state)
{
    ledger_close(run_that_is_going());
    struct ledger *reader = open_ledger(true);
    uint64_t people[STATUS_COUNT];
    (void)state;
    ok(ledger_count_people(reader, people, &err));
    assert_int_equal(people[STATUS_UNKNOWN], 1);
    assert_int_equal(people[STATUS_UNPROCESSED], 1);
    assert_int_equal(people[STATUS_NONE], 0);
    expect_unknown(reader, "b@x.org 3 1 unknown; ");
    ok(ledger_each_run(reader, 5, note_run, NULL, &err));
    expect_seen("1 a.csv -1 0 0; ");
    expect_rows(reader, 0,
                "2 a@x.org invited; 3 b@x.org unknown; "
                "4 c@x.org unprocessed; ");
    ledger_close(reader);

    struct ledger *writer = open_ledger(false);
    ok(ledger_begin_run(writer, "a.csv", &err));
    expect_rows(writer, 1,
                "2 a@x.org invited; 3 b@x.org unknown; "
                "4 c@x.org unprocessed; ");
    ledger_close(writer);
}

static void invitations_expire_soonest_first_within_the_window(void **state)
{
    struct ledger *ledger = open_ledger(false);
    const int64_t noon_s = 1795435200; /* 2026-11-23T12:00:00Z */
    uint64_t expired;
    (void)state;
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "past@x.org", STATUS_INVITED, "2026-11-23T11:59:59Z");
    invite(ledger, 3, "late@x.org", STATUS_INVITED, "2026-11-24T12:00:00Z");
    invite(ledger, 4, "two@x.org", STATUS_INVITED, "2026-11-24T11:59:59Z");
    invite(ledger, 5, "one@x.org", STATUS_INVITED, "2026-11-23T13:30:00+01:00");
    invite(ledger, 6, "never@x.org", STATUS_INVITED, NULL);
    invite(ledger, 7, "odd@x.org", STATUS_INVITED, "next week");
    ok(ledger_each_expiring(ledger, noon_s, noon_s + 86400, note_person, NULL,
                            &err));
    expect_seen("one@x.org 5 1 invited; two@x.org 4 1 invited; ");
    ok(ledger_count_expired(ledger, noon_s, &expired, &err));
    assert_int_equal(expired, 1);
    ledger_close(ledger);
}

/* --- resolve --- */

static void an_unknown_is_settled_by_hand_either_way(void **state)
{
    struct ledger *ledger = open_ledger(false);
    (void)state;
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_UNKNOWN, NULL);
    invite(ledger, 3, "b@x.org", STATUS_UNKNOWN, NULL);
    invite(ledger, 4, "c@x.org", STATUS_INVITED, NULL);
    invite(ledger, 5, "d@x.org", STATUS_NONE, NULL);
    ok(ledger_resolve(ledger, "a@x.org", STATUS_INVITED, &err));
    ok(ledger_resolve(ledger, "b@x.org", STATUS_UNPROCESSED, &err));
    ok(ledger_resolve(ledger, "d@x.org", STATUS_INVITED, &err));
    fails(ledger_resolve(ledger, "a@x.org", STATUS_INVITED, &err), ERROR_USAGE,
          "not unknown but invited");
    fails(ledger_resolve(ledger, "c@x.org", STATUS_UNPROCESSED, &err),
          ERROR_USAGE, "not unknown but invited");
    fails(ledger_resolve(ledger, "z@x.org", STATUS_INVITED, &err), ERROR_USAGE,
          "does not know that person");
    expect_unknown(ledger, "");
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "a@x.org"), STATUS_ALREADY_INVITED);
    assert_int_equal(standing(ledger, "b@x.org"), STATUS_NONE);
    assert_int_equal(standing(ledger, "d@x.org"), STATUS_ALREADY_INVITED);
    ledger_close(ledger);
}

/* A resend became unknown, and so did its repetition; not sent means that the
 * first invitation is the one that counts. */
static void what_was_not_sent_again_leaves_the_old_invitation(void **state)
{
    struct ledger *ledger = open_ledger(false);
    const struct ledger_policy resend = {.resend_before_s = INT64_MAX};
    const struct ledger_policy retry = {.retries_unknown = true,
                                        .resend_before_s = INT64_MIN};
    const struct ledger_policy plain = {.resend_before_s = INT64_MIN};
    (void)state;
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_INVITED, NULL);
    invite(ledger, 3, "b@x.org", STATUS_UNKNOWN, NULL);
    ledger_set_policy(ledger, &resend);
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_UNKNOWN, NULL);
    ledger_set_policy(ledger, &retry);
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_UNKNOWN, NULL);
    invite(ledger, 3, "b@x.org", STATUS_UNKNOWN, NULL);
    ok(ledger_resolve(ledger, "a@x.org", STATUS_UNPROCESSED, &err));
    ok(ledger_resolve(ledger, "b@x.org", STATUS_UNPROCESSED, &err));
    ledger_set_policy(ledger, &plain);
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "a@x.org"), STATUS_ALREADY_INVITED);
    assert_int_equal(standing(ledger, "b@x.org"), STATUS_NONE);
    expect_unknown(ledger, "");
    ledger_close(ledger);
}

/* As only a damaged file says it. */
static void a_row_that_replaces_itself_is_an_unknown_like_others(void **state)
{
    struct ledger *ledger = open_ledger(false);
    struct row *row = row_of(2, "a@x.org");
    (void)state;
    ok(ledger_begin_run(ledger, "a.csv", &err));
    row->replaces = 1;
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    assert_int_equal(row->id, 1);
    outcome_set(&row->outcome, STATUS_UNKNOWN, CODE_TIMEOUT, NULL);
    ok(ledger_settle(ledger, row, &err));
    ok(ledger_resolve(ledger, "a@x.org", STATUS_UNPROCESSED, &err));
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "a@x.org"), STATUS_NONE);
    row_free(row);
    ledger_close(ledger);
}

/* --- forget --- */

static bool file_holds(const char *suffix, const char *text)
{
    static char bytes[1 << 20];
    char name[80];
    snprintf(name, sizeof(name), "%s%s", path, suffix);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, bytes, sizeof(bytes));
    close(fd);
    return len > 0 && memmem(bytes, (size_t)len, text, strlen(text));
}

static bool is_anywhere(const char *text)
{
    return file_holds("", text) || file_holds("-wal", text);
}

/* Ada in two spellings and Bob, with enough others to fill some pages. */
static struct ledger *ledger_of_many(void)
{
    struct ledger *ledger = open_ledger(false);
    ok(ledger_begin_run(ledger, "a.csv", &err));
    ok(ledger_begin(ledger, &err));
    for (unsigned i = 0; i < 500; i++) {
        char name[32];
        snprintf(name, sizeof(name), "person%u@x.org", i);
        invite(ledger, i + 10, name, STATUS_INVITED, NULL);
    }
    struct row *ada = row_new(2, "ADA@X.org", 9, "adas-role", 9, "ada@x.org");
    ok(ledger_add(ledger, ada, ROW_INTENT, &err));
    outcome_set(&ada->outcome, STATUS_INVITED, CODE_NONE, "adas-words");
    ada->outcome.invitation_id = xstrdup("adas-id");
    ok(ledger_settle(ledger, ada, &err));
    row_free(ada);
    struct row *twice = row_of(3, "ada@x.org");
    bool owed;
    ok(ledger_look(ledger, twice, &owed, &err));
    ok(ledger_add(ledger, twice, ROW_SETTLED, &err));
    row_free(twice);
    ok(ledger_commit(ledger, &err));
    return ledger;
}

static void nothing_of_a_forgotten_person_is_in_any_file(void **state)
{
    static const char *const traces[] = {"ADA@", "ada@", "adas-role",
                                         "adas-words", "adas-id"};
    struct ledger *ledger = ledger_of_many();
    uint64_t erased;
    (void)state;
    for (size_t i = 0; i < COUNT(traces); i++)
        assert_true(is_anywhere(traces[i]));
    ok(ledger_forget_person(ledger, "ada@x.org", &erased, &err));
    assert_int_equal(erased, 2);
    for (size_t i = 0; i < COUNT(traces); i++)
        assert_false(is_anywhere(traces[i]));
    assert_true(is_anywhere("person499@x.org"));
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "ada@x.org"), STATUS_ALREADY_INVITED);
    ok(ledger_forget_person(ledger, "ada@x.org", &erased, &err));
    assert_int_equal(erased, 0);
    ledger_close(ledger);
}

static void a_reader_in_the_way_of_forgetting_is_said(void **state)
{
    struct ledger *ledger = ledger_of_many();
    struct ledger *reader = open_ledger(true);
    struct ledger_run run;
    uint64_t erased;
    (void)state;
    ok(ledger_begin(reader, &err));
    ok(ledger_find_run(reader, 0, &run, &err));
    fails(ledger_forget_person(ledger, "ada@x.org", &erased, &err),
          ERROR_LOCKED, "run this again");
    assert_int_equal(erased, 2);
    ledger_close(reader);
    ok(ledger_forget_person(ledger, "ada@x.org", &erased, &err));
    assert_false(is_anywhere("ada@"));
    assert_false(is_anywhere("ADA@"));
    ledger_close(ledger);
}

static void all_before_a_time_is_forgotten_also_of_a_killed_run(void **state)
{
    struct ledger *ledger = run_that_is_going();
    uint64_t erased;
    (void)state;
    ok(ledger_forget_before(ledger, 0, &erased, &err));
    assert_int_equal(erased, 0);
    assert_true(is_anywhere("@x.org"));
    ok(ledger_forget_before(ledger, INT64_MAX, &erased, &err));
    assert_int_equal(erased, 3);
    assert_false(is_anywhere("@x.org"));
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "a@x.org"), STATUS_ALREADY_INVITED);
    assert_int_equal(standing(ledger, "b@x.org"), STATUS_UNKNOWN);
    ledger_close(ledger);
}

/* --- import --- */

static bool imports(struct ledger *ledger, const char *person,
                    enum status status, const char *created_at)
{
    struct row *row = row_of(2, person);
    bool is_new;
    outcome_set(&row->outcome, status, CODE_NONE, NULL);
    row->outcome.created_at = created_at ? xstrdup(created_at) : NULL;
    ok(ledger_import(ledger, row, &is_new, &err));
    row_free(row);
    return is_new;
}

static void an_import_adds_what_is_not_known_yet(void **state)
{
    struct ledger *ledger = open_ledger(false);
    (void)state;
    ok(ledger_begin_run(ledger, "a.csv", &err));
    invite(ledger, 2, "a@x.org", STATUS_INVITED, NULL);
    invite(ledger, 3, "b@x.org", STATUS_REJECTED, NULL);
    invite(ledger, 4, "c@x.org", STATUS_UNKNOWN, NULL);
    invite(ledger, 5, "d@x.org", STATUS_UNKNOWN, NULL);
    ok(ledger_begin_run(ledger, "import a.csv", &err));
    assert_false(imports(ledger, "a@x.org", STATUS_UNKNOWN, NULL));
    assert_true(imports(ledger, "b@x.org", STATUS_UNKNOWN, NULL));
    assert_true(imports(ledger, "c@x.org", STATUS_INVITED, NULL));
    assert_false(imports(ledger, "d@x.org", STATUS_UNKNOWN, NULL));
    assert_true(imports(ledger, "e@x.org", STATUS_ALREADY_INVITED, NULL));
    assert_false(imports(ledger, "e@x.org", STATUS_INVITED, NULL));
    end_run(ledger, (struct counters){.settled[STATUS_UNKNOWN] = 1,
                                      .settled[STATUS_INVITED] = 1,
                                      .settled[STATUS_ALREADY_INVITED] = 1});
    ok(ledger_each_run(ledger, 1, note_run, NULL, &err));
    expect_seen("2 import a.csv 3 0 0; ");
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "a@x.org"), STATUS_ALREADY_INVITED);
    assert_int_equal(standing(ledger, "b@x.org"), STATUS_UNKNOWN);
    assert_int_equal(standing(ledger, "c@x.org"), STATUS_ALREADY_INVITED);
    assert_int_equal(standing(ledger, "d@x.org"), STATUS_UNKNOWN);
    assert_int_equal(standing(ledger, "e@x.org"), STATUS_ALREADY_INVITED);
    ledger_close(ledger);
}

static void an_imported_invitation_is_as_old_as_it_was(void **state)
{
    struct ledger *ledger = open_ledger(false);
    const struct ledger_policy policy = {.resend_before_s = 1700000000};
    (void)state;
    ok(ledger_begin_run(ledger, "import a.csv", &err));
    imports(ledger, "old@x.org", STATUS_INVITED, "2020-01-01T00:00:00Z");
    imports(ledger, "new@x.org", STATUS_INVITED, NULL);
    imports(ledger, "odd@x.org", STATUS_INVITED, "9999-01-01T00:00:00Z");
    ledger_set_policy(ledger, &policy);
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "old@x.org"), STATUS_NONE);
    assert_int_equal(standing(ledger, "new@x.org"), STATUS_ALREADY_INVITED);
    assert_int_equal(standing(ledger, "odd@x.org"), STATUS_ALREADY_INVITED);
    ledger_close(ledger);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct ledger *ledger = open_ledger(false);
    (void)state;
    ok(ledger_begin_run(ledger, "import a.csv", &err));
    ok(ledger_begin(ledger, &err));
    assert_true(imports(ledger, "a@x.org", STATUS_INVITED, NULL));
    ok(ledger_roll_back(ledger, &err));
    end_run(ledger, (struct counters){0});
    ok(ledger_begin_run(ledger, "a.csv", &err));
    assert_int_equal(standing(ledger, "a@x.org"), STATUS_NONE);
    ledger_close(ledger);
}

static int set_up(void **state)
{
    (void)state;
    seen[0] = '\0';
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/acme.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[80];
    (void)state;
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return rmdir(folder);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_last_runs_come_newest_first),
        CASE(rows_come_in_the_order_of_the_input),
        CASE(what_a_run_has_in_hand_is_not_called_unknown),
        CASE(what_a_killed_run_left_is_shown_as_the_next_will_say),
        CASE(invitations_expire_soonest_first_within_the_window),
        CASE(an_unknown_is_settled_by_hand_either_way),
        CASE(what_was_not_sent_again_leaves_the_old_invitation),
        CASE(a_row_that_replaces_itself_is_an_unknown_like_others),
        CASE(nothing_of_a_forgotten_person_is_in_any_file),
        CASE(a_reader_in_the_way_of_forgetting_is_said),
        CASE(all_before_a_time_is_forgotten_also_of_a_killed_run),
        CASE(an_import_adds_what_is_not_known_yet),
        CASE(an_imported_invitation_is_as_old_as_it_was),
        CASE(what_is_rolled_back_was_never_there),
    };
    return cmocka_run_group_tests_name("ledger_books", tests, NULL, NULL);
}
