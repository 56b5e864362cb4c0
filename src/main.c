#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/help.h"
#include "app/options.h"

/* A file opened later must not get the number of a closed stdin, stdout or
 * stderr. Writing to the stand-in fails, as it would on a closed one. */
static void fill_standard_fds(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            _exit(error_exit_code(ERROR_STORAGE));
}

static int print_help(const struct options *options, struct error *err)
{
    help_print(stdout, options->topic, options->is_help_whole);
    return error_exit_code(console_finish(err));
}

static int print_version(const struct options *options, struct error *err)
{
    (void)options;
    puts("bulk-invite " BULK_INVITE_VERSION);
    return error_exit_code(console_finish(err));
}

static int (*const commands[COMMAND_COUNT])(const struct options *options,
                                            struct error *err) = {
    [COMMAND_SEND] = command_send,       [COMMAND_CHECK] = command_check,
    [COMMAND_STATUS] = command_status,   [COMMAND_REPORT] = command_report,
    [COMMAND_RESOLVE] = command_resolve, [COMMAND_FORGET] = command_forget,
    [COMMAND_IMPORT] = command_import,   [COMMAND_CONFIG] = command_config,
    [COMMAND_HELP] = print_help,         [COMMAND_VERSION] = print_version,
};

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    struct options options;
    int exit_code;

    (void)argc;
    fill_standard_fds();
    /* The token and the addresses are in no core dump, and other programs of
     * the same user can neither attach nor read /proc/PID/environ and mem. */
    prctl(PR_SET_DUMPABLE, 0);
    /* A file at its size limit is as a full disk: the write says so. */
    signal(SIGXFSZ, SIG_IGN);
    /* Some parents leave it ignored: then nobody is told how a child ended. */
    signal(SIGCHLD, SIG_DFL);
    if (options_load(&options, argv, getenv, &err)) {
        exit_code = error_exit_code(err.kind);
    } else {
        exit_code = commands[options.command](&options, &err);
        options_clear(&options);
    }
    if (err.kind != ERROR_NONE)
        console_say(stderr, "bulk-invite: %s", err.text);
    return exit_code;
}
