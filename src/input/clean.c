#include "input/clean.h"

#include <string.h>
#include <strings.h>

#define MAILTO     "mailto:"
#define MAILTO_LEN 7

static bool is_ascii_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* U+00AD, U+200B, U+200E/F, U+202A-E, U+2060, U+2066-9, U+FEFF. */
static size_t invisible_len(const char *at, size_t len)
{
    const unsigned char *byte = (const unsigned char *)at;

    if (len >= 2 && byte[0] == 0xC2 && byte[1] == 0xAD)
        return 2;
    if (len < 3)
        return 0;
    if (byte[0] == 0xE2 && byte[1] == 0x80)
        return byte[2] == 0x8B || byte[2] == 0x8E || byte[2] == 0x8F ||
                       (byte[2] >= 0xAA && byte[2] <= 0xAE)
                   ? 3
                   : 0;
    if (byte[0] == 0xE2 && byte[1] == 0x81)
        return byte[2] == 0xA0 || (byte[2] >= 0xA6 && byte[2] <= 0xA9) ? 3 : 0;
    return memcmp(at, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* U+00A0, U+2000-A, U+202F, U+205F, U+3000. */
static size_t blank_len(const char *at, size_t len)
{
    const unsigned char *byte = (const unsigned char *)at;

    if (len >= 1 && is_ascii_blank(*at))
        return 1;
    if (len >= 2 && byte[0] == 0xC2 && byte[1] == 0xA0)
        return 2;
    if (len < 3)
        return 0;
    if (byte[0] == 0xE2 && byte[1] == 0x80)
        return (byte[2] >= 0x80 && byte[2] <= 0x8A) || byte[2] == 0xAF ? 3 : 0;
    return memcmp(at, "\xE2\x81\x9F", 3) == 0 ||
                   memcmp(at, "\xE3\x80\x80", 3) == 0
               ? 3
               : 0;
}

/* U+200C/D mean something between letters of some scripts, never after ASCII
 * (RFC 5892, A.1 and A.2). */
static size_t useless_joiner_len(const char *at, size_t len, char before)
{
    if ((unsigned char)before >= 0x80 || len < 3)
        return 0;
    return memcmp(at, "\xE2\x80\x8C", 3) == 0 ||
                   memcmp(at, "\xE2\x80\x8D", 3) == 0
               ? 3
               : 0;
}

static size_t edge_len(const char *at, size_t len)
{
    size_t blank = blank_len(at, len);

    return blank ? blank : invisible_len(at, len);
}

/* The same for what ends at `end`: no character is longer than 3 bytes. */
static size_t edge_len_before(const char *start, const char *end)
{
    for (size_t len = 1; len <= 3 && len <= (size_t)(end - start); len++)
        if (edge_len(end - len, len) == len)
            return len;
    return 0;
}

bool clean_trim(const char **bytes, size_t *len)
{
    const char *start = *bytes;
    const char *end = start + *len;
    bool is_unusual = false;
    size_t edge;

    while ((edge = edge_len(start, (size_t)(end - start))) > 0) {
        start += edge;
        is_unusual = is_unusual || edge > 1;
    }
    while ((edge = edge_len_before(start, end)) > 0) {
        end -= edge;
        is_unusual = is_unusual || edge > 1;
    }
    *bytes = start;
    *len = (size_t)(end - start);
    return is_unusual;
}

static bool add_visible(const char *at, size_t len, struct strbuf *out)
{
    const char *end = at + len;
    size_t start = out->len;
    bool is_changed = false;

    while (at < end) {
        char before = '\0';
        if (out->len > start)
            before = out->bytes[out->len - 1];
        size_t skip = 0;
        if ((unsigned char)*at >= 0x80) {
            skip = invisible_len(at, (size_t)(end - at));
            if (!skip)
                skip = useless_joiner_len(at, (size_t)(end - at), before);
        }
        if (skip == 0)
            strbuf_add_char(out, *at);
        at += skip ? skip : 1;
        is_changed = is_changed || skip > 0;
    }
    return is_changed;
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

bool clean_address(const char *cell, size_t len, struct strbuf *out)
{
    struct strbuf visible;
    bool is_changed = clean_trim(&cell, &len);

    strbuf_init(&visible, len + 1);
    is_changed = add_visible(cell, len, &visible) || is_changed;
    const char *at = strbuf_str(&visible);
    len = visible.len;
    is_changed = drop_trailing_marks(&at, &len) || is_changed;
    is_changed = unwrap(&at, &len) || is_changed;
    is_changed = drop_mailto(&at, &len) || is_changed;
    is_changed = drop_trailing_marks(&at, &len) || is_changed;
    strbuf_add(out, at, len);
    strbuf_clear(&visible);
    return is_changed;
}
