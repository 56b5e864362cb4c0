#include "input/clean.h"

#include <string.h>
#include <strings.h>

#include "base/text_safe.h"

#define MAILTO     "mailto:"
#define MAILTO_LEN 7

enum oddity {
    ODD_NOT,
    ODD_BLANK,
    ODD_INVISIBLE,
    ODD_JOINER, /* means something between letters of some scripts, never after
                   ASCII (RFC 5892, A.1 and A.2) */
};

/* From the one character to the other, outside ASCII. */
static const struct {
    const char *first;
    const char *last;
    enum oddity oddity;
} odd_ones[] = {
    {"\u00A0", "\u00A0", ODD_BLANK},     {"\u00AD", "\u00AD", ODD_INVISIBLE},
    {"\u2000", "\u200A", ODD_BLANK},     {"\u200B", "\u200B", ODD_INVISIBLE},
    {"\u200C", "\u200D", ODD_JOINER},    {"\u200E", "\u200F", ODD_INVISIBLE},
    {"\u202A", "\u202E", ODD_INVISIBLE}, {"\u202F", "\u202F", ODD_BLANK},
    {"\u205F", "\u205F", ODD_BLANK},     {"\u2060", "\u2060", ODD_INVISIBLE},
    {"\u2066", "\u2069", ODD_INVISIBLE}, {"\u3000", "\u3000", ODD_BLANK},
    {"\uFEFF", "\uFEFF", ODD_INVISIBLE},
};

/* Of the character at `at`, and its length; 1 for one that is not odd. */
static enum oddity oddity_of(const char *at, size_t len, size_t *used)
{
    *used = 1;
    if ((unsigned char)*at < 0x80)
        return *at == ' ' || (*at >= '\t' && *at <= '\r') ? ODD_BLANK : ODD_NOT;
    for (size_t i = 0; i < sizeof(odd_ones) / sizeof(*odd_ones); i++) {
        size_t size = strlen(odd_ones[i].first);
        if (*at != *odd_ones[i].first || size > len ||
            memcmp(at, odd_ones[i].first, size) < 0 ||
            memcmp(at, odd_ones[i].last, size) > 0)
            continue;
        *used = size;
        return odd_ones[i].oddity;
    }
    return ODD_NOT;
}

static bool is_edge(enum oddity oddity)
{
    return oddity == ODD_BLANK || oddity == ODD_INVISIBLE;
}

bool clean_trim(const char **bytes, size_t *len)
{
    const char *start = *bytes;
    const char *end = start + *len;
    bool is_unusual = false;
    size_t used;

    while (start < end &&
           is_edge(oddity_of(start, (size_t)(end - start), &used))) {
        start += used;
        is_unusual |= used > 1;
    }
    while (start < end) {
        const char *last = end - 1;
        while (last > start && ((unsigned char)*last & 0xC0) == 0x80)
            last--;
        if (!is_edge(oddity_of(last, (size_t)(end - last), &used)) ||
            last + used != end)
            break;
        end = last;
        is_unusual |= used > 1;
    }
    *bytes = start;
    *len = (size_t)(end - start);
    return is_unusual;
}

static void add_visible(const char *at, size_t len, struct strbuf *out)
{
    const char *end = at + len;
    size_t used;

    for (; at < end; at += used) {
        enum oddity oddity = oddity_of(at, (size_t)(end - at), &used);
        bool is_after_ascii =
            out->len == 0 || (unsigned char)out->bytes[out->len - 1] < 0x80;
        if (oddity != ODD_INVISIBLE &&
            !(oddity == ODD_JOINER && is_after_ascii))
            strbuf_add(out, at, used);
    }
}

static bool drop_invisible(const char **at, size_t *len, struct strbuf *room)
{
    size_t before = *len;

    if (text_ascii_len(*at, *len) == *len)
        return false;
    add_visible(*at, *len, room);
    *at = strbuf_str(room);
    *len = room->len;
    return *len < before;
}

/* "Name <a@b>": only when the name is not another address. */
static bool unwrap(const char **at, size_t *len)
{
    const char *open = *len > 0 ? memrchr(*at, '<', *len) : NULL;
    const char *last = *at + *len - 1;

    if (!open || *last != '>' || memchr(*at, '@', (size_t)(open - *at)) ||
        memchr(*at, '<', (size_t)(open - *at)))
        return false;
    *at = open + 1;
    *len = (size_t)(last - *at);
    clean_trim(at, len);
    return true;
}

static bool drop_mailto(const char **at, size_t *len)
{
    if (*len < MAILTO_LEN || strncasecmp(*at, MAILTO, MAILTO_LEN) != 0)
        return false;
    *at += MAILTO_LEN;
    *len -= MAILTO_LEN;
    /* "?subject=...": no domain has a "?". */
    const char *sign = memchr(*at, '@', *len);
    const char *query =
        sign ? memchr(sign, '?', *len - (size_t)(sign - *at)) : NULL;
    if (query)
        *len = (size_t)(query - *at);
    clean_trim(at, len);
    return true;
}

static bool drop_trailing_marks(const char **at, size_t *len)
{
    size_t before = *len;

    while (*len > 0 && strchr(".,;", (*at)[*len - 1]))
        --*len;
    if (*len == before)
        return false;
    clean_trim(at, len);
    return true;
}

bool clean_address(const char **bytes, size_t *len, struct strbuf *room)
{
    bool is_changed = clean_trim(bytes, len);

    is_changed |= drop_invisible(bytes, len, room);
    is_changed |= drop_trailing_marks(bytes, len);
    is_changed |= unwrap(bytes, len);
    is_changed |= drop_mailto(bytes, len);
    is_changed |= drop_trailing_marks(bytes, len);
    return is_changed;
}
