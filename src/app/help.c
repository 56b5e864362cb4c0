#include "app/help.h"

#include <string.h>

#include "app/option_table.h"

#define WIDTH       80
#define HELP_COLUMN 28 /* where an option's sentences start */
#define FEW         16 /* options: all of them fit a screen or two */

void help_print_wrapped(FILE *out, const char *text, int indent)
{
    bool is_line_empty = true;
    int column = indent;

    while (*text) {
        int len = (int)strcspn(text, " ");

        if (!is_line_empty && column + 1 + len > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            is_line_empty = true;
        }
        fprintf(out, "%s%.*s", is_line_empty ? "" : " ", len, text);
        column += len + !is_line_empty;
        is_line_empty = false;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

int help_first_sentence(const char *help)
{
    const char *end = strstr(help, ". ");

    return end ? (int)(end - help) : (int)strlen(help) - 1;
}

/* With all sentences and the default, or with the first sentence. */
static void print_option(FILE *out, const struct option_spec *option,
                         bool is_whole)
{
    char letter[] = {'-', option->letter, ',', '\0'};
    char flag[128], help[512];
    const char *argument = option->argument ? option->argument : "";
    const char *default_text = is_whole ? option->default_text : NULL;
    int len = is_whole ? (int)strlen(option->help)
                       : help_first_sentence(option->help) + 1;

    snprintf(flag, sizeof(flag), "  %3s --%s%s%s", option->letter ? letter : "",
             option->name, *argument ? " " : "", argument);
    snprintf(help, sizeof(help), "%.*s%s%s%s", len, option->help,
             default_text ? " (default: " : "",
             default_text ? default_text : "", default_text ? ")" : "");
    if (strlen(flag) < HELP_COLUMN - 1)
        fprintf(out, "%-*s", HELP_COLUMN, flag);
    else
        fprintf(out, "%s\n%*s", flag, HELP_COLUMN, "");
    help_print_wrapped(out, help, HELP_COLUMN);
}

static size_t count_options(enum command command)
{
    size_t count = 0;

    for (size_t i = 0; i < option_count; i++)
        count += option_fits(&option_table[i], command);
    return count;
}

/* Returns how many it left out. */
static size_t print_options(FILE *out, enum command command, bool is_whole)
{
    const char *title = NULL;
    size_t left_out = 0;

    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];

        if (option->title)
            title = option->title;
        if (!option_fits(option, command))
            continue;
        if (!is_whole && !option->is_common) {
            left_out++;
            continue;
        }
        if (is_whole && title)
            fprintf(out, "\n%s:\n", title);
        title = NULL;
        print_option(out, option, is_whole);
    }
    return left_out;
}

static void print_command_help(FILE *out, const struct command_spec *command,
                               bool is_whole)
{
    enum command number = (enum command)(command - command_table);

    fprintf(out, "Usage: bulk-invite %s %s\n\n%s\n", command->name,
            command->synopsis, command->help);
    if (number == COMMAND_HELP || number == COMMAND_VERSION)
        return;
    if (!is_whole && count_options(number) > FEW) {
        fputc('\n', out);
        size_t left_out = print_options(out, number, false);
        fprintf(out, "\n%zu more: bulk-invite %s --help-all, man bulk-invite\n",
                left_out, command->name);
        return;
    }
    print_options(out, number, true);
    fputc('\n', out);
    help_print_wrapped(
        out,
        "An option may also be a variable ($BULK_INVITE_BASE_URL for "
        "--base-url) or a key of the config file (base-url = URL); a flag "
        "beats a variable, a variable the config file. Those that decide what "
        "is risked, such as --yes, must be typed. --no-NAME turns a switch "
        "off. man bulk-invite says more.",
        0);
}

static void print_overview(FILE *out)
{
    fputs("bulk-invite invites a list of people to an Almanac organization.\n"
          "\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s%s\n", command_table[i].name,
                command_table[i].help);
    fputs("\n"
          "Rehearse it; nobody gets an e-mail:\n"
          "  bulk-invite send team.csv --sandbox\n"
          "Invite the people in team.csv (a header with email and role, then "
          "a row each):\n"
          "  export BULK_INVITE_TOKEN=...\n"
          "  bulk-invite send team.csv --org ORG\n"
          "What became of every row is then in team.csv.report.csv. The same "
          "command again\n"
          "sends only what is still owed.\n"
          "\n"
          "bulk-invite COMMAND --help lists its options, man bulk-invite "
          "explains them.\n",
          out);
}

void help_print(FILE *out, const struct command_spec *topic, bool is_whole)
{
    if (topic)
        print_command_help(out, topic, is_whole);
    else
        print_overview(out);
}
