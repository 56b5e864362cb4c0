/*
 * The command line, the environment and the config file at once. Lines are
 * arguments, those that start with "BULK_INVITE_" variables; what comes after
 * an empty line is the config file.
 */
#include "app/options.h"
#include "base/text_safe.h"
#include "fuzz.h"

#define WORDS_MAX 32

static char *variables[WORDS_MAX];
static size_t variable_count;

static char *look_up(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < variable_count; i++)
        if (strncmp(variables[i], name, len) == 0 && variables[i][len] == '=')
            return variables[i] + len + 1;
    return NULL;
}

static void check_text(const char *text)
{
    if (text)
        require(text[0] && text_is_utf8(text, strlen(text)) &&
                !text_has_control(text, strlen(text)));
}

/* What options.h promises of what was understood. */
static void check(const struct options *options)
{
    if (options->command == COMMAND_HELP || options->command == COMMAND_VERSION)
        return;
    check_text(options->org);
    check_text(options->base_url);
    check_text(options->email_column);
    check_text(options->role);
    check_text(options->resend);
    require(options->lock_wait_us >= 0);
    if (options->command == COMMAND_SEND) {
        require(options->input && options->org && options->base_url);
        require(options->concurrency >= 1 && options->max_attempts >= 1);
        require(options->timeout_us > 0 && options->connect_timeout_us > 0);
    }
    if (options->sandbox)
        require(!options->proxy && !options->token_file &&
                !options->token_command);
}

static void load(char *text, const char *config_path)
{
    char config_flag[MEMORY_FILE_PATH_SIZE + 16];
    char name[] = "bulk-invite";
    char *argv[WORDS_MAX + 3] = {name};
    struct error err = ERROR_INIT;
    struct options options;
    size_t argc = 1;

    variable_count = 0;
    if (config_path) {
        snprintf(config_flag, sizeof(config_flag), "--config=%s", config_path);
        argv[argc++] = config_flag;
    }
    for (char *word; (word = strsep(&text, "\n")) && argc < WORDS_MAX;)
        if (strncmp(word, "BULK_INVITE_", 12) != 0)
            argv[argc++] = word;
        else if (variable_count < WORDS_MAX)
            variables[variable_count++] = word;
    if (options_load(&options, argv, look_up, &err))
        require(err.kind == ERROR_USAGE && err.text[0] && !options.settings &&
                !options.person);
    else
        check(&options);
    options_clear(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[MEMORY_FILE_PATH_SIZE];
    char *text = text_of(data, size);
    char *config = strstr(text, "\n\n");
    int fd = -1;

    if (config) {
        *config = '\0';
        fd = memory_file(path, config + 2, strlen(config + 2));
    }
    load(text, config ? path : NULL);
    if (fd >= 0)
        close(fd);
    free(text);
    return 0;
}
