#include "app/docs_maker.h"

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

/* The first sentence, without its point, in quotes that are the same in all
 * three shells. */
static void print_sentence(FILE *out, const char *help)
{
    const char *end = strstr(help, ". ");

    if (!end)
        end = help + strlen(help) - 1;
    fputs(" \"", out);
    for (; help < end; help++)
        fprintf(out, "%s%c", strchr("\\\"$`", *help) ? "\\" : "", *help);
    fputs("\"\n", out);
}

static void print_commands(FILE *out, const struct option_spec *option,
                           const char *separator)
{
    const char *before = " \"";

    for (size_t i = 0; i < command_count; i++) {
        if (option && !option_fits(option, command_table[i].command))
            continue;
        fprintf(out, "%s%s", before, command_table[i].name);
        before = separator;
    }
    fputc('"', out);
}

static void print_command(FILE *out, const struct command_spec *command)
{
    const struct option_spec *operand = &command->operand;

    fprintf(out, "_bulk_invite_command %s", command->name);
    if (command->command == COMMAND_HELP) {
        fputs(" choice", out);
        print_commands(out, NULL, "|");
    } else if (!operand->name) {
        fputs(" none \"\"", out);
    } else {
        fprintf(out, " %s \"%s\"", value_word(operand),
                operand->argument ? operand->argument : operand->name);
    }
    print_sentence(out, command->help);
}

void shell_calls(FILE *out)
{
    for (size_t i = 0; i < command_count; i++)
        print_command(out, &command_table[i]);
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        char letter[] = {option->letter, '\0'};

        fputs("_bulk_invite_option", out);
        print_commands(out, option, " ");
        fprintf(out, " %s \"%s\" %s \"%s\"", option->name, letter,
                value_word(option), option->argument ? option->argument : "");
        print_sentence(out, option->help);
    }
}
