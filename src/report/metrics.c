#include "report/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define TEXT_CAP (256 * 1024)

struct writer {
    struct strbuf *out;
    const char *organization;
};

static void add_label(struct strbuf *out, const char *value)
{
    strbuf_add_char(out, '"');
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *value);
    }
    strbuf_add_char(out, '"');
}

static void add_help(const struct writer *writer, const char *name,
                     const char *help)
{
    strbuf_addf(writer->out,
                "# HELP bulk_invite_%s %s\n# TYPE bulk_invite_%s gauge\n", name,
                help, name);
}

/* `label` is NULL for a figure that is told once. */
static void add_sample(const struct writer *writer, const char *name,
                       const char *label, const char *value, double figure)
{
    strbuf_addf(writer->out, "bulk_invite_%s{organization=", name);
    add_label(writer->out, writer->organization);
    if (label)
        strbuf_addf(writer->out, ",%s=\"%s\"", label, value);
    strbuf_addf(writer->out, "} %.16g\n", figure);
}

static void add(const struct writer *writer, const char *name, double figure,
                const char *help)
{
    add_help(writer, name, help);
    add_sample(writer, name, NULL, NULL, figure);
}

static double seconds(int64_t us)
{
    return (double)us / (double)US_PER_S;
}

static void add_work(const struct writer *writer,
                     const struct counters *counters)
{
    add_help(writer, "rows", "Rows of the list by what became of them.");
    for (int i = STATUS_NONE + 1; i < STATUS_COUNT; i++)
        add_sample(writer, "rows", "status", status_name((enum status)i),
                   (double)counters->settled[i]);
    add(writer, "need_look_rows", (double)counters->need_look,
        "Rows that somebody must look at.");
    add(writer, "requests", (double)counters->attempts,
        "HTTP requests started.");
    add_help(writer, "hold_seconds", "Time that everything waited, by why.");
    add_sample(writer, "hold_seconds", "reason", "quota",
               seconds(counters->held_us[HOLD_QUOTA]));
    add_sample(writer, "hold_seconds", "reason", "server_down",
               seconds(counters->held_us[HOLD_SERVER_DOWN]));
}

void metrics_format(const struct metrics *metrics, struct strbuf *out)
{
    const struct writer writer = {out, metrics->organization};

    add(&writer, "exit_code", metrics->exit_code,
        "How the last run ended; 0 is all well.");
    add(&writer, "finished", metrics->is_finished,
        "Was the whole list handled (1), or did the run end early (0)?");
    add(&writer, "start_time_seconds", seconds(metrics->started_us),
        "When the last run began, since 1970.");
    add(&writer, "end_time_seconds", seconds(metrics->ended_us),
        "When the last run ended, since 1970.");
    add(&writer, "duration_seconds",
        seconds(metrics->ended_us - metrics->started_us),
        "How long the last run took.");
    add_work(&writer, metrics->counters);
}

static bool write_text(int fd, const struct strbuf *text)
{
    if (write(fd, text->bytes, text->len) == (ssize_t)text->len &&
        fchmod(fd, 0644) == 0)
        return true;
    if (errno == 0)
        errno = ENOSPC;
    return false;
}

/* The collector reads *.prom only, so never the temporary file. */
static enum error_kind replace(const char *path, const struct strbuf *text,
                               struct error *err)
{
    char temporary[4096];
    int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    int fd = -1;

    errno = ENAMETOOLONG;
    if (len < (int)sizeof(temporary))
        fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_STORAGE, errno,
                               "cannot write the metrics %s", path);
    errno = 0;
    bool is_written = write_text(fd, text);
    if ((close(fd) != 0 || !is_written || rename(temporary, path) != 0)) {
        error_set_errno(err, ERROR_STORAGE, errno,
                        "cannot write the metrics %s", path);
        unlink(temporary);
        return err->kind;
    }
    return ERROR_NONE;
}

enum error_kind metrics_write(const struct metrics *metrics, const char *path,
                              struct error *err)
{
    struct stat there;
    struct strbuf text;
    enum error_kind kind;

    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return error_set(err, ERROR_STORAGE,
                         "cannot write the metrics %s: it is no regular file",
                         path);
    strbuf_init(&text, TEXT_CAP);
    metrics_format(metrics, &text);
    kind = replace(path, &text, err);
    strbuf_clear(&text);
    return kind;
}
