#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>

#include "base/error.h"

#define FIRST_SIZE 64

void strbuf_init(struct strbuf *buf, size_t cap)
{
    memset(buf, 0, sizeof(*buf));
    /* Room for the NUL, without overflow. */
    buf->cap = cap < SIZE_MAX ? cap : SIZE_MAX - 1;
}

void strbuf_clear(struct strbuf *buf)
{
    free(buf->bytes);
    strbuf_init(buf, buf->cap);
}

void strbuf_reset(struct strbuf *buf)
{
    buf->len = 0;
    buf->is_cut = false;
    if (buf->bytes)
        buf->bytes[0] = '\0';
}

/* Makes room for up to `len` more bytes; returns how many may be added. */
static size_t make_room(struct strbuf *buf, size_t len)
{
    size_t room = buf->cap - buf->len;
    size_t size;
    char *grown;

    if (len > room) {
        len = room;
        buf->is_cut = true;
    }
    if (buf->len + len < buf->size)
        return len;

    size = buf->size > buf->cap / 2 ? buf->cap + 1 : 2 * buf->size;
    if (size < FIRST_SIZE)
        size = FIRST_SIZE;
    if (size < buf->len + len + 1)
        size = buf->len + len + 1;
    grown = realloc(buf->bytes, size);
    if (!grown)
        error_out_of_memory();
    buf->bytes = grown;
    buf->size = size;
    return len;
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t len)
{
    len = make_room(buf, len);
    if (len > 0)
        memcpy(buf->bytes + buf->len, bytes, len);
    buf->len += len;
    buf->bytes[buf->len] = '\0';
}

void strbuf_add_str(struct strbuf *buf, const char *text)
{
    strbuf_add(buf, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add(buf, &c, 1);
}

void strbuf_add_quoted(struct strbuf *buf, const char *word)
{
    strbuf_add_char(buf, '\'');
    for (; *word; word++)
        if (*word == '\'')
            strbuf_add_str(buf, "'\\''");
        else
            strbuf_add_char(buf, *word);
    strbuf_add_char(buf, '\'');
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    size_t room;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        buf->is_cut = true;
    } else {
        room = make_room(buf, (size_t)len);
        vsnprintf(buf->bytes + buf->len, room + 1, format, again);
        buf->len += room;
    }
    va_end(again);
}

const char *strbuf_str(const struct strbuf *buf)
{
    return buf->bytes ? buf->bytes : "";
}

char *strbuf_detach(struct strbuf *buf)
{
    char *text = buf->bytes ? buf->bytes : xstrdup("");

    strbuf_init(buf, buf->cap);
    return text;
}
