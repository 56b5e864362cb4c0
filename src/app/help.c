#include "app/help.h"

#include "app/option_table.h"

#define WIDTH       80
#define HELP_COLUMN 28 /* where an option's sentences start */
#define FEW         16 /* options: all of them fit a screen or two */

void help_print_wrapped(FILE *out, const char *text, int indent, int column)
{
    bool is_line_empty = true;

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

/* The first sentence alone, or all and the default. */
static void print_option(FILE *out, const struct option_spec *option,
                         bool is_whole)
{
    char sentences[512];
    const char *first_end = strstr(option->help, ". ");
    int used = fprintf(out, "  %c%c%c --%s%s%s", option->letter ? '-' : ' ',
                       option->letter ? option->letter : ' ',
                       option->letter ? ',' : ' ', option->name,
                       option->argument ? " " : "",
                       option->argument ? option->argument : "");

    if (used < 0)
        return; /* the caller looks at ferror(out) */
    if (used >= HELP_COLUMN - 1) {
        fputc('\n', out);
        used = 0;
    }
    fprintf(out, "%*s", HELP_COLUMN - used, "");
    if (is_whole && option->default_text)
        snprintf(sentences, sizeof(sentences), "%s (default: %s)", option->help,
                 option->default_text);
    else
        snprintf(sentences, sizeof(sentences), "%.*s",
                 is_whole || !first_end ? -1
                                        : (int)(first_end + 1 - option->help),
                 option->help);
    help_print_wrapped(out, sentences, HELP_COLUMN, HELP_COLUMN);
}

static size_t count_options(enum command command, bool is_common)
{
    size_t count = 0;

    for (size_t i = 0; i < option_count; i++)
        count += option_fits(&option_table[i], command) &&
                 (!is_common || option_table[i].is_common);
    return count;
}

static void print_common(FILE *out, enum command command)
{
    fputc('\n', out);
    for (enum option_group group = 0; group < GROUP_COUNT; group++)
        for (size_t i = 0; i < option_count; i++)
            if (option_table[i].group == group && option_table[i].is_common &&
                option_fits(&option_table[i], command))
                print_option(out, &option_table[i], false);
    fprintf(out, "\n%zu more: bulk-invite %s --help-all, man bulk-invite\n",
            count_options(command, false) - count_options(command, true),
            command_name(command));
}

static void print_groups(FILE *out, enum command command)
{
    for (enum option_group group = 0; group < GROUP_COUNT; group++) {
        bool has_title = false;

        for (size_t i = 0; i < option_count; i++) {
            const struct option_spec *option = &option_table[i];

            if (option->group != group || !option_fits(option, command))
                continue;
            if (!has_title)
                fprintf(out, "\n%s:\n", option_group_title(group));
            has_title = true;
            print_option(out, option, true);
        }
    }
    fputc('\n', out);
    help_print_wrapped(
        out,
        "An option may also be a variable ($BULK_INVITE_BASE_URL for "
        "--base-url) or a key of the config file (base-url = URL); a flag "
        "beats a variable, a variable the config file. Those that decide what "
        "is risked, such as --yes, must be typed. --no-NAME turns a switch "
        "off. man bulk-invite says more.",
        0, 0);
}

static void print_command_help(FILE *out, const struct command_spec *command,
                               bool is_whole)
{
    fprintf(out, "Usage: bulk-invite %s %s\n\n", command->name,
            command->synopsis);
    help_print_wrapped(out, command->help, 0, 0);
    if (command->command == COMMAND_HELP || command->command == COMMAND_VERSION)
        return;
    if (is_whole || count_options(command->command, false) <= FEW)
        print_groups(out, command->command);
    else
        print_common(out, command->command);
}

static void print_overview(FILE *out)
{
    fputs("bulk-invite invites a list of people to an Almanac organization.\n"
          "\n",
          out);
    for (size_t i = 0; i < command_count; i++)
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

void help_print(FILE *out, const char *topic, bool is_whole)
{
    const struct command_spec *command = topic ? command_by_name(topic) : NULL;

    if (command)
        print_command_help(out, command, is_whole);
    else
        print_overview(out);
}
