#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/name_key.h"

static void spellings_of_one_name_have_one_key(void **state)
{
    static const struct {
        const char *name;
        const char *key;
    } cases[] = {
        {"", ""},
        {" - ", ""},
        {"E-Mail", "email"},
        {"e_mail (Adresse).", "emailadresse"},
        {"R\xc3\x94LE", "role"},
        {"Ro\xcc\x82le\xc2\xa0", "role"},
        {"Gro\xc3\x9f", "gross"},
        {"\xef\xbc\xa5\xef\xbc\xad\xef\xbc\xa1\xef\xbc\xa9\xef\xbc\xac",
         "email"},
        {"\xd0\x9f\xd0\x9e\xd0\xa7\xd0\xa2\xd0\x90 2",
         "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0"
         "2"},
        {"\xff"
         "ID\xe9",
         "id"},
    };
    struct strbuf key;

    (void)state;
    strbuf_init(&key, 100);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        strbuf_reset(&key);
        name_key(cases[i].name, strlen(cases[i].name), &key);
        assert_string_equal(strbuf_str(&key), cases[i].key);
    }
    strbuf_clear(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_name_have_one_key),
    };
    return cmocka_run_group_tests_name("name_key", tests, NULL, NULL);
}
