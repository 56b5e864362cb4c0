#include "load_options.h"

#include "app/typed_command.h"

static void what_was_typed_is_typed_again(void **state)
{
    static const struct {
        const char *args;
        const char *environment;
        const char *send;
        const char *resolve;
    } cases[] = {
        {"send f --org acme", "", "bulk-invite send new.csv --org acme",
         "bulk-invite resolve EMAIL --invited|--not-sent --org acme"},
        {"-yv --rate=1/s --no-keep-going send --org=a;b f", "",
         "bulk-invite send new.csv --org 'a;b' --yes --no-keep-going --rate "
         "1/s --verbose",
         "bulk-invite resolve EMAIL --invited|--not-sent --org 'a;b'"},
        /* Variables and config files are there the next time too, but for
         * $BULK_INVITE_ORG, which may have been for this run alone. */
        {"send f --ledger l", "BULK_INVITE_ORG=acme BULK_INVITE_RATE=1/s",
         "bulk-invite send new.csv --org acme --ledger l",
         "bulk-invite resolve EMAIL --invited|--not-sent --org acme --ledger "
         "l"},
        {"send f --org acme --limit 3 --proxy http://me:secret@h", "",
         "bulk-invite send new.csv --org acme --proxy ...",
         "bulk-invite resolve EMAIL --invited|--not-sent --org acme"},
        {"send f --org acme --token-command pass-show-secret", "",
         "bulk-invite send new.csv --org acme --token-command ...",
         "bulk-invite resolve EMAIL --invited|--not-sent --org acme"},
        {"send f --sandbox", "", "bulk-invite send new.csv --sandbox",
         "bulk-invite resolve EMAIL --invited|--not-sent"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;

        assert_loads(&options, cases[i].args, cases[i].environment);
        char *send = typed_command_send(&options, "new.csv");
        char *resolve = typed_command_resolve(&options);
        assert_string_equal(send, cases[i].send);
        assert_string_equal(resolve, cases[i].resolve);
        free(send);
        free(resolve);
        options_clear(&options);
    }
}

static void names_are_quoted_for_a_shell(void **state)
{
    static const struct {
        const char *input;
        const char *command;
    } cases[] = {
        {"-", "bulk-invite send - --org acme"},
        {"it's a list", "bulk-invite send 'it'\\''s a list' --org acme"},
        {"-list.csv", "bulk-invite send --org acme -- -list.csv"},
        {"", "bulk-invite send '' --org acme"},
    };
    struct options options;

    (void)state;
    assert_loads(&options, "send f --org acme", "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *command = typed_command_send(&options, cases[i].input);

        assert_string_equal(command, cases[i].command);
        free(command);
    }
    options_clear(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_typed_is_typed_again),
        cmocka_unit_test(names_are_quoted_for_a_shell),
    };

    return cmocka_run_group_tests_name("typed_command", tests, NULL, NULL);
}
