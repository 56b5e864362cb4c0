#include "app/options_check.h"

#include "app/option_table.h"

static enum option_place place_of(const enum option_place *places,
                                  const char *name)
{
    return places[option_index(option_by_name(name, strlen(name)))];
}

/* Of two options that exclude each other, the one from the stronger place
 * stays: a flag must beat a config file also when it has another name. */
static enum error_kind settle_pair(const enum option_place *places,
                                   const char *one, const char **one_field,
                                   const char *other, const char **other_field,
                                   struct error *err)
{
    enum option_place one_place = place_of(places, one);
    enum option_place other_place = place_of(places, other);

    if (!*one_field || !*other_field)
        return ERROR_NONE;
    if (one_place == other_place)
        return error_set(err, ERROR_USAGE, "%s and %s are both set; choose one",
                         one, other);
    *(one_place < other_place ? one_field : other_field) = NULL;
    return ERROR_NONE;
}

static enum error_kind settle_sandbox(struct options *options,
                                      const enum option_place *places,
                                      struct error *err)
{
    if (!options->sandbox)
        return ERROR_NONE;
    if (place_of(places, "base-url") == PLACE_FLAG)
        return error_set(err, ERROR_USAGE,
                         "--sandbox starts a server of its own; leave out "
                         "--base-url, or --sandbox");
    if (!options->org)
        options->org = "sandbox";
    options->proxy = NULL;
    options->token_file = NULL;
    options->token_command = NULL;
    return ERROR_NONE;
}

static enum error_kind settle_role(struct options *options,
                                   const enum option_place *places,
                                   struct error *err)
{
    return settle_pair(places, "role", &options->role, "role-column",
                       &options->role_column, err);
}

static enum error_kind check_send(struct options *options,
                                  const enum option_place *places,
                                  struct error *err)
{
    if (settle_role(options, places, err) ||
        settle_pair(places, "token-file", &options->token_file, "token-command",
                    &options->token_command, err) ||
        settle_sandbox(options, places, err))
        return err->kind;
    if (!options->org)
        return error_set(err, ERROR_USAGE,
                         "--org is missing: the id of the organization to "
                         "invite into (or set $BULK_INVITE_ORG, or org in the "
                         "config file); --sandbox rehearses without one");
    return ERROR_NONE;
}

/* A ledger knows whose it is. Who names one by a flag is not held to the
 * organization of a config file; but a new one needs to be told. */
static enum error_kind settle_identity(struct options *options,
                                       enum command command,
                                       const enum option_place *places,
                                       struct error *err)
{
    enum option_place ledger_place = place_of(places, "ledger");

    if (!options->ledger && !options->org)
        return error_set(err, ERROR_USAGE,
                         "whose ledger? --org ORG finds the one of an "
                         "organization (or set $BULK_INVITE_ORG, or org in the "
                         "config file), --ledger FILE names the file itself");
    if (!options->ledger)
        return ERROR_NONE;
    if (command != COMMAND_IMPORT && place_of(places, "org") < ledger_place)
        options->org = NULL;
    if (!options->org && place_of(places, "base-url") < ledger_place)
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
                     "--not-sent");
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

enum error_kind options_check(struct options *options, enum command command,
                              const enum option_place *places,
                              struct error *err)
{
    if (command == COMMAND_SEND)
        return check_send(options, places, err);
    if (command == COMMAND_CHECK)
        return settle_role(options, places, err);
    if (command == COMMAND_RESOLVE && check_resolve(options, err))
        return err->kind;
    if (command == COMMAND_FORGET && check_forget(options, err))
        return err->kind;
    return settle_identity(options, command, places, err);
}
