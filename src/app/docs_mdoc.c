#include "app/docs_maker.h"

#include <inttypes.h>

#define WIDTH 72 /* of the text lines written here */

/* A hyphen would become a typographic one where a minus is meant. */
static void print_word(FILE *out, const char *word, size_t len)
{
    bool is_flag = true; /* still in the dashes a word starts with */

    for (size_t i = 0; i < len; i++) {
        is_flag = is_flag && word[i] == '-';
        if (word[i] == '\\')
            fputs("\\e", out);
        else if (is_flag || (word[i] == '-' && word[0] == '-'))
            fputs("\\-", out);
        else
            fputc(word[i], out);
    }
}

static bool ends_sentence(const char *word, size_t len)
{
    return len > 1 && (word[len - 1] == '.' || word[len - 1] == ':');
}

/* Returns the column that comes next. */
static size_t end_line(FILE *out)
{
    fputc('\n', out);
    return 0;
}

/* Words in lines, each sentence on a new one, as mdoc wants it. */
static void print_text(FILE *out, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (column > 0 && column + 1 + len > WIDTH)
            column = end_line(out);
        if (column > 0)
            fputc(' ', out);
        else if (*text == '.' || *text == '\'')
            fputs("\\&", out);
        print_word(out, text, len);
        column += 1 + len;
        if (ends_sentence(text, len))
            column = end_line(out);
        text += len;
        text += strspn(text, " ");
    }
    if (column > 0)
        end_line(out);
}

/* A name as a macro's argument, each dash a minus. */
static void print_name(FILE *out, const char *name)
{
    for (; *name; name++)
        if (*name == '-')
            fputs("\\-", out);
        else
            fputc(*name, out);
}

/* Whose it is, unless of send alone. */
static void print_commands(FILE *out, const struct option_spec *option)
{
    const unsigned all = FOR_COMMAND(COMMAND_CONFIG) - 1; /* before it */
    const char *before = "(";

    if (option->commands == 0 || option->commands == FOR_COMMAND(COMMAND_SEND))
        return;
    if ((option->commands & all) == all) {
        fputs("(all commands)\n", out);
        return;
    }
    for (size_t i = 0; i < command_count; i++)
        if (option->commands & FOR_COMMAND(command_table[i].command)) {
            fprintf(out, "%s%s", before, command_table[i].name);
            before = ", ";
        }
    fputs(")\n", out);
}

static void print_option(FILE *out, const struct option_spec *option)
{
    fputs(".It ", out);
    if (option->letter)
        fprintf(out, "Fl %c , ", option->letter);
    fputs("Fl \\-", out);
    print_name(out, option->name);
    if (option->argument)
        fprintf(out, " Ar %s", option->argument);
    fputc('\n', out);
    print_text(out, option->help);
    if (option->default_text)
        fprintf(out, "The default is %s.\n", option->default_text);
    if (option->type != OPTION_ACTION && option->sources == 0)
        fputs("Can be given as a flag only.\n", out);
    else if (option->sources == SOURCE_VARIABLE)
        fputs("Has no key in the config file.\n", out);
    print_commands(out, option);
}

void mdoc_options(FILE *out)
{
    for (enum option_group group = 0; group < GROUP_COUNT; group++) {
        fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", option_group_title(group));
        for (size_t i = 0; i < option_count; i++)
            if (option_table[i].group == group)
                print_option(out, &option_table[i]);
        fputs(".El\n", out);
    }
}

static const char *const type_words[] = {
    [OPTION_TEXT] = "text",
    [OPTION_PATH] = "path",
    [OPTION_CHOICE] = "one of these words",
    [OPTION_BOOL] = "yes or no",
    [OPTION_COUNT] = "number",
    [OPTION_DURATION] = "time",
    [OPTION_TIME] = "date",
    [OPTION_RATE] = "rate",
    [OPTION_SHARE] = "number or percentage",
};

static void print_type(FILE *out, const struct option_spec *option)
{
    fprintf(out, "Type: %s", type_words[option->type]);
    if (option->type == OPTION_COUNT)
        fprintf(out, " from %" PRIu64, option->min);
    if (option->type == OPTION_COUNT && option->max < UINT64_MAX - 1)
        fprintf(out, " to %" PRIu64, option->max);
    if (option->default_text)
        fprintf(out, "; default: %s", option->default_text);
    fputs(".\n", out);
}

void mdoc_keys(FILE *out)
{
    for (enum option_group group = 0; group < GROUP_COUNT; group++)
        for (size_t i = 0; i < option_count; i++) {
            const struct option_spec *option = &option_table[i];

            if (option->group != group || !(option->sources & SOURCE_CONFIG))
                continue;
            fputs(".It Ic ", out);
            print_name(out, option->name);
            fprintf(out, " No = Ar %s\n",
                    option->argument ? option->argument : "yes|no");
            print_text(out, option->help);
            print_type(out, option);
        }
}
