#include "app/commands.h"
#include "app/config.h"
#include "app/console.h"
#include "app/help.h"
#include "app/option_table.h"
#include "app/token.h"
#include "base/strbuf.h"

/* In columns, for names and values of usual length. */
static void print_setting(const char *name, const char *value,
                          const char *origin)
{
    console_say(stdout, "%-18s %-*s%s%s", name, *origin ? 26 : 0, value,
                *origin ? "  " : "", origin);
}

static const char *shown_value(const struct options *options,
                               const struct option_spec *option,
                               const char *text)
{
    const void *field = (const char *)options + option->offset;
    bool is_text = option->type == OPTION_TEXT || option->type == OPTION_PATH;

    /* Of two options that exclude each other the weaker one is not used. */
    if (is_text && !*(const char *const *)field)
        return "(not used)";
    return option_holds_password(option, text) ? "(hidden)" : text;
}

static void print_option(const struct options *options,
                         const struct option_spec *option)
{
    const struct option_origin *from = &options->origins[option_index(option)];
    char variable[OPTION_NAME_SIZE];
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
    print_setting(option->name, shown_value(options, option, from->text),
                  origin);
}

int command_config(const struct options *options, struct error *err)
{
    static const char *const token_places[] = {
        [TOKEN_NOWHERE] = "",
        [TOKEN_VARIABLE] = "$BULK_INVITE_TOKEN",
        [TOKEN_FILE] = "the file of token-file",
        [TOKEN_COMMAND] = "the output of token-command",
        [TOKEN_CREDENTIAL] = "$CREDENTIALS_DIRECTORY/token",
    };
    enum token_place token = token_place(options, getenv);
    struct strbuf unset;

    strbuf_init(&unset, 4096);
    print_setting("config", options->config ? options->config : "(none)", "");
    for (size_t i = 0; i < option_count; i++) {
        if (option_table[i].sources && options->origins[i].text)
            print_option(options, &option_table[i]);
        else if (option_table[i].sources)
            strbuf_addf(&unset, "%s%s",
                        unset.len ? ", " : "Not set: ", option_table[i].name);
    }
    print_setting("token", token == TOKEN_NOWHERE ? "(none)" : "(hidden)",
                  token_places[token]);
    putchar('\n');
    help_print_wrapped(stdout, strbuf_str(&unset), 0);
    strbuf_clear(&unset);
    return error_exit_code(console_finish(err));
}
