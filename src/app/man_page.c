/*
 * bulk-invite-man IN OUT: makes bulk-invite.1 at build time. Copies IN (mdoc)
 * and puts the options of option_table where a line says @OPTIONS@, so that the
 * page cannot differ from what the program does.
 */
#include <errno.h>

#include "app/option_table.h"

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

/* What only some of the others take says so; the page is about send. */
static void print_commands(FILE *out, const struct option_spec *option)
{
    const char *lead = "Of the command";

    if (option->commands == 0 || option->commands & FOR_COMMAND(COMMAND_SEND))
        return;
    for (size_t i = 0; i < command_count; i++) {
        if (!(option->commands & FOR_COMMAND(command_table[i].command)))
            continue;
        fprintf(out, "%s\n.Cm %s", lead, command_table[i].name);
        lead = "\nand";
    }
    fputs(" .\n", out);
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
    print_commands(out, option);
    if (option->default_text)
        fprintf(out, "The default is %s.\n", option->default_text);
    if (option->type != OPTION_ACTION && option->sources == 0)
        fputs("Can be given as a flag only.\n", out);
    else if (option->sources == SOURCE_VARIABLE)
        fputs("Has no key in the config file.\n", out);
}

static void print_options(FILE *out)
{
    for (enum option_group group = 0; group < GROUP_COUNT; group++) {
        fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", option_group_title(group));
        for (size_t i = 0; i < option_count; i++)
            if (option_table[i].group == group)
                print_option(out, &option_table[i]);
        fputs(".El\n", out);
    }
}

static void print_line(FILE *out, const char *line)
{
    if (strcmp(line, "@OPTIONS@\n") == 0)
        print_options(out);
    else
        fputs(line, out);
}

static int fail(const char *path)
{
    fprintf(stderr, "bulk-invite-man: %s: %s\n", path, strerror(errno));
    return 1;
}

static int make_page(const char *from, const char *to)
{
    char line[1024];
    int status = 0;
    FILE *in = fopen(from, "re");
    FILE *out = in ? fopen(to, "we") : NULL;

    if (!in || !out) {
        status = fail(in ? to : from);
    } else {
        while (fgets(line, sizeof(line), in))
            print_line(out, line);
        if (ferror(in))
            status = fail(from);
        if (ferror(out))
            status = fail(to);
    }
    if (out && fclose(out) != 0)
        status = fail(to);
    if (in)
        fclose(in);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bulk-invite-man IN OUT\n", stderr);
        return 2;
    }
    return make_page(argv[1], argv[2]);
}
