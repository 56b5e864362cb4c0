#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sandbox/sandbox_log.h"

static int64_t at_us_of(const json_t *array, size_t index)
{
    return json_integer_value(
        json_object_get(json_array_get(array, index), "at_us"));
}

static void the_newest_are_kept_in_order(void **state)
{
    enum {
        EXTRA = 5
    };
    struct sandbox_log log = {0};
    json_t *array;

    (void)state;
    for (int64_t i = 0; i < (int64_t)SANDBOX_LOG_MAX + EXTRA; i++) {
        const struct sandbox_log_entry entry = {.at_us = i, .status = 200};
        sandbox_log_add(&log, &entry);
    }
    array = sandbox_log_json(&log);
    assert_int_equal(json_array_size(array), SANDBOX_LOG_MAX);
    for (size_t i = 0; i < SANDBOX_LOG_MAX; i++)
        assert_int_equal(at_us_of(array, i), i + EXTRA);
    json_decref(array);
    sandbox_log_clear(&log);
}

static void what_there_was_not_is_null(void **state)
{
    const struct sandbox_log_entry entry = {.at_us = 7};
    struct sandbox_log log = {0};
    json_t *array;

    (void)state;
    array = sandbox_log_json(&log);
    assert_int_equal(json_array_size(array), 0);
    json_decref(array);
    sandbox_log_add(&log, &entry);
    array = sandbox_log_json(&log);
    assert_true(
        json_is_null(json_object_get(json_array_get(array, 0), "status")));
    assert_true(
        json_is_null(json_object_get(json_array_get(array, 0), "email")));
    json_decref(array);
    sandbox_log_clear(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept_in_order),
        cmocka_unit_test(what_there_was_not_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
