#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/clean.h"

static void what_nobody_means_is_taken_away(void **state)
{
    static const struct {
        const char *cell;
        const char *address;
        bool is_changed;
    } cases[] = {
        {"", "", false},
        {"<", "<", false},
        {">", ">", false},
        {" ada@b.c\r\n", "ada@b.c", false},
        {"\xc2\xa0"
         "ada@b.c\xe3\x80\x80",
         "ada@b.c", true},
        {"ada\xe2\x80\x8b@b.c\xef\xbb\xbf", "ada@b.c", true},
        {"\xe2\x80\xaa"
         "ada@b.c\xe2\x80\xac",
         "ada@b.c", true},
        {"ada\xe2\x80\x8d@b.c", "ada@b.c", true},
        {"\xd8\xa7\xe2\x80\x8c\xd8\xa7@b.c", "\xd8\xa7\xe2\x80\x8c\xd8\xa7@b.c",
         false},
        {"ada@b.c.", "ada@b.c", true},
        {"ada@b.c ,; ", "ada@b.c", true},
        {"mailto:ada@b.c", "ada@b.c", true},
        {"MAILTO:ada@b.c?subject=Hi", "ada@b.c", true},
        {"a?b@b.c", "a?b@b.c", false},
        {"Ada Lovelace <ada@b.c>", "ada@b.c", true},
        {"\"Lovelace, Ada\" <mailto:ada@b.c>;", "ada@b.c", true},
        {"<ada@b.c.>", "ada@b.c", true},
        {"bob@b.c <ada@b.c>", "bob@b.c <ada@b.c>", false},
        {"Ada <ada@b.c> Bob <bob@b.c>", "Ada <ada@b.c> Bob <bob@b.c>", false},
        {"Ada <ada@b.c", "Ada <ada@b.c", false},
        {"ada@b\xc3\xbc.c", "ada@b\xc3\xbc.c", false},
    };
    struct strbuf room;

    (void)state;
    strbuf_init(&room, 200);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *address = cases[i].cell;
        size_t len = strlen(address);
        strbuf_reset(&room);
        assert_int_equal(clean_address(&address, &len, &room),
                         cases[i].is_changed);
        assert_int_equal(len, strlen(cases[i].address));
        assert_memory_equal(address, cases[i].address, len);
    }
    strbuf_clear(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_means_is_taken_away),
    };
    return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
