#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "input/role_map.h"

static const char *find(const struct role_map *map, const char *word)
{
    return role_map_find(map, word, strlen(word));
}

static void words_are_found_however_they_are_spelled(void **state)
{
    struct error err = ERROR_INIT;
    struct role_map *map;

    (void)state;
    assert_int_equal(
        role_map_new(&map, "Team Lead=admin, Propri\xc3\xa9taire = Owner,x=a=b",
                     NULL, &err),
        ERROR_NONE);
    assert_string_equal(find(map, "team-lead"), "admin");
    assert_string_equal(find(map, "PROPRIETAIRE"), "Owner");
    assert_string_equal(find(map, "X"), "a=b");
    assert_null(find(map, "admin"));
    assert_null(find(map, ""));
    assert_null(find(NULL, "admin"));
    role_map_free(map);
}

static void a_map_that_leaves_doubt_is_refused(void **state)
{
    static const struct {
        const char *list;
        const char *told;
    } cases[] = {
        {"admin", "\"admin\" is not WORD=ROLE"},
        {"a=", "its role is empty"},
        {"=a", "its role is empty"},
        {"a=b,A=c", "\"A\" has two roles"},
    };
    struct role_map *map;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct error err = ERROR_INIT;
        assert_int_equal(role_map_new(&map, cases[i].list, NULL, &err),
                         ERROR_USAGE);
        assert_non_null(strstr(err.text, "--role-map"));
        assert_non_null(strstr(err.text, cases[i].told));
    }
}

static void a_file_has_one_word_a_line(void **state)
{
    static const char lines[] = "\xef\xbb\xbf# ours\n\nTeam Lead = admin\r\n"
                                "Staff=member\nbroken\n";
    char path[] = "/tmp/test_role_map.XXXXXX";
    int fd = mkstemp(path);
    struct error err = ERROR_INIT;
    struct role_map *map;

    (void)state;
    assert_int_equal(write(fd, lines, sizeof(lines) - 8), sizeof(lines) - 8);
    assert_int_equal(role_map_new(&map, "x=y", path, &err), ERROR_NONE);
    assert_string_equal(find(map, "team lead"), "admin");
    assert_string_equal(find(map, "staff"), "member");
    assert_string_equal(find(map, "x"), "y");
    role_map_free(map);

    assert_int_equal(write(fd, "broken\n", 7), 7);
    assert_int_equal(role_map_new(&map, NULL, path, &err), ERROR_USAGE);
    assert_non_null(strstr(err.text, ":5: \"broken\""));
    close(fd);
    unlink(path);
    assert_int_equal(role_map_new(&map, NULL, path, &err), ERROR_USAGE);
}

static void the_rest_of_a_long_comment_is_no_word(void **state)
{
    char path[] = "/tmp/test_role_map.XXXXXX";
    char lines[1200];
    int fd = mkstemp(path);
    struct error err = ERROR_INIT;
    struct role_map *map;

    (void)state;
    memset(lines, '#', sizeof(lines));
    memcpy(lines + sizeof(lines) - 12, "staff=owner\n", 12);
    assert_int_equal(write(fd, lines, sizeof(lines)), sizeof(lines));
    assert_int_equal(role_map_new(&map, NULL, path, &err), ERROR_USAGE);
    assert_non_null(strstr(err.text, ":1: the line is too long"));
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_however_they_are_spelled),
        cmocka_unit_test(a_map_that_leaves_doubt_is_refused),
        cmocka_unit_test(a_file_has_one_word_a_line),
        cmocka_unit_test(the_rest_of_a_long_comment_is_no_word),
    };
    return cmocka_run_group_tests_name("role_map", tests, NULL, NULL);
}
