#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json_text.h"

static void texts_are_quoted_escaped_and_always_utf8(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {NULL, "null"},
        {"", "\"\""},
        {"ada", "\"ada\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\n\r\t\x01\x1f", "\"\\n\\r\\t\\u0001\\u001f\""},
        {"b\xc3\xbc\xf0\x9f\x98\x80", "\"b\xc3\xbc\xf0\x9f\x98\x80\""},
        {"\x7f\xc2\x9b \xe2\x80\xae\xe2\x80\xa8\xd8\x9c\xc2\xa0",
         "\"\\u007f\\u009b \\u202e\\u2028\\u061c\xc2\xa0\""},
        {"m\xe9mber\xc3", "\"m\xef\xbf\xbdmber\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct strbuf out;
        strbuf_init(&out, 1000);
        json_text_add(&out, cases[i].text);
        assert_string_equal(strbuf_str(&out), cases[i].written);
        strbuf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_quoted_escaped_and_always_utf8),
    };
    return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
