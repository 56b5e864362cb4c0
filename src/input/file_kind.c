#include "input/file_kind.h"

#include <string.h>

#include "base/text_safe.h"

#define ZIP_LOOK 100 /* the first entry's header, name and some content */

struct signature {
    enum file_kind kind;
    size_t len;
    const char *bytes;
};

static const struct signature signatures[] = {
    {FILE_KIND_UTF8_BOM, TEXT_BOM_LEN, TEXT_BOM},
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
    for (size_t i = 0; i < sizeof(signatures) / sizeof(*signatures); i++) {
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

/* What can't be read: what to say of it, with the file's name before it and the
 * command to convert it behind it. */
struct refusal {
    const char *text;
    const char *command; /* up to the file's name; NULL: none */
    const char *rest;    /* of the command */
    const char *example; /* a name for what comes from stdin */
};

/* It writes to no pipe, so it gets a folder that nobody else can look into.
 * 44: comma, 34: quote, 76: UTF-8 (LibreOffice's filter options). */
#define SOFFICE_BEGIN                                      \
    "d=$(mktemp -d) && { soffice --headless --convert-to " \
    "'csv:Text - txt - csv (StarCalc):44,34,76' --outdir \"$d\" "
#define SOFFICE_END " >&2; cat \"$d\"/*.csv; rm -r \"$d\"; }"

static const struct refusal refusals[] = {
    [FILE_KIND_XLSX] = {.text = "an Excel workbook (.xlsx): export it as CSV "
                                "UTF-8",
                        .command = "xlsx2csv ",
                        .rest = "",
                        .example = "FILE.xlsx"},
    [FILE_KIND_ODS] = {.text = "a LibreOffice sheet (.ods): export it as CSV",
                       .command = SOFFICE_BEGIN,
                       .rest = SOFFICE_END,
                       .example = "FILE.ods"},
    [FILE_KIND_OLE] = {.text = "an old Excel workbook (.xls): export it as CSV "
                               "UTF-8",
                       .command = SOFFICE_BEGIN,
                       .rest = SOFFICE_END,
                       .example = "FILE.xls"},
    [FILE_KIND_ZIP] = {.text = "a zip file: unpack it, or export the list it "
                               "was made from as CSV UTF-8"},
    [FILE_KIND_PDF] = {.text = "a PDF: export the list it was made from as CSV "
                               "UTF-8"},
};

enum error_kind file_kind_check(enum file_kind kind, const char *name,
                                struct error *err)
{
    const struct refusal *refusal = &refusals[kind];
    const char *file = strcmp(name, "stdin") == 0 ? refusal->example : name;
    struct strbuf command;

    if (!refusal->text)
        return ERROR_NONE;
    if (!refusal->command)
        return error_set(err, ERROR_INPUT, "%s is %s", name, refusal->text);
    strbuf_init(&command, sizeof(err->text));
    strbuf_add_str(&command, refusal->command);
    if (*file == '-')
        strbuf_add_str(&command, "./"); /* or it would be an option */
    strbuf_add_quoted(&command, file);
    strbuf_add_str(&command, refusal->rest);
    error_set(err, ERROR_INPUT, "%s is %s, or run: %s | bulk-invite send - ...",
              name, refusal->text, strbuf_str(&command));
    strbuf_clear(&command);
    return err->kind;
}
