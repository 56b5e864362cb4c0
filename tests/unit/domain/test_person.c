#include "domain/person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A literal and its length without the NUL, so that it may hold NULs. */
#define BYTES(literal) (literal), sizeof(literal) - 1

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEN       "aaaaaaaaaa"
#define LABEL63   TEN TEN TEN TEN TEN TEN "aaa"
#define DOMAIN252 LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN TEN TEN

static enum person_result key_of(const char *email, char *text, size_t size)
{
    struct strbuf key;
    enum person_result result;

    strbuf_init(&key, 4096);
    result = person_key(email, strlen(email), &key);
    assert_false(key.is_cut);
    if (result != PERSON_OK)
        assert_int_equal(key.len, 0);
    snprintf(text, size, "%s", strbuf_str(&key));
    strbuf_clear(&key);
    return result;
}

static void assert_key(const char *email, const char *expected)
{
    char key[1024];

    if (key_of(email, key, sizeof(key)) != PERSON_OK)
        fail_msg("refused: %s", email);
    assert_string_equal(key, expected);
}

static void spellings_of_one_mailbox_have_one_key(void **state)
{
    static const struct {
        const char *email;
        const char *key;
    } cases[] = {
        {"ann@example.com", "ann@example.com"},
        {"Ann@EXAMPLE.Com", "ann@example.com"},
        {"ann@example.com.", "ann@example.com"},
        {"ANN+List@example.com", "ann+list@example.com"},
        {"a.n.n@example.com", "a.n.n@example.com"},
        {"\"a@b\"@example.com", "\"a@b\"@example.com"},
        {"user@localhost", "user@localhost"},
        /* local part: case, composition */
        {"JÜRGEN@example.com", "jürgen@example.com"},
        {"ju\xCC\x88rgen@example.com", "jürgen@example.com"},
        {"JU\xCC\x88RGEN@example.com", "jürgen@example.com"},
        {"ΣΑΣ@example.com", "σασ@example.com"},
        /* the two spellings of U+1F80 with its iota below: D145 */
        {"\xE1\xBE\x80@example.com", "\xE1\xBC\x80\xCE\xB9@example.com"},
        {"\xCE\xB1\xCD\x85\xCC\x93@example.com",
         "\xE1\xBC\x80\xCE\xB9@example.com"},
        /* domain: case, composition, A-label, other dots, full-width */
        {"ann@bücher.de", "ann@xn--bcher-kva.de"},
        {"ann@BÜCHER.DE", "ann@xn--bcher-kva.de"},
        {"ann@bu\xCC\x88"
         "cher.de",
         "ann@xn--bcher-kva.de"},
        {"ann@xn--bcher-kva.de", "ann@xn--bcher-kva.de"},
        {"ann@XN--BCHER-KVA.de", "ann@xn--bcher-kva.de"},
        {"ann@bücher。de", "ann@xn--bcher-kva.de"},
        {"ann@bücher．de｡", "ann@xn--bcher-kva.de"},
        {"ann@Ｅxample.com", "ann@example.com"},
        {"ann@example。com", "ann@example.com"},
        {"ann@exam\xC2\xADple.com", "ann@example.com"},
        /* non-transitional: another domain than fass.de */
        {"ann@faß.de", "ann@xn--fa-hia.de"},
        {"ann@mail.bücher.a_b.de", "ann@mail.xn--bcher-kva.a_b.de"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_key(cases[i].email, cases[i].key);
}

static void address_literals_are_kept_in_lower_case(void **state)
{
    (void)state;
    assert_key("User@[192.0.2.1]", "user@[192.0.2.1]");
    assert_key("user@[IPv6:2001:DB8::1]", "user@[ipv6:2001:db8::1]");
    assert_key("JÜ@[192.0.2.1]", "jü@[192.0.2.1]");
}

static void what_no_mail_can_reach_is_refused(void **state)
{
    static const struct {
        const char *email;
        enum person_result result;
    } cases[] = {
        {"", PERSON_NO_AT},
        {"ann", PERSON_NO_AT},
        {"@", PERSON_NO_AT},
        {"ann@", PERSON_NO_AT},
        {"@example.com", PERSON_NO_AT},
        {"\xFC@example.com", PERSON_BAD_LOCAL},
        {"\xED\xA0\x80@example.com", PERSON_BAD_LOCAL},
        {"ann@.", PERSON_BAD_DOMAIN},
        {"ann@.example.com", PERSON_BAD_DOMAIN},
        {"ann@example..com", PERSON_BAD_DOMAIN},
        {"ann@example.com..", PERSON_BAD_DOMAIN},
        {"ann@example,com", PERSON_BAD_DOMAIN},
        {"ann@exam ple.com", PERSON_BAD_DOMAIN},
        {"ann@example.com;bob@example.com", PERSON_OK}, /* of the last @ */
        {"ann@example.com>", PERSON_BAD_DOMAIN},
        {"ann@" LABEL63 "a.com", PERSON_BAD_DOMAIN},
        {"ann@b\xFC"
         "cher.de",
         PERSON_BAD_DOMAIN},
        {"ann@bücher..de", PERSON_BAD_DOMAIN},
        {"ann@\xC2\xAD.de", PERSON_BAD_DOMAIN},
        {"ann@\xCC\x88.de", PERSON_BAD_DOMAIN},
        {"ann@a⒈com", PERSON_BAD_DOMAIN},
        {"ann@a℀.com", PERSON_BAD_DOMAIN},
        {"ann@a….com", PERSON_BAD_DOMAIN},
        {"ann@％.com", PERSON_BAD_DOMAIN},
        {"ann@[", PERSON_BAD_DOMAIN},
        {"ann@[]", PERSON_BAD_DOMAIN},
        {"ann@[192.0.2.1", PERSON_BAD_DOMAIN},
        {"ann@[192.0.2.1].", PERSON_BAD_DOMAIN},
        {"ann@[192.0.2.1][", PERSON_BAD_DOMAIN},
        {"ann@[a b]", PERSON_BAD_DOMAIN},
        {"ann@[ü]", PERSON_BAD_DOMAIN},
    };
    char key[1024];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (key_of(cases[i].email, key, sizeof(key)) != cases[i].result)
            fail_msg("%s", cases[i].email);
}

static void nul_byte_in_the_domain_is_refused(void **state)
{
    static const struct {
        const char *email;
        size_t len;
    } cases[] = {
        {BYTES("a@example.com\0x")},
        {BYTES("a@bücher.d\0")},
        {BYTES("a@ü\0x.de")},
        {BYTES("a@[1\0]")},
    };
    struct strbuf key;

    (void)state;
    strbuf_init(&key, 100);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(person_key(cases[i].email, cases[i].len, &key),
                         PERSON_BAD_DOMAIN);
    strbuf_clear(&key);
}

static void domain_may_have_253_bytes(void **state)
{
    static const char longest[] = "a@" DOMAIN252 "a";
    char key[1024];

    (void)state;
    assert_int_equal(strlen(longest), 2 + 253);
    assert_key(longest, longest);
    assert_key("a@" DOMAIN252 "a.", longest);
    assert_int_equal(key_of("a@" DOMAIN252 "aa", key, sizeof(key)),
                     PERSON_BAD_DOMAIN);
}

/* The same address in ASCII and with its last letter full-width, which IDNA
 * maps back: the fast path and libidn2 must answer alike. */
static void ascii_path_agrees_with_idna(void **state)
{
    static const char *const stems[] = {
        "ann@example.co",
        "ANN@EXAMPLE.co",
        "ann@a_b.co",
        "ann@_dmarc.co",
        "ann@-a.co",
        "ann@a-.co",
        "ann@ab--cd.co",
        "ann@r3---sn.co",
        "ann@xn--zzz.co",
        "ann@xn--i-7iq.co",
        "ann@1.2.3.co",
        "ann@a..co",
        "ann@.co",
        "ann@a b.co",
        "ann@a,b.co",
        "ann@a!b.co",
        "ann@a%b.co",
        "ann@a/b.co",
        "ann@" LABEL63 ".co",
        ("ann@" LABEL63 "a.co"),
        "ann@XN--BCHER-KVA.co",
        "ann@co",
        "ann@a_b",
        "ann@123",
        "ann@" LABEL63,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(stems); i++) {
        char email[512];
        char ascii_key[1024];
        char idna_key[1024];
        enum person_result ascii_result;
        enum person_result idna_result;

        snprintf(email, sizeof(email), "%sm", stems[i]);
        ascii_result = key_of(email, ascii_key, sizeof(ascii_key));
        snprintf(email, sizeof(email), "%sｍ", stems[i]);
        idna_result = key_of(email, idna_key, sizeof(idna_key));
        if (ascii_result != idna_result)
            fail_msg("%sm: %d, full-width: %d", stems[i], (int)ascii_result,
                     (int)idna_result);
        assert_string_equal(ascii_key, idna_key);
    }
}

/* A letter beyond ASCII sends the whole local part the slow way. */
static void ascii_local_part_agrees_with_case_folding(void **state)
{
    char ascii[128 + 32];
    char mixed[128 + 32];
    char ascii_key[512];
    char mixed_key[512];
    size_t len = 0;

    (void)state;
    for (int c = 1; c < 128; c++)
        ascii[len++] = (char)c;
    memcpy(ascii + len, "@example.com", sizeof("@example.com"));
    memcpy(mixed, ascii, len);
    memcpy(mixed + len, "ü@example.com", sizeof("ü@example.com"));
    assert_int_equal(key_of(ascii, ascii_key, sizeof(ascii_key)), PERSON_OK);
    assert_int_equal(key_of(mixed, mixed_key, sizeof(mixed_key)), PERSON_OK);
    assert_memory_equal(ascii_key, mixed_key, len);
    assert_memory_equal(mixed_key + len, "ü@", 3);
}

static void key_of_a_key_is_itself(void **state)
{
    static const char *const emails[] = {
        "Ann@Example.com",
        "JÜRGEN@BÜCHER.de.",
        "\xE1\xBE\x80ß@faß.de",
        "user@[IPv6:2001:DB8::1]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(emails); i++) {
        char key[1024];

        assert_int_equal(key_of(emails[i], key, sizeof(key)), PERSON_OK);
        assert_key(key, key);
    }
}

static void key_is_appended(void **state)
{
    struct strbuf key;

    (void)state;
    strbuf_init(&key, 100);
    strbuf_add_str(&key, "<");
    assert_int_equal(person_key("A@B.c", 5, &key), PERSON_OK);
    assert_string_equal(strbuf_str(&key), "<a@b.c");
    assert_int_equal(person_key("A@B,c", 5, &key), PERSON_BAD_DOMAIN);
    assert_string_equal(strbuf_str(&key), "<a@b.c");
    strbuf_clear(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_mailbox_have_one_key),
        cmocka_unit_test(address_literals_are_kept_in_lower_case),
        cmocka_unit_test(what_no_mail_can_reach_is_refused),
        cmocka_unit_test(nul_byte_in_the_domain_is_refused),
        cmocka_unit_test(domain_may_have_253_bytes),
        cmocka_unit_test(ascii_path_agrees_with_idna),
        cmocka_unit_test(ascii_local_part_agrees_with_case_folding),
        cmocka_unit_test(key_of_a_key_is_itself),
        cmocka_unit_test(key_is_appended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
