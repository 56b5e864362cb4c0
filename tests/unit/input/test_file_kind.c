#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/file_kind.h"

static void the_first_bytes_tell_the_kind(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum file_kind kind;
    } cases[] = {
#define CASE(bytes, kind) {bytes, sizeof(bytes) - 1, kind}
        CASE("", FILE_KIND_UNDECIDED),
        CASE("e", FILE_KIND_UNDECIDED),
        CASE("em", FILE_KIND_TEXT),
        CASE("e\0", FILE_KIND_UNDECIDED),
        CASE("e\0m\0", FILE_KIND_UTF16LE),
        CASE("e\0mm", FILE_KIND_TEXT),
        CASE("\0e\0m", FILE_KIND_UTF16BE),
        CASE("\0\0\0\0", FILE_KIND_TEXT),
        CASE("email,role\n", FILE_KIND_TEXT),
        CASE("P", FILE_KIND_UNDECIDED),
        CASE("PK", FILE_KIND_UNDECIDED),
        CASE("PKW,role\n", FILE_KIND_TEXT),
        CASE("PK\x03\x04", FILE_KIND_UNDECIDED),
        CASE("%P", FILE_KIND_UNDECIDED),
        CASE("%PDF-1.7", FILE_KIND_PDF),
        CASE("\xd0\xcf\x11", FILE_KIND_UNDECIDED),
        CASE("\xd0\xcf\x11\xe0", FILE_KIND_OLE),
        CASE("\xd0\xb0", FILE_KIND_TEXT),
        CASE("\xef\xbb", FILE_KIND_UNDECIDED),
        CASE("\xef\xbb\xbf", FILE_KIND_UTF8_BOM),
        CASE("\xef\xbc\xa0", FILE_KIND_TEXT),
        CASE("\xff", FILE_KIND_UNDECIDED),
        CASE("\xff\xfe", FILE_KIND_UTF16LE),
        CASE("\xfe\xff", FILE_KIND_UTF16BE),
        CASE("\xff\xff", FILE_KIND_TEXT),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(file_kind_of(cases[i].bytes, cases[i].len, false),
                         cases[i].kind);
}

static void a_zip_is_told_by_its_first_entry(void **state)
{
    static const struct {
        const char *entry;
        enum file_kind kind;
    } cases[] = {
        {"[Content_Types].xml", FILE_KIND_XLSX},
        {"xl/worksheets/sheet1.xml", FILE_KIND_XLSX},
        {"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
         FILE_KIND_ODS},
        {"mimetypeapplication/vnd.oasis.opendocument.text", FILE_KIND_ZIP},
        {"team.csv", FILE_KIND_ZIP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char bytes[200] = "PK\x03\x04";
        memcpy(bytes + 30, cases[i].entry, strlen(cases[i].entry));
        assert_int_equal(file_kind_of(bytes, 50, false), FILE_KIND_UNDECIDED);
        assert_int_equal(file_kind_of(bytes, 200, false), cases[i].kind);
        assert_int_equal(file_kind_of(bytes, 90, true), cases[i].kind);
    }
}

static void only_what_cannot_be_read_is_refused_with_a_way_out(void **state)
{
    static const struct {
        enum file_kind kind;
        const char *name;
        const char *told;
    } cases[] = {
        {FILE_KIND_XLSX, "team.xlsx",
         "run: xlsx2csv 'team.xlsx' | bulk-invite send - ..."},
        {FILE_KIND_XLSX, "Ada's team.xlsx", "xlsx2csv 'Ada'\\''s team.xlsx' |"},
        {FILE_KIND_XLSX, "stdin", "xlsx2csv 'FILE.xlsx' |"},
        {FILE_KIND_OLE, "in/my team.xls",
         "--outdir \"$d\" 'in/my team.xls' >&2; "},
        {FILE_KIND_ODS, "-team.ods", "\"$d\" ./'-team.ods' >&2; "},
        {FILE_KIND_ZIP, "a.zip", "unpack"},
        {FILE_KIND_PDF, "a.pdf", "export the list"},
    };
    struct error err = ERROR_INIT;

    (void)state;
    for (int kind = FILE_KIND_UNDECIDED; kind <= FILE_KIND_UTF16BE; kind++)
        assert_int_equal(file_kind_check((enum file_kind)kind, "x", &err),
                         ERROR_NONE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(file_kind_check(cases[i].kind, cases[i].name, &err),
                         ERROR_INPUT);
        if (!strstr(err.text, cases[i].told))
            fail_msg("%s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_bytes_tell_the_kind),
        cmocka_unit_test(a_zip_is_told_by_its_first_entry),
        cmocka_unit_test(only_what_cannot_be_read_is_refused_with_a_way_out),
    };
    return cmocka_run_group_tests_name("file_kind", tests, NULL, NULL);
}
