#ifndef BULK_INVITE_SEND_REQUEST_H
#define BULK_INVITE_SEND_REQUEST_H

#include <stdint.h>

#include "base/error.h"

/*
 * What all requests of a run have in common.
 */
struct request_settings {
    const char *url;
    void *parsed_url;   /* request_parse_url()'s */
    const char *token;  /* NULL: no Authorization header */
    const char *proxy;  /* NULL: none, whatever the environment says */
    const char *cacert; /* NULL: the system's certificates */
    const char *cert;   /* of this client, or NULL */
    const char *key;    /* NULL: in the file `cert` */
    int64_t timeout_us;
    int64_t connect_timeout_us;
};

/* Takes settings->url apart once for all requests, into parsed_url: an eighth
 * of what a request costs. Clear it after the requests. */
enum error_kind request_parse_url(struct request_settings *settings,
                                  struct error *err) MUST_CHECK;
void request_clear_url(struct request_settings *settings);

/* The headers of one request, with room for its Idempotency-Key. */
struct request_headers;

struct request_headers *
request_headers_new(const struct request_settings *settings);

/* Wipes the token. NULL is fine. */
void request_headers_free(struct request_headers *headers);

/* Puts the key (IDEMPOTENCY_KEY_SIZE bytes) into its place, as a UUID's text.
 */
void request_headers_set_key(struct request_headers *headers,
                             const unsigned char *key);

/* Sets a fresh or reset CURL handle up for this run and these headers. */
enum error_kind request_configure(void *easy,
                                  const struct request_settings *settings,
                                  const struct request_headers *headers,
                                  struct error *err) MUST_CHECK;

#endif
