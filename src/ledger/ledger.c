#include "ledger/ledger.h"

#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "ledger/file.h"
#include "ledger/inside.h"
#include "ledger/lock.h"

/* "BInv", in the file's header: this is a ledger. */
#define APPLICATION_ID 0x42496e76

/* Bounded, and small beside the rest of the program: memory must be the same
 * for ten rows and for ten million. The temporary tables have a cache of their
 * own. */
#define PAGE_CACHE "PRAGMA cache_size = -256; PRAGMA temp.cache_size = -256;"

#define HOLDER_CAP 1024

/* Bytes of a value and of a row: far above a report's longest line. */
#define VALUE_MOST (16 * 1024 * 1024)

/* A file of up to so many pages (1 MiB) is checked whole at each start. */
#define SMALL_FILE 256

/* Version 0 is an empty file; migrations[v] leads from v to v + 1. */
static const char *const migrations[LEDGER_SCHEMA_VERSION] = {ledger_schema};

enum error_kind ledger_result(const struct ledger *ledger, struct error *err)
{
    if (ledger->failure.kind)
        *err = ledger->failure;
    return ledger->failure.kind;
}

void ledger_say_damaged(struct ledger *ledger)
{
    if (ledger->failure.kind)
        return;
    error_set(&ledger->failure, ERROR_STORAGE,
              "ledger %s: it is cut short or damaged, and was left as it is: "
              "put a copy in its place, or start a new one with --ledger FILE "
              "and teach it with `bulk-invite import` what your last report "
              "says",
              ledger->name);
}

static void write_identity(struct ledger *ledger,
                           const struct ledger_options *options)
{
    ledger->server = xstrdup(options->server);
    ledger->organization = xstrdup(options->organization);
    random_bytes(ledger->hash_key, sizeof(ledger->hash_key));
    sqlite3_stmt *stmt =
        SQL_WITH(ledger, SQL_ADD_IDENTITY, clock_wall_us() / US_PER_S);
    sql_bind_text(stmt, 2, ledger->server);
    sql_bind_text(stmt, 3, ledger->organization);
    sqlite3_bind_blob(stmt, 4, ledger->hash_key, sizeof(ledger->hash_key),
                      SQLITE_STATIC);
    sql_run(ledger, stmt);
}

/* All of it in one transaction: a ledger is whole or not there. */
static void migrate(struct ledger *ledger, const struct ledger_options *options,
                    int64_t version)
{
    char pragmas[128];
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             APPLICATION_ID, LEDGER_SCHEMA_VERSION);
    sql_execute(ledger, "BEGIN IMMEDIATE");
    for (int64_t from = version; from < LEDGER_SCHEMA_VERSION; from++)
        sql_execute(ledger, migrations[from]);
    if (version == 0)
        write_identity(ledger, options);
    sql_execute(ledger, pragmas);
}

static void read_identity(struct ledger *ledger)
{
    sqlite3_stmt *stmt = sql_get(ledger, SQL_IDENTITY);
    if (sql_step(ledger, stmt)) {
        ledger->server = sql_column_dup(stmt, 0);
        ledger->organization = sql_column_dup(stmt, 1);
        if (sqlite3_column_bytes(stmt, 2) == LEDGER_HASH_KEY_SIZE)
            memcpy(ledger->hash_key, sqlite3_column_blob(stmt, 2),
                   LEDGER_HASH_KEY_SIZE);
        else
            ledger_say_damaged(ledger);
    }
    sqlite3_reset(stmt);
    if (!ledger->server || !ledger->organization)
        ledger_say_damaged(ledger);
}

/* Is it what the options say, if they say anything? */
static enum error_kind check_identity(struct ledger *ledger,
                                      const struct ledger_options *options,
                                      struct error *err)
{
    const char *server = options->server;
    const char *organization = options->organization;
    read_identity(ledger);
    if (ledger_result(ledger, err))
        return err->kind;
    if ((!server || strcmp(ledger->server, server) == 0) &&
        (!organization || strcmp(ledger->organization, organization) == 0))
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "ledger %s belongs to the organization %s at %s, not to "
                     "%s at %s",
                     ledger->name, ledger->organization, ledger->server,
                     organization ? organization : "one",
                     server ? server : "any server");
}

/* Is this our file, of a version we know? Nothing is written before that. */
static enum error_kind check_version(struct ledger *ledger, int64_t *version,
                                     struct error *err)
{
    int64_t id = sql_number(ledger, sql_get(ledger, SQL_APPLICATION_ID));
    int64_t tables = sql_number(ledger, sql_get(ledger, SQL_COUNT_TABLES));
    *version = sql_number(ledger, sql_get(ledger, SQL_VERSION));
    bool is_empty = id == 0 && *version == 0 && tables == 0;
    if (ledger_result(ledger, err))
        return err->kind;
    if (!is_empty && id != APPLICATION_ID)
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
        ledger_say_damaged(ledger);
    return ledger_result(ledger, err);
}

bool ledger_is_held_elsewhere(const struct ledger *ledger, int64_t *since_s)
{
    struct strbuf words;
    strbuf_init(&words, HOLDER_CAP);
    bool is_held =
        ledger->lock_fd < 0 && ledger_holder(ledger->name, &words, since_s);
    strbuf_clear(&words);
    return is_held;
}

/* Reads the whole file once where a fault is likely, or cheap to find. */
static void check_health(struct ledger *ledger)
{
    /* Of a run that is going, that is no sign of anything. */
    int64_t since_s;
    bool is_suspect =
        sql_number(ledger, sql_get(ledger, SQL_COUNT_KILLED)) > 0 &&
        !ledger_is_held_elsewhere(ledger, &since_s);
    bool is_small =
        sql_number(ledger, sql_get(ledger, SQL_COUNT_PAGES)) <= SMALL_FILE;
    if ((is_suspect || is_small) &&
        sql_number(ledger, sql_get(ledger, SQL_COUNT_DAMAGE)) > 0)
        ledger_say_damaged(ledger);
}

/* A file may come from anywhere. What somebody put into its schema does not run
 * in here, and no value is larger than any that we write ("Defense Against The
 * Dark Arts" in SQLite's documentation). */
static void distrust(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_MOST);
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
    if (result != SQLITE_OK) {
        sql_note_failure(ledger);
        return ledger_result(ledger, err);
    }
    distrust(ledger->db);
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
    bool is_new;
    if (check_version(ledger, &version, err))
        return err->kind;
    /* What has been opened: it may have come since the first look. */
    if (is_on_disk && file_check(options->path, &is_new, err))
        return err->kind;
    if (version == 0 && is_refused_when_new(options))
        return say_missing(options, err);
    if (version > 0 && check_identity(ledger, options, err))
        return err->kind;
    if (version > 0)
        check_health(ledger);
    sql_execute(ledger, PAGE_CACHE);
    if (options->is_reader || ledger->failure.kind)
        return ledger_result(ledger, err);
    sql_execute(ledger, is_on_disk ? "PRAGMA journal_mode = WAL;"
                                     "PRAGMA synchronous = FULL;"
                                   : "PRAGMA journal_mode = OFF;"
                                     "PRAGMA synchronous = OFF;");
    sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (version < LEDGER_SCHEMA_VERSION)
        migrate(ledger, options, version);
    return ledger_result(ledger, err);
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
    if (is_new && file_create(options->path, err))
        return err->kind;
    return lock_take(&ledger->lock_fd, options->path, options->lock_wait_us,
                     options->activity, err);
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
    if (ledger->lock_fd >= 0)
        close(ledger->lock_fd);
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
    if (!ledger->is_reader && ledger_index_is_full(ledger))
        ledger_index_merge(ledger);
    sql_run(ledger,
            sql_get(ledger, ledger->is_reader ? SQL_BEGIN_READING : SQL_BEGIN));
    return ledger_result(ledger, err);
}

enum error_kind ledger_commit(struct ledger *ledger, struct error *err)
{
    sql_run(ledger, sql_get(ledger, SQL_COMMIT));
    return ledger_result(ledger, err);
}

enum error_kind ledger_roll_back(struct ledger *ledger, struct error *err)
{
    ledger_index_clear(ledger);
    sql_run(ledger, sql_get(ledger, SQL_ROLL_BACK));
    return ledger_result(ledger, err);
}

void ledger_set_policy(struct ledger *ledger,
                       const struct ledger_policy *policy)
{
    ledger->policy = *policy;
}
