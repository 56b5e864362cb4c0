#include "input/file_kind.h"

#include <string.h>

struct signature {
    enum file_kind kind;
    size_t len;
    const char *bytes;
};

static const struct signature signatures[] = {
    {FILE_KIND_UTF8_BOM, FILE_KIND_UTF8_BOM_LEN, "\xef\xbb\xbf"},
    {FILE_KIND_UTF16, 2, "\xff\xfe"},
    {FILE_KIND_UTF16, 2, "\xfe\xff"},
    {FILE_KIND_GZIP, 2, "\x1f\x8b"},
    {FILE_KIND_ZIP, 4, "PK\x03\x04"},
    {FILE_KIND_OLE, 4, "\xd0\xcf\x11\xe0"},
    {FILE_KIND_PDF, 4, "%PDF"},
};

enum file_kind file_kind_of(const char *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *known = &signatures[i];
        size_t common = len < known->len ? len : known->len;
        if (memcmp(bytes, known->bytes, common) == 0)
            return common == known->len ? known->kind : FILE_KIND_UNDECIDED;
    }
    return FILE_KIND_TEXT;
}

const char *file_kind_advice(enum file_kind kind)
{
    switch (kind) {
    case FILE_KIND_UTF16:
        return "is UTF-16 text: export it as CSV UTF-8, or run: "
               "iconv -f UTF-16 -t UTF-8 FILE | bulk-invite send - ...";
    case FILE_KIND_GZIP:
        return "is compressed with gzip; run: "
               "gzip -dc FILE | bulk-invite send - ...";
    case FILE_KIND_ZIP:
        return "is a workbook (.xlsx, .ods) or another zip file: export it as "
               "CSV UTF-8, or for .xlsx run: "
               "xlsx2csv FILE | bulk-invite send - ...";
    case FILE_KIND_OLE:
        return "is an Excel workbook (.xls): export it as CSV UTF-8, or run: "
               "soffice --headless --convert-to csv FILE";
    case FILE_KIND_PDF:
        return "is a PDF: export the list it was made from as CSV UTF-8";
    case FILE_KIND_UNDECIDED:
    case FILE_KIND_TEXT:
    case FILE_KIND_UTF8_BOM:
        break;
    }
    return NULL;
}
