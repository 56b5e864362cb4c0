#include "input/byte_source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_SIZE  65536
#define GZIP_WINDOW (16 + MAX_WBITS) /* gzip and nothing else */

static const unsigned char gzip_magic[] = {0x1F, 0x8B};

struct byte_source {
    int fd;
    int cancel_fd;
    const char *name;
    bool has_begun;
    bool is_gzip;
    bool is_cancelled;
    bool is_member_open; /* in the middle of a gzip member */
    z_stream zip;
    size_t at; /* what is still to be taken of the chunk */
    size_t len;
    unsigned char chunk[CHUNK_SIZE];
};

struct byte_source *byte_source_new(int fd, const char *name, int cancel_fd)
{
    struct byte_source *source = xcalloc(1, sizeof(*source));

    source->fd = fd;
    source->name = name;
    source->cancel_fd = cancel_fd;
    return source;
}

void byte_source_free(struct byte_source *source)
{
    if (!source)
        return;
    if (source->is_gzip)
        inflateEnd(&source->zip);
    free(source);
}

static enum error_kind read_fd(struct byte_source *source, void *buffer,
                               size_t size, size_t *got, struct error *err)
{
    ssize_t count = -1;

    *got = 0;
    if (source->is_cancelled)
        return ERROR_NONE;
    while (count < 0) {
        /* poll() skips a negative cancel_fd. */
        struct pollfd waits[2] = {{.fd = source->fd, .events = POLLIN},
                                  {.fd = source->cancel_fd, .events = POLLIN}};
        int ready = poll(waits, 2, -1);
        if (ready > 0 && waits[1].revents != 0) {
            source->is_cancelled = true;
            return ERROR_NONE;
        }
        if (ready > 0)
            count = read(source->fd, buffer, size);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return error_set_errno(err, ERROR_INPUT, errno, "cannot read %s",
                                   source->name);
    }
    *got = (size_t)count;
    return ERROR_NONE;
}

/* The first two bytes tell; one that is not gzip's tells at once. */
static enum error_kind begin(struct byte_source *source, struct error *err)
{
    size_t got;

    source->has_begun = true;
    do {
        if (read_fd(source, source->chunk + source->len,
                    CHUNK_SIZE - source->len, &got, err))
            return err->kind;
        source->len += got;
    } while (got > 0 && source->len < sizeof(gzip_magic) &&
             source->chunk[0] == gzip_magic[0]);
    if (source->len < sizeof(gzip_magic) ||
        memcmp(source->chunk, gzip_magic, sizeof(gzip_magic)) != 0)
        return ERROR_NONE;
    if (inflateInit2(&source->zip, GZIP_WINDOW) != Z_OK)
        error_out_of_memory();
    source->is_gzip = true;
    return ERROR_NONE;
}

/* Unpacks what it can into the buffer; a file may hold several members, one
 * after the other, and zeros behind the last (tapes and some tools pad). */
static enum error_kind unpack(struct byte_source *source, char *buffer,
                              size_t size, size_t *got, struct error *err)
{
    z_stream *zip = &source->zip;

    if (!source->is_member_open) {
        while (source->at < source->len && source->chunk[source->at] == 0)
            source->at++;
        if (source->at == source->len)
            return ERROR_NONE;
        inflateReset(zip);
        source->is_member_open = true;
    }
    zip->next_in = source->chunk + source->at;
    zip->avail_in = (uInt)(source->len - source->at);
    zip->next_out = (unsigned char *)buffer;
    zip->avail_out = (uInt)size;
    int code = inflate(zip, Z_NO_FLUSH);
    source->at = source->len - zip->avail_in;
    *got = size - zip->avail_out;
    if (code == Z_MEM_ERROR)
        error_out_of_memory();
    if (code == Z_STREAM_END)
        source->is_member_open = false;
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return error_set(err, ERROR_INPUT,
                         "the gzip data in %s is damaged (%s)", source->name,
                         zip->msg ? zip->msg : "unreadable");
    return ERROR_NONE;
}

static enum error_kind read_gzip(struct byte_source *source, char *buffer,
                                 size_t size, size_t *got, struct error *err)
{
    *got = 0;
    for (;;) {
        if (unpack(source, buffer, size, got, err))
            return err->kind;
        if (*got > 0)
            return ERROR_NONE;
        if (source->at < source->len)
            continue;
        source->at = 0;
        if (read_fd(source, source->chunk, CHUNK_SIZE, &source->len, err))
            return err->kind;
        if (source->len == 0 && source->is_member_open && !source->is_cancelled)
            return error_set(err, ERROR_INPUT,
                             "the gzip data in %s is cut short", source->name);
        if (source->len == 0)
            return ERROR_NONE;
    }
}

enum error_kind byte_source_read(struct byte_source *source, char *buffer,
                                 size_t size, size_t *got, struct error *err)
{
    *got = 0;
    if (!source->has_begun && begin(source, err))
        return err->kind;
    if (source->is_gzip)
        return read_gzip(source, buffer, size, got, err);
    if (source->at == source->len)
        return read_fd(source, buffer, size, got, err);
    *got = source->len - source->at < size ? source->len - source->at : size;
    memcpy(buffer, source->chunk + source->at, *got);
    source->at += *got;
    return ERROR_NONE;
}

bool byte_source_is_gzip(const struct byte_source *source)
{
    return source->is_gzip;
}

bool byte_source_is_cancelled(const struct byte_source *source)
{
    return source->is_cancelled;
}
