#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void set_fills_kind_and_text(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(error_set(&err, ERROR_INPUT, "line %d: %s", 7, "no"),
                     ERROR_INPUT);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "line 7: no");
}

static void errno_becomes_the_reason(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(error_set_errno(&err, ERROR_STORAGE, ENOSPC,
                                     "cannot write %s", "/tmp/x"),
                     ERROR_STORAGE);
    assert_string_equal(err.text,
                        "cannot write /tmp/x: No space left on device");
}

static void prefix_keeps_the_kind(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, ERROR_REFUSED, "certificate expired");
    assert_int_equal(error_prefix(&err, "https://%s", "a.example"),
                     ERROR_REFUSED);
    assert_string_equal(err.text, "https://a.example: certificate expired");
}

static void text_may_be_its_own_argument(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, ERROR_INPUT, "first");
    error_set(&err, ERROR_INPUT, "<%s>", err.text);
    assert_string_equal(err.text, "<first>");
    error_prefix(&err, "after %s", err.text);
    assert_string_equal(err.text, "after <first>: <first>");
}

static void long_text_is_cut_and_not_inside_a_letter(void **state)
{
    struct error err = ERROR_INIT;
    char text[4000];

    (void)state;
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    error_set(&err, ERROR_INPUT, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);

    /* Two bytes a letter, after one: the last pair does not fit whole. */
    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xBC", 2);
    text[sizeof(text) - 2] = '\0';
    error_set(&err, ERROR_INPUT, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 2);
    error_prefix(&err, "a");
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1 - 1 + 1);
    error_prefix(&err, "context");
    assert_memory_equal(err.text, "context: a: \xC3\xBC", 14);
    error_set_errno(&err, ERROR_INPUT, EIO, "%s", text);
    assert_true(strlen(err.text) >= sizeof(err.text) - 2);
}

static void each_kind_has_its_exit_code(void **state)
{
    static const struct {
        enum error_kind kind;
        int exit_code;
    } cases[] = {
        {ERROR_NONE, 0},   {ERROR_USAGE, 2},   {ERROR_INPUT, 4},
        {ERROR_SERVER, 5}, {ERROR_STORAGE, 6}, {ERROR_REFUSED, 7},
        {ERROR_GUARD, 8},  {ERROR_LOCKED, 11},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(error_exit_code(cases[i].kind), cases[i].exit_code);
}

static void out_of_memory_says_so_and_leaves_with_6(void **state)
{
    char words[64] = "";
    int ends[2];
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        error_out_of_memory();
    }
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 6);
    assert_true(read(ends[0], words, sizeof(words) - 1) > 0);
    assert_string_equal(words, "bulk-invite: out of memory\n");
    close(ends[0]);
}

static void allocations_of_nothing_are_something(void **state)
{
    void *a = xmalloc(0);
    void *b = xcalloc(0, 8);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    free(a);
    free(b);
}

static void copies_end_where_the_text_or_the_limit_does(void **state)
{
    char *whole = xstrdup("text");
    char *cut = xstrndup("text", 2);
    char *shorter = xstrndup("text", 100);

    (void)state;
    assert_string_equal(whole, "text");
    assert_string_equal(cut, "te");
    assert_string_equal(shorter, "text");
    free(whole);
    free(cut);
    free(shorter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_kind_and_text),
        cmocka_unit_test(errno_becomes_the_reason),
        cmocka_unit_test(prefix_keeps_the_kind),
        cmocka_unit_test(text_may_be_its_own_argument),
        cmocka_unit_test(long_text_is_cut_and_not_inside_a_letter),
        cmocka_unit_test(each_kind_has_its_exit_code),
        cmocka_unit_test(out_of_memory_says_so_and_leaves_with_6),
        cmocka_unit_test(allocations_of_nothing_are_something),
        cmocka_unit_test(copies_end_where_the_text_or_the_limit_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
