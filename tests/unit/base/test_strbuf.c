#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void empty_buffer_reads_as_empty_text(void **state)
{
    struct strbuf buf;

    (void)state;
    strbuf_init(&buf, 10);
    assert_string_equal(strbuf_str(&buf), "");
    strbuf_add(&buf, NULL, 0);
    assert_string_equal(strbuf_str(&buf), "");
    assert_false(buf.is_cut);
    strbuf_clear(&buf);
    strbuf_clear(&buf);
}

static void adds_follow_one_another(void **state)
{
    struct strbuf buf;

    (void)state;
    strbuf_init(&buf, 100);
    strbuf_add(&buf, "one-", 3);
    strbuf_add_char(&buf, ' ');
    strbuf_add_str(&buf, "two");
    strbuf_addf(&buf, " %d %s", 3, "four");
    assert_string_equal(strbuf_str(&buf), "one two 3 four");
    assert_int_equal(buf.len, 14);
    assert_false(buf.is_cut);
    strbuf_clear(&buf);
}

static void quoted_words_are_one_word_of_a_shell(void **state)
{
    struct strbuf buf;

    (void)state;
    strbuf_init(&buf, 100);
    strbuf_add_quoted(&buf, "");
    strbuf_add_char(&buf, ' ');
    strbuf_add_quoted(&buf, "it's $HOME `id` \\");
    assert_string_equal(strbuf_str(&buf), "'' 'it'\\''s $HOME `id` \\'");
    strbuf_clear(&buf);
}

static void nul_bytes_are_kept(void **state)
{
    struct strbuf buf;

    (void)state;
    strbuf_init(&buf, 100);
    strbuf_add(&buf, "a\0b", 3);
    strbuf_add_char(&buf, '\0');
    assert_int_equal(buf.len, 4);
    assert_memory_equal(buf.bytes, "a\0b\0", 5);
    strbuf_clear(&buf);
}

static void what_exceeds_the_cap_is_cut(void **state)
{
    static const struct {
        size_t cap;
        const char *text;
        const char *kept;
        bool is_cut;
    } cases[] = {
        {0, "", "", false},           {0, "a", "", true},
        {1, "a", "a", false},         {1, "ab", "a", true},
        {5, "12345", "12345", false}, {5, "123456", "12345", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf added;
        struct strbuf formatted;

        strbuf_init(&added, cases[i].cap);
        strbuf_add_str(&added, cases[i].text);
        assert_string_equal(strbuf_str(&added), cases[i].kept);
        assert_int_equal(added.is_cut, cases[i].is_cut);

        strbuf_init(&formatted, cases[i].cap);
        strbuf_addf(&formatted, "%s", cases[i].text);
        assert_string_equal(strbuf_str(&formatted), cases[i].kept);
        assert_int_equal(formatted.len, strlen(cases[i].kept));
        assert_int_equal(formatted.is_cut, cases[i].is_cut);

        strbuf_clear(&added);
        strbuf_clear(&formatted);
    }
}

static void reset_forgets_the_cut_and_keeps_the_memory(void **state)
{
    struct strbuf buf;
    const char *before;

    (void)state;
    strbuf_init(&buf, 4);
    strbuf_add_str(&buf, "12345");
    before = buf.bytes;
    assert_true(buf.is_cut);
    strbuf_reset(&buf);
    assert_false(buf.is_cut);
    assert_string_equal(strbuf_str(&buf), "");
    strbuf_add_str(&buf, "1234");
    assert_ptr_equal(buf.bytes, before);
    assert_false(buf.is_cut);
    strbuf_clear(&buf);
}

static void grows_to_the_cap_and_no_further(void **state)
{
    const size_t caps[] = {63, 64, 65, 1000, 4096, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        struct strbuf buf;

        strbuf_init(&buf, caps[i]);
        for (size_t n = 0; n < caps[i]; n++)
            strbuf_add_char(&buf, (char)('a' + n % 26));
        assert_int_equal(buf.len, caps[i]);
        assert_false(buf.is_cut);
        assert_true(buf.size <= caps[i] + 64);
        for (size_t n = 0; n < caps[i]; n++)
            assert_int_equal(buf.bytes[n], 'a' + (char)(n % 26));
        strbuf_add_char(&buf, '!');
        assert_true(buf.is_cut);
        assert_int_equal(strlen(buf.bytes), caps[i]);
        strbuf_clear(&buf);
    }
}

static void largest_cap_does_not_overflow(void **state)
{
    struct strbuf buf;

    (void)state;
    strbuf_init(&buf, SIZE_MAX);
    strbuf_add_str(&buf, "text");
    assert_string_equal(strbuf_str(&buf), "text");
    strbuf_clear(&buf);
}

static void detached_text_belongs_to_the_caller(void **state)
{
    struct strbuf buf;
    char *text;

    (void)state;
    strbuf_init(&buf, 100);
    strbuf_add_str(&buf, "mine");
    text = strbuf_detach(&buf);
    strbuf_add_str(&buf, "next");
    assert_string_equal(text, "mine");
    assert_string_equal(strbuf_str(&buf), "next");
    free(text);
    strbuf_clear(&buf);

    text = strbuf_detach(&buf);
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_buffer_reads_as_empty_text),
        cmocka_unit_test(adds_follow_one_another),
        cmocka_unit_test(quoted_words_are_one_word_of_a_shell),
        cmocka_unit_test(nul_bytes_are_kept),
        cmocka_unit_test(what_exceeds_the_cap_is_cut),
        cmocka_unit_test(reset_forgets_the_cut_and_keeps_the_memory),
        cmocka_unit_test(grows_to_the_cap_and_no_further),
        cmocka_unit_test(largest_cap_does_not_overflow),
        cmocka_unit_test(detached_text_belongs_to_the_caller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
