#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "send/reply_headers.h"

static void add(struct reply_headers *headers, const char *line)
{
    reply_headers_add(headers, line, strlen(line), 0);
}

static void retry_after_is_read_whatever_its_letters_and_spaces(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Retry-After: 7\r\n", "retry-after:7\r\n", "RETRY-AFTER:\t 7 \r\n",
        "Retry-After: 7\n",   "Retry-After: 7",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct reply_headers headers;
        reply_headers_reset(&headers);
        assert_int_equal(headers.retry_after_us, -1);
        add(&headers, lines[i]);
        assert_int_equal(headers.retry_after_us, 7 * US_PER_S);
    }
}

static void nonsense_and_other_headers_are_ignored(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        ":",
        "Retry-After",
        "Retry-After: soon",
        "Retry: 7",
        "\r\n",
        "X-Retry-After: 7",
        "Retry-After : 7",
        "Retry-After: 1.5",
        "Retry-After: -4",
    };
    struct reply_headers headers;
    reply_headers_reset(&headers);
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        add(&headers, lines[i]);
    assert_int_equal(headers.retry_after_us, -1);
    assert_false(headers.is_edge_refusal);
}

static void a_new_status_line_starts_anew(void **state)
{
    (void)state;
    struct reply_headers headers;
    reply_headers_reset(&headers);
    add(&headers, "HTTP/1.1 103 Early Hints\r\n");
    add(&headers, "Retry-After: 9\r\n");
    add(&headers, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_int_equal(headers.retry_after_us, -1);
}

static void renders_edge_is_known_by_its_header(void **state)
{
    (void)state;
    struct reply_headers headers;
    reply_headers_reset(&headers);
    add(&headers, "x-render-routing: dynamic\r\n");
    assert_false(headers.is_edge_refusal);
    add(&headers, "X-Render-Routing: no-server\r\n");
    assert_true(headers.is_edge_refusal);
}

static void gateways_are_known_by_their_pages(void **state)
{
    (void)state;
    const char *envoy = "upstream connect error or disconnect/reset";
    const char *own = "{\"detail\":\"down for maintenance\"}";
    assert_true(reply_body_has_gateway_mark(envoy, strlen(envoy)));
    assert_false(reply_body_has_gateway_mark(own, strlen(own)));
    assert_false(reply_body_has_gateway_mark("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read_whatever_its_letters_and_spaces),
        cmocka_unit_test(nonsense_and_other_headers_are_ignored),
        cmocka_unit_test(a_new_status_line_starts_anew),
        cmocka_unit_test(renders_edge_is_known_by_its_header),
        cmocka_unit_test(gateways_are_known_by_their_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
