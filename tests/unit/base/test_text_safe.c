#include "base/text_safe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A literal and its length without the NUL, so that it may hold NULs. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static void nothing_that_steers_a_terminal_gets_through(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *safe;
    } cases[] = {
        {BYTES(""), ""},
        {BYTES("plain text"), "plain text"},
        {BYTES("back\\slash"), "back\\slash"},
        {BYTES("a\nb\tc\r"), "a\\nb\\tc\\x0D"},
        {BYTES("\x1B[31mred"), "\\x1B[31mred"},
        {BYTES("a\0b"), "a\\x00b"},
        {BYTES("\x7F"), "\\x7F"},
        {BYTES("\xC2\x9B"
               "31m"),
         "\\u{009B}31m"},
        {BYTES("\xC2\x80 \xC2\xA0"), "\\u{0080} \xC2\xA0"},
        {BYTES("\xD8\x9C"), "\\u{061C}"},
        {BYTES("\xE2\x80\x8D"), "\xE2\x80\x8D"},
        {BYTES("\xE2\x80\x8E\xE2\x80\x8F"), "\\u{200E}\\u{200F}"},
        {BYTES("\xE2\x80\xA8\xE2\x80\xA9"), "\\u{2028}\\u{2029}"},
        {BYTES("\xE2\x80\xAA\xE2\x80\xAE"), "\\u{202A}\\u{202E}"},
        {BYTES("\xE2\x80\xAF"), "\xE2\x80\xAF"},
        {BYTES("\xE2\x81\xA5\xE2\x81\xA6\xE2\x81\xA9\xE2\x81\xAA"),
         "\xE2\x81\xA5\\u{2066}\\u{2069}\xE2\x81\xAA"},
        {BYTES("J\xC3\xBCrgen \xE6\x9D\x8E \xF0\x9F\x98\x80"),
         "J\xC3\xBCrgen \xE6\x9D\x8E \xF0\x9F\x98\x80"},
        {BYTES("J\xFCrgen"), "J\\xFCrgen"},
        {BYTES("cut \xE6\x9D"), "cut \\xE6\\x9D"},
        {BYTES("\xC0\xAF"), "\\xC0\\xAF"},
        {BYTES("\xED\xA0\x80"), "\\xED\\xA0\\x80"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf out;

        strbuf_init(&out, 200);
        text_safe_add(&out, cases[i].bytes, cases[i].len);
        assert_string_equal(strbuf_str(&out), cases[i].safe);
        strbuf_clear(&out);
    }
}

static void copy_is_escaped_and_cut_at_4_kib(void **state)
{
    char text[6000];
    char *copy = text_safe_dup("a\x1B");

    (void)state;
    assert_string_equal(copy, "a\\x1B");
    free(copy);

    memset(text, '\x01', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    copy = text_safe_dup(text);
    assert_int_equal(strlen(copy), 4096);
    free(copy);
}

static void utf8_is_what_rfc_3629_says(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool is_utf8;
    } cases[] = {
        {BYTES(""), true},
        {BYTES("ascii\0\x7F"), true},
        {BYTES("\xC2\x80"), true},
        {BYTES("\xDF\xBF"), true},
        {BYTES("\xE0\xA0\x80"), true},
        {BYTES("\xED\x9F\xBF"), true},
        {BYTES("\xEE\x80\x80"), true},
        {BYTES("\xEF\xBF\xBF"), true},
        {BYTES("\xF0\x90\x80\x80"), true},
        {BYTES("\xF4\x8F\xBF\xBF"), true},
        {BYTES("\x80"), false},
        {BYTES("\xBF"), false},
        {BYTES("\xC0\x80"), false},
        {BYTES("\xC1\xBF"), false},
        {BYTES("\xC2"), false},
        {BYTES("\xC2"
               "a"),
         false},
        {BYTES("\xE0\x9F\xBF"), false},
        {BYTES("\xE2\x82"), false},
        {BYTES("\xE2\x82"
               "a"),
         false},
        {BYTES("\xED\xA0\x80"), false},
        {BYTES("\xED\xBF\xBF"), false},
        {BYTES("\xF0\x8F\xBF\xBF"), false},
        {BYTES("\xF4\x90\x80\x80"), false},
        {BYTES("\xF5\x80\x80\x80"), false},
        {BYTES("\xFE"), false},
        {BYTES("\xFF"), false},
        {BYTES("good\xC3\xBC"
               "bad\xFC"),
         false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (text_is_utf8(cases[i].bytes, cases[i].len) != cases[i].is_utf8)
            fail_msg("case %zu", i);
}

static void controls_are_c0_del_and_c1(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool has_control;
    } cases[] = {
        {BYTES(""), false},         {BYTES("plain ~"), false},
        {BYTES("a\0"), true},       {BYTES("a\n"), true},
        {BYTES("\x1F"), true},      {BYTES("\x7F"), true},
        {BYTES("\xC2\x80"), true},  {BYTES("\xC2\x9F"), true},
        {BYTES("\xC2\xA0"), false}, {BYTES("\xE2\x80\xAE"), false},
        {BYTES("\x9B"), false}, /* alone it is no UTF-8, so no control */
        {BYTES("\xFC\n"), true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (text_has_control(cases[i].bytes, cases[i].len) !=
            cases[i].has_control)
            fail_msg("case %zu", i);
}

static void nearest_is_what_was_probably_meant(void **state)
{
    static const char *const words[] = {"send",    "check",  "status", "report",
                                        "resolve", "forget", "import"};
    static const struct {
        const char *word;
        const char *nearest;
    } cases[] = {
        {"send", "send"},      {"sned", "send"},     {"sendd", "send"},
        {"chek", "check"},     {"stauts", "status"}, {"reprot", "report"},
        {"resolv", "resolve"}, {"forgte", "forget"}, {"inport", "import"},
        {"xyz", NULL},         {"", NULL},           {"s", NULL},
        {"sent", "send"},      {"invite", NULL},
    };
    char longest[200];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *nearest = text_nearest(cases[i].word, words, COUNT(words));

        if (cases[i].nearest && nearest)
            assert_string_equal(nearest, cases[i].nearest);
        else if (nearest != cases[i].nearest)
            fail_msg("\"%s\"", cases[i].word);
    }
    memset(longest, 's', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_null(text_nearest(longest, words, COUNT(words)));
    assert_null(text_nearest("send", words, 0));
}

static void first_of_equally_near_words_wins(void **state)
{
    static const char *const words[] = {"rate", "gate", "date"};

    (void)state;
    assert_string_equal(text_nearest("bate", words, COUNT(words)), "rate");
}

static void the_first_character_is_measured(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"", 0},
        {"ab", 1},
        {"\xc3\xbc", 2},
        {"\xe2\x82", 0},
        {"\xe2\x82\xac.", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\x80", 0},
        {"\xff", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(text_utf8_len(cases[i].text), cases[i].len);
}

static void the_unit_of_an_encoding_is_measured(void **state)
{
    static const struct {
        const char *encoding;
        size_t len;
    } cases[] = {
        {"UTF-8", 1},       {"ISO-8859-1", 1}, {"UTF-7", 1},
        {"ISO-2022-JP", 1}, {"EBCDIC-US", 1},  {"UTF-16", 2},
        {"utf-16be", 2},    {"UCS-2LE", 2},    {"UNICODE", 2},
        {"UTF-32", 4},      {"UCS-4", 4},      {"WCHAR_T", 4},
        {"no encoding", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(text_unit_len(cases[i].encoding), cases[i].len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_steers_a_terminal_gets_through),
        cmocka_unit_test(copy_is_escaped_and_cut_at_4_kib),
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
        cmocka_unit_test(controls_are_c0_del_and_c1),
        cmocka_unit_test(nearest_is_what_was_probably_meant),
        cmocka_unit_test(first_of_equally_near_words_wins),
        cmocka_unit_test(the_first_character_is_measured),
        cmocka_unit_test(the_unit_of_an_encoding_is_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
