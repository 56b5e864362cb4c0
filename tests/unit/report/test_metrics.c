#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/metrics.h"

static void a_label_is_escaped(void **state)
{
    static struct counters counters;
    const struct metrics metrics = {.counters = &counters,
                                    .organization = "a\"b\\c",
                                    .exit_code = 130,
                                    .started_us = 1795693413250000,
                                    .ended_us = 1795693414000000};
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 1 << 16);
    metrics_format(&metrics, &out);
    assert_non_null(
        strstr(strbuf_str(&out),
               "# TYPE bulk_invite_exit_code gauge\n"
               "bulk_invite_exit_code{organization=\"a\\\"b\\\\c\"} 130\n"));
    /* A time to the microsecond, not rounded to six digits. */
    assert_non_null(strstr(strbuf_str(&out), "} 1795693413.25\n"));
    assert_non_null(strstr(strbuf_str(&out), "} 0.75\n"));
    strbuf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_escaped),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
