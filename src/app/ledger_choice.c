#include "app/ledger_choice.h"

#include <errno.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "send/endpoint.h"

#define PATH_CAP 4096

enum error_kind ledger_choose(char **path, const struct options *options,
                              const char *server, struct error *err)
{
    struct strbuf chosen;

    *path = xstrdup(options->ledger);
    if (*path)
        return ERROR_NONE;
    strbuf_init(&chosen, PATH_CAP);
    enum error_kind kind =
        ledger_place(getenv("STATE_DIRECTORY"), getenv("XDG_STATE_HOME"),
                     getenv("HOME"), server, options->org, &chosen, err);
    *path = kind ? NULL : strbuf_detach(&chosen);
    strbuf_clear(&chosen);
    return kind;
}

static bool is_there(const char *path)
{
    return path && (access(path, F_OK) == 0 || errno != ENOENT);
}

enum error_kind ledger_open_chosen(struct ledger **ledger,
                                   const struct options *options,
                                   enum ledger_use use, const char *activity,
                                   struct error *err)
{
    struct endpoint endpoint = {0};
    char *path = NULL;
    enum error_kind kind = ERROR_NONE;

    *ledger = NULL;
    /* The organization has no part in the server's name. */
    if (options->base_url)
        kind = endpoint_init(&endpoint, options->base_url,
                             options->org ? options->org : "any", err);
    if (!kind && (options->ledger || options->org))
        kind = ledger_choose(&path, options, endpoint.base, err);
    struct ledger_options chosen = {
        .path = path,
        .server = endpoint.base,
        .organization = options->org,
        .must_exist = use != LEDGER_FILLS,
        .is_reader = use == LEDGER_READS || use == LEDGER_LOOKS,
        .lock_wait_us = options->lock_wait_us,
        .activity = activity,
    };
    if (use == LEDGER_LOOKS && !is_there(path))
        chosen = (struct ledger_options){.server = "", .organization = ""};
    if (!kind)
        kind = ledger_open(ledger, &chosen, err);
    endpoint_clear(&endpoint);
    free(path);
    return kind;
}
