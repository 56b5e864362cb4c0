#ifndef BULK_INVITE_REPORT_METRICS_H
#define BULK_INVITE_REPORT_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "domain/counters.h"

/*
 * The figures of the last run, for node_exporter's textfile collector
 * (Prometheus text format 0.0.4).
 */
struct metrics {
    const struct counters *counters;
    const char *organization; /* label of each: several runs on one machine */
    int exit_code;
    bool is_finished; /* the whole list was handled */
    int64_t started_us;
    int64_t ended_us; /* both wall time */
};

void metrics_format(const struct metrics *metrics, struct strbuf *out);

/* Replaces the file at `path` at once, with mode 0644: the collector is another
 * user. ERROR_STORAGE when that fails, or when what is there is no file. */
enum error_kind metrics_write(const struct metrics *metrics, const char *path,
                              struct error *err) MUST_CHECK;

#endif
