/* options_load() with words that are split at single spaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/option_table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define WORDS_MAX 16

/* What the options of the last load() point to. */
struct words {
    char text[512];
    char *at[WORDS_MAX]; /* NULL behind the last */
};

static struct words arguments, variables; /* of variables: NAME=VALUE */

static void split(struct words *words, const char *text)
{
    char *rest = words->text;
    size_t count = 0;

    snprintf(words->text, sizeof(words->text), "%s", text);
    while (rest && *rest && count < WORDS_MAX - 1)
        words->at[count++] = strsep(&rest, " ");
    words->at[count] = NULL;
}

static char *fake_getenv(const char *name)
{
    size_t len = strlen(name);

    for (char **at = variables.at; *at; at++)
        if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
            return *at + len + 1;
    return NULL;
}

static enum error_kind load(struct options *options, const char *args,
                            const char *environment, struct error *err)
{
    char text[512];

    snprintf(text, sizeof(text), "bulk-invite %s", args);
    split(&arguments, text);
    split(&variables, environment);
    return options_load(options, arguments.at, fake_getenv, err);
}

static inline void assert_loads(struct options *options, const char *args,
                                const char *environment)
{
    struct error err = ERROR_INIT;

    if (load(options, args, environment, &err))
        fail_msg("%s: %s", args, err.text);
}

static inline void assert_fails(const char *args, const char *environment,
                                const char *message)
{
    struct options options;
    struct error err = ERROR_INIT;

    if (load(&options, args, environment, &err) != ERROR_USAGE)
        fail_msg("accepted: %s", args);
    assert_string_equal(err.text, message);
    assert_null(options.settings);
    assert_null(options.person);
}
