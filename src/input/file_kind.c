#include "input/file_kind.h"

#include <string.h>

#define ZIP_LOOK 100 /* the first entry's header, name and some content */

struct signature {
    enum file_kind kind;
    size_t len;
    const char *bytes;
};

static const struct signature signatures[] = {
    {FILE_KIND_UTF8_BOM, FILE_KIND_UTF8_BOM_LEN, FILE_KIND_UTF8_BOM_BYTES},
    {FILE_KIND_UTF16LE, 2, "\xff\xfe"},
    {FILE_KIND_UTF16BE, 2, "\xfe\xff"},
    {FILE_KIND_ZIP, 4, "PK\x03\x04"},
    {FILE_KIND_OLE, 4, "\xd0\xcf\x11\xe0"},
    {FILE_KIND_PDF, 4, "%PDF"},
};

static bool holds(const char *bytes, size_t len, const char *text)
{
    return memmem(bytes, len < ZIP_LOOK ? len : ZIP_LOOK, text, strlen(text));
}

static enum file_kind kind_of_zip(const char *bytes, size_t len, bool is_all)
{
    if (len < ZIP_LOOK && !is_all)
        return FILE_KIND_UNDECIDED;
    if (holds(bytes, len, "opendocument.spreadsheet"))
        return FILE_KIND_ODS;
    if (holds(bytes, len, "[Content_Types].xml") || holds(bytes, len, "xl/") ||
        holds(bytes, len, "_rels/") || holds(bytes, len, "docProps/"))
        return FILE_KIND_XLSX;
    return FILE_KIND_ZIP;
}

/* Two characters, of each one byte is NUL: `zero` is the place of the first. */
static enum file_kind kind_by_nuls(const char *bytes, size_t len, size_t zero,
                                   enum file_kind kind, bool is_all)
{
    for (size_t i = 0; i < 4 && i < len; i++)
        if ((bytes[i] == '\0') != (i % 2 == zero))
            return FILE_KIND_TEXT;
    if (len >= 4)
        return kind;
    return is_all ? FILE_KIND_TEXT : FILE_KIND_UNDECIDED;
}

enum file_kind file_kind_of(const char *bytes, size_t len, bool is_all)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *known = &signatures[i];
        size_t common = len < known->len ? len : known->len;
        if (memcmp(bytes, known->bytes, common) != 0)
            continue;
        if (common < known->len)
            return is_all ? FILE_KIND_TEXT : FILE_KIND_UNDECIDED;
        return known->kind == FILE_KIND_ZIP ? kind_of_zip(bytes, len, is_all)
                                            : known->kind;
    }
    if (*bytes == '\0')
        return kind_by_nuls(bytes, len, 0, FILE_KIND_UTF16BE, is_all);
    return kind_by_nuls(bytes, len, 1, FILE_KIND_UTF16LE, is_all);
}

/* As a shell reads it back, and as no option. */
static void add_quoted(struct strbuf *out, const char *name)
{
    strbuf_add_str(out, *name == '-' ? "'./" : "'");
    for (; *name; name++) {
        if (*name == '\'')
            strbuf_add_str(out, "'\\''");
        else
            strbuf_add_char(out, *name);
    }
    strbuf_add_char(out, '\'');
}

static void add_xlsx2csv(const char *name, struct strbuf *out)
{
    strbuf_add_str(out, "run: xlsx2csv ");
    add_quoted(out, name);
    strbuf_add_str(out, " | bulk-invite send - ...");
}

/* It writes to no pipe, so it gets a folder that nobody else can look into.
 * 44: comma, 34: quote, 76: UTF-8 (LibreOffice's filter options). */
static void add_soffice(const char *name, struct strbuf *out)
{
    strbuf_add_str(out, "run: d=$(mktemp -d) && { soffice --headless "
                        "--convert-to "
                        "'csv:Text - txt - csv (StarCalc):44,34,76' "
                        "--outdir \"$d\" ");
    add_quoted(out, name);
    strbuf_add_str(out, " >&2; cat \"$d\"/*.csv; rm -r \"$d\"; } | "
                        "bulk-invite send - ...");
}

bool file_kind_advice(enum file_kind kind, const char *name, struct strbuf *out)
{
    bool is_stdin = strcmp(name, "stdin") == 0;

    switch (kind) {
    case FILE_KIND_XLSX:
        strbuf_add_str(out, "is an Excel workbook (.xlsx): export it as CSV "
                            "UTF-8, or ");
        add_xlsx2csv(is_stdin ? "FILE.xlsx" : name, out);
        return true;
    case FILE_KIND_ODS:
        strbuf_add_str(out, "is a LibreOffice sheet (.ods): export it as CSV, "
                            "or ");
        add_soffice(is_stdin ? "FILE.ods" : name, out);
        return true;
    case FILE_KIND_OLE:
        strbuf_add_str(out, "is an old Excel workbook (.xls): export it as CSV "
                            "UTF-8, or ");
        add_soffice(is_stdin ? "FILE.xls" : name, out);
        return true;
    case FILE_KIND_ZIP:
        strbuf_add_str(out, "is a zip file: unpack it, or export the list it "
                            "was made from as CSV UTF-8");
        return true;
    case FILE_KIND_PDF:
        strbuf_add_str(out, "is a PDF: export the list it was made from as CSV "
                            "UTF-8");
        return true;
    case FILE_KIND_UNDECIDED:
    case FILE_KIND_TEXT:
    case FILE_KIND_UTF8_BOM:
    case FILE_KIND_UTF16LE:
    case FILE_KIND_UTF16BE:
        break;
    }
    return false;
}
