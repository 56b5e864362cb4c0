#include "input/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_safe.h"
#include "input/byte_source.h"
#include "input/file_kind.h"

#define RAW_SIZE 65536
#define ROOM_MIN 8 /* bytes that one step may write: four that are nothing */

#define NO_ICONV ((iconv_t)-1)

/* Windows-1252, 80 to 9F; "" is no letter. Here, as iconv(3) takes long for one
 * letter at a time. */
static const char *const windows_1252[32] = {
    "\u20AC", "",       "\u201A", "\u0192", "\u201E", "\u2026", "\u2020",
    "\u2021", "\u02C6", "\u2030", "\u0160", "\u2039", "\u0152", "",
    "\u017D", "",       "",       "\u2018", "\u2019", "\u201C", "\u201D",
    "\u2022", "\u2013", "\u2014", "\u02DC", "\u2122", "\u0161", "\u203A",
    "\u0153", "",       "\u017E", "\u0178",
};

struct encoding {
    struct byte_source *source;
    const char *name; /* the input's */
    struct encoding_facts facts;
    iconv_t iconv; /* or none: done without it */
    size_t unit;   /* bytes that are skipped where they mean nothing */
    bool has_begun;
    bool is_ascii;  /* so far: what comes may be UTF-8 or Windows-1252 */
    bool has_text;  /* some was given: no byte order mark any more */
    bool has_ended; /* of the bytes */
    size_t at;      /* of raw: what is not taken yet */
    size_t len;
    char raw[RAW_SIZE];
};

/* Where the text goes. */
struct out {
    char *at;
    size_t room;
};

bool encoding_is_known(const char *encoding_name)
{
    iconv_t opened = iconv_open("UTF-8", encoding_name);

    if (opened == NO_ICONV)
        return false;
    iconv_close(opened);
    return true;
}

static void set_name(struct encoding *encoding, const char *name)
{
    encoding->is_ascii = false;
    encoding->facts.name = name;
    encoding->facts.decoded_from = name;
}

struct encoding *encoding_new(int fd, const char *name, int cancel_fd,
                              const char *encoding_name)
{
    struct encoding *encoding = xcalloc(1, sizeof(*encoding));

    encoding->source = byte_source_new(fd, name, cancel_fd);
    encoding->name = name;
    encoding->iconv = NO_ICONV;
    set_name(encoding, encoding_name ? encoding_name : "ASCII");
    encoding->is_ascii = !encoding_name;
    return encoding;
}

void encoding_free(struct encoding *encoding)
{
    if (!encoding)
        return;
    byte_source_free(encoding->source);
    if (encoding->iconv != NO_ICONV)
        iconv_close(encoding->iconv);
    free(encoding);
}

static enum error_kind fill(struct encoding *encoding, struct error *err)
{
    size_t got;

    memmove(encoding->raw, encoding->raw + encoding->at,
            encoding->len - encoding->at);
    encoding->len -= encoding->at;
    encoding->at = 0;
    if (byte_source_read(encoding->source, encoding->raw + encoding->len,
                         RAW_SIZE - encoding->len, &got, err))
        return err->kind;
    encoding->len += got;
    encoding->has_ended = got == 0;
    encoding->facts.is_gzip = byte_source_is_gzip(encoding->source);
    encoding->facts.is_cancelled = byte_source_is_cancelled(encoding->source);
    return ERROR_NONE;
}

static void set_utf8(struct encoding *encoding)
{
    set_name(encoding, "UTF-8");
    encoding->facts.decoded_from = NULL;
}

static void set_iconv(struct encoding *encoding, const char *from)
{
    set_name(encoding, from);
    encoding->unit = text_unit_len(from);
    encoding->iconv = iconv_open("UTF-8", from);
    if (encoding->iconv == NO_ICONV) /* known, so it is the memory */
        error_out_of_memory();
}

/* Reads until the first bytes tell what the input is; most tell at once. */
static enum error_kind begin(struct encoding *encoding, struct error *err)
{
    enum file_kind kind = FILE_KIND_UNDECIDED;

    while (kind == FILE_KIND_UNDECIDED) {
        if (fill(encoding, err))
            return err->kind;
        kind = file_kind_of(encoding->raw, encoding->len, encoding->has_ended);
    }
    if (file_kind_check(kind, encoding->name, err))
        return err->kind;
    if (!encoding->is_ascii)
        set_iconv(encoding, encoding->facts.name);
    else if (kind == FILE_KIND_UTF16LE)
        set_iconv(encoding, "UTF-16LE");
    else if (kind == FILE_KIND_UTF16BE)
        set_iconv(encoding, "UTF-16BE");
    else if (kind == FILE_KIND_UTF8_BOM)
        set_utf8(encoding);
    encoding->has_begun = true;
    return ERROR_NONE;
}

/* How long the UTF-8 character at `at` is, one outside ASCII: 0 when not all of
 * it is there, -1 when it is none. */
static int utf8_len(const char *at, size_t len)
{
    unsigned char first = (unsigned char)*at;
    size_t wanted = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    if (first < 0xC2 || first > 0xF4)
        return -1;
    for (size_t i = 1; i < wanted && i < len; i++)
        if (((unsigned char)at[i] & 0xC0) != 0x80)
            return -1;
    if (wanted > len)
        return 0;
    return text_is_utf8(at, wanted) ? (int)wanted : -1;
}

static void copy(struct encoding *encoding, struct out *out, size_t len)
{
    if (len > out->room)
        len = out->room;
    memcpy(out->at, encoding->raw + encoding->at, len);
    out->at += len;
    out->room -= len;
    encoding->at += len;
}

/* `len` bytes that cannot be read. */
static void skip(struct encoding *encoding, struct out *out, size_t len)
{
    encoding->facts.is_mixed = true;
    out->room -= 2 * len;
    for (; len > 0; len--) {
        unsigned char byte = (unsigned char)encoding->raw[encoding->at++];
        *out->at++ = (char)(0xF8 | byte >> 6);
        *out->at++ = (char)(0x80 | (byte & 0x3F));
    }
}

/* Converts up to `len` bytes; false when that is all for now. */
static bool convert(struct encoding *encoding, struct out *out, size_t len)
{
    char *in = encoding->raw + encoding->at;
    size_t left = len;
    /* At the end: what the decoder still holds back. */
    bool is_flush = len == 0 && encoding->has_ended;
    size_t done = iconv(encoding->iconv, is_flush ? NULL : &in, &left, &out->at,
                        &out->room);
    encoding->at += len - left;
    if (done != (size_t)-1 || errno == E2BIG ||
        (errno == EINVAL && !encoding->has_ended))
        return false;
    skip(encoding, out, left < encoding->unit ? left : encoding->unit);
    return true;
}

static void add_letter(struct encoding *encoding, struct out *out)
{
    unsigned char byte = (unsigned char)encoding->raw[encoding->at];
    const char latin_1[] = {(char)(0xC0 | byte >> 6),
                            (char)(0x80 | (byte & 0x3F)), '\0'};
    const char *letter = byte < 0xA0 ? windows_1252[byte - 0x80] : latin_1;
    size_t len = strlen(letter);

    if (len == 0) {
        skip(encoding, out, 1);
        return;
    }
    memcpy(out->at, letter, len);
    out->at += len;
    out->room -= len;
    encoding->at++;
}

/* Windows-1252 that is only assumed: what is UTF-8 speaks against it. */
static void decode_assumed(struct encoding *encoding, struct out *out)
{
    while (encoding->at < encoding->len && out->room >= ROOM_MIN) {
        const char *at = encoding->raw + encoding->at;
        size_t len = encoding->len - encoding->at;
        size_t plain = text_ascii_len(at, len);

        if (plain > 0) {
            copy(encoding, out, plain);
            continue;
        }
        int utf8 = utf8_len(at, len);
        if (utf8 == 0 && !encoding->has_ended)
            return;
        if (utf8 > 0)
            skip(encoding, out, (size_t)utf8);
        else
            add_letter(encoding, out);
    }
}

/* The first character outside ASCII decides, once all of it is there. */
static void decide(struct encoding *encoding)
{
    int utf8 =
        utf8_len(encoding->raw + encoding->at, encoding->len - encoding->at);

    if (utf8 > 0) {
        set_utf8(encoding);
    } else if (utf8 < 0 || encoding->has_ended) {
        set_name(encoding, "Windows-1252");
        encoding->facts.is_assumed = true;
    }
}

/* Takes what it can from raw and stops when it needs more. */
static void decode(struct encoding *encoding, struct out *out)
{
    if (encoding->is_ascii && encoding->at < encoding->len) {
        copy(encoding, out,
             text_ascii_len(encoding->raw + encoding->at,
                            encoding->len - encoding->at));
        if (out->room == 0 || encoding->at == encoding->len)
            return;
        decide(encoding);
    }
    if (encoding->is_ascii)
        return;
    if (encoding->facts.is_assumed)
        decode_assumed(encoding, out);
    else if (encoding->iconv == NO_ICONV)
        copy(encoding, out, encoding->len - encoding->at);
    else
        while (out->room >= ROOM_MIN &&
               convert(encoding, out, encoding->len - encoding->at))
            continue;
}

/* Whole characters come out of all that may start with a mark. */
static void drop_mark(struct encoding *encoding, char *text, size_t *len)
{
    if (encoding->has_text || *len == 0)
        return;
    encoding->has_text = true;
    if (*len < TEXT_BOM_LEN || memcmp(text, TEXT_BOM, TEXT_BOM_LEN) != 0)
        return;
    encoding->facts.has_mark = true;
    *len -= TEXT_BOM_LEN;
    memmove(text, text + TEXT_BOM_LEN, *len);
}

enum error_kind encoding_read(struct encoding *encoding, char *buffer,
                              size_t size, size_t *got, struct error *err)
{
    *got = 0;
    if (!encoding->has_begun && begin(encoding, err))
        return err->kind;
    while (*got == 0) {
        struct out out = {buffer, size};
        size_t before = encoding->at;
        decode(encoding, &out);
        *got = size - out.room;
        drop_mark(encoding, buffer, got);
        if (*got > 0 || encoding->at != before)
            continue;
        if (encoding->has_ended)
            break;
        if (fill(encoding, err))
            return err->kind;
    }
    return ERROR_NONE;
}

const struct encoding_facts *encoding_facts(const struct encoding *encoding)
{
    return &encoding->facts;
}
