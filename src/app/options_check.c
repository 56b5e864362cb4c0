#include "app/options_check.h"

#include "app/option_table.h"

static enum option_place place_of(const struct options *options,
                                  const char *name)
{
    const struct option_spec *option = option_by_name(name, strlen(name));

    return options->origins[option_index(option)].place;
}

/* Of two options that exclude each other, the one from the stronger place
 * stays: a flag must beat a config file also when it has another name. */
static enum error_kind settle_pair(const struct options *options,
                                   const char *one, const char **one_field,
                                   const char *other, const char **other_field,
                                   struct error *err)
{
    enum option_place one_place = place_of(options, one);
    enum option_place other_place = place_of(options, other);

    if (!*one_field || !*other_field)
        return ERROR_NONE;
    if (one_place == other_place)
        return error_set(err, ERROR_USAGE, "%s and %s are both set; choose one",
                         one, other);
    *(one_place < other_place ? one_field : other_field) = NULL;
    return ERROR_NONE;
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

static enum error_kind settle_pairs(struct options *options, struct error *err)
{
    if (settle_pair(options, "role", &options->role, "role-column",
                    &options->role_column, err))
        return err->kind;
    return settle_pair(options, "token-file", &options->token_file,
                       "token-command", &options->token_command, err);
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

enum error_kind options_check(struct options *options, struct error *err)
{
    enum command command = options->command;

    if (command == COMMAND_SEND)
        return check_send(options, err);
    if (command == COMMAND_CHECK || command == COMMAND_CONFIG)
        return settle_pairs(options, err);
    if (command == COMMAND_RESOLVE && check_resolve(options, err))
        return err->kind;
    if (command == COMMAND_FORGET && check_forget(options, err))
        return err->kind;
    return settle_identity(options, err);
}
