#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sandbox/seen.h"

static int64_t at_us_of(const json_t *array, size_t index)
{
    return json_integer_value(
        json_object_get(json_array_get(array, index), "at_us"));
}

static void the_newest_posts_are_kept_in_order(void **state)
{
    enum {
        EXTRA = 5
    };
    struct seen seen;

    (void)state;
    seen_init(&seen, 0);
    for (int64_t i = 0; i < (int64_t)SEEN_POSTS_MAX + EXTRA; i++)
        seen_add_post(&seen, &(struct seen_post){.at_us = i, .status = 200});
    json_t *array = seen_posts_json(&seen);
    assert_int_equal(json_array_size(array), SEEN_POSTS_MAX);
    for (size_t i = 0; i < SEEN_POSTS_MAX; i++)
        assert_int_equal(at_us_of(array, i), i + EXTRA);
    json_decref(array);
    seen_clear(&seen);
}

static void what_there_was_not_is_null(void **state)
{
    struct seen seen;

    (void)state;
    seen_init(&seen, 0);
    json_t *array = seen_posts_json(&seen);
    assert_int_equal(json_array_size(array), 0);
    json_decref(array);
    seen_add_post(&seen, &(struct seen_post){.at_us = 7});
    array = seen_posts_json(&seen);
    const json_t *post = json_array_get(array, 0);
    assert_true(json_is_null(json_object_get(post, "status")));
    assert_true(json_is_null(json_object_get(post, "email")));
    json_decref(array);
    seen_clear(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_posts_are_kept_in_order),
        cmocka_unit_test(what_there_was_not_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
