#ifndef BULK_INVITE_APP_CONFIG_H
#define BULK_INVITE_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * The config file: which one, and what it says, line by line. It does not know
 * which keys there are (options.c does). One thread.
 *
 * INI, strict where its readers differ: KEY = VALUE lines in [sections],
 * comments (; or #) on lines of their own, no quotes, no continuation lines.
 * What stands before any section belongs to [default].
 */
#define CONFIG_FILE_CAP (64 * 1024) /* bytes */

#define CONFIG_DEFAULT_SECTION "default"

struct config_entry {
    unsigned line;
    const char *section; /* all three live as long as the config */
    const char *key;     /* NULL: this line opens the section */
    const char *value;
};

struct config {
    char *path;
    char *text;                   /* cut up into the entries' strings */
    struct config_entry *entries; /* in the file's order */
    size_t count;
};

/*
 * Reads `path`, which must exist; or, when it is NULL, the first that exists
 * of $XDG_CONFIG_HOME/bulk-invite/config.ini (~/.config without that) and
 * /etc/bulk-invite/config.ini. *config is owned by the caller, and NULL when
 * there is none.
 *
 * ERROR_USAGE, with file and line, for what is no such file, unreadable,
 * over the cap, not UTF-8, not INI, or says the same key twice.
 */
enum error_kind config_load(struct config **config, const char *path,
                            char *(*getenv_fn)(const char *name),
                            struct error *err) MUST_CHECK;

/* The same for a text in memory; `path` is for messages. */
enum error_kind config_parse(struct config **config, const char *path,
                             const char *text, size_t len,
                             struct error *err) MUST_CHECK;

/* NULL is fine. */
void config_free(struct config *config);

/* If it is not there, *nearest is the one that may have been meant, or NULL. */
bool config_has_section(const struct config *config, const char *section,
                        const char **nearest);

#endif
