#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/token.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char folder[] = "/tmp/test_token.XXXXXX";
static char path[64]; /* folder/token */

static char *no_variables(const char *name)
{
    (void)name;
    return NULL;
}

static char *with_variable(const char *name)
{
    static char value[] = "from-variable";

    return strcmp(name, "BULK_INVITE_TOKEN") == 0 ? value : NULL;
}

static char *with_empty_variable(const char *name)
{
    static char value[] = "";

    return strcmp(name, "BULK_INVITE_TOKEN") == 0 ? value : NULL;
}

static char *with_credentials(const char *name)
{
    return strcmp(name, "CREDENTIALS_DIRECTORY") == 0 ? folder : NULL;
}

static void write_token(const char *bytes, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_token(const struct options *options,
                         char *(*getenv_fn)(const char *name),
                         const char *expected)
{
    struct error err = ERROR_INIT;
    char *token;

    if (token_load(&token, options, getenv_fn, &err))
        fail_msg("%s", err.text);
    if (expected)
        assert_string_equal(token, expected);
    else
        assert_null(token);
    token_free(token);
}

static void assert_refused(const struct options *options,
                           char *(*getenv_fn)(const char *name),
                           const char *part)
{
    struct error err = ERROR_INIT;
    char *token;

    assert_int_equal(token_load(&token, options, getenv_fn, &err), ERROR_USAGE);
    assert_null(token);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void the_first_place_that_has_one_is_taken(void **state)
{
    struct options options = {.token_file = path,
                              .token_command = "echo from-command"};

    (void)state;
    write_token("from-file\n", 10, 0600);
    assert_token(&options, with_variable, "from-variable");
    assert_token(&options, no_variables, "from-file");
    options.token_file = NULL;
    assert_token(&options, with_credentials, "from-command");
    options.token_command = NULL;
    assert_token(&options, with_credentials, "from-file");
    assert_token(&options, no_variables, NULL);
    unlink(path);
    assert_token(&options, with_credentials, NULL);
}

static void a_rehearsal_asks_for_no_token(void **state)
{
    const struct options options = {.sandbox = true, .token_command = "exit 1"};

    (void)state;
    assert_token(&options, with_variable, NULL);
}

static void line_ends_are_dropped_and_nothing_else(void **state)
{
    static const struct {
        const char *bytes;
        const char *token; /* NULL: refused */
    } cases[] = {
        {"abc", "abc"},
        {"abc\n", "abc"},
        {"abc\r\n", "abc"},
        {"abc\n\n", "abc"},
        {"aZ09-._~+/==", "aZ09-._~+/=="},
        {"", NULL},
        {"\n", NULL},
        {"=", NULL},
        {" abc", NULL},
        {"abc ", NULL},
        {"a=b", NULL},
        {"\"abc\"", NULL},
        {"Bearer abc", NULL},
        {"abc\ndef", NULL},
        {"abc\r\nX-Evil: 1", NULL},
        {"\xEF\xBB\xBF"
         "abc",
         NULL},
        {"abc\x7f", NULL},
        {"t\xC3\xB6ken", NULL},
    };
    const struct options options = {.token_file = path};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_token(cases[i].bytes, strlen(cases[i].bytes), 0600);
        if (cases[i].token)
            assert_token(&options, no_variables, cases[i].token);
        else
            assert_refused(&options, no_variables, path);
    }
    write_token("a\0b", 3, 0600);
    assert_refused(&options, no_variables, "no bearer token");
}

static void a_refusal_shows_nothing_of_the_token(void **state)
{
    const struct options options = {.token_file = path};
    struct error err = ERROR_INIT;
    char *token;

    (void)state;
    write_token("hunter2 hunter2", 15, 0600);
    assert_int_equal(token_load(&token, &options, no_variables, &err),
                     ERROR_USAGE);
    assert_null(strstr(err.text, "hunter2"));
}

static void an_empty_variable_is_refused(void **state)
{
    const struct options options = {.token_file = path};

    (void)state;
    assert_refused(&options, with_empty_variable,
                   "the token in $BULK_INVITE_TOKEN is empty");
}

static void a_file_that_others_can_reach_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0666, 0610};
    const struct options options = {.token_file = path};

    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        write_token("abc", 3, modes[i]);
        assert_refused(&options, no_variables, "chmod 600");
    }
    write_token("abc", 3, 0400);
    assert_token(&options, no_variables, "abc");
    unlink(path);
}

static void a_credential_may_be_readable_by_its_group(void **state)
{
    const struct options options = {.token_file = NULL};

    (void)state;
    if (geteuid() != 0)
        skip(); /* credentials are root's */
    write_token("abc", 3, 0440);
    assert_token(&options, with_credentials, "abc");
    write_token("abc", 3, 0444);
    assert_refused(&options, with_credentials, "chmod 600");
    unlink(path);
}

static void a_link_is_followed_to_what_it_names(void **state)
{
    const struct options options = {.token_file = path};
    char target[96];

    (void)state;
    snprintf(target, sizeof(target), "%s/target", folder);
    write_token("abc", 3, 0600);
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_token(&options, no_variables, "abc");
    assert_int_equal(chmod(target, 0644), 0);
    assert_refused(&options, no_variables, "mode 0644");
    unlink(path);
    unlink(target);
}

static void what_is_no_file_is_no_token_file(void **state)
{
    struct options options = {.token_file = folder};

    (void)state;
    assert_refused(&options, no_variables, "not a regular file");
    options.token_file = "/dev/zero";
    assert_refused(&options, no_variables, "not a regular file");
    options.token_file = path;
    assert_refused(&options, no_variables, "No such file");
    /* Nobody writes to it: this must not wait. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(&options, no_variables, "not a regular file");
    unlink(path);
}

static void a_huge_file_is_no_token(void **state)
{
    const struct options options = {.token_file = path};

    (void)state;
    write_token("a", 1, 0600);
    assert_int_equal(truncate(path, 64 * 1024), 0);
    assert_refused(&options, no_variables, "over 65535 bytes");
    unlink(path);
}

static void a_command_that_fails_gives_no_token(void **state)
{
    static const struct {
        const char *command;
        const char *part;
    } cases[] = {
        {"echo abc; exit 3", "failed with exit code 3"},
        {"no-such-program-here 2>/dev/null", "failed with exit code 127"},
        {"echo abc; kill -TERM $$", "ended by signal 15"},
        {"echo abc; exec >/dev/null; exit 4", "failed with exit code 4"},
        {"exec >/dev/null; kill -KILL $$", "ended by signal 9"},
        {"true", "the token in the token command's output is empty"},
        {"echo 'a b'", "no bearer token"},
        {"cat /dev/zero", "over 65535 bytes"},
        {"cat", "is empty"}, /* its stdin is not ours */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct options options = {.token_command = cases[i].command};

        assert_refused(&options, no_variables, cases[i].part);
    }
}

/* Its parent's business: main() undoes it, and here nothing must be guessed. */
static void a_command_whose_end_nobody_tells_gives_no_token(void **state)
{
    const struct options options = {.token_command = "echo abc"};

    (void)state;
    signal(SIGCHLD, SIG_IGN);
    assert_refused(&options, no_variables, "cannot tell how");
    signal(SIGCHLD, SIG_DFL);
    assert_token(&options, no_variables, "abc");
}

static void nothing_is_freed_twice(void **state)
{
    (void)state;
    token_free(NULL);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/token", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_place_that_has_one_is_taken),
        cmocka_unit_test(a_rehearsal_asks_for_no_token),
        cmocka_unit_test(line_ends_are_dropped_and_nothing_else),
        cmocka_unit_test(a_refusal_shows_nothing_of_the_token),
        cmocka_unit_test(an_empty_variable_is_refused),
        cmocka_unit_test(a_file_that_others_can_reach_is_refused),
        cmocka_unit_test(a_credential_may_be_readable_by_its_group),
        cmocka_unit_test(a_link_is_followed_to_what_it_names),
        cmocka_unit_test(what_is_no_file_is_no_token_file),
        cmocka_unit_test(a_huge_file_is_no_token),
        cmocka_unit_test(a_command_that_fails_gives_no_token),
        cmocka_unit_test(a_command_whose_end_nobody_tells_gives_no_token),
        cmocka_unit_test(nothing_is_freed_twice),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
