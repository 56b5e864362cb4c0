#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/address.h"

#define TEN        "abcdefghij"
#define SIXTY      TEN TEN TEN TEN TEN TEN
#define LABEL_63   SIXTY "abc"
#define DOMAIN_255 LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63

static void an_address_that_may_be_delivered_passes(void **state)
{
    static const char *const addresses[] = {
        "ada@example.com",
        "a@b",
        "Ada.Lovelace+wiki@mail.example.co.uk",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "a..b.@docomo.ne.jp",
        "ada@example.com.",
        "ada@under_score.example",
        "ada@[127.0.0.1]",
        "ada@[IPv6:2001:db8::1]",
        "\"ada lovelace\"@example.com",
        "\"a@b\"@example.com",
        "\"a\\\"b\"@example.com",
        "\xc3\xa5sa@example.com",
        "ada@b\xc3\xbc"
        "cher.example",
        SIXTY "abcd@example.com",
        "a@" LABEL_63 ".com",
        "a@" DOMAIN_255,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        assert_null(address_fault(addresses[i], strlen(addresses[i])));
}

static void one_that_cannot_be_is_told_why(void **state)
{
    static const struct {
        const char *address;
        const char *fault; /* a part of it */
    } cases[] = {
        {"ada", "no \"@\""},
        {"@", "nothing before"},
        {"@example.com", "nothing before"},
        {"ada@", "nothing after"},
        {"ada@@example.com", "more than one"},
        {"ada@example.com;bob@example.com", "more than one"},
        {"ada lovelace@example.com", "a space"},
        {"ada@example .com", "a space"},
        {"Ada <ada@example.com>", "around the address"},
        {"<ada@example.com>", "around the address"},
        {"\"Ada\" <ada@example.com>", "around the address"},
        {"ada@example.com>", "around the address"},
        {"a,b@example.com", "only allowed in quotes"},
        {"a\"b@example.com", "only allowed in quotes"},
        {"mailto:ada@example.com", "only allowed in quotes"},
        {"\"ada@example.com", "does not close"},
        {"\"ada\\", "does not close"},
        {"\"ada\\\"", "does not close"},
        {"\"ada\"", "no \"@\""},
        {"ada@[127.0.0]", "no IP address"},
        {"ada@[", "no IP address"},
        {"ada@[IPv6:]", "no IP address"},
        {"ada@example.com,", "no domain can have"},
        {"ada@ex'ample.com", "no domain can have"},
        {"ada@example..com", "a dot too many"},
        {"ada@.example.com", "a dot too many"},
        {"ada@example.com..", "a dot too many"},
        {"ada@.", "a dot too many"},
        {SIXTY "abcde@example.com", "more than 64 bytes"},
        {"a@" LABEL_63 "d.com", "more than 63 letters"},
        {"a@" DOMAIN_255 ".com", "more than 255 letters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *fault =
            address_fault(cases[i].address, strlen(cases[i].address));
        if (!fault || !strstr(fault, cases[i].fault))
            fail_msg("%s: %s", cases[i].address, fault ? fault : "passes");
    }
}

static void bytes_after_the_length_are_not_looked_at(void **state)
{
    (void)state;
    assert_non_null(address_fault("ada@example.com", 4));
    assert_null(address_fault("ada@b@c", 5));
}

static void a_typing_error_has_a_suggestion(void **state)
{
    (void)state;
    assert_string_equal(address_suggestion("ada@Gmial.com"), "gmail.com");
    assert_null(address_suggestion("ada@gmail.com"));
    assert_null(address_suggestion("ada@mail.com"));
    assert_null(address_suggestion("ada"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_may_be_delivered_passes),
        cmocka_unit_test(one_that_cannot_be_is_told_why),
        cmocka_unit_test(a_typing_error_has_a_suggestion),
        cmocka_unit_test(bytes_after_the_length_are_not_looked_at),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
