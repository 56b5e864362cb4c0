#include "input/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_safe.h"
#include "input/byte_source.h"
#include "input/file_kind.h"

#define RAW_SIZE 65536
#define ROOM_MIN 8 /* bytes that one step may write: four that are nothing */

#define NO_ICONV ((iconv_t)-1)

/* Windows-1252, 80 to 9F; what it leaves out are C1 controls, as browsers have
 * it (encoding.spec.whatwg.org), and refused as controls where they matter. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

struct encoding {
    struct byte_source *source;
    const char *name; /* the input's */
    const char *told; /* the encoding's, NULL when it is to be found */
    enum {
        READS_ASCII, /* so far */
        READS_UTF8,
        READS_1252,
        READS_UTF16LE,
        READS_UTF16BE,
        READS_TOLD,
    } reads;
    iconv_t iconv;
    bool has_begun;
    bool has_text; /* some was given: no byte order mark any more */
    bool has_mark;
    bool has_ended; /* of the bytes */
    bool is_mixed;
    size_t at; /* of raw: what is not taken yet */
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

struct encoding *encoding_new(int fd, const char *name, int cancel_fd,
                              const char *encoding_name)
{
    struct encoding *encoding = xcalloc(1, sizeof(*encoding));

    encoding->source = byte_source_new(fd, name, cancel_fd);
    encoding->name = name;
    encoding->told = encoding_name;
    encoding->iconv = NO_ICONV;
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
    return ERROR_NONE;
}

static void set_iconv(struct encoding *encoding, const char *from)
{
    encoding->iconv = iconv_open("UTF-8", from);
    if (encoding->iconv == NO_ICONV) /* known, so it is the memory */
        error_out_of_memory();
}

static void set_kind(struct encoding *encoding, enum file_kind kind)
{
    if (encoding->told) {
        encoding->reads = READS_TOLD;
        set_iconv(encoding, encoding->told);
    } else if (kind == FILE_KIND_UTF16LE) {
        encoding->reads = READS_UTF16LE;
        set_iconv(encoding, "UTF-16LE");
    } else if (kind == FILE_KIND_UTF16BE) {
        encoding->reads = READS_UTF16BE;
        set_iconv(encoding, "UTF-16BE");
    } else if (kind == FILE_KIND_UTF8_BOM) {
        encoding->reads = READS_UTF8;
    }
}

/* Reads until the first bytes tell what the input is; most tell at once. */
static enum error_kind begin(struct encoding *encoding, struct error *err)
{
    enum file_kind kind = FILE_KIND_UNDECIDED;
    enum error_kind refused = ERROR_NONE;
    struct strbuf advice;

    while (kind == FILE_KIND_UNDECIDED) {
        if (fill(encoding, err))
            return err->kind;
        kind = file_kind_of(encoding->raw, encoding->len, encoding->has_ended);
    }
    strbuf_init(&advice, sizeof(err->text));
    if (file_kind_advice(kind, encoding->name, &advice))
        refused = error_set(err, ERROR_INPUT, "%s %s", encoding->name,
                            strbuf_str(&advice));
    strbuf_clear(&advice);
    if (refused)
        return refused;
    set_kind(encoding, kind);
    encoding->has_begun = true;
    return ERROR_NONE;
}

enum sequence {
    SEQUENCE_BAD,
    SEQUENCE_CUT,
    SEQUENCE_GOOD
};

/* The character outside ASCII at `at`: is it UTF-8, and how long? */
static enum sequence look(const char *at, size_t len, size_t *used)
{
    unsigned char first = (unsigned char)*at;
    size_t wanted = 0;

    if (first >= 0xC2 && first <= 0xF4)
        wanted = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    *used = wanted;
    for (size_t i = 1; i < wanted && i < len; i++)
        if (((unsigned char)at[i] & 0xC0) != 0x80)
            return SEQUENCE_BAD;
    if (wanted > len)
        return SEQUENCE_CUT;
    return wanted > 0 && text_is_utf8(at, wanted) ? SEQUENCE_GOOD
                                                  : SEQUENCE_BAD;
}

static size_t ascii_len(const char *at, size_t len)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t i = 0;

    for (uint64_t word; i + sizeof(word) <= len; i += sizeof(word)) {
        memcpy(&word, at + i, sizeof(word));
        if (word & high_bits)
            break;
    }
    while (i < len && (unsigned char)at[i] < 0x80)
        i++;
    return i;
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
    encoding->is_mixed = true;
    out->room -= 2 * len;
    for (; len > 0; len--) {
        unsigned char byte = (unsigned char)encoding->raw[encoding->at++];
        *out->at++ = (char)(0xF8 | byte >> 6);
        *out->at++ = (char)(0x80 | (byte & 0x3F));
    }
}

static void add_letter(struct out *out, unsigned char byte)
{
    unsigned letter = byte < 0xA0 ? windows_1252[byte - 0x80] : byte;

    if (letter >= 0x800) {
        *out->at++ = (char)(0xE0 | letter >> 12);
        *out->at++ = (char)(0x80 | (letter >> 6 & 0x3F));
        out->room--;
    } else {
        *out->at++ = (char)(0xC0 | letter >> 6);
    }
    *out->at++ = (char)(0x80 | (letter & 0x3F));
    out->room -= 2;
}

/* Each of these takes what it can from raw and stops when it needs more. */
static void decode_ascii(struct encoding *encoding, struct out *out)
{
    const char *at = encoding->raw + encoding->at;
    size_t len = encoding->len - encoding->at;
    size_t plain = ascii_len(at, len);
    size_t used;

    if (plain > 0) {
        copy(encoding, out, plain);
        return;
    }
    enum sequence sequence = look(at, len, &used);
    if (sequence == SEQUENCE_GOOD)
        encoding->reads = READS_UTF8;
    else if (sequence == SEQUENCE_BAD || encoding->has_ended)
        encoding->reads = READS_1252;
}

static void decode_1252(struct encoding *encoding, struct out *out)
{
    while (encoding->at < encoding->len && out->room >= ROOM_MIN) {
        const char *at = encoding->raw + encoding->at;
        size_t len = encoding->len - encoding->at;
        size_t plain = ascii_len(at, len);
        size_t used;

        if (plain > 0) {
            copy(encoding, out, plain);
            continue;
        }
        enum sequence sequence = look(at, len, &used);
        if (sequence == SEQUENCE_CUT && !encoding->has_ended)
            return;
        if (sequence == SEQUENCE_GOOD) {
            skip(encoding, out, used);
            continue;
        }
        add_letter(out, (unsigned char)*at);
        encoding->at++;
    }
}

static void decode_iconv(struct encoding *encoding, struct out *out)
{
    size_t unit = encoding->reads == READS_TOLD ? 1 : 2;

    while (out->room >= ROOM_MIN) {
        char *in = encoding->raw + encoding->at;
        size_t in_len = encoding->len - encoding->at;
        /* At the end: what the decoder still holds back. */
        bool is_flush = in_len == 0 && encoding->has_ended;
        size_t done = iconv(encoding->iconv, is_flush ? NULL : &in, &in_len,
                            &out->at, &out->room);
        encoding->at = encoding->len - in_len;
        if (done != (size_t)-1 || errno == E2BIG ||
            (errno == EINVAL && !encoding->has_ended))
            return;
        skip(encoding, out, in_len < unit ? in_len : unit);
    }
}

static void decode(struct encoding *encoding, struct out *out)
{
    switch (encoding->reads) {
    case READS_ASCII:
        if (encoding->at < encoding->len)
            decode_ascii(encoding, out);
        return;
    case READS_UTF8:
        copy(encoding, out, encoding->len - encoding->at);
        return;
    case READS_1252:
        decode_1252(encoding, out);
        return;
    case READS_UTF16LE:
    case READS_UTF16BE:
    case READS_TOLD:
        decode_iconv(encoding, out);
    }
}

/* Whole characters come out of all that may start with a mark. */
static void drop_mark(struct encoding *encoding, char *text, size_t *len)
{
    if (encoding->has_text || *len == 0)
        return;
    encoding->has_text = true;
    if (*len < FILE_KIND_UTF8_BOM_LEN ||
        memcmp(text, FILE_KIND_UTF8_BOM_BYTES, FILE_KIND_UTF8_BOM_LEN) != 0)
        return;
    encoding->has_mark = true;
    *len -= FILE_KIND_UTF8_BOM_LEN;
    memmove(text, text + FILE_KIND_UTF8_BOM_LEN, *len);
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
        int reads = (int)encoding->reads;
        decode(encoding, &out);
        *got = size - out.room;
        drop_mark(encoding, buffer, got);
        if (encoding->at != before || reads != (int)encoding->reads)
            continue;
        if (encoding->has_ended)
            break;
        if (*got == 0 && fill(encoding, err))
            return err->kind;
    }
    return ERROR_NONE;
}

const char *encoding_name(const struct encoding *encoding)
{
    static const char *const names[] = {
        [READS_ASCII] = "ASCII",       [READS_UTF8] = "UTF-8",
        [READS_1252] = "Windows-1252", [READS_UTF16LE] = "UTF-16LE",
        [READS_UTF16BE] = "UTF-16BE",
    };

    return encoding->told ? encoding->told : names[encoding->reads];
}

const char *encoding_decoded_from(const struct encoding *encoding)
{
    return encoding->reads == READS_UTF8 ? NULL : encoding_name(encoding);
}

bool encoding_has_mark(const struct encoding *encoding)
{
    return encoding->has_mark;
}

bool encoding_is_assumed(const struct encoding *encoding)
{
    return encoding->reads == READS_1252;
}

bool encoding_is_mixed(const struct encoding *encoding)
{
    return encoding->is_mixed;
}

bool encoding_is_gzip(const struct encoding *encoding)
{
    return byte_source_is_gzip(encoding->source);
}

bool encoding_is_cancelled(const struct encoding *encoding)
{
    return byte_source_is_cancelled(encoding->source);
}
