#include "report/html_parts.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text_safe.h"

/* text_safe_add() makes up to 4 bytes of one. */
#define SAFE_CAP ((size_t)4 * HTML_TEXT_MOST)

static const char *const entities[UCHAR_MAX + 1] = {['&'] = "&amp;",
                                                    ['<'] = "&lt;",
                                                    ['>'] = "&gt;",
                                                    ['"'] = "&quot;",
                                                    ['\''] = "&#39;"};

const char *const html_group_class[HTML_GROUPS] = {"invited", "quiet", "look"};

enum html_group html_group_of(const struct outcome *outcome)
{
    if (outcome_needs_look(outcome))
        return HTML_LOOK;
    return outcome->status == STATUS_INVITED ? HTML_INVITED : HTML_QUIET;
}

uint64_t html_group_sum(const uint64_t groups[HTML_GROUPS])
{
    return groups[HTML_INVITED] + groups[HTML_QUIET] + groups[HTML_LOOK];
}

void html_text(struct strbuf *out, const char *text)
{
    size_t len = text_cut_len(text, strlen(text), HTML_TEXT_MOST);
    struct strbuf safe;

    strbuf_init(&safe, SAFE_CAP);
    text_safe_add(&safe, text, len);
    for (size_t i = 0; i < safe.len; i++) {
        const char *entity = entities[(unsigned char)safe.bytes[i]];
        if (entity)
            strbuf_add_str(out, entity);
        else
            strbuf_add_char(out, safe.bytes[i]);
    }
    strbuf_clear(&safe);
    if (text[len] != '\0')
        strbuf_add_str(out, "&hellip;");
}

struct html_words html_number(uint64_t number)
{
    struct html_words words = {""};
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *at = words.text;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    return words;
}

struct html_words html_count(uint64_t count, const char *noun)
{
    struct html_words words;

    snprintf(words.text, sizeof(words.text), "%.27s %.16s%s",
             html_number(count).text, noun, count == 1 ? "" : "s");
    return words;
}

struct html_words html_time(int64_t at_s)
{
    struct html_words words;
    char utc[CLOCK_UTC_SIZE];

    clock_format_utc(at_s * US_PER_S, utc);
    snprintf(words.text, sizeof(words.text), "%.10s %.8s", utc, utc + 11);
    return words;
}

struct html_words html_duration(int64_t duration_s)
{
    struct html_words words = {"under 1 s"};

    if (duration_s > 0)
        clock_format_duration(duration_s * US_PER_S, words.text);
    char *zero = strstr(words.text, " 00 "); /* "5 min 00 s" */
    if (zero)
        *zero = '\0';
    return words;
}

void html_share(struct strbuf *out, const uint64_t groups[HTML_GROUPS])
{
    double unit = 100 / (double)html_group_sum(groups);
    uint64_t from = 0;

    strbuf_add_str(out,
                   "<svg class=share aria-hidden=true viewBox=\"0 0 100 1\" "
                   "preserveAspectRatio=none>");
    for (int group = 0; group < HTML_GROUPS; group++) {
        strbuf_addf(out, "<rect class=%s x=%.3f width=%.3f height=1 />",
                    html_group_class[group], (double)from * unit,
                    (double)groups[group] * unit);
        from += groups[group];
    }
    strbuf_add_str(out, "</svg>");
}

void html_table(struct strbuf *out, const char *class_name, const char *title,
                const char *const *heads)
{
    strbuf_addf(out, "<table class=%s>", class_name);
    if (title)
        strbuf_addf(out, "<caption><h2>%s</h2></caption>", title);
    strbuf_add_str(out, "<thead><tr>");
    for (; *heads; heads++)
        strbuf_addf(out, **heads == '#' ? "<th class=n>%s" : "<th>%s",
                    *heads + (**heads == '#'));
    strbuf_add_str(out, "<tbody>\n");
}

void html_number_cell(struct strbuf *out, uint64_t number)
{
    strbuf_addf(out, "<td class=n>%s", html_number(number).text);
}
