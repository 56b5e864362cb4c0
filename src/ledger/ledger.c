#include "ledger/ledger.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/random.h"
#include "ledger/file.h"
#include "ledger/schema.h"
#include "ledger/statements.h"

/* "BInv", in the file's header: this is a ledger. */
#define APPLICATION_ID 0x42496e76

/* Bounded, and small beside the rest of the program: memory must be the same
 * for ten rows and for ten million. The temporary tables have a cache of their
 * own. */
#define PAGE_CACHE "PRAGMA cache_size = -256; PRAGMA temp.cache_size = -256;"

#define HOLDER_CAP 1024

/* A file of up to this is checked whole at each start. */
#define SMALL_FILE (1024 * 1024)

static enum error_kind read_number(struct ledger *ledger, const char *sql,
                                   int64_t *number, struct error *err)
{
    sqlite3_stmt *stmt;
    *number = 0;
    if (sqlite3_prepare_v2(ledger->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return ledger_error(ledger, err);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(stmt, 0);
    enum error_kind kind = ERROR_NONE;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        kind = ledger_error(ledger, err);
    sqlite3_finalize(stmt);
    return kind;
}

/* Version 0 is an empty file; migrations[v] leads from v to v + 1. */
static const char *const migrations[LEDGER_SCHEMA_VERSION] = {ledger_schema};

static void keep_identity(struct ledger *ledger, const char *server,
                          const char *organization)
{
    ledger->server = xstrdup(server);
    ledger->organization = xstrdup(organization);
}

static enum error_kind write_identity(struct ledger *ledger,
                                      const struct ledger_options *options,
                                      struct error *err)
{
    sqlite3_stmt *stmt;
    keep_identity(ledger, options->server, options->organization);
    if (sqlite3_prepare_v2(ledger->db,
                           "INSERT INTO identity VALUES (1, ?, ?, ?, ?, 0)", -1,
                           &stmt, NULL) != SQLITE_OK)
        return ledger_error(ledger, err);
    random_bytes(ledger->hash_key, sizeof(ledger->hash_key));
    ledger_bind_text(stmt, 1, ledger->server);
    ledger_bind_text(stmt, 2, ledger->organization);
    sqlite3_bind_int64(stmt, 3, clock_wall_us() / US_PER_S);
    sqlite3_bind_blob(stmt, 4, ledger->hash_key, sizeof(ledger->hash_key),
                      SQLITE_STATIC);
    enum error_kind kind = ledger_run_statement(ledger, stmt, err);
    sqlite3_finalize(stmt);
    return kind;
}

/* All of it in one transaction: a ledger is whole or not there. */
static enum error_kind migrate(struct ledger *ledger,
                               const struct ledger_options *options,
                               int64_t version, struct error *err)
{
    char pragmas[128];
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             APPLICATION_ID, LEDGER_SCHEMA_VERSION);
    if (ledger_execute(ledger, "BEGIN IMMEDIATE", err))
        return err->kind;
    for (int64_t from = version; from < LEDGER_SCHEMA_VERSION; from++)
        if (ledger_execute(ledger, migrations[from], err))
            return err->kind;
    if (version == 0 && write_identity(ledger, options, err))
        return err->kind;
    return ledger_execute(ledger, pragmas, err);
}

/* Is what the ledger says what the options say, if anything? */
static bool is_wanted(const char *stored, const char *wanted)
{
    return !wanted || strcmp(stored, wanted) == 0;
}

static enum error_kind compare_identity(const struct ledger *ledger,
                                        const struct ledger_options *options,
                                        struct error *err)
{
    const char *server = options->server;
    const char *organization = options->organization;
    if (is_wanted(ledger->server, server) &&
        is_wanted(ledger->organization, organization))
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "ledger %s belongs to the organization %s at %s, not to "
                     "%s at %s",
                     ledger->name, ledger->organization, ledger->server,
                     organization ? organization : "one",
                     server ? server : "any server");
}

static enum error_kind read_identity(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(ledger->db,
                           "SELECT server, organization, hash_key"
                           " FROM identity",
                           -1, &stmt, NULL) != SQLITE_OK)
        return ledger_error(ledger, err);
    enum error_kind kind = ERROR_NONE;
    if (sqlite3_step(stmt) != SQLITE_ROW || !sqlite3_column_text(stmt, 0) ||
        !sqlite3_column_text(stmt, 1) ||
        sqlite3_column_bytes(stmt, 2) != LEDGER_HASH_KEY_SIZE) {
        kind = error_set(err, ERROR_STORAGE,
                         "ledger %s says nothing of whose "
                         "it is: it is damaged",
                         ledger->name);
    } else {
        keep_identity(ledger, (const char *)sqlite3_column_text(stmt, 0),
                      (const char *)sqlite3_column_text(stmt, 1));
        memcpy(ledger->hash_key, sqlite3_column_blob(stmt, 2),
               LEDGER_HASH_KEY_SIZE);
    }
    sqlite3_finalize(stmt);
    return kind;
}

/* Is this our file, of a version we know? Nothing is written before that. */
static enum error_kind check_version(struct ledger *ledger, int64_t *version,
                                     struct error *err)
{
    int64_t application, tables;
    if (read_number(ledger, "PRAGMA application_id", &application, err) ||
        read_number(ledger, "PRAGMA user_version", version, err) ||
        read_number(ledger, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return err->kind;
    bool is_empty = application == 0 && *version == 0 && tables == 0;
    if (!is_empty && application != APPLICATION_ID)
        return error_set(err, ERROR_STORAGE,
                         "%s is another program's database, not a ledger; it "
                         "was left as it is",
                         ledger->name);
    if (*version > LEDGER_SCHEMA_VERSION)
        return error_set(err, ERROR_STORAGE,
                         "ledger %s was written by a newer bulk-invite "
                         "(version %lld of its tables, this one knows %d): "
                         "use that one",
                         ledger->name, (long long)*version,
                         LEDGER_SCHEMA_VERSION);
    if (*version < 0)
        return error_set(err, ERROR_STORAGE, "ledger %s: %s", ledger->name,
                         LEDGER_DAMAGED);
    return ERROR_NONE;
}

bool ledger_is_held_elsewhere(const struct ledger *ledger, int64_t *since_s)
{
    struct strbuf words;
    strbuf_init(&words, HOLDER_CAP);
    bool is_held =
        ledger->lock_fd < 0 && lock_find_holder(ledger->name, &words, since_s);
    strbuf_clear(&words);
    return is_held;
}

/* Reads the whole file once where a fault is likely, or cheap to find. */
static enum error_kind check_health(struct ledger *ledger, int64_t bytes,
                                    struct error *err)
{
    int64_t killed_runs;
    if (read_number(ledger, "SELECT count(*) FROM run WHERE ended_at IS NULL",
                    &killed_runs, err))
        return err->kind;
    /* Of a run that is going, that is no sign of anything. */
    int64_t since_s;
    bool is_suspect =
        killed_runs > 0 && !ledger_is_held_elsewhere(ledger, &since_s);
    if (!is_suspect && bytes > SMALL_FILE)
        return ERROR_NONE;
    int64_t problems;
    if (read_number(ledger,
                    "SELECT count(*) FROM pragma_quick_check(1)"
                    " WHERE quick_check <> 'ok'",
                    &problems, err))
        return err->kind;
    if (problems == 0)
        return ERROR_NONE;
    return error_set(err, ERROR_STORAGE, "ledger %s: %s", ledger->name,
                     LEDGER_DAMAGED);
}

static enum error_kind open_database(struct ledger *ledger,
                                     const struct ledger_options *options,
                                     bool is_on_disk, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sodium_init() < 0)
        return error_set(err, ERROR_STORAGE, "libsodium cannot start");
    /* It counts its memory under a lock otherwise. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* NOFOLLOW refuses links among the folders too, and systemd's state folder
     * is one. An empty name is SQLite's private temporary file. */
    char *path = is_on_disk ? file_resolve_folders(options->path)
                            : xstrdup(options->path ? options->path : "");
    int result = sqlite3_open_v2(path, &ledger->db, flags, NULL);
    free(path);
    if (result != SQLITE_OK)
        return ledger_error(ledger, err);
    sqlite3_extended_result_codes(ledger->db, 1);
    /* A reader may be in the way of a checkpoint for a moment. */
    sqlite3_busy_timeout(ledger->db, 5000);
    /* A file that turns out not to be ours stays as it is. */
    sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return ERROR_NONE;
}

/* May there be no ledger yet? */
static bool is_refused_when_new(const struct ledger_options *options)
{
    return options->must_exist || options->is_reader || !options->server ||
           !options->organization;
}

static enum error_kind say_missing(const struct ledger_options *options,
                                   struct error *err)
{
    const char *path = options->path ? options->path : "(temporary)";
    if (!options->must_exist && !options->is_reader)
        return error_set(err, ERROR_USAGE,
                         "there is no ledger %s yet: --org ORG says whose the "
                         "new one is",
                         path);
    if (!options->server || !options->organization)
        return error_set(err, ERROR_STORAGE, "there is no ledger %s", path);
    return error_set(err, ERROR_STORAGE,
                     "there is no ledger %s: nothing was sent to %s at %s from "
                     "here, or its file was moved",
                     path, options->organization, options->server);
}

static enum error_kind settle_in(struct ledger *ledger,
                                 const struct ledger_options *options,
                                 bool is_on_disk, struct error *err)
{
    int64_t version = 0;
    if (check_version(ledger, &version, err))
        return err->kind;
    if (version > 0 &&
        (read_identity(ledger, err) || compare_identity(ledger, options, err) ||
         check_health(ledger, file_size(options->path), err)))
        return err->kind;
    if (version == 0 && is_refused_when_new(options))
        return say_missing(options, err);
    if (ledger_execute(ledger, PAGE_CACHE, err))
        return err->kind;
    if (options->is_reader)
        return ERROR_NONE;
    const char *durability = is_on_disk ? "PRAGMA journal_mode = WAL;"
                                          "PRAGMA synchronous = FULL;"
                                        : "PRAGMA journal_mode = OFF;"
                                          "PRAGMA synchronous = OFF;";
    if (ledger_execute(ledger, durability, err))
        return err->kind;
    sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return version < LEDGER_SCHEMA_VERSION
               ? migrate(ledger, options, version, err)
               : ERROR_NONE;
}

static enum error_kind take_file(struct ledger *ledger,
                                 const struct ledger_options *options,
                                 struct error *err)
{
    bool is_new;
    if (file_check(options->path, &is_new, err))
        return err->kind;
    if (is_new && is_refused_when_new(options))
        return say_missing(options, err);
    if (options->is_reader)
        return ERROR_NONE;
    if (is_new && file_make_folders(options->path, err))
        return err->kind;
    if (lock_take(&ledger->lock_fd, options->path, options->lock_wait_us,
                  options->activity, err))
        return err->kind;
    return file_create(options->path, err);
}

enum error_kind ledger_open(struct ledger **out,
                            const struct ledger_options *options,
                            struct error *err)
{
    bool is_on_disk = options->path && strcmp(options->path, ":memory:") != 0;
    struct ledger *ledger = xcalloc(1, sizeof(*ledger));
    *out = NULL;
    ledger->lock_fd = -1;
    ledger->is_reader = options->is_reader;
    ledger->recent_bits = options->recent_bits;
    ledger->name = xstrdup(options->path ? options->path : "(temporary)");
    ledger->policy.resend_before_s = INT64_MIN;
    ledger->first_row = INT64_MAX;
    if ((is_on_disk && take_file(ledger, options, err)) ||
        open_database(ledger, options, is_on_disk, err) ||
        settle_in(ledger, options, is_on_disk, err)) {
        ledger_close(ledger);
        return err->kind;
    }
    *out = ledger;
    return ERROR_NONE;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(ledger->statements[i]);
    sqlite3_close(ledger->db);
    ledger_index_clear(ledger);
    lock_release(ledger->lock_fd);
    sodium_memzero(ledger->hash_key, sizeof(ledger->hash_key));
    sodium_memzero(&ledger->hashed, sizeof(ledger->hashed));
    free(ledger->found_input);
    free(ledger->server);
    free(ledger->organization);
    free(ledger->name);
    free(ledger);
}

const char *ledger_server(const struct ledger *ledger)
{
    return ledger->server;
}

const char *ledger_organization(const struct ledger *ledger)
{
    return ledger->organization;
}

const char *ledger_path(const struct ledger *ledger)
{
    return ledger->name;
}

enum error_kind ledger_begin(struct ledger *ledger, struct error *err)
{
    enum ledger_sql sql = ledger->is_reader ? SQL_BEGIN_READING : SQL_BEGIN;
    if (!ledger->is_reader && ledger_index_is_full(ledger) &&
        ledger_index_merge(ledger, err))
        return err->kind;
    sqlite3_stmt *stmt = ledger_statement(ledger, sql, err);
    return stmt ? ledger_run_statement(ledger, stmt, err) : err->kind;
}

enum error_kind ledger_commit(struct ledger *ledger, struct error *err)
{
    sqlite3_stmt *stmt = ledger_statement(ledger, SQL_COMMIT, err);
    return stmt ? ledger_run_statement(ledger, stmt, err) : err->kind;
}

enum error_kind ledger_roll_back(struct ledger *ledger, struct error *err)
{
    ledger_index_clear(ledger);
    return ledger_execute(ledger, "ROLLBACK", err);
}

void ledger_set_policy(struct ledger *ledger,
                       const struct ledger_policy *policy)
{
    ledger->policy = *policy;
}
