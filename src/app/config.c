#include "app/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "base/text_safe.h"

#define SYSTEM_CONFIG "/etc/bulk-invite/config.ini"

#define BLANKS " \t\r"

struct parser {
    struct config *config;
    const char *section;
    unsigned line;
    struct config_entry **tail;
    struct error *err;
};

PRINTF_LIKE(2, 3)
static enum error_kind refuse(struct parser *parser, const char *format, ...)
{
    char why[512];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    return error_set(parser->err, ERROR_USAGE, "%s:%u: %s",
                     parser->config->path, parser->line, why);
}

static void add_entry(struct parser *parser, const char *key, const char *value)
{
    struct config_entry *entry = xcalloc(1, sizeof(*entry));

    *entry = (struct config_entry){.line = parser->line,
                                   .section = parser->section,
                                   .key = key,
                                   .value = value};
    *parser->tail = entry;
    parser->tail = &entry->next;
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && strchr(BLANKS, end[-1]))
        end--;
    *end = '\0';
    return text + strspn(text, BLANKS);
}

/* `line` starts with "[". */
static enum error_kind take_section(struct parser *parser, char *line)
{
    char *name = line + 1;
    char *end = strchr(name, ']');

    if (!end)
        return refuse(parser, "a section's name ends with \"]\"");
    if (end == name)
        return refuse(parser, "a section needs a name between \"[\" and \"]\"");
    if (end[1] != '\0')
        return refuse(parser, "after a section's name the line must end");
    if (strpbrk(name, ";#"))
        return refuse(parser, "a section's name has no \";\" or \"#\"");
    *end = '\0';
    parser->section = name;
    add_entry(parser, NULL, NULL);
    return ERROR_NONE;
}

static const struct config_entry *
find_entry(const struct config *config, const char *section, const char *key)
{
    for (const struct config_entry *entry = config->entries; entry;
         entry = entry->next)
        if (entry->key && strcmp(entry->section, section) == 0 &&
            strcmp(entry->key, key) == 0)
            return entry;
    return NULL;
}

static bool is_quoted(const char *value)
{
    size_t len = strlen(value);

    return len >= 2 && (*value == '"' || *value == '\'') &&
           value[len - 1] == *value;
}

static enum error_kind take_pair(struct parser *parser, char *line)
{
    char *separator = strpbrk(line, "=:");

    if (!separator || separator == line)
        return refuse(parser, "expected KEY = VALUE, [SECTION] or a comment");
    /* INI files differ in what they take for a comment behind a value. */
    for (const char *c = separator + 1; *c; c++)
        if ((*c == ';' || *c == '#') && strchr(BLANKS, c[-1]))
            return refuse(parser,
                          "a comment needs a line of its own (inside a value, "
                          "no \"%c\" after a space)",
                          *c);
    *separator = '\0';

    const char *key = trim(line);
    const char *value = trim(separator + 1);
    const struct config_entry *earlier =
        find_entry(parser->config, parser->section, key);

    if (strpbrk(key, ";#"))
        return refuse(parser, "not a line of an INI file");
    if (earlier)
        return refuse(parser, "%s is set already, on line %u", key,
                      earlier->line);
    if (*value == '\0')
        return refuse(parser, "%s needs a value (or delete the line)", key);
    if (is_quoted(value))
        return refuse(parser, "%s: values are written without quotes", key);
    add_entry(parser, key, value);
    return ERROR_NONE;
}

static enum error_kind take_line(struct parser *parser, char *line)
{
    line = trim(line);
    parser->line++;
    if (*line == '\0' || *line == ';' || *line == '#')
        return ERROR_NONE;
    return *line == '[' ? take_section(parser, line) : take_pair(parser, line);
}

static enum error_kind check_text(const char *path, const char *text,
                                  size_t len, struct error *err)
{
    unsigned line = 1;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return error_set(err, ERROR_USAGE,
                             "%s:%u: control character 0x%02x", path, line, c);
        line += c == '\n';
    }
    if (!text_is_utf8(text, len))
        return error_set(err, ERROR_USAGE, "%s: not UTF-8 text", path);
    return ERROR_NONE;
}

enum error_kind config_parse(struct config **config, const char *path,
                             const char *text, size_t len, struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* of UTF-8, by an editor */
    struct config *parsed = xcalloc(1, sizeof(*parsed));
    struct parser parser = {
        .config = parsed,
        .section = CONFIG_DEFAULT_SECTION,
        .tail = &parsed->entries,
        .err = err,
    };
    enum error_kind kind = check_text(path, text, len, err);

    parsed->path = xstrdup(path);
    parsed->text = xstrndup(text, len);
    char *rest = parsed->text;
    if (strncmp(rest, mark, strlen(mark)) == 0)
        rest += strlen(mark);
    while (!kind && rest)
        kind = take_line(&parser, strsep(&rest, "\n"));
    if (kind)
        config_free(parsed);
    *config = kind ? NULL : parsed;
    return kind;
}

/* With `is_optional`, a file that is not there is no error: *config is NULL. */
static enum error_kind load_file(struct config **config, const char *path,
                                 bool is_optional, struct error *err)
{
    FILE *file = fopen(path, "re");

    if (!file && is_optional && (errno == ENOENT || errno == ENOTDIR))
        return ERROR_NONE;
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
    const char *base = getenv_fn("XDG_CONFIG_HOME");
    const char *below = "";
    enum error_kind kind = ERROR_NONE;

    *config = NULL;
    if (path)
        return load_file(config, path, false, err);

    /* The XDG specification has relative paths ignored. */
    if (!base || *base != '/') {
        base = getenv_fn("HOME");
        below = "/.config";
    }
    if (base && *base == '/') {
        struct strbuf own;

        strbuf_init(&own, 4096);
        strbuf_addf(&own, "%s%s/bulk-invite/config.ini", base, below);
        if (!own.is_cut)
            kind = load_file(config, strbuf_str(&own), true, err);
        strbuf_clear(&own);
    }
    if (!kind && !*config)
        kind = load_file(config, SYSTEM_CONFIG, true, err);
    return kind;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (struct config_entry *entry = config->entries, *next; entry;
         entry = next) {
        next = entry->next;
        free(entry);
    }
    free(config->text);
    free(config->path);
    free(config);
}

bool config_has_section(const struct config *config, const char *section)
{
    for (const struct config_entry *entry = config->entries; entry;
         entry = entry->next)
        if (strcmp(entry->section, section) == 0)
            return true;
    return false;
}

const char *config_nearest_section(const struct config *config,
                                   const char *section)
{
    const char *names[64];
    size_t count = 0;

    for (const struct config_entry *entry = config->entries;
         entry && count < sizeof(names) / sizeof(*names); entry = entry->next)
        if (!entry->key)
            names[count++] = entry->section;
    return text_nearest(section, names, count);
}
