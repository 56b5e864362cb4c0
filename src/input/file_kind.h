#ifndef BULK_INVITE_INPUT_FILE_KIND_H
#define BULK_INVITE_INPUT_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * What the first bytes of an input (out of gzip) say it is. People send the
 * workbook instead of its CSV export, and the bytes tell where the name may
 * not. Pure.
 */
enum file_kind {
    FILE_KIND_UNDECIDED, /* more bytes are needed to tell */
    FILE_KIND_TEXT,      /* nothing known: read it as CSV */
    FILE_KIND_UTF8_BOM,  /* CSV after a byte order mark */
    FILE_KIND_UTF16LE,   /* by its mark, or by NULs in its first characters */
    FILE_KIND_UTF16BE,
    FILE_KIND_XLSX,
    FILE_KIND_ODS,
    FILE_KIND_ZIP, /* another one */
    FILE_KIND_OLE, /* .xls */
    FILE_KIND_PDF,
};

/* `is_all`: there are no more bytes, so it is never undecided. */
enum file_kind file_kind_of(const char *bytes, size_t len, bool is_all);

/* ERROR_INPUT for the kinds that can't be read: what the input `name` is, and
 * the way out, with the command that converts it ("stdin": no name known). */
enum error_kind file_kind_check(enum file_kind kind, const char *name,
                                struct error *err) MUST_CHECK;

#endif
