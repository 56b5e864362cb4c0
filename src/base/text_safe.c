#include "base/text_safe.h"

#include <iconv.h>
#include <stdint.h>

#define DUP_MAX 4096

/* Longer words are not what anybody typed by mistake. */
#define NEAREST_MAX 64

#define NOT_UTF8 UINT32_MAX

/* The code point at the start of `bytes` (at least one) and how many bytes it
 * takes; NOT_UTF8 takes one (RFC 3629, section 3). */
static uint32_t decode(const char *bytes, size_t len, size_t *used)
{
    /* By the number of bytes: what needs no fewer. */
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)bytes[0];

    *used = 1;
    if (first < 0x80) /* nearly all there is */
        return first;
    size_t wanted = first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (wanted == 0 || wanted > len || first > 0xF4)
        return NOT_UTF8;
    uint32_t code_point = first & (0x7FU >> wanted);
    for (size_t i = 1; i < wanted; i++) {
        unsigned char next = (unsigned char)bytes[i];
        if ((next & 0xC0) != 0x80)
            return NOT_UTF8;
        code_point = code_point << 6 | (next & 0x3FU);
    }
    if (code_point < smallest[wanted] || code_point > 0x10FFFF ||
        (code_point >= 0xD800 && code_point <= 0xDFFF))
        return NOT_UTF8;
    *used = wanted;
    return code_point;
}

static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
}

/* Reorders the text around it, or breaks the line. */
static bool is_misleading(uint32_t code_point)
{
    return code_point == 0x061C || code_point == 0x200E ||
           code_point == 0x200F ||
           (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069);
}

unsigned text_steering(const char *bytes, size_t len)
{
    size_t used;
    uint32_t code_point = len > 0 ? decode(bytes, len, &used) : 0;

    return is_control(code_point) || is_misleading(code_point) ? code_point : 0;
}

static void add_escaped(struct strbuf *out, uint32_t code_point,
                        unsigned char byte)
{
    if (code_point == '\n')
        strbuf_add_str(out, "\\n");
    else if (code_point == '\t')
        strbuf_add_str(out, "\\t");
    else if (code_point == NOT_UTF8 || code_point < 0x80)
        strbuf_addf(out, "\\x%02X", (unsigned)byte);
    else
        strbuf_addf(out, "\\u{%04X}", (unsigned)code_point);
}

void text_safe_add(struct strbuf *out, const char *bytes, size_t len)
{
    size_t plain = 0; /* start of what goes out as it is */
    size_t at = 0;

    while (at < len) {
        size_t used;
        uint32_t code_point = decode(bytes + at, len - at, &used);

        if (code_point == NOT_UTF8 || is_control(code_point) ||
            is_misleading(code_point)) {
            strbuf_add(out, bytes + plain, at - plain);
            add_escaped(out, code_point, (unsigned char)bytes[at]);
            plain = at + used;
        }
        at += used;
    }
    strbuf_add(out, bytes + plain, len - plain);
}

char *text_safe_dup(const char *text)
{
    struct strbuf out;
    strbuf_init(&out, DUP_MAX);
    text_safe_add(&out, text, strnlen(text, DUP_MAX));
    return strbuf_detach(&out);
}

/* From `at` on, over printable ASCII: nearly all there is, several times for
 * each row. */
static size_t skip_plain(const char *bytes, size_t len, size_t at)
{
    while (at < len && (unsigned char)(bytes[at] - 0x20) < 0x5F)
        at++;
    return at;
}

size_t text_ascii_len(const char *bytes, size_t len)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t i = 0;

    for (uint64_t word; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(&word, bytes + i, sizeof(word));
        if (word & high_bits)
            break;
    }
    while (i < len && (unsigned char)bytes[i] < 0x80)
        i++;
    return i;
}

bool text_is_utf8(const char *bytes, size_t len)
{
    size_t used;
    for (size_t at = 0; (at = skip_plain(bytes, len, at)) < len; at += used)
        if (decode(bytes + at, len - at, &used) == NOT_UTF8)
            return false;
    return true;
}

size_t text_utf8_len(const char *text)
{
    for (size_t len = 1; len <= 4 && text[len - 1] != '\0'; len++)
        if (text_is_utf8(text, len))
            return len;
    return 0;
}

size_t text_cut_len(const char *text, size_t len, size_t most)
{
    if (len <= most)
        return len;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

size_t text_unit_len(const char *encoding)
{
    iconv_t to = iconv_open(encoding, "UTF-8");
    size_t len = 0;

    if (to == (iconv_t)-1)
        return 1;
    /* Twice: before the first letter there may be a byte order mark. */
    for (int i = 0; i < 2; i++) {
        char letter[] = "a", out[16];
        char *in = letter, *end = out;
        size_t in_len = 1, room = sizeof(out);
        (void)iconv(to, &in, &in_len, &end, &room);
        len = sizeof(out) - room;
    }
    iconv_close(to);
    return len > 0 ? len : 1;
}

bool text_has_control(const char *bytes, size_t len)
{
    size_t used;
    for (size_t at = 0; (at = skip_plain(bytes, len, at)) < len; at += used)
        if (is_control(decode(bytes + at, len - at, &used)))
            return true;
    return false;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters added, dropped, changed or swapped with their neighbour (optimal
 * string alignment). */
static size_t edit_distance(const char *a, size_t a_len, const char *b,
                            size_t b_len)
{
    size_t of[NEAREST_MAX + 1][NEAREST_MAX + 1]; /* the first i and j letters */
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t j = 0; j <= b_len; j++) {
            of[i][j] = i + j;
            if (i == 0 || j == 0)
                continue;
            of[i][j] = smaller(smaller(of[i - 1][j], of[i][j - 1]) + 1,
                               of[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                of[i][j] = smaller(of[i][j], of[i - 2][j - 2] + 1);
        }
    }
    return of[a_len][b_len];
}

const char *text_nearest(const char *word, const char *const *words,
                         size_t count)
{
    size_t word_len = strlen(word);
    size_t best = word_len / 3 + 1;
    const char *nearest = NULL;

    if (word_len > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t len = strnlen(words[i], NEAREST_MAX);
        size_t distance = edit_distance(word, word_len, words[i], len);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
