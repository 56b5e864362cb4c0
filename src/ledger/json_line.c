#include "ledger/json_line.h"

#include <sqlite3.h>
#include <stdint.h>

struct json_line {
    sqlite3 *db;
    sqlite3_stmt *check;
    sqlite3_stmt *members;
};

#define CHECK                                                       \
    "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) = 'object'" \
    " ELSE 0 END"

#define MEMBERS "SELECT key, value FROM json_each(?1)"

static enum error_kind failed(const struct json_line *reader, struct error *err)
{
    return error_set(err, ERROR_STORAGE, "cannot read JSON: %s",
                     sqlite3_errmsg(reader->db));
}

enum error_kind json_line_new(struct json_line **new_reader, struct error *err)
{
    struct json_line *reader = xcalloc(1, sizeof(*reader));
    *new_reader = NULL;
    if (sqlite3_open_v2(":memory:", &reader->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(reader->db, CHECK, -1, &reader->check, NULL) !=
            SQLITE_OK ||
        sqlite3_prepare_v2(reader->db, MEMBERS, -1, &reader->members, NULL) !=
            SQLITE_OK) {
        failed(reader, err);
        json_line_free(reader);
        return err->kind;
    }
    *new_reader = reader;
    return ERROR_NONE;
}

void json_line_free(struct json_line *reader)
{
    if (!reader)
        return;
    sqlite3_finalize(reader->check);
    sqlite3_finalize(reader->members);
    sqlite3_close(reader->db);
    free(reader);
}

/* SQLite would take a text up to its NUL and not say so. */
static bool has_nul(const char *text, size_t len)
{
    static const char escape[] = "\\u0000";
    const size_t escape_len = sizeof(escape) - 1;
    bool is_escaped = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0')
            return true;
        if (!is_escaped && len - i >= escape_len &&
            memcmp(text + i, escape, escape_len) == 0)
            return true;
        is_escaped = !is_escaped && text[i] == '\\';
    }
    return false;
}

static enum error_kind check(struct json_line *reader, const char *text,
                             size_t len, bool *is_object, struct error *err)
{
    sqlite3_bind_text64(reader->check, 1, text, len, SQLITE_STATIC,
                        SQLITE_UTF8);
    int code = sqlite3_step(reader->check);
    *is_object =
        code == SQLITE_ROW && sqlite3_column_int(reader->check, 0) != 0;
    enum error_kind kind =
        code == SQLITE_ROW ? ERROR_NONE : failed(reader, err);
    sqlite3_reset(reader->check);
    return kind;
}

enum error_kind json_line_read(struct json_line *reader, const char *text,
                               size_t len, bool *is_object,
                               void (*visit)(void *context, const char *key,
                                             const char *value),
                               void *context, struct error *err)
{
    *is_object = false;
    if (has_nul(text, len))
        return ERROR_NONE;
    if (check(reader, text, len, is_object, err))
        return err->kind;
    if (!*is_object)
        return ERROR_NONE;
    sqlite3_bind_text64(reader->members, 1, text, len, SQLITE_STATIC,
                        SQLITE_UTF8);
    int code;
    while ((code = sqlite3_step(reader->members)) == SQLITE_ROW)
        visit(context, (const char *)sqlite3_column_text(reader->members, 0),
              (const char *)sqlite3_column_text(reader->members, 1));
    enum error_kind kind =
        code == SQLITE_DONE ? ERROR_NONE : failed(reader, err);
    sqlite3_reset(reader->members);
    return kind;
}
