#include "app/ledger_choice.h"

#include <errno.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "send/endpoint.h"

#define PATH_CAP 4096

enum error_kind ledger_choose(char **path, const struct options *options,
                              const char *server, struct error *err)
{
    *path = NULL;
    if (options->ledger) {
        *path = xstrdup(options->ledger);
        return ERROR_NONE;
    }
    struct strbuf place;
    strbuf_init(&place, PATH_CAP);
    enum error_kind kind =
        ledger_place(getenv("STATE_DIRECTORY"), getenv("XDG_STATE_HOME"),
                     getenv("HOME"), server, options->org, &place, err);
    if (!kind)
        *path = strbuf_detach(&place);
    strbuf_clear(&place);
    return kind;
}

/* The server as ledgers name it; NULL when it is left to the ledger. */
static enum error_kind name_server(char **server, const struct options *options,
                                   struct error *err)
{
    /* The organization has no part in the server's name. */
    const char *org = options->org ? options->org : "any";
    struct endpoint endpoint = {0};
    *server = NULL;
    if (!options->base_url)
        return ERROR_NONE;
    if (endpoint_init(&endpoint, options->base_url, org, err))
        return err->kind;
    *server = xstrdup(endpoint.base);
    endpoint_clear(&endpoint);
    return ERROR_NONE;
}

static bool is_there(const char *path)
{
    return path && (access(path, F_OK) == 0 || errno != ENOENT) &&
           strcmp(path, ":memory:") != 0;
}

static enum error_kind open_empty(struct ledger **ledger, struct error *err)
{
    const struct ledger_options nowhere = {.server = "", .organization = ""};
    return ledger_open(ledger, &nowhere, err);
}

enum error_kind ledger_open_chosen(struct ledger **ledger,
                                   const struct options *options,
                                   enum ledger_use use, const char *activity,
                                   struct error *err)
{
    char *server = NULL;
    char *path = NULL;
    enum error_kind kind = name_server(&server, options, err);
    *ledger = NULL;
    if (!kind && (options->ledger || options->org || use != LEDGER_LOOKS))
        kind = ledger_choose(&path, options, server, err);
    if (!kind && use == LEDGER_LOOKS && !is_there(path))
        kind = open_empty(ledger, err);
    struct ledger_options chosen = {
        .path = path,
        .server = server,
        .organization = options->org,
        .must_exist = use != LEDGER_FILLS,
        .is_reader = use == LEDGER_READS || use == LEDGER_LOOKS,
        .lock_wait_us = options->lock_wait_us,
        .activity = activity,
    };
    if (!kind && !*ledger)
        kind = ledger_open(ledger, &chosen, err);
    free(server);
    free(path);
    return kind;
}
