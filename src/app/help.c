#include <ctype.h>

#include "app/option_table.h"
#include "app/options.h"

#define WIDTH       80
#define HELP_COLUMN 28 /* where an option's sentences start */

/* Words of `text` from `column` on; following lines start at `indent`. */
static void print_wrapped(FILE *out, const char *text, int indent, int column)
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

static void print_option(FILE *out, const struct option_spec *option)
{
    char sentences[512];
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
    snprintf(sentences, sizeof(sentences), "%s%s%s%s", option->help,
             option->default_text ? " (default: " : "",
             option->default_text ? option->default_text : "",
             option->default_text ? ")" : "");
    print_wrapped(out, sentences, HELP_COLUMN, HELP_COLUMN);
}

static bool is_taken_by(const struct option_spec *option, enum command command)
{
    return option->commands == 0 || (option->commands & FOR_COMMAND(command));
}

static void print_groups(FILE *out, enum command command)
{
    for (enum option_group group = 0; group < GROUP_COUNT; group++) {
        bool has_title = false;

        for (size_t i = 0; i < option_count; i++) {
            const struct option_spec *option = &option_table[i];

            if (option->group != group || !is_taken_by(option, command))
                continue;
            if (!has_title)
                fprintf(out, "\n%s:\n", option_group_title(group));
            has_title = true;
            print_option(out, option);
        }
    }
}

static void print_command_help(FILE *out, const struct command_spec *command)
{
    fprintf(out, "Usage: bulk-invite %s %s\n\n", command->name,
            command->synopsis);
    print_wrapped(out, command->help, 0, 0);
    if (command->command == COMMAND_HELP || command->command == COMMAND_VERSION)
        return;
    print_groups(out, command->command);
    fputc('\n', out);
    print_wrapped(out,
                  "An option may also be a variable ($BULK_INVITE_BASE_URL "
                  "for --base-url) or a key of the config file (base-url = "
                  "URL); a flag beats a variable, a variable the config file. "
                  "Those that decide what is risked, such as --yes, must be "
                  "typed. --no-NAME turns a switch off. man bulk-invite says "
                  "more.",
                  0, 0);
}

static void print_overview(FILE *out)
{
    fputs("bulk-invite invites a list of people to an Almanac organization.\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-10s%s\n", command_table[i].name,
                command_table[i].help);
    fputs("\n"
          "Try it without sending anything to anyone:\n"
          "  bulk-invite send team.csv --sandbox\n"
          "\n"
          "Invite the people in team.csv (a header with email and role, then "
          "a row each):\n"
          "  export BULK_INVITE_TOKEN=...\n"
          "  bulk-invite send team.csv --org ORG\n"
          "\n"
          "What became of every row is then in team.csv.report.csv, and who "
          "was invited is\n"
          "remembered: the same command again sends only what is still owed.\n"
          "\n"
          "bulk-invite COMMAND --help lists the options, man bulk-invite "
          "explains them.\n",
          out);
}

void options_print_help(FILE *out, const char *topic)
{
    const struct command_spec *command = topic ? command_by_name(topic) : NULL;

    if (command)
        print_command_help(out, command);
    else
        print_overview(out);
}
