#ifndef BULK_INVITE_SANDBOX_SANDBOX_CONTROL_H
#define BULK_INVITE_SANDBOX_SANDBOX_CONTROL_H

#include <stdbool.h>

#include "sandbox/sandbox_api.h"

/*
 * The endpoints that no Almanac server has. No latency, limit or fault applies
 * to them.
 *
 *   GET  /_sandbox/invites     everybody a POST named, as JSON
 *   GET  /_sandbox/requests    the POSTs in order, as JSON
 *   GET  /_sandbox/config      the settings in force, as JSON
 *   POST /_sandbox/config      an object of settings to change: all or, with
 *                              422 and the reason, none
 */

/* False: it is none of these paths, and `reply` is untouched. */
bool sandbox_control_answer(struct sandbox_api *api,
                            const struct sandbox_request *request,
                            struct sandbox_reply *reply);

#endif
