#include "app/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/text_safe.h"

#define SYSTEM_CONFIG "/etc/bulk-invite/config.ini"

#define BLANKS       " \t\r"
#define SECTIONS_MAX 64 /* that may be suggested */

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && strchr(BLANKS, end[-1]))
        end--;
    *end = '\0';
    return text + strspn(text, BLANKS);
}

static enum error_kind take_section(struct config_entry *entry, char *line,
                                    struct error *err)
{
    size_t len = strcspn(line + 1, "];#");

    if (len == 0 || strcmp(line + 1 + len, "]") != 0)
        return error_set(err, ERROR_USAGE,
                         "a section is written [NAME], alone on its line");
    line[1 + len] = '\0';
    entry->section = line + 1;
    return ERROR_NONE;
}

static enum error_kind check_unset(const struct config *config,
                                   const struct config_entry *entry,
                                   struct error *err)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct config_entry *earlier = &config->entries[i];

        if (earlier->key && strcmp(earlier->section, entry->section) == 0 &&
            strcmp(earlier->key, entry->key) == 0)
            return error_set(err, ERROR_USAGE, "%s is set already, on line %u",
                             entry->key, earlier->line);
    }
    return ERROR_NONE;
}

static enum error_kind take_pair(const struct config *config,
                                 struct config_entry *entry, char *line,
                                 struct error *err)
{
    char *separator = strpbrk(line, "=:");

    if (!separator || separator == line)
        return error_set(err, ERROR_USAGE,
                         "expected KEY = VALUE, [SECTION] or a comment");
    /* INI files differ in what they take for a comment behind a value. */
    for (char *c = separator + 1; (c = strpbrk(c, ";#")); c++)
        if (strchr(BLANKS, c[-1]))
            return error_set(err, ERROR_USAGE,
                             "a comment needs a line of its own (inside a "
                             "value, no \"%c\" after a space)",
                             *c);
    *separator = '\0';
    const char *value = trim(separator + 1);
    size_t len = strlen(value);
    entry->key = trim(line);
    entry->value = value;
    if (len > 1 && strchr("\"'", *value) && value[len - 1] == *value)
        return error_set(err, ERROR_USAGE,
                         "%s: values are written without quotes", entry->key);
    if (text_has_control(value, len))
        return error_set(err, ERROR_USAGE, "%s holds a control character",
                         entry->key);
    return check_unset(config, entry, err);
}

/* The text cut at its line ends. */
static enum error_kind take_lines(struct config *config, char *rest,
                                  struct error *err)
{
    const char *section = CONFIG_DEFAULT_SECTION;

    for (unsigned number = 1; rest; number++) {
        char *line = trim(strsep(&rest, "\n"));
        struct config_entry entry = {.line = number, .section = section};

        if (*line == '\0' || *line == ';' || *line == '#')
            continue;
        if (*line == '[' ? take_section(&entry, line, err)
                         : take_pair(config, &entry, line, err))
            return error_prefix(err, "%s:%u", config->path, number);
        section = entry.section;
        config->entries[config->count++] = entry;
    }
    return ERROR_NONE;
}

enum error_kind config_parse(struct config **config, const char *path,
                             const char *text, size_t len, struct error *err)
{
    size_t line_count = 1;

    *config = NULL;
    if (memchr(text, '\0', len) || !text_is_utf8(text, len))
        return error_set(err, ERROR_USAGE, "%s: not UTF-8 text", path);
    for (size_t i = 0; i < len; i++)
        line_count += text[i] == '\n';
    struct config *parsed = xcalloc(1, sizeof(*parsed));
    parsed->path = xstrdup(path);
    parsed->text = xstrndup(text, len);
    parsed->entries = xcalloc(line_count, sizeof(*parsed->entries));
    /* Some editors leave a mark. */
    bool has_mark = strncmp(parsed->text, TEXT_BOM, TEXT_BOM_LEN) == 0;
    if (take_lines(parsed, parsed->text + (has_mark ? TEXT_BOM_LEN : 0), err))
        config_free(parsed);
    else
        *config = parsed;
    return err->kind;
}

/* With `is_optional`, a file that is not there is no error: *config is NULL. */
static enum error_kind load_file(struct config **config, const char *path,
                                 bool is_optional, struct error *err)
{
    FILE *file = fopen(path, "re");

    if (!file && is_optional && (errno == ENOENT || errno == ENOTDIR))
        return ERROR_NONE;
    if (!file && errno == ENOMEM)
        error_out_of_memory();
    if (!file)
        return error_set_errno(err, ERROR_USAGE, errno,
                               "cannot open the config file %s", path);
    enum error_kind kind;
    char *text = xmalloc(CONFIG_FILE_CAP + 1);
    size_t len = fread(text, 1, CONFIG_FILE_CAP + 1, file);
    if (ferror(file))
        kind = error_set_errno(err, ERROR_USAGE, errno,
                               "cannot read the config file %s", path);
    else if (len > CONFIG_FILE_CAP)
        kind =
            error_set(err, ERROR_USAGE, "%s: over %d bytes, not a config file",
                      path, CONFIG_FILE_CAP);
    else
        kind = config_parse(config, path, text, len, err);
    free(text);
    fclose(file);
    return kind;
}

enum error_kind config_load(struct config **config, const char *path,
                            char *(*getenv_fn)(const char *name),
                            struct error *err)
{
    const char *xdg = getenv_fn("XDG_CONFIG_HOME");
    const char *home = getenv_fn("HOME");
    char own[PATH_MAX] = SYSTEM_CONFIG;

    *config = NULL;
    if (path)
        return load_file(config, path, false, err);
    /* The XDG specification has relative paths ignored. */
    if (xdg && *xdg == '/')
        snprintf(own, sizeof(own), "%s/bulk-invite/config.ini", xdg);
    else if (home && *home == '/')
        snprintf(own, sizeof(own), "%s/.config/bulk-invite/config.ini", home);
    if (load_file(config, own, true, err) || *config)
        return err->kind;
    return load_file(config, SYSTEM_CONFIG, true, err);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    free(config->entries);
    free(config->text);
    free(config->path);
    free(config);
}

bool config_has_section(const struct config *config, const char *section,
                        const char **nearest)
{
    const char *names[SECTIONS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < config->count; i++) {
        const char *name = config->entries[i].section;

        if (strcmp(name, section) == 0)
            return true;
        if (!config->entries[i].key && count < SECTIONS_MAX)
            names[count++] = name;
    }
    *nearest = text_nearest(section, names, count);
    return false;
}
