#include "base/json_text.h"

#include "base/text_safe.h"

static void add_escaped(struct strbuf *out, char c)
{
    static const char with_name[] = "\"\\\n\r\t", names[] = "\"\\nrt";
    const char *found = strchr(with_name, c);

    if (!found) {
        strbuf_addf(out, "\\u%04x", (unsigned)c);
        return;
    }
    strbuf_add_char(out, '\\');
    strbuf_add_char(out, names[found - with_name]);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' &&
           c != '\\';
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
        if (len == 0 && (unsigned char)*text >= 0x80)
            len = text_utf8_len(text);
        strbuf_add(out, text, len);
        if (len == 0 && (unsigned char)*text >= 0x80)
            strbuf_add_str(out, TEXT_REPLACEMENT);
        else if (len == 0)
            add_escaped(out, *text);
        text += len > 0 ? len : 1;
    }
    strbuf_add_char(out, '"');
}
