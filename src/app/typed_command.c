#include "app/typed_command.h"

#include <string.h>

#include "base/strbuf.h"

#define COMMAND_CAP (16 * 1024)

static void add_quoted(struct strbuf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";

    if (out->len > 0)
        strbuf_add_char(out, ' ');
    if (*word && word[strspn(word, plain)] == '\0') {
        strbuf_add_str(out, word);
        return;
    }
    strbuf_add_char(out, '\'');
    for (; *word; word++)
        if (*word == '\'')
            strbuf_add_str(out, "'\\''");
        else
            strbuf_add_char(out, *word);
    strbuf_add_char(out, '\'');
}

/* Is it --NAME or --NAME=VALUE? */
static bool is_flag(const char *word, const char *name)
{
    size_t len = strlen(name);

    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, len) == 0 &&
           (word[2 + len] == '\0' || word[2 + len] == '=');
}

static bool is_typed(const struct options *options, const char *name)
{
    for (int i = 1; i < options->argc; i++)
        if (is_flag(options->argv[i], name))
            return true;
    return false;
}

/* Where the organization comes from a variable, the next shell may have none.
 */
static void add_org(struct strbuf *out, const struct options *options)
{
    if (is_typed(options, "org") || options->sandbox)
        return;
    add_quoted(out, "--org");
    add_quoted(out, options->org);
}

/* What the flag at argv[i] says, with *used words of argv: "--x=VALUE" or "--x"
 * and the next word. */
static const char *value_of(const struct options *options, int i, int *used)
{
    const char *equals = strchr(options->argv[i], '=');

    *used = equals || i + 1 == options->argc ? 1 : 2;
    return equals ? equals + 1 : options->argv[i + *used - 1];
}

char *typed_command_send(const struct options *options, const char *input)
{
    struct strbuf out;
    bool is_replaced = false;

    strbuf_init(&out, COMMAND_CAP);
    for (int i = 0, used = 1; i < options->argc; i += used) {
        const char *word = options->argv[i];
        used = 1;
        /* The first few were sent: the rest is not to be sent in drops. */
        if (is_flag(word, "limit")) {
            value_of(options, i, &used);
            continue;
        }
        /* A proxy's password need not be in a log or a mail. */
        if (is_flag(word, "proxy") &&
            strchr(value_of(options, i, &used), '@')) {
            strbuf_add_str(&out, " --proxy ...");
            continue;
        }
        used = 1;
        if (i > 1 && !is_replaced && strcmp(word, options->input) == 0) {
            is_replaced = true;
            word = input;
        }
        add_quoted(&out, word);
    }
    add_org(&out, options);
    return strbuf_detach(&out);
}

char *typed_command_resolve(const struct options *options)
{
    static const char *const shared[] = {"org", "base-url", "ledger", "config",
                                         "profile"};
    struct strbuf out;

    strbuf_init(&out, COMMAND_CAP);
    add_quoted(&out, options->argv[0]);
    strbuf_add_str(&out, " resolve EMAIL --invited|--not-sent");
    for (int i = 1; i < options->argc; i++)
        for (size_t j = 0; j < sizeof(shared) / sizeof(*shared); j++) {
            const char *word = options->argv[i];
            if (!is_flag(word, shared[j]))
                continue;
            add_quoted(&out, word);
            if (!strchr(word, '=') && i + 1 < options->argc)
                add_quoted(&out, options->argv[i + 1]);
        }
    add_org(&out, options);
    return strbuf_detach(&out);
}
