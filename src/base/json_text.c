#include "base/json_text.h"

#include "base/text_safe.h"

static void add_escaped(struct strbuf *out, unsigned code_point)
{
    static const char with_name[] = "\"\\\n\r\t", names[] = "\"\\nrt";
    const char *found =
        code_point < 0x80 ? strchr(with_name, (int)code_point) : NULL;

    if (!found) {
        strbuf_addf(out, "\\u%04x", code_point);
        return;
    }
    strbuf_add_char(out, '\\');
    strbuf_add_char(out, names[found - with_name]);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' &&
           c != '\\';
}

/* What is not plain: its length. */
static size_t add_character(struct strbuf *out, const char *text)
{
    size_t len = text_utf8_len(text);
    unsigned steering = text_steering(text, len);

    if (len == 0)
        strbuf_add_str(out, TEXT_REPLACEMENT);
    else if (steering != 0 || (unsigned char)*text < 0x80)
        add_escaped(out, steering != 0 ? steering : (unsigned char)*text);
    else
        strbuf_add(out, text, len);
    return len > 0 ? len : 1;
}

void json_text_add(struct strbuf *out, const char *text)
{
    if (!text) {
        strbuf_add_str(out, "null");
        return;
    }
    strbuf_add_char(out, '"');
    while (*text != '\0') {
        size_t len = 0;
        while (is_plain(text[len]))
            len++;
        strbuf_add(out, text, len);
        text += len > 0 ? len : add_character(out, text);
    }
    strbuf_add_char(out, '"');
}
