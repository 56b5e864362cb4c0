/* The options of the commands that work on the ledger alone. */
#include "load_options.h"

#include "app/help.h"
#include "base/clock.h"

static void each_command_has_its_operand(void **state)
{
    static const struct {
        const char *args;
        enum command command;
        const char *input;
        const char *email;
        uint64_t run;
    } cases[] = {
        {"status --org a", COMMAND_STATUS, NULL, NULL, 0},
        {"report --org a", COMMAND_REPORT, NULL, NULL, 0},
        {"report 7 --org a", COMMAND_REPORT, NULL, NULL, 7},
        {"--org a report 7 -o x", COMMAND_REPORT, NULL, NULL, 7},
        {"resolve a@x.org --invited --org a", COMMAND_RESOLVE, NULL, "a@x.org",
         0},
        {"resolve --not-sent a@x.org --org a", COMMAND_RESOLVE, NULL, "a@x.org",
         0},
        {"forget a@x.org --org a", COMMAND_FORGET, NULL, "a@x.org", 0},
        {"forget --before 2026-11-01 --org a", COMMAND_FORGET, NULL, NULL, 0},
        {"import r.csv --org a", COMMAND_IMPORT, "r.csv", NULL, 0},
        {"import - --format jsonl --org a", COMMAND_IMPORT, "-", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;
        assert_loads(&options, cases[i].args, "");
        assert_int_equal(options.command, cases[i].command);
        assert_int_equal(options.run, cases[i].run);
        assert_int_equal(options.input != NULL, cases[i].input != NULL);
        if (cases[i].input)
            assert_string_equal(options.input, cases[i].input);
        assert_int_equal(options.person != NULL, cases[i].email != NULL);
        if (cases[i].email)
            assert_string_equal(options.person, cases[i].email);
        assert_string_equal(options.org, "a");
        assert_non_null(options.base_url);
        options_clear(&options);
    }
}

static void values_and_defaults_are_those_of_the_table(void **state)
{
    struct options options;
    (void)state;
    assert_loads(&options, "status --org a", "");
    assert_int_equal(options.within_us, 72 * US_PER_HOUR);
    assert_false(options.json);
    assert_null(options.output);
    assert_null(options.format);
    assert_true(options.before_s == INT64_MIN);
    options_clear(&options);
    assert_loads(&options, "status --org a --within 12h --json", "");
    assert_int_equal(options.within_us, 12 * US_PER_HOUR);
    assert_true(options.json);
    options_clear(&options);
    assert_loads(&options, "report -ox.csv --format csv --org a", "");
    assert_string_equal(options.output, "x.csv");
    assert_string_equal(options.format, "csv");
    options_clear(&options);
    assert_loads(&options, "forget --before 1970-01-02 -y --org a", "");
    assert_int_equal(options.before_s, 86400);
    assert_true(options.yes);
    options_clear(&options);
}

/* Who names a ledger by a flag is not held to what stands elsewhere. */
static void a_named_ledger_says_itself_whose_it_is(void **state)
{
    static const struct {
        const char *args;
        const char *variable;
        const char *org;
        bool has_base_url;
    } cases[] = {
        {"status --ledger f", "", NULL, false},
        {"status --ledger f", "BULK_INVITE_ORG=a", NULL, false},
        {"status --ledger f --org a", "", "a", true},
        {"status --ledger f --base-url http://h", "", NULL, true},
        {"status --ledger f", "BULK_INVITE_BASE_URL=http://h", NULL, false},
        {"status --org a", "BULK_INVITE_LEDGER=f", "a", true},
        {"status", "BULK_INVITE_ORG=a", "a", true},
        {"status", "BULK_INVITE_LEDGER=f", NULL, false},
        {"resolve a@x.org --invited --ledger f", "BULK_INVITE_ORG=a", NULL,
         false},
        /* It may be a new one. */
        {"import r --ledger f", "BULK_INVITE_ORG=a", "a", true},
        {"import r --ledger f", "", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;
        assert_loads(&options, cases[i].args, cases[i].variable);
        assert_int_equal(options.org != NULL, cases[i].org != NULL);
        if (cases[i].org)
            assert_string_equal(options.org, cases[i].org);
        assert_int_equal(options.base_url != NULL, cases[i].has_base_url);
        options_clear(&options);
    }
}

static void wrong_command_lines_are_told_the_way_out(void **state)
{
    static const struct {
        const char *args;
        const char *message;
    } cases[] = {
        {"status", "whose ledger? --org ORG finds the one of an organization "
                   "(or set $BULK_INVITE_ORG, or org in the config file), "
                   "--ledger FILE names the file itself"},
        {"status x --org a",
         "x is one argument too many for bulk-invite status"},
        {"status --org a --rate 1/s",
         "bulk-invite status does not take --rate"},
        {"status --org a --lock-wait 1s",
         "bulk-invite status does not take --lock-wait"},
        {"report x --org a", "RUN: \"x\" is not a whole number"},
        {"report 0 --org a", "RUN: \"0\" is out of range; 1 to "
                             "9223372036854775807 are possible"},
        {"report 1 2 --org a", "one RUN at a time: 2 is a second one, after 1"},
        {"report --format xml --org a",
         "--format: \"xml\" is none of csv|jsonl"},
        {"resolve --invited --org a",
         "which EMAIL? bulk-invite status lists the people of whom nobody can "
         "tell whether they were invited"},
        {"resolve a@x.org --org a",
         "what became of this person? Say one of --invited and --not-sent"},
        {"resolve a@x.org --invited --not-sent --org a",
         "what became of this person? Say one of --invited and --not-sent, not "
         "both"},
        {"resolve a@x.org --invited --no-invited --org a",
         "what became of this person? Say one of --invited and --not-sent"},
        {"resolve a@x.org b@x.org --invited --org a",
         "one EMAIL at a time: b@x.org is a second one, after a@x.org"},
        {"resolve a\xFF@x.org --invited --org a",
         "EMAIL: \"a\xFF@x.org\" is not UTF-8"},
        {"resolve nobody --invited --org a",
         "EMAIL: \"nobody\" is not an e-mail address"},
        {"forget --org a", "whom? Say one of EMAIL and --before DATE"},
        {"forget a@x.org --before 2026-11-01 --org a",
         "whom? Say one of EMAIL and --before DATE"},
        {"forget --before soon --org a",
         "--before: \"soon\" is not a time; write it like 2026-11-01 or "
         "2026-11-01T12:00:00Z (UTC)"},
        {"import --org a",
         "which REPORT? bulk-invite import team.csv.report.csv --org ORG takes "
         "over whom it calls invited, already_invited or unknown"},
        {"import a b --org a", "one REPORT at a time: b is a second one, "
                               "after a"},
        {"repotr", "unknown command repotr; did you mean report?"},
        {"resolve -x",
         "unknown flag -x; bulk-invite resolve --help-all lists them "
         "(for a file of that name: -- -x)"},
        {"send f --org a --invited", "bulk-invite send does not take "
                                     "--invited"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_fails(cases[i].args, "", cases[i].message);
}

static void what_settles_or_erases_must_be_typed(void **state)
{
    static const char *const cases[] = {"INVITED", "NOT_SENT", "BEFORE",
                                        "RETRY_UNKNOWN", "YES"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct options options;
        struct error err = ERROR_INIT;
        char variable[64];
        snprintf(variable, sizeof(variable), "BULK_INVITE_%s=1", cases[i]);
        assert_int_equal(load(&options, "status --org a", variable, &err),
                         ERROR_USAGE);
        assert_non_null(strstr(err.text, "has no effect"));
    }
}

static void every_command_can_be_helped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_spec *command = &command_table[i];
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        help_print(out, command, true);
        assert_int_equal(fclose(out), 0);
        assert_non_null(strstr(text, command->help));
        if (command->operand.name)
            assert_non_null(
                strstr(command->synopsis, command->operand.argument
                                              ? command->operand.argument
                                              : command->operand.name));
        assert_ptr_equal(command_by_name(command->name), command);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_has_its_operand),
        cmocka_unit_test(values_and_defaults_are_those_of_the_table),
        cmocka_unit_test(a_named_ledger_says_itself_whose_it_is),
        cmocka_unit_test(wrong_command_lines_are_told_the_way_out),
        cmocka_unit_test(what_settles_or_erases_must_be_typed),
        cmocka_unit_test(every_command_can_be_helped),
    };
    return cmocka_run_group_tests_name("options_books", tests, NULL, NULL);
}
