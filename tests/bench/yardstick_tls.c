#include "yardstick_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/error.h"

SSL_CTX *tls_new(const char *path)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (tls && SSL_CTX_use_certificate_chain_file(tls, path) == 1 &&
        SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM) == 1)
        return tls;
    ERR_print_errors_fp(stderr);
    tls_free(tls);
    return NULL;
}

void tls_free(SSL_CTX *tls)
{
    SSL_CTX_free(tls);
}

SSL *tls_open(SSL_CTX *tls, int fd)
{
    SSL *session = SSL_new(tls);

    if (!session || SSL_set_fd(session, fd) != 1)
        error_out_of_memory();
    SSL_set_mode(session, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_set_accept_state(session);
    return session;
}

void tls_close(SSL *session)
{
    SSL_free(session);
}

/* What recv() or send() would return, and its errno. */
static ssize_t no_bytes(SSL *session, int status)
{
    int why = SSL_get_error(session, status);

    ERR_clear_error();
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE
                ? EAGAIN
                : ECONNRESET;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

ssize_t tls_read(SSL *session, char *bytes, size_t size)
{
    size_t len = 0;
    int status = 1;

    while (len < size && status > 0) {
        status = SSL_read(session, bytes + len, (int)(size - len));
        len += status > 0 ? (size_t)status : 0;
    }
    return len > 0 ? (ssize_t)len : no_bytes(session, status);
}

ssize_t tls_write(SSL *session, const char *bytes, size_t len)
{
    int status = SSL_write(session, bytes, (int)len);

    return status > 0 ? status : no_bytes(session, status);
}
