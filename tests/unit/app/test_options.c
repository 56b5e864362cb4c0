#include "load_options.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

static char folder[] = "/tmp/test_options.XXXXXX";

static void write_ini(const char *text)
{
    int fd = open("my.ini", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void defaults_are_those_of_the_table(void **state)
{
    struct options options;

    (void)state;
    assert_loads(&options, "send team.csv --org acme", "");
    assert_int_equal(options.command, COMMAND_SEND);
    assert_string_equal(options.input, "team.csv");
    assert_string_equal(options.org, "acme");
    assert_string_equal(options.base_url,
                        "https://almanac-backend-83vc.onrender.com");
    assert_int_equal(options.concurrency, 16);
    assert_int_equal(options.max_attempts, 5);
    assert_int_equal(options.timeout_us, 150 * US_PER_S);
    assert_int_equal(options.connect_timeout_us, 10 * US_PER_S);
    assert_int_equal(options.give_up_after_us, 15 * US_PER_MINUTE);
    assert_int_equal(options.max_wait_us, 24 * US_PER_HOUR);
    assert_int_equal(options.rate.count, 0);
    assert_true(options.limit == UINT64_MAX);
    assert_true(options.max_new == UINT64_MAX);
    assert_false(options.yes || options.sandbox || options.verbose ||
                 options.error_on_no_rows);
    assert_null(options.token_file);
    assert_null(options.report);
    assert_null(options.role);
    assert_null(options.proxy);
    options_clear(&options);
}

static void every_spelling_of_a_flag_is_read(void **state)
{
    static const char *const spellings[] = {
        "send team.csv --org acme --rate 300/m -y -v",
        "send --org=acme --rate=300/m -yv team.csv",
        "--org acme --rate 300/m --yes send --verbose team.csv",
        "send --rate 300/m --yes=true --verbose=on --org acme -- team.csv",
        "send --rate 1/s --rate 300/m --no-yes --yes -v --org acme team.csv",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        struct options options;

        assert_loads(&options, spellings[i], "");
        assert_string_equal(options.input, "team.csv");
        assert_string_equal(options.org, "acme");
        assert_int_equal(options.rate.count, 300);
        assert_int_equal(options.rate.per_us, US_PER_MINUTE);
        assert_true(options.yes);
        assert_true(options.verbose);
        options_clear(&options);
    }
}

static void a_dash_is_stdin_and_two_dashes_end_the_flags(void **state)
{
    struct options options;

    (void)state;
    assert_loads(&options, "send - --org acme --report -", "");
    assert_string_equal(options.input, "-");
    assert_string_equal(options.report, "-");
    options_clear(&options);
    assert_loads(&options, "send --org acme -- --org", "");
    assert_string_equal(options.input, "--org");
    options_clear(&options);
}

static void help_and_version_need_nothing_else(void **state)
{
    static const struct {
        const char *args;
        enum command command;
        const char *topic;
    } cases[] = {
        {"--help", COMMAND_HELP, NULL},
        {"-h", COMMAND_HELP, NULL},
        {"help", COMMAND_HELP, NULL},
        {"help send", COMMAND_HELP, "send"},
        {"send --help", COMMAND_HELP, "send"},
        {"send -yh", COMMAND_HELP, "send"},
        {"send --help --no-such-flag", COMMAND_HELP, "send"},
        {"--version", COMMAND_VERSION, NULL},
        {"version", COMMAND_VERSION, NULL},
        {"send --version", COMMAND_VERSION, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;

        /* A broken set-up must not stand between a user and the help. */
        assert_loads(&options, cases[i].args, "BULK_INVITE_RATE=fast");
        assert_int_equal(options.command, cases[i].command);
        if (cases[i].topic)
            assert_string_equal(options.topic->name, cases[i].topic);
        else
            assert_null(options.topic);
        options_clear(&options);
    }
}

static void the_stronger_place_wins(void **state)
{
    static const struct {
        const char *args;
        const char *environment;
        const char *org;
    } cases[] = {
        {"send f", "BULK_INVITE_ORG=variable", "variable"},
        {"send f --config my.ini", "", "file"},
        {"send f --config my.ini", "BULK_INVITE_ORG=", "file"},
        {"send f --config my.ini --profile p", "", "profile"},
        {"send f --config my.ini", "BULK_INVITE_PROFILE=p", "profile"},
        {"send f --config my.ini --profile default", "BULK_INVITE_PROFILE=p",
         "file"},
        {"send f --config my.ini --profile p", "BULK_INVITE_ORG=variable",
         "variable"},
        {"send f --config my.ini --profile p --org flag",
         "BULK_INVITE_ORG=variable", "flag"},
    };

    (void)state;
    /* The profile stands first: order in the file has no say. */
    write_ini("[p]\norg = profile\n[default]\norg = file\n"
              "[q]\norg = other\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;

        assert_loads(&options, cases[i].args, cases[i].environment);
        assert_string_equal(options.org, cases[i].org);
        options_clear(&options);
    }
}

static void every_type_can_come_from_every_place(void **state)
{
    struct options options;

    (void)state;
    write_ini("org = acme\nrate = 10/s\nconcurrency = 3\n"
              "timeout = 2m\nverbose = yes\nrole = member\nlimit = 7\n");
    assert_loads(&options, "send f --config my.ini", "");
    assert_string_equal(options.config, "my.ini");
    assert_int_equal(options.rate.count, 10);
    assert_int_equal(options.concurrency, 3);
    assert_int_equal(options.timeout_us, 2 * US_PER_MINUTE);
    assert_int_equal(options.limit, 7);
    assert_true(options.verbose);
    assert_string_equal(options.role, "member");
    options_clear(&options);

    assert_loads(&options, "send f --config my.ini --no-verbose",
                 "BULK_INVITE_TIMEOUT=3m BULK_INVITE_MAX_NEW=0 "
                 "BULK_INVITE_ERROR_ON_NO_ROWS=1");
    assert_int_equal(options.timeout_us, 3 * US_PER_MINUTE);
    assert_int_equal(options.max_new, 0);
    assert_true(options.error_on_no_rows);
    assert_false(options.verbose);
    options_clear(&options);
}

static void wrong_command_lines_are_told_the_way_out(void **state)
{
    static const struct {
        const char *args;
        const char *message;
    } cases[] = {
        {"", "what is to be done? bulk-invite send FILE --org ORG invites "
             "people; bulk-invite --help says more"},
        {"sned f", "unknown command sned; did you mean send?"},
        {"frobnicate", "unknown command frobnicate; bulk-invite --help lists "
                       "them"},
        {"team.csv", "team.csv is not a command; to invite the people in it: "
                     "bulk-invite send team.csv --org ORG"},
        {"help sned", "unknown command sned; did you mean send?"},
        {"version 2", "2 is one argument too many for bulk-invite version"},
        {"version --org acme", "bulk-invite version does not take --org"},
        {"send --org acme",
         "which FILE? bulk-invite send team.csv --org ORG reads a CSV file, - "
         "in its place reads stdin"},
        {"send a b --org acme",
         "one FILE at a time: b is a second one, after a"},
        {"send f", "--org is missing: the id of the organization to invite "
                   "into (or set $BULK_INVITE_ORG, or org in the config "
                   "file); --sandbox rehearses without one"},
        {"send f --org", "--org needs a value: --org ORG"},
        {"send f --org --yes", "--org needs a value: --org ORG"},
        {"send f --org -y", "--org needs a value: --org ORG"},
        {"send f --org=", "--org: its value is empty"},
        {"send f --concurency 3",
         "unknown flag --concurency; did you mean --concurrency?"},
        {"send f --xyzzy=secret",
         "unknown flag --xyzzy; bulk-invite send --help-all lists them"},
        {"send f --no-org",
         "unknown flag --no-org; bulk-invite send --help-all "
         "lists them"},
        {"send f -x", "unknown flag -x; bulk-invite send --help-all lists them "
                      "(for a file of that name: -- -x)"},
        {"send f --no-yes=1", "--no-yes takes no value"},
        {"send f --help=1", "--help takes no value"},
        {"send f --yes=maybe --org acme",
         "--yes: \"maybe\" is neither yes nor no; write true or false"},
        {"send f --org acme --rate 10",
         "--rate: \"10\" has no unit; write it like 10/s, 300/m or 1000/h"},
        {"send f --org acme --concurrency 0",
         "--concurrency: \"0\" is out of range; 1 to 1024 are possible"},
        {"send f --org acme --timeout 0s", "--timeout: \"0s\" is too short"},
        {"send f --org acme --base-url http://\x1b[2J",
         "--base-url: \"http://\x1b[2J\" holds a control character"},
        {"send f --org ac\xFFme", "--org: \"ac\xFFme\" is not UTF-8"},
        {"send f --sandbox --base-url http://x",
         "--sandbox starts a server of its own; leave out --base-url, or "
         "--sandbox"},
        {"send f --org acme --role a --role-column b",
         "role and role-column are both set; choose one"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_fails(cases[i].args, "", cases[i].message);
}

static void a_token_on_the_command_line_is_refused_unseen(void **state)
{
    static const char *const spellings[] = {
        "send f --org acme --token hunter2",
        "send f --org acme --token=hunter2",
        "--token hunter2 send f",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++)
        assert_fails(spellings[i], "",
                     "there is no --token: every user of this machine can see "
                     "the arguments of a program; put the token into "
                     "$BULK_INVITE_TOKEN, or into a file only you can read "
                     "and name it with --token-file");
}

static void wrong_variables_are_named(void **state)
{
    (void)state;
    assert_fails("send f --org acme", "BULK_INVITE_RATE=10",
                 "$BULK_INVITE_RATE: \"10\" has no unit; write it like 10/s, "
                 "300/m or 1000/h");
    assert_fails("send f --org acme", "BULK_INVITE_YES=1",
                 "$BULK_INVITE_YES has no effect: it must be said with --yes");
    assert_fails("send f --org acme", "BULK_INVITE_PROFILE=p\x01",
                 "$BULK_INVITE_PROFILE: \"p\x01\" holds a control character");
}

static void wrong_config_files_are_named_with_line_and_key(void **state)
{
    static const struct {
        const char *text;
        const char *args;
        const char *message; /* after the file's name */
    } cases[] = {
        {"org = a\nbase_url = https://h\n", "",
         ":2: unknown key base_url; did you mean base-url?"},
        {"\nxyzzy = 1\n", "",
         ":2: unknown key xyzzy; bulk-invite send --help-all lists the "
         "options, "
         "each without its --"},
        {"help = 1\n", "",
         ":1: unknown key help; bulk-invite send --help-all lists the options, "
         "each without its --"},
        {"yes = true\n", "",
         ":1: yes cannot be set in a config file, only with --yes"},
        {"profile = p\n", "",
         ":1: profile cannot be set in a config file, only with --profile"},
        {"token = hunter2\n", "",
         ":1: a token has no place in here: put it into a file only you can "
         "read, and name that with token-file"},
        {"rate = 10\n", "",
         ":1: rate: \"10\" has no unit; write it like 10/s, 300/m or 1000/h"},
        {"[unused]\n\nrate = 10\n", "",
         ":3: rate: \"10\" has no unit; write it like 10/s, 300/m or 1000/h"},
        {"[acme]\norg = a\n", " --profile acne",
         " has no section [acne]; did you mean [acme]?"},
        {"[acme]\norg = a\n", " --profile zulu", " has no section [zulu]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char args[128], message[512];

        write_ini(cases[i].text);
        snprintf(args, sizeof(args), "send f --org acme --config my.ini%s",
                 cases[i].args);
        snprintf(message, sizeof(message), "my.ini%s", cases[i].message);
        assert_fails(args, "", message);
    }
}

static void a_flag_beats_its_rival_in_a_weaker_place(void **state)
{
    struct options options;

    (void)state;
    write_ini("org = acme\nrole = member\ntoken-file = /a\n"
              "[p]\nrole-column = Title\n");
    assert_loads(&options, "send f --config my.ini --role-column Group", "");
    assert_null(options.role);
    assert_string_equal(options.role_column, "Group");
    assert_string_equal(options.token_file, "/a");
    options_clear(&options);

    assert_loads(&options, "send f --config my.ini --profile p",
                 "BULK_INVITE_TOKEN_COMMAND=cat");
    assert_null(options.role);
    assert_string_equal(options.role_column, "Title");
    assert_null(options.token_file);
    assert_string_equal(options.token_command, "cat");
    options_clear(&options);
}

static void a_rehearsal_needs_no_organization_and_no_secret(void **state)
{
    struct options options;

    (void)state;
    write_ini("token-file = /a\nproxy = http://p\nbase-url = https://h\n");
    assert_loads(&options, "send f --sandbox --config my.ini", "");
    assert_string_equal(options.org, "sandbox");
    assert_null(options.token_file);
    assert_null(options.token_command);
    assert_null(options.proxy);
    options_clear(&options);

    assert_loads(&options, "send f --sandbox --org acme", "");
    assert_string_equal(options.org, "acme");
    options_clear(&options);
}

static void the_table_holds_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        char variable[OPTION_NAME_SIZE];
        bool has_value =
            option->type != OPTION_BOOL && option->type != OPTION_ACTION;

        assert_ptr_equal(option_by_name(option->name), option);
        if (option->letter)
            assert_ptr_equal(option_by_letter(option->letter), option);
        assert_int_equal(has_value, option->argument != NULL);
        assert_int_equal(option->help[strlen(option->help) - 1], '.');
        option_variable(option, variable);
        assert_int_equal(strlen(variable),
                         strlen("BULK_INVITE_") + strlen(option->name));
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? chdir(folder) : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink("my.ini") || rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(every_spelling_of_a_flag_is_read),
        cmocka_unit_test(a_dash_is_stdin_and_two_dashes_end_the_flags),
        cmocka_unit_test(help_and_version_need_nothing_else),
        cmocka_unit_test(the_stronger_place_wins),
        cmocka_unit_test(every_type_can_come_from_every_place),
        cmocka_unit_test(wrong_command_lines_are_told_the_way_out),
        cmocka_unit_test(a_token_on_the_command_line_is_refused_unseen),
        cmocka_unit_test(wrong_variables_are_named),
        cmocka_unit_test(wrong_config_files_are_named_with_line_and_key),
        cmocka_unit_test(a_flag_beats_its_rival_in_a_weaker_place),
        cmocka_unit_test(a_rehearsal_needs_no_organization_and_no_secret),
        cmocka_unit_test(the_table_holds_together),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
