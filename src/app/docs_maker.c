/*
 * bulk-invite-docs < IN > OUT: fills in what comes from option_table, so that
 * man pages and completions cannot differ from what the program does. Each of
 * the lines @OPTIONS@, @KEYS@ and @CALLS@ stands for one of these; the rest is
 * in docs/man and src/app/completions.
 */
#include <inttypes.h>
#include <string.h>

#include "app/help.h"
#include "app/option_table.h"

/* For mdoc, which wants each sentence on a line of its own, and would make a
 * hyphen of a dash: so those of flags are escaped, of a name all. */
static void print_text(const char *text, bool is_name)
{
    bool is_flag = false;
    char before = ' ';

    for (; *text; before = *text++) {
        if (before == ' ')
            is_flag = *text == '-';
        if (*text == '-' && (is_flag || is_name))
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == ' ' && (before == '.' || before == ':'))
            putchar('\n');
        else
            putchar(*text);
    }
}

/* What both man pages say of an option or key, whose name is printed. */
static void print_item(const struct option_spec *option)
{
    putchar('\n');
    print_text(option->help, false);
    putchar('\n');
    if (option->type == OPTION_COUNT)
        printf("From %" PRIu64 " to %" PRIu64 ".\n", option->min, option->max);
    if (option->default_text) {
        fputs("The default is ", stdout);
        print_text(option->default_text, true);
        puts(".");
    }
}

/* Whose it is, unless of send alone. */
static void print_commands(const struct option_spec *option)
{
    const unsigned all = FOR_COMMAND(COMMAND_CONFIG) - 1; /* before it */
    const char *before = "(";

    if (option->commands == 0 || option->commands == FOR_COMMAND(COMMAND_SEND))
        return;
    if ((option->commands & all) == all) {
        puts("(all commands)");
        return;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (option->commands & FOR_COMMAND(i)) {
            printf("%s%s", before, command_table[i].name);
            before = ", ";
        }
    puts(")");
}

static void print_options(void)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];

        if (option->title)
            printf("%s.Ss %s\n.Bl -tag -width Ds\n", i > 0 ? ".El\n" : "",
                   option->title);
        fputs(".It ", stdout);
        if (option->letter)
            printf("Fl %c , ", option->letter);
        fputs("Fl \\-", stdout);
        print_text(option->name, true);
        if (option->argument)
            printf(" Ar %s", option->argument);
        print_item(option);
        if (option->type != OPTION_ACTION && option->sources == SOURCE_FLAG)
            puts("Can be given as a flag only.");
        else if (option->sources == SOURCE_VARIABLE)
            puts("Has no key in the config file.");
        print_commands(option);
    }
    puts(".El");
}

static void print_keys(void)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];

        if (!(option->sources & SOURCE_CONFIG))
            continue;
        fputs(".It Ic ", stdout);
        print_text(option->name, true);
        printf(" No = Ar %s", option->argument ? option->argument : "yes|no");
        print_item(option);
    }
}

static const char *value_word(const struct option_spec *option)
{
    if (option->type == OPTION_BOOL || option->type == OPTION_ACTION)
        return "none";
    if (option->type == OPTION_PATH)
        return "file";
    if (option->type == OPTION_CHOICE)
        return "choice";
    return strcmp(option->name, "profile") == 0 ? "profile" : "text";
}

/* The first sentence, in quotes that are the same in all three shells. */
static void print_sentence(const char *help)
{
    const char *end = help + help_first_sentence(help);

    fputs(" \"", stdout);
    for (; help < end; help++)
        printf("%s%c", strchr("\\\"$`", *help) ? "\\" : "", *help);
    puts("\"");
}

/* Those that take the option, or all. */
static void print_names(const struct option_spec *option, const char *separator)
{
    const char *before = " \"";

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (option && !option_fits(option, (enum command)i))
            continue;
        printf("%s%s", before, command_table[i].name);
        before = separator;
    }
    putchar('"');
}

/*
 * The commands and options as calls in the words of bash, zsh and fish alike,
 * to functions that each completion defines:
 *   _bulk_invite_command NAME VALUE ARGUMENT HELP
 *   _bulk_invite_option COMMANDS NAME LETTER VALUE ARGUMENT HELP
 * VALUE is none, text, file, profile or choice (of the words of ARGUMENT, with
 * "|" between them): of the option, or of the command's operand.
 */
static void print_calls(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct option_spec *operand = &command_table[i].operand;

        printf("_bulk_invite_command %s", command_table[i].name);
        if (i == COMMAND_HELP) {
            fputs(" choice", stdout);
            print_names(NULL, "|");
        } else if (!operand->name) {
            fputs(" none \"\"", stdout);
        } else {
            printf(" %s \"%s\"", value_word(operand),
                   operand->argument ? operand->argument : operand->name);
        }
        print_sentence(command_table[i].help);
    }
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        char letter[] = {option->letter, '\0'};

        fputs("_bulk_invite_option", stdout);
        print_names(option, " ");
        printf(" %s \"%s\" %s \"%s\"", option->name, letter, value_word(option),
               option->argument ? option->argument : "");
        print_sentence(option->help);
    }
}

int main(void)
{
    char line[1024];

    while (fgets(line, sizeof(line), stdin))
        if (strcmp(line, "@OPTIONS@\n") == 0)
            print_options();
        else if (strcmp(line, "@KEYS@\n") == 0)
            print_keys();
        else if (strcmp(line, "@CALLS@\n") == 0)
            print_calls();
        else
            fputs(line, stdout);
    return ferror(stdin) || fflush(stdout) != 0 || ferror(stdout);
}
