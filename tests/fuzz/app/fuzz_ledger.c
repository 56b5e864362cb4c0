/*
 * Any bytes as a ledger's file: looked into, shown as `report` and `status` do,
 * then a run that writes to it. A look changes nothing, and neither does a run
 * that was refused it.
 */
#include "app/commands.h"
#include "base/clock.h"
#include "fuzz.h"
#include "ledger/ledger_books.h"

static char folder[] = "/dev/shm/fuzz_ledger.XXXXXX";
static char path[64];

static void remove_files(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal",
                                          ".lock"};
    char name[80];

    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        unlink(name);
    }
}

static void remove_folder(void)
{
    remove_files();
    rmdir(folder);
}

static void make_folder(void)
{
    if (path[0])
        return;
    require(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/l.db", folder);
    atexit(remove_folder);
}

static void write_file(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    require(file && fwrite(data, 1, size, file) == size && !fclose(file));
}

static bool holds(const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *content = malloc(size + 1);
    bool is_same;

    require(file && content);
    is_same = fread(content, 1, size + 1, file) == size &&
              memcmp(content, data, size) == 0;
    free(content);
    fclose(file);
    return is_same;
}

static void see_row(void *context, const struct row *row, int64_t run)
{
    (void)context;
    (void)run;
    require(row->email && row->role && row->outcome.status < STATUS_COUNT);
}

static enum error_kind see_stored(void *context, const struct row *row,
                                  struct error *err)
{
    (void)err;
    see_row(context, row, 0);
    return ERROR_NONE;
}

static void see_run(void *context, const struct ledger_run *run)
{
    (void)context;
    require(run->input != NULL);
}

static void see_hold(void *context, const struct hold *hold)
{
    (void)context;
    require(hold->reason >= HOLD_NONE && hold->reason < HOLD_REASONS);
}

/* What `status` and `report` ask. */
static enum error_kind look(struct ledger *ledger, struct error *err)
{
    const int64_t now_s = clock_wall_us() / US_PER_S;
    uint64_t people[STATUS_COUNT], expired;
    struct ledger_run run;

    if (ledger_begin(ledger, err) ||
        ledger_each_run(ledger, 10, see_run, NULL, err) ||
        ledger_count_people(ledger, people, err) ||
        ledger_each_unknown(ledger, see_row, NULL, err) ||
        ledger_each_expiring(ledger, 0, INT64_MAX, see_row, NULL, err) ||
        ledger_count_expired(ledger, now_s, &expired, err) ||
        ledger_find_run(ledger, 0, &run, err) ||
        ledger_each_row(ledger, &run, see_stored, NULL, err) ||
        ledger_each_hold(ledger, run.id, see_hold, NULL, err))
        return err->kind;
    return ledger_commit(ledger, err);
}

static void show_by(int command(const struct options *options,
                                struct error *err),
                    const struct options *options)
{
    struct error err = ERROR_INIT;
    int exit_code = command(options, &err);

    require(!err.kind || (exit_code != 0 && err.text[0]));
}

/* And all that they make of it. */
static void show(bool is_odd)
{
    const struct options report = {.ledger = path,
                                   .output = "/dev/null",
                                   .format = is_odd ? "csv" : "jsonl"};
    const struct options page = {
        .ledger = path, .output = "/dev/null", .html = true};
    const struct options status = {.ledger = path, .json = is_odd};

    show_by(command_report, &report);
    show_by(command_report, &page);
    show_by(command_status, &status);
}

/* A row as a run takes it through. */
static enum error_kind invite(struct ledger *ledger, struct row *row,
                              struct error *err)
{
    bool is_owed;

    if (ledger_begin(ledger, err) || ledger_look(ledger, row, &is_owed, err))
        return err->kind;
    require(is_owed == (row->outcome.status == STATUS_NONE));
    if (is_owed) {
        if (ledger_add(ledger, row, ROW_INTENT, err))
            return err->kind;
        outcome_set(&row->outcome, STATUS_UNKNOWN, CODE_TIMEOUT, "no answer");
        if (ledger_settle(ledger, row, err))
            return err->kind;
    }
    return ledger_commit(ledger, err);
}

static enum error_kind write_run(struct ledger *ledger, struct error *err)
{
    static const char *const people[] = {"a@example.com", "b@example.com",
                                         "new@example.com"};
    const struct ledger_policy policy = {.retries_unknown = true,
                                         .resends_expired = true,
                                         .resends_changed = true,
                                         .resend_before_s = 1};
    uint64_t erased;

    ledger_set_policy(ledger, &policy);
    if (ledger_begin_run(ledger, "fuzz.csv", err))
        return err->kind;
    for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
        const char *email = people[i];
        struct row *row =
            row_new(i + 2, email, strlen(email), "admin", 5, email);
        enum error_kind kind = invite(ledger, row, err);
        row_free(row);
        if (kind)
            return kind;
    }
    if (ledger_resolve(ledger, people[2], STATUS_UNPROCESSED, err))
        return err->kind;
    return ledger_forget_person(ledger, people[0], &erased, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ledger_options options = {.path = path, .is_reader = true};
    struct error err = ERROR_INIT;
    struct ledger *ledger;

    make_folder();
    write_file(data, size);
    if (ledger_open(&ledger, &options, &err) == ERROR_NONE) {
        err = (struct error)ERROR_INIT;
        require(look(ledger, &err) == ERROR_NONE || err.text[0]);
        ledger_close(ledger);
        show(size % 2 == 1);
    }
    require(holds(data, size));

    options.is_reader = false;
    options.activity = "fuzz";
    if (ledger_open(&ledger, &options, &err) == ERROR_NONE) {
        require(write_run(ledger, &err) == ERROR_NONE || err.text[0]);
        require(look(ledger, &err) == ERROR_NONE || err.text[0]);
        ledger_close(ledger);
    } else {
        require(holds(data, size));
    }
    remove_files();
    return 0;
}
