#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text_safe.h"
#include "sandbox/sandbox_api.h"
#include "sandbox/sandbox_options.h"
#include "sandbox/sandbox_people.h"
#include "sandbox/sandbox_server.h"

/* The parent, or a person, waits for this line, so it goes out at once. */
static enum error_kind announce(const struct sandbox_server *server,
                                struct error *err)
{
    if (printf("listening on http://127.0.0.1:%u\n",
               (unsigned)sandbox_server_port(server)) < 0 ||
        fflush(stdout) != 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write to stdout");
    return ERROR_NONE;
}

static void say_goodbye(const struct sandbox_api *api)
{
    uint64_t invited = 0;

    for (size_t i = 0; i < api->people.count; i++)
        invited += api->people.all[i]->processed;
    fprintf(stderr,
            "bulk-invite-sandbox: %" PRIu64 " requests, %" PRIu64
            " people invited, no e-mail sent\n",
            api->posts, invited);
}

static enum error_kind serve(const struct sandbox_options *options,
                             struct error *err)
{
    struct sandbox_server *server = NULL;
    sigset_t ending;
    int signal_number;

    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &ending, NULL) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return error_set(err, ERROR_SERVER, "cannot set up signals");

    enum error_kind kind = sandbox_server_start(&server, &options->server, err);
    if (kind != ERROR_NONE)
        return kind;
    kind = announce(server, err);
    if (kind == ERROR_NONE) {
        /* sigwait fails only for a set that holds no valid signal. */
        sigwait(&ending, &signal_number);
        sandbox_server_stop(server);
        if (!options->is_quiet)
            say_goodbye(sandbox_server_api(server));
    }
    sandbox_server_free(server);
    return kind;
}

static enum error_kind run(const struct sandbox_options *options,
                           struct error *err)
{
    if (options->wants_help)
        sandbox_options_print_help(stdout);
    else if (options->wants_version)
        printf("bulk-invite-sandbox %s\n", BULK_INVITE_VERSION);
    else
        return serve(options, err);
    if (fflush(stdout) != 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write to stdout");
    return ERROR_NONE;
}

int main(int argc, char **argv)
{
    struct sandbox_options options;
    struct error err = ERROR_INIT;

    enum error_kind kind = sandbox_options_parse(&options, argc, argv, &err);
    if (kind == ERROR_NONE)
        kind = run(&options, &err);
    sandbox_options_clear(&options);
    if (kind != ERROR_NONE) {
        char *text = text_safe_dup(err.text);
        fprintf(stderr, "bulk-invite-sandbox: %s\n", text);
        free(text);
    }
    return error_exit_code(kind);
}
