#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "send/endpoint.h"

static void the_url_is_base_route_and_organization(void **state)
{
    (void)state;
    static const struct {
        const char *base, *organization, *url, *normalised;
    } cases[] = {
        {"https://api.example.com", "acme",
         "https://api.example.com/v1/organizations/acme/members/invite",
         "https://api.example.com"},
        {"https://API.Example.com:443/", "acme",
         "https://api.example.com/v1/organizations/acme/members/invite",
         "https://api.example.com"},
        {"https://api.example.com:8443/eu//", "a b/c?d#e%f",
         "https://api.example.com:8443/eu/v1/organizations/"
         "a%20b%2Fc%3Fd%23e%25f/members/invite",
         "https://api.example.com:8443/eu"},
        {"http://127.0.0.1:8080", "../x",
         "http://127.0.0.1:8080/v1/organizations/..%2Fx/members/invite",
         "http://127.0.0.1:8080"},
        {"http://[::1]:8080", "\xc3\xa4",
         "http://[::1]:8080/v1/organizations/%C3%A4/members/invite",
         "http://[::1]:8080"},
        {"http://localhost", "x",
         "http://localhost/v1/organizations/x/members/invite",
         "http://localhost"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct endpoint endpoint;
        struct error err = ERROR_INIT;
        assert_int_equal(endpoint_init(&endpoint, cases[i].base,
                                       cases[i].organization, &err),
                         ERROR_NONE);
        assert_string_equal(endpoint.url, cases[i].url);
        assert_string_equal(endpoint.base, cases[i].normalised);
        endpoint_clear(&endpoint);
    }
}

static void what_is_no_safe_base_url_is_refused(void **state)
{
    (void)state;
    static const char *const bases[] = {
        "",
        "api.example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://128.0.0.1",
        "http://localhost.example.com",
        "https://user:secret@example.com",
        "https://user@example.com",
        "https://example.com/?a=b",
        "https://example.com/#x",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "https://exa\x01mple.com",
        "nonsense",
    };
    for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
        struct endpoint endpoint;
        struct error err = ERROR_INIT;
        if (endpoint_init(&endpoint, bases[i], "acme", &err) == ERROR_NONE)
            fail_msg("accepted: %s", bases[i]);
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_null(strstr(err.text, "secret"));
    }
}

static void organizations_that_cannot_be_one_segment_are_refused(void **state)
{
    (void)state;
    static const char *const organizations[] = {"", ".", "..", "a\nb",
                                                "a\x7f-"};
    for (size_t i = 0; i < sizeof(organizations) / sizeof(*organizations);
         i++) {
        struct endpoint endpoint;
        struct error err = ERROR_INIT;
        assert_int_equal(endpoint_init(&endpoint, "https://example.com",
                                       organizations[i], &err),
                         ERROR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_url_is_base_route_and_organization),
        cmocka_unit_test(what_is_no_safe_base_url_is_refused),
        cmocka_unit_test(organizations_that_cannot_be_one_segment_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
