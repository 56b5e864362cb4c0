#ifndef BULK_INVITE_INPUT_FILE_KIND_H
#define BULK_INVITE_INPUT_FILE_KIND_H

#include <stddef.h>

/*
 * What the first bytes of an input say it is. People send the workbook instead
 * of its CSV export, and the bytes tell where the name may not. Pure.
 */
enum file_kind {
    FILE_KIND_UNDECIDED, /* more bytes are needed to tell */
    FILE_KIND_TEXT,      /* nothing known: read it as CSV */
    FILE_KIND_UTF8_BOM,  /* CSV after a byte order mark */
    FILE_KIND_UTF16,
    FILE_KIND_GZIP,
    FILE_KIND_ZIP, /* .xlsx and .ods are zip files */
    FILE_KIND_OLE, /* .xls */
    FILE_KIND_PDF,
};

#define FILE_KIND_UTF8_BOM_LEN 3

enum file_kind file_kind_of(const char *bytes, size_t len);

/* What it is and the way out, to follow the input's name in a sentence; NULL
 * for the kinds that can be read. */
const char *file_kind_advice(enum file_kind kind);

#endif
