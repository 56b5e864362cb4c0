#ifndef BULK_INVITE_APP_SANDBOX_PROCESS_H
#define BULK_INVITE_APP_SANDBOX_PROCESS_H

#include "base/error.h"

/*
 * `send --sandbox`: a bulk-invite-sandbox of this run's own, on a free
 * loopback port. It ends with the run, also when the run is killed
 * (PR_SET_PDEATHSIG).
 */
struct sandbox_process;

/* Starts the program that stands beside this one (or is found in $PATH) and
 * waits until it listens. */
enum error_kind sandbox_process_start(struct sandbox_process **sandbox,
                                      struct error *err) MUST_CHECK;

/* "http://127.0.0.1:PORT"; owned by `sandbox`. */
const char *sandbox_process_base_url(const struct sandbox_process *sandbox);

/* Ends it. NULL is fine. */
void sandbox_process_stop(struct sandbox_process *sandbox);

#endif
