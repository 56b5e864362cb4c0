#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "send/due_list.h"

static struct row *row_at(uint64_t line)
{
    return row_new(line, "a@example.com", 13, "member", 6, NULL);
}

static void an_empty_list_is_never_due(void **state)
{
    (void)state;
    struct due_list *list = due_list_new(4);
    assert_true(due_list_next_us(list) == CLOCK_NEVER_US);
    assert_null(due_list_pop(list));
    due_list_free(list);
}

static void rows_come_out_by_time_whatever_the_order_they_came_in(void **state)
{
    (void)state;
    enum {
        COUNT = 500
    };
    struct due_list *list = due_list_new(COUNT);
    uint64_t random = 7;
    for (uint64_t i = 0; i < COUNT; i++) {
        int64_t due_us = random_below(&random, 100);
        due_list_push(list, row_at((uint64_t)due_us), due_us);
    }
    int64_t before_us = -1;
    for (size_t left = COUNT; left > 0; left--) {
        assert_int_equal(due_list_count(list), left);
        int64_t due_us = due_list_next_us(list);
        assert_true(due_us >= before_us);
        struct row *row = due_list_pop(list);
        assert_int_equal(row->line, due_us);
        row_free(row);
        before_us = due_us;
    }
    due_list_free(list);
}

static void equal_times_keep_their_order(void **state)
{
    (void)state;
    struct due_list *list = due_list_new(50);
    for (uint64_t line = 1; line <= 50; line++)
        due_list_push(list, row_at(line), 1000);
    for (uint64_t line = 1; line <= 50; line++) {
        struct row *row = due_list_pop(list);
        assert_int_equal(row->line, line);
        row_free(row);
    }
    due_list_free(list);
}

static void rows_left_inside_are_freed(void **state)
{
    (void)state;
    struct due_list *list = due_list_new(2);
    due_list_push(list, row_at(1), 5);
    due_list_push(list, row_at(2), 4);
    due_list_free(list); /* the leak checker is the judge */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_is_never_due),
        cmocka_unit_test(rows_come_out_by_time_whatever_the_order_they_came_in),
        cmocka_unit_test(equal_times_keep_their_order),
        cmocka_unit_test(rows_left_inside_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
