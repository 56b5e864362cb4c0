#include "report/html_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text_safe.h"

/* text_safe_add() makes up to 4 bytes of one. */
#define SAFE_CAP ((size_t)4 * HTML_TEXT_MOST)

static void add_escaped(struct strbuf *out, char c)
{
    switch (c) {
    case '&':
        strbuf_add_str(out, "&amp;");
        break;
    case '<':
        strbuf_add_str(out, "&lt;");
        break;
    case '>':
        strbuf_add_str(out, "&gt;");
        break;
    case '"':
        strbuf_add_str(out, "&quot;");
        break;
    case '\'':
        strbuf_add_str(out, "&#39;");
        break;
    default:
        strbuf_add_char(out, c);
    }
}

void html_text(struct strbuf *out, const char *text)
{
    size_t len = strnlen(text, HTML_TEXT_MOST + 1);
    bool is_cut = len > HTML_TEXT_MOST;
    struct strbuf safe;

    if (is_cut) {
        len = HTML_TEXT_MOST;
        /* not in the middle of a character */
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    strbuf_init(&safe, SAFE_CAP);
    text_safe_add(&safe, text, len);
    for (size_t i = 0; i < safe.len; i++)
        add_escaped(out, safe.bytes[i]);
    strbuf_clear(&safe);
    if (is_cut)
        strbuf_add_str(out, "&hellip;");
}

void html_number(struct strbuf *out, uint64_t number)
{
    char digits[24];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, number);

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            strbuf_add_char(out, ',');
        strbuf_add_char(out, digits[i]);
    }
}

void html_count(struct strbuf *out, uint64_t count, const char *noun)
{
    html_number(out, count);
    strbuf_addf(out, " %s%s", noun, count == 1 ? "" : "s");
}

void html_time(struct strbuf *out, int64_t at_s)
{
    char utc[CLOCK_UTC_SIZE];

    clock_format_utc(at_s * US_PER_S, utc);
    strbuf_addf(out, "<time datetime=\"%s\">%.10s %.8s</time>", utc, utc,
                utc + 11);
}

void html_duration(struct strbuf *out, int64_t duration_s)
{
    char text[CLOCK_DURATION_SIZE];

    clock_format_duration(duration_s * US_PER_S, text);
    char *zero = strstr(text, " 00 "); /* "5 min 00 s" */
    if (zero)
        *zero = '\0';
    strbuf_add_str(out, duration_s > 0 ? text : "under 1 s");
}
