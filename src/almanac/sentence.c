#include "almanac/sentence.h"

#include <stdbool.h>
#include <strings.h>

#include "base/text_safe.h"

#define MASK     "..."
#define MASK_LEN (sizeof(MASK) - 1)

static bool is_blank(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte <= 0x20 || byte == 0x7f;
}

/* What stands around an address in prose and cannot be a part of it (RFC 5322
 * atext and "." are the rest). */
static bool ends_word(char c)
{
    return is_blank(c) || strchr("\"()<>[]:;,`", c) != NULL;
}

static size_t word_length(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && !ends_word(text[n]))
        n++;
    return n;
}

/* A leading "@" is prose ("the part after the @-sign"). */
static bool is_address(const char *word, size_t len)
{
    if (len < 2)
        return false;
    return memchr(word + 1, '@', len - 1) != NULL ||
           memmem(word + 1, len - 1, "%40", 3) != NULL;
}

static bool starts_with_email(const char *text, size_t len, const char *email,
                              size_t email_len)
{
    return email_len > 0 && len >= email_len &&
           strncasecmp(text, email, email_len) == 0;
}

/* The length of the address that begins here, 0 for none. The asked one is
 * looked for at every byte, since its quoted local part may hold anything;
 * others only where a word begins. */
static size_t address_at(const char *text, size_t len, bool is_word_start,
                         const char *email, size_t email_len)
{
    if (starts_with_email(text, len, email, email_len))
        return email_len;
    if (is_word_start) {
        size_t word_len = word_length(text, len);

        if (is_address(text, word_len))
            return word_len;
    }
    return 0;
}

/* Makes the cut visible, on the edge of a character. */
static void end_cut(struct strbuf *line, struct strbuf *out)
{
    strbuf_add(out, line->bytes,
               text_cut_len(line->bytes, line->len, SENTENCE_MAX - MASK_LEN));
    strbuf_add_str(out, MASK);
}

void sentence_add(struct strbuf *out, const char *raw, size_t len,
                  const char *email)
{
    struct strbuf line;
    size_t email_len = strlen(email);
    bool is_word_start = true;
    bool owes_space = false;

    strbuf_init(&line, SENTENCE_MAX);
    for (size_t i = 0; i < len && !line.is_cut;) {
        size_t masked =
            address_at(raw + i, len - i, is_word_start, email, email_len);

        if (masked == 0 && is_blank(raw[i])) {
            owes_space = line.len > 0;
            is_word_start = true;
            i++;
            continue;
        }
        if (owes_space)
            strbuf_add_char(&line, ' ');
        owes_space = false;
        if (masked > 0) {
            strbuf_add_str(&line, MASK);
            is_word_start = false;
            i += masked;
        } else {
            strbuf_add_char(&line, raw[i]);
            is_word_start = ends_word(raw[i]);
            i++;
        }
    }
    if (line.is_cut)
        end_cut(&line, out);
    else
        strbuf_add(out, strbuf_str(&line), line.len);
    strbuf_clear(&line);
}
