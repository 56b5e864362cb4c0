#include "app/input_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/person.h"
#include "input/encoding.h"
#include "input/role_map.h"

#define DOMAINS_CAP 65536

static enum error_kind choose_delimiter(char *delimiter, const char *text,
                                        struct error *err)
{
    static const struct {
        const char *name;
        char delimiter;
    } names[] = {{"comma", ','},
                 {"semicolon", ';'},
                 {"tab", '\t'},
                 {"\\t", '\t'},
                 {"pipe", '|'}};

    *delimiter = *text;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(text, names[i].name) == 0) {
            *delimiter = names[i].delimiter;
            return ERROR_NONE;
        }
    if (strlen(text) == 1 && *text != '"' && (unsigned char)*text < 0x80)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE,
                     "--delimiter: \"%s\" is not one ASCII character, nor "
                     "comma, semicolon, tab or pipe",
                     text);
}

/* The domains as keys of people have them. */
static enum error_kind choose_domains(char **domains, const char *list,
                                      struct error *err)
{
    struct strbuf keys, key;
    bool is_good = true;

    strbuf_init(&keys, DOMAINS_CAP);
    strbuf_init(&key, DOMAINS_CAP);
    while (is_good && *list) {
        char address[512]; /* more than a domain can have */
        int len = (int)strcspn(list, ",");

        snprintf(address, sizeof(address), "a@%.*s", len, list);
        strbuf_reset(&key);
        is_good = person_key(address, strlen(address), &key) == PERSON_OK;
        strbuf_addf(&keys, "%s,", strbuf_str(&key) + (is_good ? 2 : 0));
        list += len;
        list += *list == ',';
    }
    if (!is_good || keys.is_cut)
        error_set(err, ERROR_USAGE,
                  "--allow-domain is a list of domains with commas between "
                  "and no spaces, for example example.com,example.org");
    strbuf_clear(&key);
    *domains = strbuf_detach(&keys);
    return err->kind;
}

enum error_kind input_choice_init(struct input_choice *choice,
                                  const struct options *options, int cancel_fd,
                                  struct error *err)
{
    *choice = (struct input_choice){
        .options =
            {
                .path = options->input,
                .email_column = options->email_column,
                .role_column = options->role_column,
                .fixed_role = options->role,
                .encoding = options->encoding,
                .skip_rows = options->skip_rows,
                .allow_roles = options->allow_role,
                .cancel_fd = cancel_fd,
            },
    };
    if (options->encoding && !encoding_is_known(options->encoding))
        return error_set(err, ERROR_USAGE,
                         "--encoding: \"%s\" is not known here; iconv -l lists "
                         "those that are, for example UTF-8, UTF-16 or "
                         "WINDOWS-1252",
                         options->encoding);
    if ((options->delimiter && choose_delimiter(&choice->options.delimiter,
                                                options->delimiter, err)) ||
        (options->allow_domain &&
         choose_domains(&choice->domains, options->allow_domain, err)) ||
        role_map_new(&choice->role_map, options->role_map,
                     options->role_map_file, err))
        return err->kind;
    choice->options.allow_domains = choice->domains;
    choice->options.role_map = choice->role_map;
    return ERROR_NONE;
}

void input_choice_clear(struct input_choice *choice)
{
    role_map_free(choice->role_map);
    free(choice->domains);
}
