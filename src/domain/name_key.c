#include "domain/name_key.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/error.h"
#include "base/text_safe.h"

static void add_ascii(const char *name, size_t len, struct strbuf *key)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            strbuf_add_char(key, c);
    }
}

static void add_unicode(const char *name, size_t len, struct strbuf *key)
{
    size_t folded_len = 0;
    uint8_t *folded = u8_casefold((const uint8_t *)name, len, NULL,
                                  UNINORM_NFKD, NULL, &folded_len);

    if (!folded)
        error_out_of_memory(); /* the only failure left for good UTF-8 */
    for (size_t at = 0; at < folded_len;) {
        ucs4_t letter;
        int used = u8_mbtouc(&letter, folded + at, folded_len - at);

        if (uc_is_alnum(letter))
            strbuf_add(key, folded + at, (size_t)used);
        at += (size_t)used;
    }
    free(folded);
}

void name_key(const char *name, size_t len, struct strbuf *key)
{
    if (text_ascii_len(name, len) == len || !text_is_utf8(name, len))
        add_ascii(name, len, key);
    else
        add_unicode(name, len, key);
}
