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
        "http://127.0.0.256", /* names, which a resolver may know */
        "http://127.1.2.999:8080",
        "http://127.-1.0.1",
        "http://127.0.0.1.",
        "http://localhost.",
        "http://128.0.0.1",
        "http://localhost.example.com",
        "https://user:secret@example.com",
        "https://user@example.com",
        "ftp://user:secret@example.com",
        "https://user:secret@",
        "https://user:secret @example.com",
        "https://user:secret@example.com/?a=b",
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

static enum error_kind check_proxy(const char *base, const char *proxy,
                                   struct error *err)
{
    struct endpoint endpoint;
    assert_int_equal(endpoint_init(&endpoint, base, "acme", err), ERROR_NONE);
    enum error_kind kind = endpoint_check_proxy(&endpoint, proxy, err);
    endpoint_clear(&endpoint);
    return kind;
}

static void what_libcurl_takes_for_a_proxy_is_accepted(void **state)
{
    (void)state;
    static const char *const proxies[] = {
        NULL,
        "proxy",
        "proxy.example.com:3128",
        "http://proxy.example.com",
        "HTTP://proxy.example.com:3128/",
        "https://me:secret@proxy.example.com:3128",
        "me:secret@[2001:db8::1]:3128",
        "socks4://h",
        "socks4a://h",
        "socks5://h:1080",
        "socks5h://m%40e:sec%20ret@h:1080",
    };
    for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++) {
        struct error err = ERROR_INIT;
        if (check_proxy("https://example.com", proxies[i], &err))
            fail_msg("%s: %s", proxies[i], err.text);
    }
}

/* libcurl would repeat all of it in its words about each attempt. */
static void what_is_no_proxy_is_refused_without_its_password(void **state)
{
    (void)state;
    static const char *const proxies[] = {
        "ftp://me:secret@h",
        "ftp.example.com:3128",
        "socks9://me:secret@h:1",
        "http://me:secret@",
        "http://me:secret@h:99999",
        "http://me:secret@h:x",
        "http://me:secret@h h",
        "http://me:secret%0a@h",
        "http://me%00:secret@h",
        "://me:secret@h",
        "me:secret@",
    };
    for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++) {
        struct error err = ERROR_INIT;
        if (!check_proxy("https://example.com", proxies[i], &err))
            fail_msg("accepted: %s", proxies[i]);
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_null(strstr(err.text, "secret"));
    }
}

static void plain_http_goes_through_no_proxy_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *base, *proxy;
        bool is_refused;
    } cases[] = {
        {"http://127.0.0.1:8080", "http://proxy.example.com:3128", true},
        {"http://localhost", "me:secret@192.0.2.7:3128", true},
        {"http://[::1]", "socks5h://127.0.0.256", true},
        {"http://127.0.0.1", "https://h", true},
        {"http://127.0.0.1", "http://127.0.0.1:3128", false},
        {"http://127.0.0.1", "localhost:3128", false},
        {"http://localhost", "socks5://[::1]:1080", false},
        {"https://127.0.0.1", "http://proxy.example.com:3128", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct error err = ERROR_INIT;
        bool is_refused = check_proxy(cases[i].base, cases[i].proxy, &err);
        if (is_refused != cases[i].is_refused)
            fail_msg("%s through %s", cases[i].base, cases[i].proxy);
        assert_null(strstr(err.text, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_url_is_base_route_and_organization),
        cmocka_unit_test(what_is_no_safe_base_url_is_refused),
        cmocka_unit_test(organizations_that_cannot_be_one_segment_are_refused),
        cmocka_unit_test(what_libcurl_takes_for_a_proxy_is_accepted),
        cmocka_unit_test(what_is_no_proxy_is_refused_without_its_password),
        cmocka_unit_test(plain_http_goes_through_no_proxy_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
