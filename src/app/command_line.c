#include "app/command_line.h"

#include <stdbool.h>

#include "app/option_table.h"

struct reader {
    struct command_line *line;
    int argc;
    char **argv;
    int at; /* the argument to read next */
    bool has_command;
    bool is_done; /* --help or --version was there */
    struct error *err;
};

/* A flag as the user wrote it, for messages: without its value. */
struct flag {
    const char *text;
    int len;
};

/* The command whose help would help. */
static const char *help_topic(const struct reader *reader)
{
    return command_name(reader->has_command ? reader->line->command
                                            : COMMAND_SEND);
}

static enum error_kind unknown_flag(struct reader *reader, struct flag flag)
{
    char name[64];

    snprintf(name, sizeof(name), "%.*s", flag.len - 2, flag.text + 2);
    if (strcmp(name, "token") == 0)
        return error_set(reader->err, ERROR_USAGE,
                         "there is no --token: every user of this machine can "
                         "see the arguments of a program; put the token into "
                         "$BULK_INVITE_TOKEN, or into a file only you can read "
                         "and name it with --token-file");

    const char *nearest = option_nearest(name, 0);
    if (nearest)
        return error_set(reader->err, ERROR_USAGE,
                         "unknown flag %.*s; did you mean --%s?", flag.len,
                         flag.text, nearest);
    return error_set(reader->err, ERROR_USAGE,
                     "unknown flag %.*s; bulk-invite %s --help-all lists them",
                     flag.len, flag.text, help_topic(reader));
}

static void act(struct reader *reader, const struct option_spec *option)
{
    struct command_line *line = reader->line;

    if (strcmp(option->name, "version") == 0) {
        line->command = COMMAND_VERSION;
    } else {
        line->topic = reader->has_command ? command_name(line->command) : NULL;
        line->is_help_whole = strcmp(option->name, "help-all") == 0;
        line->command = COMMAND_HELP;
    }
    reader->has_command = true;
    reader->is_done = true;
}

static bool looks_like_flag(const char *arg)
{
    if (arg[0] != '-' || arg[1] == '\0')
        return false;
    if (arg[1] != '-')
        return arg[2] == '\0' && option_by_letter(arg[1]);
    return option_by_name(arg + 2, strcspn(arg + 2, "="));
}

/* The argument after a flag; the next flag is not taken for it. */
static enum error_kind take_value(struct reader *reader,
                                  const struct option_spec *option,
                                  const char **value)
{
    *value = NULL;
    if (reader->at < reader->argc && !looks_like_flag(reader->argv[reader->at]))
        *value = reader->argv[reader->at++];
    if (!*value)
        return error_set(reader->err, ERROR_USAGE,
                         "--%s needs a value: --%s %s", option->name,
                         option->name, option->argument);
    return ERROR_NONE;
}

static enum error_kind take_long(struct reader *reader, const char *arg)
{
    size_t len = strcspn(arg + 2, "=");
    const char *name = arg + 2;
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct flag flag = {arg, (int)len + 2};
    const struct option_spec *option = option_by_name(name, len);
    bool is_negated = false;

    if (!option && len > 3 && memcmp(name, "no-", 3) == 0) {
        option = option_by_name(name + 3, len - 3);
        is_negated = option != NULL;
    }
    if (!option || (is_negated && option->type != OPTION_BOOL))
        return unknown_flag(reader, flag);
    if (value && (is_negated || option->type == OPTION_ACTION))
        return error_set(reader->err, ERROR_USAGE, "%.*s takes no value",
                         flag.len, flag.text);
    if (option->type == OPTION_ACTION) {
        act(reader, option);
        return ERROR_NONE;
    }
    if (option->type == OPTION_BOOL && !value)
        value = is_negated ? "false" : "true";
    if (!value && take_value(reader, option, &value))
        return reader->err->kind;
    reader->line->given[option_index(option)] = value;
    return ERROR_NONE;
}

/* "-yv": letters one by one; a letter with a value takes the rest. */
static enum error_kind take_letters(struct reader *reader, const char *arg)
{
    for (const char *letter = arg + 1; *letter && !reader->is_done; letter++) {
        const struct option_spec *option = option_by_letter(*letter);
        const char *value = "true";

        if (!option)
            return error_set(
                reader->err, ERROR_USAGE,
                "unknown flag -%c; bulk-invite %s --help-all lists "
                "them (for a file of that name: -- %s)",
                *letter, help_topic(reader), arg);
        if (option->type == OPTION_ACTION) {
            act(reader, option);
            continue;
        }
        if (option->type != OPTION_BOOL && letter[1])
            value = letter + 1;
        else if (option->type != OPTION_BOOL &&
                 take_value(reader, option, &value))
            return reader->err->kind;
        reader->line->given[option_index(option)] = value;
        if (option->type != OPTION_BOOL)
            break;
    }
    return ERROR_NONE;
}

static enum error_kind unknown_command(struct reader *reader, const char *arg)
{
    const char *nearest = command_nearest(arg);

    if (nearest)
        return error_set(reader->err, ERROR_USAGE,
                         "unknown command %s; did you mean %s?", arg, nearest);
    if (strcmp(arg, "-") == 0 || strpbrk(arg, "./"))
        return error_set(reader->err, ERROR_USAGE,
                         "%s is not a command; to invite the people in it: "
                         "bulk-invite send %s --org ORG",
                         arg, arg);
    return error_set(reader->err, ERROR_USAGE,
                     "unknown command %s; bulk-invite --help lists them", arg);
}

static enum error_kind take_word(struct reader *reader, const char *arg)
{
    struct command_line *line = reader->line;

    if (!reader->has_command) {
        const struct command_spec *command = command_by_name(arg);

        if (!command)
            return unknown_command(reader, arg);
        line->command = command->command;
        reader->has_command = true;
        return ERROR_NONE;
    }
    const char *operand = command_spec_of(line->command)->operand.name;

    if (operand && !line->operand) {
        line->operand = arg;
        return ERROR_NONE;
    }
    if (operand)
        return error_set(reader->err, ERROR_USAGE,
                         "one %s at a time: %s is a second one, after %s",
                         operand, arg, line->operand);
    if (line->command == COMMAND_HELP && !line->topic) {
        const struct command_spec *command = command_by_name(arg);

        if (!command)
            return unknown_command(reader, arg);
        line->topic = command->name;
        return ERROR_NONE;
    }
    return error_set(reader->err, ERROR_USAGE,
                     "%s is one argument too many for bulk-invite %s", arg,
                     command_name(line->command));
}

/* Flags may stand before the command, so this comes last. */
static enum error_kind check_flags_fit(const struct reader *reader)
{
    enum command command = reader->line->command;

    for (size_t i = 0; i < option_count; i++)
        if (reader->line->given[i] && !option_fits(&option_table[i], command))
            return error_set(reader->err, ERROR_USAGE,
                             "bulk-invite %s does not take --%s",
                             command_name(command), option_table[i].name);
    return ERROR_NONE;
}

enum error_kind command_line_parse(struct command_line *line, int argc,
                                   char **argv, struct error *err)
{
    struct reader reader = {
        .line = line, .argc = argc, .argv = argv, .at = 1, .err = err};
    bool are_flags_over = false;

    *line = (struct command_line){
        .given = xcalloc(option_count, sizeof(*line->given))};
    while (reader.at < argc && !reader.is_done) {
        const char *arg = argv[reader.at++];
        enum error_kind kind = ERROR_NONE;

        if (are_flags_over || arg[0] != '-' || arg[1] == '\0')
            kind = take_word(&reader, arg);
        else if (strcmp(arg, "--") == 0)
            are_flags_over = true;
        else if (arg[1] == '-')
            kind = take_long(&reader, arg);
        else
            kind = take_letters(&reader, arg);
        if (kind)
            return kind;
    }
    if (reader.is_done)
        return ERROR_NONE;
    if (!reader.has_command)
        return error_set(err, ERROR_USAGE,
                         "what is to be done? bulk-invite send FILE --org ORG "
                         "invites people; bulk-invite --help says more");
    return check_flags_fit(&reader);
}

void command_line_clear(struct command_line *line)
{
    free(line->given);
    *line = (struct command_line){0};
}
