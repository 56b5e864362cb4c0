/*
 * Any bytes as a config file: what is read are texts without control characters
 * or blanks around, and no key is there twice.
 */
#include "app/config.h"
#include "base/text_safe.h"
#include "fuzz.h"

static void check_text(const char *text)
{
    size_t len = strlen(text);

    require(text_is_utf8(text, len));
    require(!strpbrk(text, "\n\x1b\x7f"));
    require(len == 0 ||
            (!strchr(" \t\r", text[0]) && !strchr(" \t\r", text[len - 1])));
}

static void check_entry(const struct config *config,
                        const struct config_entry *entry)
{
    require(config_has_section(config, entry->section));
    if (!entry->key)
        return;
    require(entry->value[0] != '\0');
    check_text(entry->key);
    check_text(entry->value);
    for (const struct config_entry *other = entry->next; other;
         other = other->next)
        require(other->line > entry->line &&
                !(other->key && strcmp(other->key, entry->key) == 0 &&
                  strcmp(other->section, entry->section) == 0));
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
    for (const struct config_entry *entry = config->entries; entry;
         entry = entry->next) {
        check_entry(config, entry);
        config_nearest_section(config, entry->key ? entry->key : "live");
    }
    config_free(config);
    return 0;
}
