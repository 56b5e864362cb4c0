#include <string.h>

#include "ledger/ledger.h"

/* One file name for any bytes: what is not a plain character becomes %HH, and
 * so does a leading dot. Different texts give different names. */
static void add_encoded(struct strbuf *path, const char *text)
{
    for (const char *c = text; *c; c++) {
        bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                        (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' ||
                        (*c == '.' && c != text);
        if (is_plain)
            strbuf_add_char(path, *c);
        else
            strbuf_addf(path, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

static bool is_absolute(const char *path)
{
    return path && path[0] == '/';
}

enum error_kind ledger_place(const char *state_directory,
                             const char *state_home, const char *home,
                             const char *server, const char *organization,
                             struct strbuf *path, struct error *err)
{
    if (is_absolute(state_directory)) {
        /* several are separated by colons (systemd.exec) */
        strbuf_add(path, state_directory, strcspn(state_directory, ":"));
    } else if (is_absolute(state_home)) {
        strbuf_addf(path, "%s/bulk-invite", state_home);
    } else if (is_absolute(home)) {
        strbuf_addf(path, "%s/.local/state/bulk-invite", home);
    } else {
        return error_set(err, ERROR_USAGE,
                         "no place for the ledger: neither $STATE_DIRECTORY, "
                         "$XDG_STATE_HOME nor $HOME is set; name one with "
                         "--ledger FILE");
    }
    strbuf_add_char(path, '/');
    add_encoded(path, server);
    strbuf_add_char(path, '/');
    add_encoded(path, organization);
    strbuf_add_str(path, ".db");
    if (path->is_cut)
        return error_set(err, ERROR_USAGE,
                         "the ledger's name would be too long: choose one "
                         "with --ledger FILE");
    return ERROR_NONE;
}
