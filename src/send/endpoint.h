#ifndef BULK_INVITE_SEND_ENDPOINT_H
#define BULK_INVITE_SEND_ENDPOINT_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Where invites go: {base}/v1/organizations/{organization}/members/invite.
 */
struct endpoint {
    char *url;  /* complete, organization percent-encoded as one segment */
    char *base; /* scheme://host[:port][/prefix], normalised: names the server
                   in a ledger and on the screen */
    bool is_loopback;
};

/*
 * Refused with ERROR_USAGE: what is not an absolute http or https URL, one with
 * user, password, query or fragment (none of them has a place here, and a
 * password would end up in reports), plain http to anything but loopback (the
 * token would travel in clear), control bytes, an empty organization, and "."
 * or ".." as one (a path segment that would climb).
 */
enum error_kind endpoint_init(struct endpoint *endpoint, const char *base_url,
                              const char *organization,
                              struct error *err) MUST_CHECK;
void endpoint_clear(struct endpoint *endpoint);

/*
 * Refused with ERROR_USAGE, and without a word of it, as it may hold a password
 * that libcurl would repeat in what it says of each attempt: a proxy that
 * libcurl does not take. Also one elsewhere for plain http, which would get the
 * token in clear. NULL, none, is fine.
 */
enum error_kind endpoint_check_proxy(const struct endpoint *endpoint,
                                     const char *proxy,
                                     struct error *err) MUST_CHECK;

#endif
