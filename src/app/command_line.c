#include "app/command_line.h"

#include <string.h>

#include "app/option_table.h"
#include "app/values.h"

struct reader {
    struct options *options;
    char **next; /* the argument to read next */
    const char *operand;
    bool has_command;
    bool is_done; /* --help or --version was there */
    struct error *err;
};

static enum error_kind unknown_flag(struct reader *reader, const char *name)
{
    const char *nearest = option_nearest(name, SOURCE_FLAG);

    if (strcmp(name, "token") == 0)
        return error_set(reader->err, ERROR_USAGE,
                         "there is no --token: every user of this machine can "
                         "see the arguments of a program; put the token into "
                         "$BULK_INVITE_TOKEN, or into a file only you can read "
                         "and name it with --token-file");
    if (nearest)
        return error_set(reader->err, ERROR_USAGE,
                         "unknown flag --%s; did you mean --%s?", name,
                         nearest);
    return error_set(reader->err, ERROR_USAGE,
                     "unknown flag --%s; bulk-invite %s --help-all lists them",
                     name, command_table[reader->options->command].name);
}

static void act(struct reader *reader, const struct option_spec *option)
{
    struct options *options = reader->options;
    bool is_version = strcmp(option->name, "version") == 0;

    if (reader->has_command && !is_version)
        options->topic = &command_table[options->command];
    options->is_help_whole = strcmp(option->name, "help-all") == 0;
    options->command = is_version ? COMMAND_VERSION : COMMAND_HELP;
    reader->is_done = true;
}

/* Of "name=value"; puts the name into `name` and may return NULL. */
static const struct option_spec *find_long(const char *arg,
                                           char name[OPTION_NAME_SIZE])
{
    snprintf(name, OPTION_NAME_SIZE, "%.*s", (int)strcspn(arg, "="), arg);
    return option_by_name(name);
}

static bool is_flag(const char *arg)
{
    char name[OPTION_NAME_SIZE];

    if (arg[0] != '-')
        return false;
    if (arg[1] == '-')
        return find_long(arg + 2, name);
    return arg[1] && !arg[2] && option_by_letter(arg[1]);
}

/* With `value`, or the argument behind the flag; the next flag is not taken
 * for one. */
static enum error_kind take_flag(struct reader *reader,
                                 const struct option_spec *option,
                                 const char *value)
{
    if (option->type == OPTION_ACTION) {
        act(reader, option);
        return ERROR_NONE;
    }
    if (!value && option->type == OPTION_BOOL)
        value = "true";
    if (!value && *reader->next && !is_flag(*reader->next))
        value = *reader->next++;
    if (!value)
        return error_set(reader->err, ERROR_USAGE,
                         "--%s needs a value: --%s %s", option->name,
                         option->name, option->argument);
    reader->options->origins[option_index(option)] =
        (struct option_origin){.place = PLACE_FLAG, .text = value};
    return ERROR_NONE;
}

/* What is behind "--". */
static enum error_kind take_long(struct reader *reader, const char *arg)
{
    char name[OPTION_NAME_SIZE];
    const struct option_spec *option = find_long(arg, name);
    const char *equals = strchr(arg, '=');
    bool is_negated = !option && strncmp(name, "no-", 3) == 0;
    if (is_negated)
        option = option_by_name(name + 3);
    if (!option || (is_negated && option->type != OPTION_BOOL))
        return unknown_flag(reader, name);
    if (equals && (is_negated || option->type == OPTION_ACTION))
        return error_set(reader->err, ERROR_USAGE, "--%s takes no value", name);
    if (is_negated)
        return take_flag(reader, option, "false");
    return take_flag(reader, option, equals ? equals + 1 : NULL);
}

/* "-yv": letters one by one; a letter with a value takes the rest. */
static enum error_kind take_letters(struct reader *reader, const char *arg)
{
    for (const char *letter = arg + 1; *letter && !reader->is_done; letter++) {
        const struct option_spec *option = option_by_letter(*letter);

        if (!option)
            return error_set(
                reader->err, ERROR_USAGE,
                "unknown flag -%c; bulk-invite %s --help-all lists "
                "them (for a file of that name: -- %s)",
                *letter, command_table[reader->options->command].name, arg);
        bool takes_rest = option->argument && letter[1];
        if (take_flag(reader, option, takes_rest ? letter + 1 : NULL))
            return reader->err->kind;
        if (takes_rest)
            break;
    }
    return ERROR_NONE;
}

static enum error_kind unknown_command(struct reader *reader, const char *word)
{
    const char *nearest = command_nearest(word);

    if (nearest)
        return error_set(reader->err, ERROR_USAGE,
                         "unknown command %s; did you mean %s?", word, nearest);
    if (strcmp(word, "-") == 0 || strpbrk(word, "./"))
        return error_set(reader->err, ERROR_USAGE,
                         "%s is not a command; to invite the people in it: "
                         "bulk-invite send %s --org ORG",
                         word, word);
    return error_set(reader->err, ERROR_USAGE,
                     "unknown command %s; bulk-invite --help lists them", word);
}

static enum error_kind take_word(struct reader *reader, const char *word)
{
    struct options *options = reader->options;
    const struct command_spec *command = command_by_name(word);
    const char *operand = command_table[options->command].operand.name;
    bool is_topic = reader->has_command && options->command == COMMAND_HELP &&
                    !options->topic;

    if (!command && (is_topic || !reader->has_command))
        return unknown_command(reader, word);
    if (!reader->has_command) {
        options->command = (enum command)(command - command_table);
        reader->has_command = true;
    } else if (is_topic) {
        options->topic = command;
    } else if (!operand) {
        return error_set(reader->err, ERROR_USAGE,
                         "%s is one argument too many for bulk-invite %s", word,
                         command_table[options->command].name);
    } else if (reader->operand) {
        return error_set(reader->err, ERROR_USAGE,
                         "one %s at a time: %s is a second one, after %s",
                         operand, word, reader->operand);
    } else {
        reader->operand = word;
    }
    return ERROR_NONE;
}

static enum error_kind take_words(struct reader *reader)
{
    bool are_flags_over = false;
    enum error_kind kind = ERROR_NONE;

    while (!kind && !reader->is_done && *reader->next) {
        const char *arg = *reader->next++;

        if (are_flags_over || arg[0] != '-' || arg[1] == '\0')
            kind = take_word(reader, arg);
        else if (strcmp(arg, "--") == 0)
            are_flags_over = true;
        else if (arg[1] == '-')
            kind = take_long(reader, arg + 2);
        else
            kind = take_letters(reader, arg);
    }
    return kind;
}

/* Flags may stand before the command, so this comes last. */
static enum error_kind set_values(struct reader *reader)
{
    struct options *options = reader->options;
    const struct command_spec *command = &command_table[options->command];

    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        const char *text = options->origins[i].text;

        if (text && !option_fits(option, options->command))
            return error_set(reader->err, ERROR_USAGE,
                             "bulk-invite %s does not take --%s", command->name,
                             option->name);
        if (text && value_parse(option, text, options, reader->err))
            return error_prefix(reader->err, "--%s", option->name);
    }
    if (reader->operand && *reader->operand) {
        if (value_parse(&command->operand, reader->operand, options,
                        reader->err))
            return error_prefix(reader->err, "%s", command->operand.name);
    } else if (command->operand_missing) {
        return error_set(reader->err, ERROR_USAGE, "%s",
                         command->operand_missing);
    }
    return ERROR_NONE;
}

enum error_kind command_line_parse(struct options *options, char **argv,
                                   struct error *err)
{
    struct reader reader = {.options = options, .next = argv, .err = err};

    if (*reader.next)
        options->program = *reader.next++;
    if (take_words(&reader) || reader.is_done)
        return err->kind;
    if (!reader.has_command)
        return error_set(err, ERROR_USAGE,
                         "what is to be done? bulk-invite send FILE --org ORG "
                         "invites people; bulk-invite --help says more");
    return set_values(&reader);
}
