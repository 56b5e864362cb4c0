/*
 * Any bytes as a config file: what is read are texts without blanks around,
 * values without control characters, and no key is there twice.
 */
#include "app/config.h"
#include "base/text_safe.h"
#include "fuzz.h"

static void check_text(const char *text)
{
    size_t len = strlen(text);

    require(text_is_utf8(text, len) && !strchr(text, '\n'));
    require(len == 0 ||
            (!strchr(" \t\r", text[0]) && !strchr(" \t\r", text[len - 1])));
}

static void check_entry(const struct config *config, size_t i)
{
    const struct config_entry *entry = &config->entries[i];
    const char *nearest;

    require(config_has_section(config, entry->section, &nearest));
    if (!entry->key)
        return;
    config_has_section(config, entry->key, &nearest);
    check_text(entry->key);
    check_text(entry->value);
    require(!text_has_control(entry->value, strlen(entry->value)));
    for (i++; i < config->count; i++) {
        const struct config_entry *other = &config->entries[i];

        require(other->line > entry->line &&
                !(other->key && strcmp(other->key, entry->key) == 0 &&
                  strcmp(other->section, entry->section) == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    struct config *config;

    if (config_parse(&config, "config.ini", (const char *)data, size, &err)) {
        require(!config && err.kind == ERROR_USAGE &&
                strncmp(err.text, "config.ini:", 11) == 0);
        return 0;
    }
    for (size_t i = 0; i < config->count; i++)
        check_entry(config, i);
    config_free(config);
    return 0;
}
