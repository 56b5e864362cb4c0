#ifndef BULK_INVITE_TESTS_BENCH_YARDSTICK_TLS_H
#define BULK_INVITE_TESTS_BENCH_YARDSTICK_TLS_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * TLS for the yardstick's connections (OpenSSL, where it was there to build
 * with). They read and write as by recv() and send(); a read goes on until the
 * buffer is full or nothing is left, so epoll tells of all that comes later.
 */
struct ssl_ctx_st;
struct ssl_st;

#ifdef YARDSTICK_HAS_TLS

/* From a PEM file with a certificate and its key. NULL, with reasons on
 * stderr, when it can't be had. */
struct ssl_ctx_st *tls_new(const char *path);
void tls_free(struct ssl_ctx_st *tls);

/* The session of an accepted connection; `fd` stays the caller's. */
struct ssl_st *tls_open(struct ssl_ctx_st *tls, int fd);
void tls_close(struct ssl_st *session);

ssize_t tls_read(struct ssl_st *session, char *bytes, size_t size);
ssize_t tls_write(struct ssl_st *session, const char *bytes, size_t len);

#else /* nobody has a session */

#define tls_new(path)                  (errno = ENOTSUP, NULL)
#define tls_free(tls)                  ((void)(tls))
#define tls_open(tls, fd)              NULL
#define tls_close(session)             ((void)(session))
#define tls_read(session, bytes, size) ((ssize_t)-1)
#define tls_write(session, bytes, len) ((ssize_t)-1)

#endif

#endif
