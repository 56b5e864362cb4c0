#include "almanac/reply_detail.h"

#include <jansson.h>
#include <strings.h>

#include "base/text_safe.h"

/* A wrong list is refused for one or two reasons; more would bury them. */
#define MAX_ITEMS 5

/* {"error":{"detail":{"message":...}}} is as deep as real servers go. */
#define MAX_DEPTH 4

#define MAX_TITLE      80
#define MAX_PLAIN_TEXT 200

struct text {
    const char *bytes;
    size_t len;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct text trim(struct text text)
{
    while (text.len > 0 && is_space(text.bytes[0])) {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.bytes[text.len - 1]))
        text.len--;
    return text;
}

static struct text skip(struct text text, size_t n)
{
    return (struct text){text.bytes + n, text.len - n};
}

/* Without white space and byte order mark. */
static struct text body_text(const char *body, size_t len)
{
    struct text text = trim((struct text){body ? body : "", body ? len : 0});

    if (text.len >= TEXT_BOM_LEN &&
        memcmp(text.bytes, TEXT_BOM, TEXT_BOM_LEN) == 0)
        text = skip(text, TEXT_BOM_LEN);
    return trim(text);
}

/* Where `word` (ASCII, any case) begins, or text.len. */
static size_t find_word(struct text text, const char *word)
{
    size_t word_len = strlen(word);

    for (size_t i = 0; i + word_len <= text.len; i++) {
        if (strncasecmp(text.bytes + i, word, word_len) == 0)
            return i;
    }
    return text.len;
}

static struct text first_line(struct text text)
{
    size_t len = 0;

    while (len < text.len && text.bytes[len] != '\n' && text.bytes[len] != '\r')
        len++;
    return trim((struct text){text.bytes, len});
}

/* Text that may be shown whole: a person can read it and it names nobody. */
static bool is_showable(struct text text, size_t max_len)
{
    return text.len > 0 && text.len <= max_len &&
           text_is_utf8(text.bytes, text.len) &&
           memchr(text.bytes, '@', text.len) == NULL;
}

/* The <title>, empty when there is none that can be shown. */
static struct text html_title(struct text page)
{
    struct text title = skip(page, find_word(page, "<title"));
    title = skip(title, find_word(title, ">"));
    size_t len = find_word(title, "</title");
    if (len == title.len)
        return (struct text){"", 0};
    title = trim((struct text){title.bytes + 1, len - 1});
    return is_showable(title, MAX_TITLE) ? title : (struct text){"", 0};
}

/* Is there anything to read in it? */
static bool has_words(const char *text)
{
    for (; text && *text != '\0'; text++) {
        if ((unsigned char)*text > 0x20 && *text != 0x7f)
            return true;
    }
    return false;
}

static bool words_of(const json_t *value, int depth, struct strbuf *out);

/* The column that a validation error is about: the last name in its `loc`,
 * where "body" only says that it was in the request's body and integers are
 * positions. NULL when the error is about the body as a whole. */
static const char *column_of(const json_t *loc)
{
    for (size_t i = json_array_size(loc); i > 0; i--) {
        const char *name = json_string_value(json_array_get(loc, i - 1));

        if (has_words(name))
            return i == 1 && strcmp(name, "body") == 0 ? NULL : name;
    }
    return NULL;
}

/* One item of detail[]. Its `input` and `ctx` hold what was sent: personal
 * data, never read. */
static bool item_words(const json_t *item, int depth, struct strbuf *out)
{
    const char *column = column_of(json_object_get(item, "loc"));
    const char *msg = json_string_value(json_object_get(item, "msg"));

    if (!has_words(msg))
        msg = json_string_value(json_object_get(item, "type"));
    if (!has_words(msg))
        return words_of(item, depth, out);
    if (column) {
        strbuf_add_str(out, column);
        strbuf_add_str(out, ": ");
    }
    strbuf_add_str(out, msg);
    return true;
}

static bool list_words(const json_t *list, int depth, struct strbuf *out)
{
    size_t count = json_array_size(list);
    bool is_first = true;
    struct strbuf item;

    strbuf_init(&item, out->cap);
    for (size_t i = 0; i < count && i < MAX_ITEMS; i++) {
        strbuf_reset(&item);
        if (!item_words(json_array_get(list, i), depth, &item))
            continue;
        if (!is_first)
            strbuf_add_str(out, "; ");
        strbuf_add(out, item.bytes, item.len);
        is_first = false;
    }
    strbuf_clear(&item);
    if (!is_first && count > MAX_ITEMS)
        strbuf_addf(out, "; and %zu more", count - MAX_ITEMS);
    return !is_first;
}

/* A message wherever servers put it; the nearest to a person's words first. */
static bool object_words(const json_t *object, int depth, struct strbuf *out)
{
    static const char *const members[] = {"detail", "message", "msg",
                                          "error",  "title",   "code"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (words_of(json_object_get(object, members[i]), depth, out))
            return true;
    }
    return false;
}

static bool words_of(const json_t *value, int depth, struct strbuf *out)
{
    const char *text = json_string_value(value);

    if (depth >= MAX_DEPTH)
        return false;
    if (has_words(text)) {
        strbuf_add_str(out, text);
        return true;
    }
    if (json_is_array(value))
        return list_words(value, depth + 1, out);
    if (json_is_object(value))
        return object_words(value, depth + 1, out);
    return false;
}

/* Integers are read as reals because a number that is too big for int64_t must
 * not make a message unreadable. */
static bool add_json(struct text text, struct strbuf *out)
{
    json_t *root = json_loadb(text.bytes, text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY |
                                  JSON_DECODE_INT_AS_REAL,
                              NULL);
    bool has_words = words_of(root, 0, out);
    if (!has_words)
        strbuf_add_str(out, root ? "JSON without a message"
                                 : "JSON that cannot be read");
    json_decref(root);
    return has_words;
}

static void add_page(struct text page, struct strbuf *out)
{
    struct text head = {page.bytes, page.len < 1024 ? page.len : 1024};
    struct text title = html_title(page);
    bool is_html = find_word(head, "<html") < head.len ||
                   find_word(head, "<!doctype html") < head.len ||
                   find_word(head, "<title") < head.len;
    strbuf_add_str(out, is_html ? "an HTML page" : "an XML document");
    if (is_html && title.len > 0)
        strbuf_addf(out, " \"%.*s\"", (int)title.len, title.bytes);
}

static bool add_plain(struct text text, struct strbuf *out)
{
    struct text line = first_line(text);
    if (text.len == 0) {
        strbuf_add_str(out, "an empty body");
        return false;
    }
    bool is_text = text_is_utf8(line.bytes, line.len) &&
                   !text_has_control(line.bytes, line.len);
    bool has_words = is_text && is_showable(line, MAX_PLAIN_TEXT);
    if (has_words)
        strbuf_add(out, line.bytes, line.len);
    else
        strbuf_add_str(out, is_text ? "plain text" : "bytes that are not text");
    return has_words;
}

/* What it is shows by its bytes: Content-Type is what edges get wrong. */
bool reply_detail_add(const char *body, size_t len, bool is_cut,
                      struct strbuf *out)
{
    struct text text = body_text(body, len);
    bool has_words = false;
    switch (text.len > 0 ? (unsigned char)text.bytes[0] : 0) {
    case '{':
    case '[':
    case '"':
        has_words = add_json(text, out);
        break;
    case '<':
        add_page(text, out);
        break;
    default:
        has_words = add_plain(text, out);
    }
    if (is_cut && !has_words)
        strbuf_add_str(out, ", cut off");
    return has_words;
}
