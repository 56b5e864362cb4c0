#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <unistd.h>

#include "base/random.h"
#include "ledger/ledger_books.h"

/*
 * The index of people follows the rows in batches. Here is a model of who is
 * owed what that has no index, and a ledger that merges all the time; whatever
 * is done to both, and wherever they crash, they say the same.
 */

#define PEOPLE   300
#define ROWS     6000
#define STEPS    3000
#define FEW_BITS 2

static struct error err;
static char folder[] = "/tmp/test_ledger_people.XXXXXX";
static char path[64];
static uint64_t dice = 1;

static void ok(enum error_kind kind)
{
    if (kind != ERROR_NONE)
        fail_msg("%s", err.text);
}

static int64_t roll(int64_t bound)
{
    return random_below(&dice, bound);
}

static struct ledger *open_with_room(bool is_reader, unsigned bits)
{
    struct ledger *ledger;
    struct ledger_options options = {
        .path = path,
        .server = "https://example.com",
        .organization = "acme",
        .is_reader = is_reader,
        .recent_bits = bits,
    };
    ok(ledger_open(&ledger, &options, &err));
    return ledger;
}

static struct ledger *open_ledger(bool is_reader)
{
    return open_with_room(is_reader, FEW_BITS + (unsigned)roll(7));
}

/* --- the model --- */

struct model_row {
    int person;
    enum row_state state;
    enum status status;
    int64_t replaces;
};

struct model {
    struct model_row rows[ROWS]; /* from 1 on, as in the ledger */
    int64_t row_count;
    int64_t first_row; /* of the run */
    int64_t deciding[PEOPLE];
    struct counters counters;
};

/* What is so, and what was so at the last commit. */
static struct model now, committed;

static bool is_decisive(enum status status)
{
    return status == STATUS_INVITED || status == STATUS_ALREADY_INVITED ||
           status == STATUS_UNKNOWN;
}

/* What a look at the person must say; STATUS_NONE: owed. *replaces as well. */
static enum status expected(int person, bool resends, int64_t *replaces)
{
    int64_t id = now.deciding[person];
    const struct model_row *row = &now.rows[id];
    *replaces = 0;
    if (id == 0)
        return STATUS_NONE;
    if (id >= now.first_row)
        return STATUS_DUPLICATE;
    if (is_decisive(row->status)) {
        *replaces = resends || row->status == STATUS_UNKNOWN ? id : 0;
        if (resends)
            return STATUS_NONE;
        return row->status == STATUS_UNKNOWN ? STATUS_UNKNOWN
                                             : STATUS_ALREADY_INVITED;
    }
    return STATUS_NONE;
}

static void model_recover(void)
{
    for (int64_t id = now.first_row; id <= now.row_count; id++) {
        struct model_row *row = &now.rows[id];
        if (row->state == ROW_PENDING && row->replaces > 0 &&
            now.deciding[row->person] == id)
            now.deciding[row->person] = row->replaces;
        if (row->state != ROW_SETTLED)
            row->status =
                row->state == ROW_INTENT ? STATUS_UNKNOWN : STATUS_UNPROCESSED;
        row->state = ROW_SETTLED;
    }
    now.first_row = now.row_count + 1;
    memset(&now.counters, 0, sizeof(now.counters));
}

/* --- both --- */

struct both {
    struct ledger *ledger;
    bool resends;
    bool is_in_transaction;
};

static struct row *row_of(int person)
{
    char name[32];
    int len = snprintf(name, sizeof(name), "person%d@x.org", person);
    return row_new(2, name, (size_t)len, "member", 6, name);
}

static void begin(struct both *both)
{
    if (!both->is_in_transaction)
        ok(ledger_begin(both->ledger, &err));
    both->is_in_transaction = true;
}

static void commit(struct both *both)
{
    if (both->is_in_transaction)
        ok(ledger_commit(both->ledger, &err));
    both->is_in_transaction = false;
    committed = now;
}

static void begin_run(struct both *both)
{
    both->resends = roll(3) == 0;
    struct ledger_policy policy = {
        .retries_unknown = both->resends,
        .resend_before_s = both->resends ? INT64_MAX : INT64_MIN,
    };
    ledger_set_policy(both->ledger, &policy);
    ok(ledger_begin_run(both->ledger, "team.csv", &err));
    model_recover();
    committed = now;
}

static int64_t note_row(const struct row *row, int person, enum row_state state)
{
    assert_true(now.row_count + 1 < ROWS);
    assert_int_equal(row->id, ++now.row_count);
    now.rows[row->id] = (struct model_row){
        .person = person,
        .state = state,
        .status = row->outcome.status,
        .replaces = row->replaces,
    };
    if (state == ROW_SETTLED)
        now.counters.settled[row->outcome.status]++;
    return row->id;
}

static void admit(struct both *both)
{
    int person = (int)roll(PEOPLE);
    int64_t replaces;
    bool is_owed;
    enum status status = expected(person, both->resends, &replaces);
    struct row *row = row_of(person);
    begin(both);
    ok(ledger_look(both->ledger, row, &is_owed, &err));
    assert_int_equal(is_owed, status == STATUS_NONE);
    assert_int_equal(row->outcome.status, status);
    if (is_owed)
        assert_int_equal(row->replaces, replaces);
    bool is_held_back = is_owed && roll(8) == 0;
    if (is_held_back)
        outcome_set_stopped(&row->outcome);
    enum row_state state = is_owed && !is_held_back ? ROW_INTENT : ROW_SETTLED;
    ok(ledger_add(both->ledger, row, state, &err));
    if (status == STATUS_ALREADY_INVITED) {
        now.counters.settled[status]++;
    } else {
        int64_t id = note_row(row, person, state);
        if (state == ROW_INTENT || (is_held_back && replaces == 0))
            now.deciding[person] = id;
    }
    row_free(row);
}

/* A row that is not settled; 0 when there is none. */
static int64_t pick_open_row(void)
{
    int64_t count = now.row_count - now.first_row + 1;
    int64_t start = roll(count);
    for (int64_t i = 0; i < count; i++) {
        int64_t id = now.first_row + (start + i) % count;
        if (now.rows[id].state != ROW_SETTLED)
            return id;
    }
    return 0;
}

static bool settle(struct both *both)
{
    static const enum status ends[] = {STATUS_INVITED, STATUS_INVITED,
                                       STATUS_UNKNOWN, STATUS_REJECTED,
                                       STATUS_FAILED,  STATUS_ALREADY_INVITED};
    int64_t id = pick_open_row();
    if (id == 0)
        return false;
    struct model_row *model_row = &now.rows[id];
    struct row *row = row_of(model_row->person);
    row->id = id;
    row->replaces = model_row->replaces;
    outcome_set(&row->outcome, ends[roll(6)], CODE_NONE, NULL);
    begin(both);
    ok(ledger_settle(both->ledger, row, &err));
    model_row->state = ROW_SETTLED;
    model_row->status = row->outcome.status;
    now.counters.settled[model_row->status]++;
    if (model_row->replaces > 0 && !is_decisive(model_row->status))
        now.deciding[model_row->person] = model_row->replaces;
    row_free(row);
    return true;
}

static void park(struct both *both)
{
    int64_t id = pick_open_row();
    if (id == 0)
        return;
    struct model_row *row = &now.rows[id];
    row->state = row->state == ROW_INTENT ? ROW_PENDING : ROW_INTENT;
    begin(both);
    ok(ledger_set_state(both->ledger, id, row->state, &err));
}

/* What a row says when no run is going. */
static enum status standing_of_row(int64_t id)
{
    const struct model_row *row = &now.rows[id];
    if (id == 0)
        return STATUS_NONE;
    return row->state == ROW_INTENT    ? STATUS_UNKNOWN
           : row->state == ROW_PENDING ? STATUS_UNPROCESSED
                                       : row->status;
}

static enum status standing_of(int person)
{
    return standing_of_row(now.deciding[person]);
}

/* Another process looks. */
static void compare(void)
{
    struct ledger *reader = open_ledger(true);
    uint64_t people[STATUS_COUNT], expected_people[STATUS_COUNT] = {0};
    ok(ledger_count_people(reader, people, &err));
    ok(ledger_begin_plan(reader, &err));
    for (int person = 0; person < PEOPLE; person++) {
        struct row *row = row_of(person);
        enum status standing = standing_of(person);
        enum status look = STATUS_NONE;
        ok(ledger_plan(reader, row, &err));
        expected_people[standing]++;
        if (is_decisive(standing))
            look = standing == STATUS_UNKNOWN ? STATUS_UNKNOWN
                                              : STATUS_ALREADY_INVITED;
        assert_int_equal(row->outcome.status, look);
        row_free(row);
    }
    ok(ledger_end_plan(reader, &err));
    for (int status = STATUS_NONE + 1; status < STATUS_COUNT; status++)
        assert_int_equal(people[status], expected_people[status]);
    ledger_close(reader);
}

/* Some of the people who are not merged are: a merge was killed. */
static void merge_some(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_stmt *rows, *put;
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT id, person FROM row WHERE person NOT NULL"
                           " AND id > (SELECT merged_to FROM identity)"
                           " AND id % 3 = ?",
                           -1, &rows, NULL),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO person VALUES (?, ?)",
                           -1, &put, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(rows, 1, roll(3));
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const unsigned char *hash = sqlite3_column_blob(rows, 1);
        uint64_t key = 0;
        for (int i = 0; i < 8; i++)
            key = key << 8 | hash[i];
        sqlite3_bind_int64(put, 1, (int64_t)(key >> 1));
        sqlite3_bind_int64(put, 2, sqlite3_column_int64(rows, 0));
        assert_int_equal(sqlite3_step(put), SQLITE_DONE);
        sqlite3_reset(put);
    }
    sqlite3_finalize(rows);
    sqlite3_finalize(put);
    sqlite3_close(db);
}

static void end_run(struct both *both)
{
    while (settle(both))
        ;
    commit(both);
    ok(ledger_end_run(both->ledger, &now.counters, NULL, 0, &err));
    compare();
    begin_run(both);
}

/* Of an unknown row that is not sent after all: what it was to replace. */
static int64_t replaced_by(int64_t id)
{
    while (standing_of_row(id) == STATUS_UNKNOWN)
        id = now.rows[id].replaces;
    return is_decisive(standing_of_row(id)) ? id : 0;
}

/* While a run is going, only what is settled. */
static void resolve(struct both *both, bool is_crashed)
{
    char name[32];
    int person = (int)roll(PEOPLE);
    int64_t id = now.deciding[person];
    snprintf(name, sizeof(name), "person%d@x.org", person);
    if (standing_of_row(id) != STATUS_UNKNOWN ||
        (!is_crashed && now.rows[id].state != ROW_SETTLED))
        return;
    bool is_invited = roll(2);
    commit(both);
    ok(ledger_resolve(both->ledger, name,
                      is_invited ? STATUS_INVITED : STATUS_UNPROCESSED, &err));
    int64_t replaced = is_invited ? 0 : replaced_by(id);
    if (replaced > 0)
        now.deciding[person] = replaced;
    now.rows[id].status = is_invited ? STATUS_INVITED : STATUS_UNPROCESSED;
    now.rows[id].state = ROW_SETTLED;
    if (id >= now.first_row && !is_crashed) {
        now.counters.settled[STATUS_UNKNOWN]--;
        now.counters.settled[now.rows[id].status]++;
    }
    committed = now;
}

static void forget(struct both *both)
{
    char name[32];
    uint64_t erased;
    snprintf(name, sizeof(name), "person%d@x.org", (int)roll(PEOPLE));
    commit(both);
    ok(ledger_forget_person(both->ledger, name, &erased, &err));
}

static void import(struct both *both)
{
    int person = (int)roll(PEOPLE);
    enum status standing = standing_of(person);
    struct row *row = row_of(person);
    bool is_new;
    outcome_set(&row->outcome, roll(2) ? STATUS_INVITED : STATUS_UNKNOWN,
                CODE_NONE, NULL);
    begin(both);
    ok(ledger_import(both->ledger, row, &is_new, &err));
    bool is_better =
        row->outcome.status == STATUS_INVITED
            ? standing != STATUS_INVITED && standing != STATUS_ALREADY_INVITED
            : !is_decisive(standing);
    assert_int_equal(is_new, is_better);
    if (is_new)
        now.deciding[person] = note_row(row, person, ROW_SETTLED);
    row_free(row);
}

/* A report with a wrong line. */
static void import_in_vain(struct both *both)
{
    commit(both);
    for (int64_t i = roll(20); i > 0; i--)
        import(both);
    if (both->is_in_transaction)
        ok(ledger_roll_back(both->ledger, &err));
    both->is_in_transaction = false;
    now = committed;
}

static void crash(struct both *both)
{
    ledger_close(both->ledger);
    both->is_in_transaction = false;
    now = committed;
    if (roll(2))
        merge_some();
    compare();
    both->ledger = open_ledger(false);
    for (int64_t i = roll(4); i > 0; i--)
        resolve(both, true);
    begin_run(both);
}

static void step(struct both *both)
{
    int64_t what = roll(200);
    if (what < 80)
        admit(both);
    else if (what < 140)
        (void)settle(both);
    else if (what < 155)
        park(both);
    else if (what < 175)
        commit(both);
    else if (what < 182)
        import(both);
    else if (what < 190)
        resolve(both, false);
    else if (what < 194)
        crash(both);
    else if (what < 195)
        forget(both);
    else if (what < 198)
        end_run(both);
    else
        import_in_vain(both);
}

static void whatever_happens_each_person_is_known_by_one_row(void **state)
{
    (void)state;
    struct both both = {.ledger = open_ledger(false)};
    begin_run(&both);
    for (int i = 0; i < STEPS; i++)
        step(&both);
    assert_true(now.row_count > STEPS / 10);
    end_run(&both);
    ledger_close(both.ledger);
}

static int64_t number(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int code = sqlite3_step(stmt);
    assert_true(code == SQLITE_ROW || code == SQLITE_DONE);
    int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static bool is_owed(struct ledger *ledger, int person)
{
    bool owed;
    struct row *row = row_of(person);
    ok(ledger_look(ledger, row, &owed, &err));
    row_free(row);
    return owed;
}

static void add(struct ledger *ledger, int person, enum status status)
{
    struct row *row = row_of(person);
    outcome_set(&row->outcome, status, CODE_NONE, NULL);
    ok(ledger_add(ledger, row, ROW_SETTLED, &err));
    row_free(row);
}

static void people_with_the_same_63_bits_are_told_apart(void **state)
{
    (void)state;
    struct counters counters = {.settled[STATUS_UNPROCESSED] = 2};
    struct ledger *ledger = open_ledger(false);
    ok(ledger_begin_run(ledger, "team.csv", &err));
    add(ledger, 1, STATUS_UNPROCESSED);
    add(ledger, 2, STATUS_UNPROCESSED);
    ok(ledger_end_run(ledger, &counters, NULL, 0, &err));
    ledger_close(ledger);
    /* Where person 2 would be, person 1 is; and nobody knows person 2. */
    number("UPDATE person SET row = 1");
    number("UPDATE row SET person = NULL WHERE id = 2");

    counters = (struct counters){.settled[STATUS_UNPROCESSED] = 1};
    ledger = open_ledger(false);
    ok(ledger_begin_run(ledger, "team.csv", &err));
    assert_true(is_owed(ledger, 2));
    add(ledger, 2, STATUS_UNPROCESSED);
    assert_false(is_owed(ledger, 2));
    assert_true(is_owed(ledger, 1));
    ok(ledger_end_run(ledger, &counters, NULL, 0, &err));
    assert_int_equal(number("SELECT count(*) FROM person WHERE row = 3 AND"
                            " key - 1 IN (SELECT key FROM person)"),
                     1);
    ledger_close(ledger);
    ledger = open_ledger(false);
    assert_int_equal(number("SELECT merged_to FROM identity"), 3);
    assert_true(is_owed(ledger, 2));
    ledger_close(ledger);
}

static void an_index_that_leads_nowhere_is_damage(void **state)
{
    (void)state;
    struct counters counters = {.settled[STATUS_UNPROCESSED] = 1};
    struct ledger *ledger = open_ledger(false);
    ok(ledger_begin_run(ledger, "team.csv", &err));
    add(ledger, 1, STATUS_UNPROCESSED);
    ok(ledger_end_run(ledger, &counters, NULL, 0, &err));
    number("UPDATE person SET row = 7");
    struct row *row = row_of(1);
    bool owed;
    assert_int_equal(ledger_look(ledger, row, &owed, &err), ERROR_STORAGE);
    assert_non_null(strstr(err.text, "damaged"));
    /* After that, nothing is done any more. */
    err.text[0] = '\0';
    assert_int_equal(ledger_add(ledger, row, ROW_INTENT, &err), ERROR_STORAGE);
    assert_non_null(strstr(err.text, "damaged"));
    assert_int_equal(ledger_begin(ledger, &err), ERROR_STORAGE);
    assert_int_equal(ledger_commit(ledger, &err), ERROR_STORAGE);
    assert_int_equal(number("SELECT count(*) FROM row"), 1);
    row_free(row);
    ledger_close(ledger);
}

/* Looks the person up and writes the intent. */
static struct row *admit_person(struct ledger *ledger, int person)
{
    struct row *row = row_of(person);
    bool owed;
    ok(ledger_look(ledger, row, &owed, &err));
    assert_true(owed);
    ok(ledger_add(ledger, row, ROW_INTENT, &err));
    return row;
}

static void end_row(struct ledger *ledger, struct row *row, enum status status)
{
    outcome_set(&row->outcome, status, CODE_NONE, NULL);
    ok(ledger_settle(ledger, row, &err));
    row_free(row);
}

/* A merge moves on with each new person. Whoever an earlier row decides about
 * again while it is under way must not be lost when it is done. */
static void a_person_given_back_during_a_merge_is_found(void **state)
{
    (void)state;
    enum {
        SOME = 30, /* of 64 slots: more than 36 begin a merge of 8 steps */
        ALL = 60
    };
    const struct ledger_policy again = {.retries_unknown = true,
                                        .resend_before_s = INT64_MAX};
    struct ledger *ledger = open_with_room(false, 6);
    struct row *rows[ALL];
    ok(ledger_begin_run(ledger, "team.csv", &err));
    ok(ledger_begin(ledger, &err));
    for (int i = 0; i < SOME; i++)
        end_row(ledger, admit_person(ledger, i), STATUS_UNKNOWN);
    ok(ledger_commit(ledger, &err));
    ledger_close(ledger); /* killed: nothing is merged */

    for (int meanwhile = SOME; meanwhile < ALL; meanwhile++) {
        ledger = open_with_room(false, 6);
        ledger_set_policy(ledger, &again);
        ok(ledger_begin_run(ledger, "team.csv", &err));
        ok(ledger_begin(ledger, &err));
        for (int i = 0; i < meanwhile; i++)
            rows[i] = admit_person(ledger, i);
        for (int i = 0; i < SOME; i++)
            end_row(ledger, rows[i], STATUS_REJECTED);
        for (int i = meanwhile; i < ALL; i++)
            rows[i] = admit_person(ledger, i);
        for (int i = 0; i < SOME; i++) {
            struct row *row = row_of(i);
            bool owed;
            ok(ledger_look(ledger, row, &owed, &err));
            assert_int_equal(row->outcome.status, STATUS_NONE);
            assert_int_equal(row->replaces, i + 1);
            row_free(row);
        }
        for (int i = SOME; i < ALL; i++)
            row_free(rows[i]);
        ok(ledger_roll_back(ledger, &err));
        ledger_close(ledger);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&now, 0, sizeof(now));
    now.first_row = 1;
    committed = now;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/ledger.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[96];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(folder), 0);
    memset(folder + strlen(folder) - 6, 'X', 6);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    /* Another sequence: its number as an argument. */
    if (argc > 1)
        dice = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        CASE(whatever_happens_each_person_is_known_by_one_row),
        CASE(people_with_the_same_63_bits_are_told_apart),
        CASE(a_person_given_back_during_a_merge_is_found),
        CASE(an_index_that_leads_nowhere_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
