#include "app/typed_command.h"

#include <string.h>

#include "app/option_table.h"
#include "base/strbuf.h"

#define COMMAND_CAP (16 * 1024)

void typed_command_add_word(struct strbuf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (out->len > 0)
        strbuf_add_char(out, ' ');
    if (*word && word[strspn(word, plain)] == '\0')
        strbuf_add_str(out, word);
    else
        strbuf_add_quoted(out, word);
}

static void add_flag(struct strbuf *out, const struct options *options,
                     const struct option_spec *option, const char *text)
{
    bool is_off = option->type == OPTION_BOOL &&
                  !*(const bool *)((const char *)options + option->offset);

    strbuf_addf(out, " --%s%s", is_off ? "no-" : "", option->name);
    if (option_holds_password(option, text))
        strbuf_add_str(out, " ..."); /* not for a log or a mail */
    else if (option->type != OPTION_BOOL)
        typed_command_add_word(out, text);
}

/* Those that `command` takes too. */
static void add_flags(struct strbuf *out, const struct options *options,
                      enum command command)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option_spec *option = &option_table[i];
        const struct option_origin *origin = &options->origins[i];
        /* Where the organization comes from a variable, the next shell may have
         * none. */
        bool is_needed = strcmp(option->name, "org") == 0 && !options->sandbox;
        /* The first few were sent: the rest is not to be sent in drops. */
        bool is_over = strcmp(option->name, "limit") == 0;

        if (option_fits(option, command) && !is_over &&
            (is_needed || origin->place == PLACE_FLAG))
            add_flag(out, options, option, origin->text);
    }
}

char *typed_command_send(const struct options *options, const char *input)
{
    struct strbuf out;
    bool looks_like_flag = input[0] == '-' && input[1];

    strbuf_init(&out, COMMAND_CAP);
    typed_command_add_word(&out, options->program);
    strbuf_add_str(&out, " send");
    if (!looks_like_flag)
        typed_command_add_word(&out, input);
    add_flags(&out, options, COMMAND_SEND);
    if (looks_like_flag) {
        strbuf_add_str(&out, " --");
        typed_command_add_word(&out, input);
    }
    return strbuf_detach(&out);
}

char *typed_command_resolve(const struct options *options)
{
    struct strbuf out;

    strbuf_init(&out, COMMAND_CAP);
    typed_command_add_word(&out, options->program);
    strbuf_add_str(&out, " resolve EMAIL --invited|--not-sent");
    add_flags(&out, options, COMMAND_RESOLVE);
    return strbuf_detach(&out);
}
