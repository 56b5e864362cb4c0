#include "app/ledger_choice.h"

#include "base/strbuf.h"
#include "ledger/ledger.h"

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
