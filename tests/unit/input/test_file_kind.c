#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
        CASE("e", FILE_KIND_TEXT),
        CASE("email,role\n", FILE_KIND_TEXT),
        CASE("P", FILE_KIND_UNDECIDED),
        CASE("PK", FILE_KIND_UNDECIDED),
        CASE("PKW,role\n", FILE_KIND_TEXT),
        CASE("PK\x03\x04", FILE_KIND_ZIP),
        CASE("%P", FILE_KIND_UNDECIDED),
        CASE("%PDF-1.7", FILE_KIND_PDF),
        CASE("\x1f", FILE_KIND_UNDECIDED),
        CASE("\x1f\x8b", FILE_KIND_GZIP),
        CASE("\xd0\xcf\x11", FILE_KIND_UNDECIDED),
        CASE("\xd0\xcf\x11\xe0", FILE_KIND_OLE),
        CASE("\xd0\xb0", FILE_KIND_TEXT),
        CASE("\xef\xbb", FILE_KIND_UNDECIDED),
        CASE("\xef\xbb\xbf", FILE_KIND_UTF8_BOM),
        CASE("\xef\xbc\xa0", FILE_KIND_TEXT),
        CASE("\xff", FILE_KIND_UNDECIDED),
        CASE("\xff\xfe", FILE_KIND_UTF16),
        CASE("\xfe\xff", FILE_KIND_UTF16),
        CASE("\xff\xff", FILE_KIND_TEXT),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(file_kind_of(cases[i].bytes, cases[i].len),
                         cases[i].kind);
}

static void only_what_cannot_be_read_has_advice(void **state)
{
    (void)state;
    assert_null(file_kind_advice(FILE_KIND_UNDECIDED));
    assert_null(file_kind_advice(FILE_KIND_TEXT));
    assert_null(file_kind_advice(FILE_KIND_UTF8_BOM));
    for (int kind = FILE_KIND_UTF16; kind <= FILE_KIND_PDF; kind++)
        assert_non_null(file_kind_advice((enum file_kind)kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_bytes_tell_the_kind),
        cmocka_unit_test(only_what_cannot_be_read_has_advice),
    };
    return cmocka_run_group_tests_name("file_kind", tests, NULL, NULL);
}
