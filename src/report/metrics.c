#include "report/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define TEXT_CAP (256 * 1024)

static void add_help(struct strbuf *out, const char *name, const char *help)
{
    strbuf_addf(out, "# HELP bulk_invite_%s %s\n# TYPE bulk_invite_%s gauge\n",
                name, help, name);
}

/* `label` is `,NAME="VALUE"`, or "" for a figure that is told once. */
static void add_sample(struct strbuf *out, const struct metrics *metrics,
                       const char *name, const char *label, double figure)
{
    strbuf_addf(out, "bulk_invite_%s{organization=\"", name);
    for (const char *at = metrics->organization; *at; at++)
        strbuf_addf(out, *at == '\\' || *at == '"' ? "\\%c" : "%c", *at);
    strbuf_addf(out, "\"%s} %.16g\n", label, figure);
}

static double seconds(int64_t us)
{
    return (double)us / (double)US_PER_S;
}

static void add_single_figures(struct strbuf *out,
                               const struct metrics *metrics)
{
    const struct {
        const char *name;
        double figure;
        const char *help;
    } figures[] = {
        {"exit_code", metrics->exit_code,
         "How the last run ended; 0 is all well."},
        {"finished", metrics->is_finished,
         "Was the whole list handled (1), or did the run end early (0)?"},
        {"start_time_seconds", seconds(metrics->started_us),
         "When the last run began, since 1970."},
        {"end_time_seconds", seconds(metrics->ended_us),
         "When the last run ended, since 1970."},
        {"duration_seconds", seconds(metrics->ended_us - metrics->started_us),
         "How long the last run took."},
        {"need_look_rows", (double)metrics->counters->need_look,
         "Rows that somebody must look at."},
        {"requests", (double)metrics->counters->attempts,
         "HTTP requests started."},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
        add_help(out, figures[i].name, figures[i].help);
        add_sample(out, metrics, figures[i].name, "", figures[i].figure);
    }
}

void metrics_format(const struct metrics *metrics, struct strbuf *out)
{
    const struct counters *counters = metrics->counters;
    char label[64];

    add_single_figures(out, metrics);
    add_help(out, "rows", "Rows of the list by what became of them.");
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++) {
        snprintf(label, sizeof(label), ",status=\"%s\"",
                 status_name((enum status)i));
        add_sample(out, metrics, "rows", label, (double)counters->settled[i]);
    }
    add_help(out, "hold_seconds", "Time that everything waited, by why.");
    add_sample(out, metrics, "hold_seconds", ",reason=\"quota\"",
               seconds(counters->held_us[HOLD_QUOTA]));
    add_sample(out, metrics, "hold_seconds", ",reason=\"server_down\"",
               seconds(counters->held_us[HOLD_SERVER_DOWN]));
}

/* The collector reads *.prom only, so never the temporary file. */
static enum error_kind replace(const char *path, const struct strbuf *text,
                               struct error *err)
{
    char *temporary = xasprintf("%s.XXXXXX", path);
    bool is_done = false;
    enum error_kind kind = ERROR_NONE;

    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd >= 0) {
        errno = ENOSPC; /* a short write sets none */
        is_done = write(fd, text->bytes, text->len) == (ssize_t)text->len &&
                  fchmod(fd, 0644) == 0;
        is_done = close(fd) == 0 && is_done && rename(temporary, path) == 0;
    }
    if (!is_done)
        kind = error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write the metrics %s", path);
    if (fd >= 0 && !is_done)
        unlink(temporary);
    free(temporary);
    return kind;
}

enum error_kind metrics_write(const struct metrics *metrics, const char *path,
                              struct error *err)
{
    struct stat there;
    struct strbuf text;

    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return error_set(err, ERROR_STORAGE,
                         "cannot write the metrics %s: it is no regular file",
                         path);
    strbuf_init(&text, TEXT_CAP);
    metrics_format(metrics, &text);
    enum error_kind kind = replace(path, &text, err);
    strbuf_clear(&text);
    return kind;
}
