#include "app/options.h"

#include "app/command_line.h"
#include "app/config.h"
#include "app/option_table.h"
#include "app/options_check.h"
#include "app/values.h"
#include "base/clock.h"
#include "base/text_safe.h"

struct option_text {
    struct option_text *next;
    char text[];
};

struct loader {
    struct options *options;
    struct command_line line;
    struct config *config;
    char *(*getenv_fn)(const char *name);
    struct error *err;
};

static const char *keep_text(struct options *options, const char *text)
{
    size_t size = strlen(text) + 1;
    struct option_text *kept = xmalloc(sizeof(*kept) + size);

    memcpy(kept->text, text, size);
    kept->next = options->texts;
    options->texts = kept;
    return kept->text;
}

void options_clear(struct options *options)
{
    for (struct option_text *text = options->texts, *next; text; text = next) {
        next = text->next;
        free(text);
    }
    free(options->origins);
    *options = (struct options){0};
}

static enum error_kind check_text(const struct option_spec *option,
                                  const char *text, struct error *err)
{
    size_t len = strlen(text);

    if (len == 0)
        return error_set(err, ERROR_USAGE, "its value is empty");
    if (option->type == OPTION_PATH)
        return ERROR_NONE;
    if (text_has_control(text, len))
        return error_set(err, ERROR_USAGE, "\"%s\" holds a control character",
                         text);
    if (!text_is_utf8(text, len))
        return error_set(err, ERROR_USAGE, "\"%s\" is not UTF-8", text);
    return ERROR_NONE;
}

/* Is `text` one of the words of "csv|jsonl"? */
static enum error_kind check_choice(const struct option_spec *option,
                                    const char *text, struct error *err)
{
    size_t len = strlen(text);

    for (const char *word = option->argument; *word;) {
        size_t word_len = strcspn(word, "|");

        if (word_len == len && memcmp(word, text, len) == 0)
            return ERROR_NONE;
        word += word_len;
        word += *word == '|';
    }
    return error_set(err, ERROR_USAGE, "\"%s\" is none of %s", text,
                     option->argument);
}

/* Puts what `text` says into the option's field; a text itself is not copied.
 */
static enum error_kind set_option(struct options *options,
                                  const struct option_spec *option,
                                  const char *text, struct error *err)
{
    void *field = (char *)options + option->offset;
    int64_t us;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CHOICE:
        if (check_text(option, text, err) ||
            (option->type == OPTION_CHOICE && check_choice(option, text, err)))
            return err->kind;
        *(const char **)field = text;
        return ERROR_NONE;
    case OPTION_BOOL:
        return value_parse_bool(text, field, err);
    case OPTION_COUNT:
        return value_parse_count(text, option->min, option->max, field, err);
    case OPTION_DURATION:
        if (value_parse_duration(text, &us, err))
            return err->kind;
        if (us < (int64_t)option->min)
            return error_set(err, ERROR_USAGE, "\"%s\" is too short", text);
        *(int64_t *)field = us;
        return ERROR_NONE;
    case OPTION_SHARE: {
        struct option_share *share = field;
        return value_parse_share(text, &share->number, &share->is_percent, err);
    }
    case OPTION_TIME:
        return value_parse_time(text, field, err);
    case OPTION_RATE:
        return value_parse_rate(text, field, err);
    case OPTION_ACTION:
        break;
    }
    return ERROR_NONE;
}

static enum error_kind take(struct loader *loader,
                            const struct option_spec *option, const char *text,
                            enum option_place place, unsigned line)
{
    struct options *options = loader->options;

    text = keep_text(options, text);
    if (set_option(options, option, text, loader->err))
        return loader->err->kind;
    options->origins[option_index(option)] =
        (struct option_origin){.place = place, .line = line, .text = text};
    return ERROR_NONE;
}

static enum error_kind set_defaults(struct loader *loader)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        void *field = (char *)loader->options + option->offset;

        if (option->default_text &&
            take(loader, option, option->default_text, PLACE_DEFAULT, 0))
            return error_prefix(loader->err, "default of %s", option->name);
        if (option->default_text)
            continue;
        if (option->type == OPTION_COUNT)
            *(uint64_t *)field = UINT64_MAX;
        if (option->type == OPTION_TIME)
            *(int64_t *)field = INT64_MIN;
        if (option->type == OPTION_DURATION)
            *(int64_t *)field = CLOCK_NEVER_US;
        if (option->type == OPTION_SHARE)
            ((struct option_share *)field)->number = UINT64_MAX;
    }
    return ERROR_NONE;
}

static enum error_kind unknown_key(const char *key, struct error *err)
{
    const char *nearest = option_nearest(key, SOURCE_CONFIG);

    if (strcmp(key, "token") == 0)
        return error_set(err, ERROR_USAGE,
                         "a token has no place in here: put it into a file "
                         "only you can read, and name that with token-file");
    if (nearest)
        return error_set(err, ERROR_USAGE, "unknown key %s; did you mean %s?",
                         key, nearest);
    return error_set(err, ERROR_USAGE,
                     "unknown key %s; bulk-invite send --help-all lists the "
                     "options, each without its --",
                     key);
}

static enum error_kind apply_entry(struct loader *loader,
                                   const struct config_entry *entry,
                                   enum option_place place, bool is_chosen)
{
    const struct option_spec *option =
        option_by_name(entry->key, strlen(entry->key));
    struct options unused = {0}; /* other profiles are only checked */

    if (!option || option->type == OPTION_ACTION)
        return unknown_key(entry->key, loader->err);
    if (!(option->sources & SOURCE_CONFIG))
        return error_set(loader->err, ERROR_USAGE,
                         "%s cannot be set in a config file, only with --%s",
                         entry->key, option->name);
    if (is_chosen ? take(loader, option, entry->value, place, entry->line)
                  : set_option(&unused, option, entry->value, loader->err))
        return error_prefix(loader->err, "%s", entry->key);
    return ERROR_NONE;
}

/* One pass for [default] and one for the profile, which may stand first. */
static enum error_kind apply_config(struct loader *loader,
                                    enum option_place place)
{
    const char *section = place == PLACE_PROFILE ? loader->options->profile
                                                 : CONFIG_DEFAULT_SECTION;

    for (const struct config_entry *entry = loader->config->entries; entry;
         entry = entry->next) {
        bool is_chosen = section && strcmp(entry->section, section) == 0;

        if (entry->key && apply_entry(loader, entry, place, is_chosen))
            return error_prefix(loader->err, "%s:%u", loader->config->path,
                                entry->line);
    }
    return ERROR_NONE;
}

static enum error_kind check_profile(struct loader *loader)
{
    const char *profile = loader->options->profile;

    if (!profile || strcmp(profile, CONFIG_DEFAULT_SECTION) == 0)
        return ERROR_NONE;
    if (!loader->config)
        return error_set(loader->err, ERROR_USAGE,
                         "profile %s: there is no config file; it would be "
                         "~/.config/bulk-invite/config.ini, "
                         "/etc/bulk-invite/config.ini or --config FILE",
                         profile);
    if (config_has_section(loader->config, profile))
        return ERROR_NONE;

    const char *nearest = config_nearest_section(loader->config, profile);
    if (nearest)
        return error_set(loader->err, ERROR_USAGE,
                         "%s has no section [%s]; did you mean [%s]?",
                         loader->config->path, profile, nearest);
    return error_set(loader->err, ERROR_USAGE, "%s has no section [%s]",
                     loader->config->path, profile);
}

static enum error_kind apply_variable(struct loader *loader,
                                      const struct option_spec *option)
{
    char variable[OPTION_VARIABLE_SIZE];
    option_variable(option, variable);
    const char *text = loader->getenv_fn(variable);

    /* An empty variable is what scripts leave behind when they mean none, and
     * BULK_INVITE_VERSION may well be a build script's own. */
    if (!text || !*text || option->type == OPTION_ACTION)
        return ERROR_NONE;
    if (!(option->sources & SOURCE_VARIABLE))
        return error_set(loader->err, ERROR_USAGE,
                         "$%s has no effect: it must be said with --%s",
                         variable, option->name);
    if (take(loader, option, text, PLACE_VARIABLE, 0))
        return error_prefix(loader->err, "$%s", variable);
    return ERROR_NONE;
}

static enum error_kind apply_flag(struct loader *loader,
                                  const struct option_spec *option)
{
    const char *text = loader->line.given[option_index(option)];

    if (text && take(loader, option, text, PLACE_FLAG, 0))
        return error_prefix(loader->err, "--%s", option->name);
    return ERROR_NONE;
}

static const struct option_spec *known(const char *name)
{
    return option_by_name(name, strlen(name));
}

/* The profile decides what the config file says, so it is known first. */
static enum error_kind apply_places(struct loader *loader)
{
    const char *path = loader->line.given[option_index(known("config"))];
    const struct option_spec *profile = known("profile");

    if (apply_variable(loader, profile) || apply_flag(loader, profile) ||
        config_load(&loader->config, path, loader->getenv_fn, loader->err) ||
        check_profile(loader))
        return loader->err->kind;
    if (loader->config && (apply_config(loader, PLACE_CONFIG) ||
                           apply_config(loader, PLACE_PROFILE)))
        return loader->err->kind;
    for (size_t i = 0; i < option_count; i++)
        if (apply_variable(loader, &option_table[i]) ||
            apply_flag(loader, &option_table[i]))
            return loader->err->kind;
    if (loader->config)
        loader->options->config =
            keep_text(loader->options, loader->config->path);
    return ERROR_NONE;
}

static enum error_kind apply_operand(struct loader *loader)
{
    const struct command_spec *command = command_spec_of(loader->line.command);
    const char *text = loader->line.operand;

    if (text && *text) {
        if (set_option(loader->options, &command->operand,
                       keep_text(loader->options, text), loader->err))
            return error_prefix(loader->err, "%s", command->operand.name);
    } else if (command->operand_missing) {
        return error_set(loader->err, ERROR_USAGE, "%s",
                         command->operand_missing);
    }
    return ERROR_NONE;
}

static enum error_kind load(struct loader *loader, int argc, char **argv)
{
    struct options *options = loader->options;

    if (set_defaults(loader) ||
        command_line_parse(&loader->line, argc, argv, loader->err))
        return loader->err->kind;
    options->command = loader->line.command;
    options->topic = loader->line.topic;
    options->is_help_whole = loader->line.is_help_whole;
    /* A broken set-up must not stand between a user and the help. */
    if (options->command == COMMAND_HELP || options->command == COMMAND_VERSION)
        return ERROR_NONE;
    if (apply_places(loader) || apply_operand(loader))
        return loader->err->kind;
    return options_check(options, loader->err);
}

enum error_kind options_load(struct options *options, int argc, char **argv,
                             char *(*getenv_fn)(const char *name),
                             struct error *err)
{
    struct loader loader = {
        .options = options, .getenv_fn = getenv_fn, .err = err};

    *options = (struct options){
        .argc = argc,
        .argv = argv,
        .origins = xcalloc(option_count, sizeof(*options->origins))};
    enum error_kind kind = load(&loader, argc, argv);
    if (kind)
        options_clear(options);
    command_line_clear(&loader.line);
    config_free(loader.config);
    return kind;
}
