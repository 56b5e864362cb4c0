#include "app/options.h"

#include "app/command_line.h"
#include "app/config.h"
#include "app/option_table.h"
#include "app/values.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "domain/person.h"

/* Keeps what an option is said to be, unless a stronger place has spoken; it
 * must make sense in any case. */
static enum error_kind take(struct options *options,
                            const struct option_spec *option,
                            struct option_origin from, struct error *err)
{
    struct option_origin *origin = &options->origins[option_index(option)];
    struct options unused;
    bool is_stronger = from.place > origin->place;

    if (value_parse(option, from.text, is_stronger ? options : &unused, err))
        return err->kind;
    if (is_stronger)
        *origin = from;
    return ERROR_NONE;
}

static enum error_kind take_variable(struct options *options,
                                     const struct option_spec *option,
                                     char *(*getenv_fn)(const char *name),
                                     struct error *err)
{
    char variable[OPTION_NAME_SIZE];
    option_variable(option, variable);
    const char *text = getenv_fn(variable);

    /* An empty variable is what scripts leave behind when they mean none, and
     * BULK_INVITE_VERSION may well be a build script's own. */
    if (!text || !*text || option->type == OPTION_ACTION)
        return ERROR_NONE;
    if (!(option->sources & SOURCE_VARIABLE))
        return error_set(err, ERROR_USAGE,
                         "$%s has no effect: it must be said with --%s",
                         variable, option->name);
    const struct option_origin from = {.place = PLACE_VARIABLE, .text = text};
    if (take(options, option, from, err))
        return error_prefix(err, "$%s", variable);
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

static enum error_kind take_entry(struct options *options,
                                  const struct config_entry *entry,
                                  struct error *err)
{
    const struct option_spec *option = option_by_name(entry->key);
    struct option_origin from = {.line = entry->line, .text = entry->value};

    /* What no profile of this run says is only checked. */
    if (options->profile && strcmp(entry->section, options->profile) == 0)
        from.place = PLACE_PROFILE;
    else if (strcmp(entry->section, CONFIG_DEFAULT_SECTION) == 0)
        from.place = PLACE_CONFIG;
    if (!option || option->type == OPTION_ACTION)
        return unknown_key(entry->key, err);
    if (!(option->sources & SOURCE_CONFIG))
        return error_set(err, ERROR_USAGE,
                         "%s cannot be set in a config file, only with --%s",
                         entry->key, option->name);
    if (take(options, option, from, err))
        return error_prefix(err, "%s", entry->key);
    return ERROR_NONE;
}

static enum error_kind check_profile(const struct options *options,
                                     struct error *err)
{
    const char *profile = options->profile;
    const char *nearest;

    if (!profile || strcmp(profile, CONFIG_DEFAULT_SECTION) == 0)
        return ERROR_NONE;
    if (!options->settings)
        return error_set(err, ERROR_USAGE,
                         "profile %s: there is no config file; it would be "
                         "~/.config/bulk-invite/config.ini, "
                         "/etc/bulk-invite/config.ini or --config FILE",
                         profile);
    if (config_has_section(options->settings, profile, &nearest))
        return ERROR_NONE;
    error_set(err, ERROR_USAGE, "%s has no section [%s]",
              options->settings->path, profile);
    if (nearest)
        error_set(err, ERROR_USAGE, "%s; did you mean [%s]?", err->text,
                  nearest);
    return err->kind;
}

static enum error_kind take_settings(struct options *options, struct error *err)
{
    const struct config *settings = options->settings;

    if (check_profile(options, err) || !settings)
        return err->kind;
    for (size_t i = 0; i < settings->count; i++)
        if (settings->entries[i].key &&
            take_entry(options, &settings->entries[i], err))
            return error_prefix(err, "%s:%u", settings->path,
                                settings->entries[i].line);
    options->config = settings->path;
    return ERROR_NONE;
}

static enum option_place place_of(const struct options *options,
                                  const char *name)
{
    return options->origins[option_index(option_by_name(name))].place;
}

/* Of two options that exclude each other, the one from the stronger place
 * stays: a flag must beat a config file also when it has another name. */
static enum error_kind settle_pair(struct options *options, const char *one,
                                   const char *other, struct error *err)
{
    enum option_place one_place = place_of(options, one);
    enum option_place other_place = place_of(options, other);
    const char *weaker = one_place < other_place ? one : other;

    if (one_place == PLACE_NONE || other_place == PLACE_NONE)
        return ERROR_NONE;
    if (one_place == other_place)
        return error_set(err, ERROR_USAGE, "%s and %s are both set; choose one",
                         one, other);
    *(const char **)((char *)options + option_by_name(weaker)->offset) = NULL;
    return ERROR_NONE;
}

static enum error_kind settle_pairs(struct options *options, struct error *err)
{
    if (settle_pair(options, "role", "role-column", err))
        return err->kind;
    return settle_pair(options, "token-file", "token-command", err);
}

static enum error_kind settle_sandbox(struct options *options,
                                      struct error *err)
{
    if (!options->sandbox)
        return ERROR_NONE;
    if (place_of(options, "base-url") == PLACE_FLAG)
        return error_set(err, ERROR_USAGE,
                         "--sandbox starts a server of its own; leave out "
                         "--base-url, or --sandbox");
    if (!options->org)
        options->org = "sandbox";
    options->proxy = NULL;
    options->token_file = NULL;
    options->token_command = NULL;
    options->cert = NULL;
    return ERROR_NONE;
}

static enum error_kind check_send(struct options *options, struct error *err)
{
    if (settle_pairs(options, err) || settle_sandbox(options, err))
        return err->kind;
    if (!options->org)
        return error_set(err, ERROR_USAGE,
                         "--org is missing: the id of the organization to "
                         "invite into (or set $BULK_INVITE_ORG, or org in the "
                         "config file); --sandbox rehearses without one");
    if (options->key && !options->cert && !options->sandbox)
        return error_set(err, ERROR_USAGE,
                         "key is set and cert is not: which certificate is it "
                         "for?");
    return ERROR_NONE;
}

/* A ledger knows whose it is. Who names one by a flag is not held to the
 * organization of a config file; but a new one needs to be told. */
static enum error_kind settle_identity(struct options *options,
                                       struct error *err)
{
    enum option_place ledger_place = place_of(options, "ledger");

    if (!options->ledger && !options->org)
        return error_set(err, ERROR_USAGE,
                         "whose ledger? --org ORG finds the one of an "
                         "organization (or set $BULK_INVITE_ORG, or org in the "
                         "config file), --ledger FILE names the file itself");
    if (!options->ledger)
        return ERROR_NONE;
    if (options->command != COMMAND_IMPORT &&
        place_of(options, "org") < ledger_place)
        options->org = NULL;
    if (!options->org && place_of(options, "base-url") < ledger_place)
        options->base_url = NULL;
    return ERROR_NONE;
}

static enum error_kind find_person(struct options *options, struct error *err)
{
    const char *email = options->email + strspn(options->email, " ");
    size_t len = strlen(email);
    struct strbuf key;

    while (len > 0 && email[len - 1] == ' ')
        len--;
    strbuf_init(&key, PERSON_KEY_CAP);
    if (person_key(email, len, &key) == PERSON_OK && !key.is_cut)
        options->person = strbuf_detach(&key);
    strbuf_clear(&key);
    if (options->person)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE, "EMAIL: \"%s\" is not an e-mail address",
                     options->email);
}

static enum error_kind check_resolve(const struct options *options,
                                     struct error *err)
{
    if (options->invited != options->not_sent)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "what became of this person? Say one of --invited and "
                     "--not-sent%s",
                     options->invited ? ", not both" : "");
}

static enum error_kind check_forget(const struct options *options,
                                    struct error *err)
{
    bool has_date = options->before_s != INT64_MIN;

    if ((options->email != NULL) != has_date)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "whom? Say one of EMAIL and --before DATE");
}

static enum error_kind check(struct options *options, struct error *err)
{
    enum command command = options->command;

    if (command == COMMAND_SEND)
        return check_send(options, err);
    if (command == COMMAND_CHECK || command == COMMAND_CONFIG)
        return settle_pairs(options, err);
    if ((command == COMMAND_RESOLVE && check_resolve(options, err)) ||
        (command == COMMAND_FORGET && check_forget(options, err)) ||
        (options->email && find_person(options, err)))
        return err->kind;
    return settle_identity(options, err);
}

static enum error_kind load(struct options *options, char **argv,
                            char *(*getenv_fn)(const char *name),
                            struct error *err)
{
    if (command_line_parse(options, argv, err))
        return err->kind;
    /* A broken set-up must not stand between a user and the help. */
    if (options->command == COMMAND_HELP || options->command == COMMAND_VERSION)
        return ERROR_NONE;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        const struct option_origin from = {.place = PLACE_DEFAULT,
                                           .text = option->default_text};

        if (take_variable(options, option, getenv_fn, err) ||
            (from.text && take(options, option, from, err)))
            return err->kind;
    }
    if (config_load(&options->settings, options->config, getenv_fn, err) ||
        take_settings(options, err))
        return err->kind;
    return check(options, err);
}

enum error_kind options_load(struct options *options, char **argv,
                             char *(*getenv_fn)(const char *name),
                             struct error *err)
{
    /* Where zero would be a value, this is none. */
    *options = (struct options){
        .before_s = INT64_MIN,
        .resend_before_s = INT64_MIN,
        .max_duration_us = CLOCK_NEVER_US,
        .limit = UINT64_MAX,
        .max_new = UINT64_MAX,
        .max_errors.number = UINT64_MAX,
    };
    enum error_kind kind = load(options, argv, getenv_fn, err);
    if (kind)
        options_clear(options);
    return kind;
}

void options_clear(struct options *options)
{
    free(options->person);
    config_free(options->settings);
    *options = (struct options){0};
}
