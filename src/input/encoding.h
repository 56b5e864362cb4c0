#ifndef BULK_INVITE_INPUT_ENCODING_H
#define BULK_INVITE_INPUT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * An input's text as UTF-8, whatever it is written in. Used by one thread, and
 * flat in memory. What comes out depends on the bytes alone, not on the reads
 * they come in.
 *
 * Without a name given: a byte order mark tells (and is dropped), or the NULs
 * of UTF-16 in the first two characters. Otherwise the first character outside
 * ASCII decides, wherever in the input it is, as all before it reads the same
 * either way: well-formed as UTF-8, or else Windows-1252, of which Latin-1 is a
 * part. Later bytes that contradict this are not guessed at: what is not UTF-8
 * in UTF-8 is let through as it is. What would be UTF-8 in Windows-1252, or is
 * nothing in another encoding, becomes two bytes for each of its bytes B:
 * F8 + B / 64 and 80 + B % 64, so that nothing of it is lost. Neither is valid
 * UTF-8, so the check of a row refuses it where it matters.
 */
struct encoding;

/* What has been found so far. */
struct encoding_facts {
    const char *name;         /* "ASCII", "UTF-8", "UTF-16LE", "UTF-16BE",
                                 "Windows-1252", or the name given */
    const char *decoded_from; /* the same; NULL: the text is the input's own
                                 bytes, UTF-8 */
    bool is_assumed; /* Windows-1252, because it is not UTF-8: it could be
                        another */
    bool is_mixed;   /* something was not in that encoding */
    bool has_mark;   /* a byte order mark was dropped */
    bool is_gzip;
    bool is_cancelled; /* see byte_source.h */
};

/* Can the name be given below? A name that iconv(3) knows. */
bool encoding_is_known(const char *encoding_name);

/* `fd`, `name` and `cancel_fd` as for byte_source_new(); `encoding_name` is
 * known, or NULL to find it. Strings must live as long as the result. */
struct encoding *encoding_new(int fd, const char *name, int cancel_fd,
                              const char *encoding_name);
void encoding_free(struct encoding *encoding);

/* At least one byte of UTF-8, at most `size` (16 or more); *got is 0 at the end
 * only. A character may be cut between two reads. ERROR_INPUT: can't be read,
 * or no text: a workbook and the like, with the way out. */
enum error_kind encoding_read(struct encoding *encoding, char *buffer,
                              size_t size, size_t *got,
                              struct error *err) MUST_CHECK;

/* The encoding's, and kept up to date. */
const struct encoding_facts *encoding_facts(const struct encoding *encoding);

#endif
