#include "domain/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void settled_is_the_sum_of_all_statuses(void **state)
{
    struct counters counters = {0};
    uint64_t expected = 0;

    (void)state;
    assert_int_equal(counters_settled(&counters), 0);
    for (unsigned status = STATUS_NONE + 1; status < STATUS_COUNT; status++) {
        counters.settled[status] = UINT64_C(1) << (4 * status);
        expected += UINT64_C(1) << (4 * status);
        assert_true(counters_settled(&counters) == expected);
    }
}

static void rows_without_status_are_not_settled(void **state)
{
    struct counters counters = {.rows_read = 9};

    (void)state;
    counters.settled[STATUS_NONE] = 5;
    assert_int_equal(counters_settled(&counters), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settled_is_the_sum_of_all_statuses),
        cmocka_unit_test(rows_without_status_are_not_settled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
