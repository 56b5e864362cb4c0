#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "ledger/json_line.h"

static struct error err;

static void note(void *context, const char *key, const char *value)
{
    strbuf_addf(context, "%s=%s;", key, value ? value : "(null)");
}

/* NULL: it is no object. */
static void expect(struct json_line *reader, const char *text, size_t len,
                   const char *members)
{
    struct strbuf seen;
    bool is_object;
    strbuf_init(&seen, 1000);
    if (json_line_read(reader, text, len, &is_object, note, &seen, &err))
        fail_msg("%s", err.text);
    assert_int_equal(is_object, members != NULL);
    assert_string_equal(strbuf_str(&seen), members ? members : "");
    strbuf_clear(&seen);
}

static void members_of_an_object_are_given_one_by_one(void **state)
{
    struct json_line *reader;
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
    assert_int_equal(json_line_new(&reader, &err), ERROR_NONE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        expect(reader, cases[i].text, strlen(cases[i].text), cases[i].members);
    expect(reader, "{\"a\":1}\0{", 9, NULL);
    json_line_free(reader);
    json_line_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_an_object_are_given_one_by_one),
    };
    return cmocka_run_group_tests_name("json_line", tests, NULL, NULL);
}
