#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char *no_variables(const char *name)
{
    (void)name;
    return NULL;
}

static struct config *parse(const char *text)
{
    struct error err = ERROR_INIT;
    struct config *config;

    if (config_parse(&config, "my.ini", text, strlen(text), &err))
        fail_msg("%s", err.text);
    return config;
}

static void assert_refused(const char *text, size_t len, const char *message)
{
    struct error err = ERROR_INIT;
    struct config *config;

    assert_int_equal(config_parse(&config, "my.ini", text, len, &err),
                     ERROR_USAGE);
    assert_null(config);
    assert_string_equal(err.text, message);
}

/* "SECTION.KEY=VALUE@LINE " of all entries. */
static void assert_says(const char *text, const char *expected)
{
    struct config *config = parse(text);
    char said[1024] = "";
    size_t len = 0;

    for (size_t i = 0; i < config->count; i++) {
        const struct config_entry *entry = &config->entries[i];

        if (entry->key)
            len += (size_t)snprintf(said + len, sizeof(said) - len,
                                    "%s.%s=%s@%u ", entry->section, entry->key,
                                    entry->value, entry->line);
    }
    assert_string_equal(said, expected);
    config_free(config);
}

static void keys_and_values_are_read_with_section_and_line(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"\n\n# only a comment\n; and another\n", ""},
        {"org = acme\n", "default.org=acme@1 "},
        {"org = acme", "default.org=acme@1 "},
        {"org=acme\nrate: 10/s\n", "default.org=acme@1 default.rate=10/s@2 "},
        {"[default]\norg = acme\n[other]\n\norg = b\n",
         "default.org=acme@2 other.org=b@5 "},
        {"\xEF\xBB\xBForg = acme\r\n\r\nrate = 1/s\r\n",
         "default.org=acme@1 default.rate=1/s@3 "},
        {"\xEF\xBB\xBF[x]\norg = acme\n", "x.org=acme@2 "},
        {"base-url = https://h:8/a=b\n", "default.base-url=https://h:8/a=b@1 "},
        {"token-command = a; b#c\n", "default.token-command=a; b#c@1 "},
        {"org = Universit\xC3\xA4t\n", "default.org=Universit\xC3\xA4t@1 "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_says(cases[i].text, cases[i].expected);
}

static void an_indented_line_is_a_line_of_its_own(void **state)
{
    (void)state;
    assert_says("[default]\n  org = acme\n  rate = 10/s\n\t# note\n",
                "default.org=acme@2 default.rate=10/s@3 ");
}

static void what_readers_of_ini_differ_in_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"org = acme ; ours\n",
         "my.ini:1: a comment needs a line of its own (inside a value, no "
         "\";\" after a space)"},
        {"\nrate = 10/s # ours\n",
         "my.ini:2: a comment needs a line of its own (inside a value, no "
         "\"#\" after a space)"},
        {"[a] org = acme\n",
         "my.ini:1: a section is written [NAME], alone on its line"},
        {"[a ; b]\n",
         "my.ini:1: a section is written [NAME], alone on its line"},
        {"[a\n", "my.ini:1: a section is written [NAME], alone on its line"},
        {"[]\n", "my.ini:1: a section is written [NAME], alone on its line"},
        {"org\n", "my.ini:1: expected KEY = VALUE, [SECTION] or a comment"},
        {"= acme\n", "my.ini:1: expected KEY = VALUE, [SECTION] or a comment"},
        {"org = \"acme\"\n", "my.ini:1: org: values are written without "
                             "quotes"},
        {"org = a\nrate = 1/s\norg = a\n",
         "my.ini:3: org is set already, on line 1"},
        {"org = a\n[default]\norg = b\n",
         "my.ini:3: org is set already, on line 1"},
        {"[a]\norg = a\n[b]\n[a]\norg = b\n",
         "my.ini:5: org is set already, on line 2"},
        {"ok = a\nx = \x1b[31m\n", "my.ini:2: x holds a control character"},
        {"x = \xFF\n", "my.ini: not UTF-8 text"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
    assert_refused("org = a\0b\n", 10, "my.ini: not UTF-8 text");
}

static void a_long_line_is_never_cut(void **state)
{
    static char text[CONFIG_FILE_CAP];

    (void)state;
    for (int len = 1; len < CONFIG_FILE_CAP / 2; len *= 3) {
        snprintf(text, sizeof(text), "k = %0*d\n[%0*d]\nk = 1\n", len, 1, len,
                 2);
        struct config *config = parse(text);

        assert_int_equal(strlen(config->entries[0].value), len);
        assert_int_equal(strlen(config->entries[1].section), len);
        assert_string_equal(config->entries[2].section,
                            config->entries[1].section);
        config_free(config);
    }
}

static void equal_keys_of_two_sections_are_fine(void **state)
{
    (void)state;
    assert_says("org = a\n[b]\norg = b\n[c]\norg = c\n",
                "default.org=a@1 b.org=b@3 c.org=c@5 ");
}

static void an_empty_section_is_still_there(void **state)
{
    struct config *config = parse("[acme]\n[zulu]\norg = z\n");
    const char *nearest;

    (void)state;
    assert_true(config_has_section(config, "acme", &nearest));
    assert_true(config_has_section(config, "zulu", &nearest));
    assert_false(config_has_section(config, "acne", &nearest));
    assert_string_equal(nearest, "acme");
    assert_false(config_has_section(config, "production", &nearest));
    assert_null(nearest);
    config_free(config);
}

static char folder[] = "/tmp/test_config.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *home_is_folder(const char *name)
{
    return strcmp(name, "HOME") == 0 ? folder : NULL;
}

static char *xdg_is_folder(const char *name)
{
    return strcmp(name, "XDG_CONFIG_HOME") == 0 ? folder : NULL;
}

static char *xdg_is_relative(const char *name)
{
    static char here[] = ".";

    return strcmp(name, "XDG_CONFIG_HOME") == 0 ? here : home_is_folder(name);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void the_users_config_is_found_by_xdg_and_home(void **state)
{
    static const struct {
        const char *below;
        char *(*getenv_fn)(const char *name);
    } cases[] = {
        {"", xdg_is_folder},
        {"/.config", home_is_folder},
        {"/.config", xdg_is_relative},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = ERROR_INIT;
        struct config *config;
        char outer[128], inner[160], file[192];

        snprintf(outer, sizeof(outer), "%s%s", folder, cases[i].below);
        snprintf(inner, sizeof(inner), "%s/bulk-invite", outer);
        snprintf(file, sizeof(file), "%s/config.ini", inner);
        mkdir(outer, 0700);
        assert_int_equal(mkdir(inner, 0700), 0);
        write_file(file, "org = acme\n");

        assert_int_equal(config_load(&config, NULL, cases[i].getenv_fn, &err),
                         ERROR_NONE);
        assert_non_null(config);
        assert_string_equal(config->path, file);
        assert_string_equal(config->entries->value, "acme");
        config_free(config);
        unlink(file);
        rmdir(inner);
        if (*cases[i].below)
            rmdir(outer);
    }
}

static void no_config_at_all_is_fine(void **state)
{
    struct error err = ERROR_INIT;
    struct config *config;

    (void)state;
    if (access("/etc/bulk-invite/config.ini", F_OK) == 0)
        skip();
    assert_int_equal(config_load(&config, NULL, no_variables, &err),
                     ERROR_NONE);
    assert_null(config);
    assert_int_equal(config_load(&config, NULL, xdg_is_folder, &err),
                     ERROR_NONE);
    assert_null(config);
}

static void a_named_config_must_be_a_readable_file(void **state)
{
    struct error err = ERROR_INIT;
    struct config *config;
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/missing.ini", folder);
    assert_int_equal(config_load(&config, path, no_variables, &err),
                     ERROR_USAGE);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(config_load(&config, folder, no_variables, &err),
                     ERROR_USAGE);
    assert_non_null(strstr(err.text, "directory"));
    assert_null(config);
}

static void a_file_over_the_cap_is_no_config(void **state)
{
    struct error err = ERROR_INIT;
    struct config *config;

    (void)state;
    assert_int_equal(config_load(&config, "/dev/zero", no_variables, &err),
                     ERROR_USAGE);
    assert_string_equal(err.text,
                        "/dev/zero: over 65536 bytes, not a config file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_are_read_with_section_and_line),
        cmocka_unit_test(an_indented_line_is_a_line_of_its_own),
        cmocka_unit_test(what_readers_of_ini_differ_in_is_refused),
        cmocka_unit_test(a_long_line_is_never_cut),
        cmocka_unit_test(equal_keys_of_two_sections_are_fine),
        cmocka_unit_test(an_empty_section_is_still_there),
        cmocka_unit_test(the_users_config_is_found_by_xdg_and_home),
        cmocka_unit_test(no_config_at_all_is_fine),
        cmocka_unit_test(a_named_config_must_be_a_readable_file),
        cmocka_unit_test(a_file_over_the_cap_is_no_config),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
