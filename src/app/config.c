#include "app/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/text_safe.h"

#define SYSTEM_CONFIG "/etc/bulk-invite/config.ini"

/* inih keeps this many bytes of a section's name and drops the rest. */
#define SECTION_MAX 49

#define BLANKS " \t\r"

/*
 * inih reads lines through next_line() and hands back what it made of them to
 * take_pair(). Whatever it would silently cut or join is refused on the way
 * in; then both tell it to stop, and the error is here.
 */
struct parser {
    const char *at; /* what is left of the text */
    const char *end;
    unsigned line;
    struct config *config;
    struct config_entry **tail;
    struct error *err;
    bool has_failed;
};

PRINTF_LIKE(2, 3)
static void refuse(struct parser *parser, const char *format, ...)
{
    char why[512];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    error_set(parser->err, ERROR_USAGE, "%s:%u: %s", parser->config->path,
              parser->line, why);
    parser->has_failed = true;
}

static void add_entry(struct parser *parser, const char *section,
                      size_t section_len, const char *key, const char *value)
{
    struct config_entry *entry = xcalloc(1, sizeof(*entry));

    entry->line = parser->line;
    entry->section = xstrndup(section, section_len);
    if (key) {
        entry->key = xstrdup(key);
        entry->value = xstrdup(value);
    }
    *parser->tail = entry;
    parser->tail = &entry->next;
}

/* `line` starts with "[" and ends with a NUL. */
static void check_section(struct parser *parser, const char *line)
{
    const char *name = line + 1;
    const char *end = strchr(name, ']');

    if (!end)
        refuse(parser, "a section's name ends with \"]\"");
    else if (end == name)
        refuse(parser, "a section needs a name between \"[\" and \"]\"");
    else if (end - name > SECTION_MAX)
        refuse(parser, "a section's name has at most %d bytes", SECTION_MAX);
    else if (end[1 + strspn(end + 1, BLANKS)] != '\0')
        refuse(parser, "after a section's name the line must end");
    else if (strpbrk(name, ";#"))
        refuse(parser, "a section's name has no \";\" or \"#\"");
    else
        add_entry(parser, name, (size_t)(end - name), NULL, NULL);
}

/* inih takes " ;" for the start of a comment and " #" for part of the value,
 * and people write either. */
static void check_pair(struct parser *parser, const char *line)
{
    const char *separator = strpbrk(line, "=:");

    if (!separator || separator == line) {
        refuse(parser, "expected KEY = VALUE, [SECTION] or a comment");
        return;
    }
    for (const char *c = separator + 1; *c; c++)
        if ((*c == ';' || *c == '#') && strchr(BLANKS, c[-1])) {
            refuse(parser,
                   "a comment needs a line of its own (inside a value, no "
                   "\"%c\" after a space)",
                   *c);
            return;
        }
}

static void check_line(struct parser *parser, const char *line)
{
    if (*line == '\0' || *line == ';' || *line == '#')
        return;
    if (*line == '[')
        check_section(parser, line);
    else
        check_pair(parser, line);
}

/* For inih, like fgets(). A line's indent is dropped, or inih would append the
 * line to the value before it. */
static char *next_line(char *buffer, int size, void *stream)
{
    struct parser *parser = stream;

    if (parser->has_failed || parser->at == parser->end)
        return NULL;
    parser->line++;
    const char *start = parser->at;
    const char *newline = memchr(start, '\n', (size_t)(parser->end - start));
    const char *end = newline ? newline : parser->end;

    parser->at = newline ? newline + 1 : parser->end;
    while (start < end && strchr(BLANKS, *start))
        start++;
    while (start < end && strchr(BLANKS, end[-1]))
        end--;
    size_t len = (size_t)(end - start);
    if (len >= (size_t)size) {
        refuse(parser, "the line is too long (at most %d bytes)", size - 1);
        return NULL;
    }
    memcpy(buffer, start, len);
    buffer[len] = '\0';
    check_line(parser, buffer);
    return parser->has_failed ? NULL : buffer;
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

/* For inih: 0 means refused. */
static int take_pair(void *user, const char *section, const char *key,
                     const char *value)
{
    struct parser *parser = user;
    const struct config_entry *earlier;

    if (*section == '\0')
        section = CONFIG_DEFAULT_SECTION;
    earlier = find_entry(parser->config, section, key);
    if (earlier)
        refuse(parser, "%s is set already, on line %u", key, earlier->line);
    else if (*value == '\0')
        refuse(parser, "%s needs a value (or delete the line)", key);
    else if (is_quoted(value))
        refuse(parser, "%s: values are written without quotes", key);
    else
        add_entry(parser, section, strlen(section), key, value);
    return !parser->has_failed;
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
        .at = text,
        .end = text + len,
        .config = parsed,
        .tail = &parsed->entries,
        .err = err,
    };

    *config = NULL;
    parsed->path = xstrdup(path);
    if (check_text(path, text, len, err))
        goto fail;
    if (len >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0)
        parser.at += strlen(mark);

    int bad_line = ini_parse_stream(next_line, &parser, take_pair, &parser);
    if (parser.has_failed)
        goto fail;
    if (bad_line != 0) { /* nothing that check_line() knows of */
        error_set(err, ERROR_USAGE, "%s:%d: not a line of an INI file", path,
                  bad_line);
        goto fail;
    }
    *config = parsed;
    return ERROR_NONE;
fail:
    config_free(parsed);
    return err->kind;
}

/* Reads until the end or the cap. */
static enum error_kind read_all(int fd, const char *path, struct strbuf *text,
                                struct error *err)
{
    char chunk[4096];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, ERROR_USAGE, errno,
                                   "cannot read the config file %s", path);
        strbuf_add(text, chunk, (size_t)got);
        if (text->is_cut)
            return error_set(err, ERROR_USAGE,
                             "%s: over %d bytes, not a config file", path,
                             CONFIG_FILE_CAP);
    }
    return ERROR_NONE;
}

/* With `is_optional`, a file that is not there is no error: *config is NULL. */
static enum error_kind load_file(struct config **config, const char *path,
                                 bool is_optional, struct error *err)
{
    int fd;

    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 && is_optional && (errno == ENOENT || errno == ENOTDIR))
        return ERROR_NONE;
    if (fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno,
                               "cannot open the config file %s", path);

    struct strbuf text;
    strbuf_init(&text, CONFIG_FILE_CAP);
    enum error_kind kind = read_all(fd, path, &text, err);
    close(fd);
    if (!kind)
        kind = config_parse(config, path, strbuf_str(&text), text.len, err);
    strbuf_clear(&text);
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
        free(entry->section);
        free(entry->key);
        free(entry->value);
        free(entry);
    }
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
