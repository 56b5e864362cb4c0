#include "domain/person.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/error.h"
#include "base/text_safe.h"

#define DOMAIN_MAX 253 /* RFC 1035, section 2.3.4, as text */
#define LABEL_MAX  63

/* More bytes than this never map to one label, so IDNA need not try. */
#define UNICODE_LABEL_MAX 1024

struct domain {
    char bytes[DOMAIN_MAX];
    size_t len;
};

static bool is_ascii(const char *bytes, size_t len)
{
    return text_ascii_len(bytes, len) == len;
}

/* Not tolower(): a locale must not change a key. */
static char lower(char c)
{
    if (c < 'A' || c > 'Z')
        return c;
    return "abcdefghijklmnopqrstuvwxyz"[c - 'A'];
}

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool add_char(struct domain *domain, char c)
{
    if (domain->len == sizeof(domain->bytes))
        return false;
    domain->bytes[domain->len++] = c;
    return true;
}

/* Wider than IDNA's rule, on purpose: names with "_", with "-" at an edge or
 * "--" in the middle, and "xn--" labels of older rules get mail. IDNA refuses
 * the Unicode spellings of these, so one mailbox still has one key. */
static bool add_ascii_label(struct domain *domain, const char *label,
                            size_t len)
{
    if (len == 0 || len > LABEL_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = lower(label[i]);

        if (!is_label_char(c) || !add_char(domain, c))
            return false;
    }
    return true;
}

static bool add_unicode_label(struct domain *domain, const char *label,
                              size_t len)
{
    char *zero_ended;
    char *ascii = NULL;
    bool ok;
    int rc;

    if (len > UNICODE_LABEL_MAX)
        return false;
    zero_ended = xstrndup(label, len);
    rc = idn2_to_ascii_8z(zero_ended, &ascii,
                          IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    free(zero_ended);
    if (rc == IDN2_MALLOC)
        error_out_of_memory();
    /* UTS 46 maps full-width and other forms to any ASCII: "%", " ", ".." */
    ok = rc == IDN2_OK && add_ascii_label(domain, ascii, strlen(ascii));
    idn2_free(ascii);
    return ok;
}

/* How many bytes the label separator at `bytes` has, 0 when it is none:
 * "." and what UTS 46 maps to it, U+3002, U+FF0E and U+FF61. */
static size_t dot_len(const char *bytes, size_t len)
{
    if ((unsigned char)bytes[0] < 0x80)
        return bytes[0] == '.';
    if (len >= 3 && (memcmp(bytes, "\xE3\x80\x82", 3) == 0 ||
                     memcmp(bytes, "\xEF\xBC\x8E", 3) == 0 ||
                     memcmp(bytes, "\xEF\xBD\xA1", 3) == 0))
        return 3;
    return 0;
}

static bool add_labels(struct domain *domain, const char *name, size_t len)
{
    size_t start = 0;

    while (start < len) {
        size_t end = start;
        size_t dot = 0;
        size_t label_len;

        while (end < len && (dot = dot_len(name + end, len - end)) == 0)
            end++;
        label_len = end - start;
        if (start > 0 && !add_char(domain, '.'))
            return false;
        if (is_ascii(name + start, label_len)
                ? !add_ascii_label(domain, name + start, label_len)
                : !add_unicode_label(domain, name + start, label_len))
            return false;
        start = end + dot; /* a last dot ends the loop and is dropped */
    }
    return true;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]": kept, lower-cased (RFC 5321, section
 * 4.1.3: printable ASCII but for brackets and backslash). */
static bool add_address_literal(struct domain *domain, const char *literal,
                                size_t len)
{
    if (len < 3 || literal[len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < len; i++)
        if (literal[i] <= ' ' || literal[i] > '~' || strchr("[]\\", literal[i]))
            return false;
    for (size_t i = 0; i < len; i++)
        if (!add_char(domain, lower(literal[i])))
            return false;
    return true;
}

static bool domain_key(struct domain *domain, const char *name, size_t len)
{
    domain->len = 0;
    if (memchr(name, '\0', len))
        return false;
    if (name[0] == '[')
        return add_address_literal(domain, name, len);
    return add_labels(domain, name, len);
}

static void add_ascii_local(struct strbuf *key, const char *local, size_t len)
{
    size_t start = key->len;

    strbuf_add(key, local, len);
    for (size_t i = start; i < key->len; i++)
        key->bytes[i] = lower(key->bytes[i]);
}

/* Unicode's canonical caseless form (3.13, D145): given a normal form,
 * u8_casefold decomposes before it folds. */
static void add_unicode_local(struct strbuf *key, const char *local, size_t len)
{
    size_t folded_len = 0;
    uint8_t *folded = u8_casefold((const uint8_t *)local, len, NULL,
                                  UNINORM_NFC, NULL, &folded_len);

    if (!folded)
        error_out_of_memory(); /* the only failure left for good UTF-8 */
    strbuf_add(key, folded, folded_len);
    free(folded);
}

enum person_result person_key(const char *email, size_t len, struct strbuf *key)
{
    /* The last one: a quoted local part may hold others. */
    const char *at = len > 0 ? memrchr(email, '@', len) : NULL;
    struct domain domain;
    size_t local_len;

    if (!at || at == email || at == email + len - 1)
        return PERSON_NO_AT;
    local_len = (size_t)(at - email);
    if (!text_is_utf8(email, local_len))
        return PERSON_BAD_LOCAL;
    if (!domain_key(&domain, at + 1, len - local_len - 1))
        return PERSON_BAD_DOMAIN;

    if (is_ascii(email, local_len))
        add_ascii_local(key, email, local_len);
    else
        add_unicode_local(key, email, local_len);
    strbuf_add_char(key, '@');
    strbuf_add(key, domain.bytes, domain.len);
    return PERSON_OK;
}
