#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "almanac/json_line.h"
#include "base/strbuf.h"

static void note(void *context, const char *key, const char *value)
{
    strbuf_addf(context, "%s=%s;", key, value ? value : "(null)");
}

/* NULL: it is no object. */
static void expect(const char *text, size_t len, const char *members)
{
    struct strbuf seen;
    strbuf_init(&seen, 1000);
    assert_int_equal(json_line_read(text, len, note, &seen), members != NULL);
    assert_string_equal(strbuf_str(&seen), members ? members : "");
    strbuf_clear(&seen);
}

static void members_of_an_object_are_given_one_by_one(void **state)
{
    static const struct {
        const char *text;
        const char *members;
    } cases[] = {
        {"{}", ""},
        {"{\"line\":2,\"email\":\"a@x.org\",\"role\":null}",
         "line=2;email=a@x.org;role=(null);"},
        {" { \"a\" : \"q\\\"\\\\\\n\\u00fc\" } ", "a=q\"\\\n\xc3\xbc;"},
        {"{\"a\":{\"b\":1},\"c\":[1,2]}", "a={\"b\":1};c=[1,2];"},
        {"{\"a\":\"\\\\u0000\"}", "a=\\u0000;"},
        {"{\"a\":\"x\\u0000y\"}", NULL},
        {"{\"a\\u0000b\":1}", NULL},
        {"[1]", NULL},
        {"\"a\"", NULL},
        {"{\"a\":1} x", NULL},
        {"{\"a\":1", NULL},
        {"{a:1}", NULL},
        {"line,email", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        expect(cases[i].text, strlen(cases[i].text), cases[i].members);
    expect("{\"a\":1}\0{", 9, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_an_object_are_given_one_by_one),
    };
    return cmocka_run_group_tests_name("json_line", tests, NULL, NULL);
}
