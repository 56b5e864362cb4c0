#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/help.h"
#include "app/options.h"
#include "base/text_safe.h"

/* A file opened later must not get the number of a closed stdin, stdout or
 * stderr. Writing to the stand-in fails, as it would on a closed one. */
static void fill_standard_fds(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            _exit(error_exit_code(ERROR_STORAGE));
}

static int finish_stdout(struct error *err)
{
    return console_finish(err) ? error_exit_code(err->kind) : 0;
}

static int run(const struct options *options, struct error *err)
{
    switch (options->command) {
    case COMMAND_SEND:
        return command_send(options, err);
    case COMMAND_CHECK:
        return command_check(options, err);
    case COMMAND_STATUS:
        return command_status(options, err);
    case COMMAND_REPORT:
        return command_report(options, err);
    case COMMAND_RESOLVE:
        return command_resolve(options, err);
    case COMMAND_FORGET:
        return command_forget(options, err);
    case COMMAND_IMPORT:
        return command_import(options, err);
    case COMMAND_CONFIG:
        return command_config(options, err);
    case COMMAND_HELP:
        help_print(stdout, options->topic, options->is_help_whole);
        return finish_stdout(err);
    case COMMAND_VERSION:
        printf("bulk-invite %s\n", BULK_INVITE_VERSION);
        return finish_stdout(err);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    struct options options;
    int exit_code;
    fill_standard_fds();
    /* The token and the addresses are in no core dump, and other programs of
     * the same user can neither attach nor read /proc/PID/environ and mem. */
    prctl(PR_SET_DUMPABLE, 0);
    /* A file at its size limit is as a full disk: the write says so. */
    signal(SIGXFSZ, SIG_IGN);
    if (options_load(&options, argc, argv, getenv, &err)) {
        exit_code = error_exit_code(err.kind);
    } else {
        exit_code = run(&options, &err);
        options_clear(&options);
    }
    if (err.kind != ERROR_NONE) {
        char *text = text_safe_dup(err.text);
        fprintf(stderr, "bulk-invite: %s\n", text);
        free(text);
    }
    return exit_code;
}
