#include "almanac/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_sentence(const char *raw, const char *email,
                            const char *expected)
{
    struct strbuf out;

    strbuf_init(&out, SENTENCE_MAX);
    sentence_add(&out, raw, strlen(raw), email);
    assert_string_equal(strbuf_str(&out), expected);
    strbuf_clear(&out);
}

static void the_asked_address_is_left_out(void **state)
{
    static const struct {
        const char *raw, *email, *expected;
    } cases[] = {
        {"no a@b here", "a@b", "no ... here"},
        {"A@B", "a@b", "..."},
        {"xa@bx", "a@b", "..."},
        {"(a@b)", "a@b", "(...)"},
        {"a@b", "a@b.c", "..."},
        {"\"j d\"@x.org: no", "\"j d\"@X.ORG", "...: no"},
        {"J\xc3\x96RG@x.org", "j\xc3\xb6rg@x.org", "..."},
        {"<jane@[10.0.0.1]>", "jane@[10.0.0.1]", "<...>"},
        {"nothing", "", "nothing"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_sentence(cases[i].raw, cases[i].email, cases[i].expected);
}

static void other_addresses_are_left_out_too(void **state)
{
    static const struct {
        const char *raw, *expected;
    } cases[] = {
        {"invited by boss@acme.com.", "invited by ..."},
        {"boss@acme.com,it@acme.com", "...,..."},
        {"mailto:boss@acme.com", "mailto:..."},
        {"'o'brien@acme.com'", "..."},
        {"/u/boss%40acme.com/x", "..."},
        {"[boss@acme.com](http://x)", "[...](http://x)"},
        {"boss@[::1]", "...[::1]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_sentence(cases[i].raw, "a@b", cases[i].expected);
}

static void an_at_sign_in_prose_stays(void **state)
{
    static const char *const cases[] = {
        "the part after the @-sign is not valid",
        "there must be an @",
        "an \"@\" is missing",
        "role must be one of: admin, member",
        "100%",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_sentence(cases[i], "a@b", cases[i]);
}

static void a_sentence_is_one_line(void **state)
{
    static const struct {
        const char *raw, *expected;
    } cases[] = {
        {"", ""},
        {"   \r\n\t ", ""},
        {"  a \n\t b\x1b[2J\x7f ", "a b [2J"},
        {"a\n b@c \nd", "a ... d"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_sentence(cases[i].raw, "x@y", cases[i].expected);
}

static void a_cut_shows(void **state)
{
    char raw[2 * SENTENCE_MAX + 1];
    struct strbuf out;

    (void)state;
    strbuf_init(&out, SENTENCE_MAX);
    memset(raw, 'x', sizeof(raw));
    sentence_add(&out, raw, SENTENCE_MAX, "a@b");
    assert_int_equal(out.len, SENTENCE_MAX);
    assert_null(strchr(out.bytes, '.'));

    strbuf_reset(&out);
    sentence_add(&out, raw, SENTENCE_MAX + 1, "a@b");
    assert_int_equal(out.len, SENTENCE_MAX);
    assert_string_equal(out.bytes + SENTENCE_MAX - 4, "x...");
    strbuf_clear(&out);
}

/* An address that the cut would fall into must not leave its first half. */
static void no_part_of_an_address_is_left_at_the_cut(void **state)
{
    static const char secret[] = "qqqq@example.com ";
    char raw[2 * SENTENCE_MAX];

    (void)state;
    for (size_t at = SENTENCE_MAX - 24; at < SENTENCE_MAX + 8; at++) {
        struct strbuf out;

        strbuf_init(&out, SENTENCE_MAX);
        memset(raw, 'x', sizeof(raw));
        raw[at - 1] = ' ';
        memcpy(raw + at, secret, sizeof(secret) - 1);
        sentence_add(&out, raw, sizeof(raw), "a@b");
        assert_null(strchr(out.bytes, 'q'));
        strbuf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_asked_address_is_left_out),
        cmocka_unit_test(other_addresses_are_left_out_too),
        cmocka_unit_test(an_at_sign_in_prose_stays),
        cmocka_unit_test(a_sentence_is_one_line),
        cmocka_unit_test(a_cut_shows),
        cmocka_unit_test(no_part_of_an_address_is_left_at_the_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
