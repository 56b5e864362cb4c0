#include "almanac/reply_detail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ITEM(loc, msg)                                                         \
    "{\"loc\":" loc ",\"msg\":\"" msg "\",\"type\":\"t\",\"input\":\"secret\"" \
    ",\"ctx\":{\"error\":\"secret\",\"message\":\"secret\"},\"url\":\"u\"}"

static void assert_words(const char *body, const char *expected)
{
    struct strbuf out;

    strbuf_init(&out, 131072);
    if (!reply_detail_add(body, strlen(body), false, &out))
        fail_msg("%s: \"%s\"", body, strbuf_str(&out));
    assert_string_equal(strbuf_str(&out), expected);
    strbuf_clear(&out);
}

static void assert_kind(const char *body, size_t len, const char *expected)
{
    struct strbuf out;

    strbuf_init(&out, 1024);
    assert_false(reply_detail_add(body, len, false, &out));
    assert_string_equal(strbuf_str(&out), expected);
    strbuf_clear(&out);
}

static void validation_errors_name_their_column(void **state)
{
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"{\"detail\":[" ITEM("[\"body\",\"email\"]", "m") "]}", "email: m"},
        {"{\"detail\":[" ITEM("[\"email\"]", "m") "]}", "email: m"},
        {"{\"detail\":[" ITEM("[\"body\",\"rows\",3,\"role\",0]", "m") "]}",
         "role: m"},
        {"{\"detail\":[" ITEM("[\"path\",\"organization_id\"]", "m") "]}",
         "organization_id: m"},
        {"{\"detail\":[" ITEM("[\"body\",17]", "JSON decode error") "]}",
         "JSON decode error"},
        {"{\"detail\":[" ITEM("[\"body\"]", "m") "]}", "m"},
        {"{\"detail\":[" ITEM("[\"body\",\"body\"]", "m") "]}", "body: m"},
        {"{\"detail\":[" ITEM("[]", "m") "]}", "m"},
        {"{\"detail\":[" ITEM("\"email\"", "m") "]}", "m"},
        {"{\"detail\":[" ITEM("{}", "m") "]}", "m"},
        {"{\"detail\":[" ITEM("[99999999999999999999]", "m") "]}", "m"},
        {"{\"detail\":[" ITEM("[\"body\",\"email\"]", "") "]}", "email: t"},
        {"{\"detail\":[" ITEM("[\"body\",\"email\"]",
                              "a") "," ITEM("[\"body\",\"role\"]", "b") "]}",
         "email: a; role: b"},
        {"{\"detail\":[{\"msg\":\"only\"}]}", "only"},
        {"{\"detail\":[{\"msg\":7,\"type\":\"t\"}]}", "t"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_words(cases[i].body, cases[i].words);
}

static void many_errors_are_counted(void **state)
{
    (void)state;
    assert_words("{\"detail\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}",
                 "a; b; c; d; e");
    assert_words("{\"detail\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]}",
                 "a; b; c; d; e; and 2 more");
    assert_words("{\"detail\":[\"\",{},7,null,\"e\",\"f\"]}", "e; and 1 more");
}

static void a_message_is_found_in_looser_shapes(void **state)
{
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"{\"detail\":\"Not Found\"}", "Not Found"},
        {"{\"detail\":{\"message\":\"m\",\"code\":\"c\"}}", "m"},
        {"{\"detail\":{\"msg\":\"m\"}}", "m"},
        {"{\"detail\":{\"error\":\"e\"}}", "e"},
        {"{\"detail\":{\"detail\":\"d\"}}", "d"},
        {"{\"detail\":{\"code\":\"member_exists\"}}", "member_exists"},
        {"{\"detail\":{\"errors\":1},\"message\":\"m\"}", "m"},
        {"{\"detail\":null,\"error\":{\"message\":\"m\"}}", "m"},
        {"{\"message\":\"no Route matched\"}", "no Route matched"},
        {"{\"title\":\"Bad Request\",\"status\":400}", "Bad Request"},
        {"[\"a\",{\"message\":\"b\"}]", "a; b"},
        {"\"just a string\"", "just a string"},
        {"\xef\xbb\xbf {\"detail\":\"with a mark\"}\r\n", "with a mark"},
        {"{\"detail\":\"d\",\"big\":99999999999999999999999}", "d"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_words(cases[i].body, cases[i].words);
}

static void json_without_words_gives_its_kind(void **state)
{
    static const char *const without[] = {
        "{}",
        "\" \\n \"",
        "{\"detail\":\" \\u0001\\u007f\"}",
        "[]",
        "\"\"",
        "{\"detail\":\"\"}",
        "{\"detail\":[]}",
        "{\"detail\":5}",
        "{\"detail\":{\"input\":\"x\",\"ctx\":\"x\"}}",
        "{\"detail\":[{\"input\":\"x\"}]}",
        /* deeper than anyone means it */
        "{\"error\":{\"error\":{\"error\":{\"error\":{\"error\":\"x\"}}}}}",
        "[[[[[[[[\"x\"]]]]]]]]",
    };
    static const char *const unreadable[] = {
        "{",
        "[",
        "\"",
        "{\"detail\":\"x\"",
        "{\"detail\":\"x\"}}",
        "{\"detail\":\"x\",\"detail\":\"y\"}",
        "{\"detail\":\"\\u0000\"}",
        "{\"detail\":\"\xff\"}",
        "{'detail':'x'}",
        "[INFO] started",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(without); i++)
        assert_kind(without[i], strlen(without[i]), "JSON without a message");
    for (size_t i = 0; i < COUNT(unreadable); i++)
        assert_kind(unreadable[i], strlen(unreadable[i]),
                    "JSON that cannot be read");
}

static void pages_give_their_kind_and_title(void **state)
{
    static const struct {
        const char *body, *kind;
    } cases[] = {
        {"<html><head><title>502 Bad Gateway</title></head></html>",
         "an HTML page \"502 Bad Gateway\""},
        {"\r\n<!DOCTYPE html><HTML><TITLE lang=\"en\">\n Oops \n</TITLE>",
         "an HTML page \"Oops\""},
        {"<title>t</title>", "an HTML page \"t\""},
        {"<html><title></title>", "an HTML page"},
        {"<html><title", "an HTML page"},
        {"<html><title>jane@example.com</title>", "an HTML page"},
        {"<html><title>\xff</title>", "an HTML page"},
        {"<html><title>a title that never ends because nobody closed it and "
         "so it goes on and on",
         "an HTML page"},
        {"<html>hello", "an HTML page"},
        {"<?xml version=\"1.0\"?><Error><Code>x</Code></Error>",
         "an XML document"},
        {"<", "an XML document"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_kind(cases[i].body, strlen(cases[i].body), cases[i].kind);
}

static void plain_text_gives_its_first_line(void **state)
{
    (void)state;
    assert_words("Internal Server Error", "Internal Server Error");
    assert_words("\n  upstream connect error  \r\nsecond", "upstream connect "
                                                           "error");
    assert_words("\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9");
    assert_words("404", "404");
}

static void plain_text_that_may_not_be_shown_gives_its_kind(void **state)
{
    char long_line[300];

    (void)state;
    memset(long_line, 'x', sizeof(long_line));
    assert_kind(long_line, sizeof(long_line), "plain text");
    assert_kind("no jane@example.com", 19, "plain text");
    assert_kind("\xff\xfe", 2, "bytes that are not text");
    assert_kind("\x1b[2J", 4, "bytes that are not text");
    assert_kind("a\0b", 3, "bytes that are not text");
    assert_kind("\0", 1, "bytes that are not text");
}

static void nothing_is_an_empty_body(void **state)
{
    (void)state;
    assert_kind(NULL, 0, "an empty body");
    assert_kind("", 0, "an empty body");
    assert_kind(" \r\n\t", 4, "an empty body");
    assert_kind("\xef\xbb\xbf", 3, "an empty body");
}

static void a_cut_body_says_so(void **state)
{
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 1024);
    assert_false(reply_detail_add("<html>", 6, true, &out));
    assert_string_equal(strbuf_str(&out), "an HTML page, cut off");
    strbuf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validation_errors_name_their_column),
        cmocka_unit_test(many_errors_are_counted),
        cmocka_unit_test(a_message_is_found_in_looser_shapes),
        cmocka_unit_test(json_without_words_gives_its_kind),
        cmocka_unit_test(pages_give_their_kind_and_title),
        cmocka_unit_test(plain_text_gives_its_first_line),
        cmocka_unit_test(plain_text_that_may_not_be_shown_gives_its_kind),
        cmocka_unit_test(nothing_is_an_empty_body),
        cmocka_unit_test(a_cut_body_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
