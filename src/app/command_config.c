#include <unistd.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/console.h"
#include "app/help.h"
#include "app/option_table.h"
#include "base/text_safe.h"

/* For names and values of usual length in columns. */
static void print_setting(const char *name, const char *value,
                          const char *origin)
{
    char *safe_value = text_safe_dup(value);
    char *safe_origin = text_safe_dup(origin);

    printf("%-18s %-*s%s%s\n", name, *origin ? 26 : 0, safe_value,
           *origin ? "  " : "", safe_origin);
    free(safe_value);
    free(safe_origin);
}

/* A command may hold a secret as an argument, a URL one before its "@". */
static bool may_hold_secret(const struct option_spec *option, const char *text)
{
    return strcmp(option->name, "token-command") == 0 ||
           (strstr(text, "://") && strchr(text, '@'));
}

/* Of two options that exclude each other the weaker one is not used. */
static bool is_used(const struct options *options,
                    const struct option_spec *option)
{
    return (option->type != OPTION_TEXT && option->type != OPTION_PATH) ||
           *(const char *const *)((const char *)options + option->offset);
}

static void print_option(const struct options *options,
                         const struct option_spec *option)
{
    const struct option_origin *from = &options->origins[option_index(option)];
    char variable[OPTION_VARIABLE_SIZE];
    char origin[4096] = "default";

    option_variable(option, variable);
    if (from->place == PLACE_FLAG)
        snprintf(origin, sizeof(origin), "--%s", option->name);
    else if (from->place == PLACE_VARIABLE)
        snprintf(origin, sizeof(origin), "$%s", variable);
    else if (from->place != PLACE_DEFAULT)
        snprintf(origin, sizeof(origin), "%s:%u [%s]", options->config,
                 from->line,
                 from->place == PLACE_PROFILE ? options->profile
                                              : CONFIG_DEFAULT_SECTION);
    print_setting(option->name,
                  !is_used(options, option)             ? "(not used)"
                  : may_hold_secret(option, from->text) ? "(hidden)"
                                                        : from->text,
                  origin);
}

/* In the order of token_load(). */
static void print_token(const struct options *options)
{
    const char *variable = getenv("BULK_INVITE_TOKEN");
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");

    if (variable)
        print_setting("token", "(hidden)", "$BULK_INVITE_TOKEN");
    else if (options->token_file)
        print_setting("token", "(hidden)", "the file of token-file");
    else if (options->token_command)
        print_setting("token", "(hidden)", "the output of token-command");
    else if (credentials && *credentials)
        print_setting("token", "(hidden)", "$CREDENTIALS_DIRECTORY/token");
    else
        print_setting("token", "(none)", "");
}

static void print_unset(const struct options *options)
{
    struct strbuf names;

    strbuf_init(&names, 4096);
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].sources && !options->origins[i].text)
            strbuf_addf(&names, "%s%s",
                        names.len ? ", " : "Not set: ", option_table[i].name);
    putchar('\n');
    help_print_wrapped(stdout, strbuf_str(&names), 2, 0);
    strbuf_clear(&names);
}

int command_config(const struct options *options, struct error *err)
{
    print_setting("config", options->config ? options->config : "(none)", "");
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].sources && options->origins[i].text)
            print_option(options, &option_table[i]);
    print_token(options);
    print_unset(options);
    return error_exit_code(console_finish(err));
}
