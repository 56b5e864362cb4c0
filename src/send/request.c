#include "send/request.h"

#include <curl/curl.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "domain/row.h"

/* A server closes an idle connection when it likes (uvicorn after 5 s), and a
 * request that meets the close ends as `unknown`: do not reuse one that old. */
#define IDLE_CONNECTION_S 4L

/* A server that moves is found again soon; libcurl's own minute would be most
 * of what a short --give-up-after allows. */
#define NAME_MEMORY_S 5L

#define KEY_PREFIX "Idempotency-Key: \""
#define USER_AGENT "bulk-invite/" BULK_INVITE_VERSION

struct request_headers {
    struct curl_slist *list;
    char *key;           /* inside the list */
    char *authorization; /* inside the list, or NULL */
};

enum error_kind request_parse_url(struct request_settings *settings,
                                  struct error *err)
{
    settings->parsed_url = curl_url();
    if (!settings->parsed_url)
        error_out_of_memory();
    CURLUcode code =
        curl_url_set(settings->parsed_url, CURLUPART_URL, settings->url, 0);
    if (code == CURLUE_OK)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE, "libcurl does not take the URL %s: %s",
                     settings->url, curl_url_strerror(code));
}

void request_clear_url(struct request_settings *settings)
{
    curl_url_cleanup(settings->parsed_url);
    settings->parsed_url = NULL;
}

static char *append(struct request_headers *headers, const char *line)
{
    struct curl_slist *list = curl_slist_append(headers->list, line);
    if (!list)
        error_out_of_memory();
    headers->list = list;
    while (list->next)
        list = list->next;
    return list->data;
}

struct request_headers *
request_headers_new(const struct request_settings *settings)
{
    struct request_headers *headers = xcalloc(1, sizeof(*headers));
    append(headers, "Content-Type: application/json");
    append(headers, "Accept: application/json");
    /* libcurl would put its own option into words for every request. */
    append(headers, "User-Agent: " USER_AGENT);
    /* A structured string (Idempotency-Key draft); the key is of fixed length,
     * so that each request only overwrites it in place. */
    char *line =
        append(headers, KEY_PREFIX "00000000-0000-4000-8000-000000000000\"");
    headers->key = line + strlen(KEY_PREFIX);
    if (settings->token) {
        struct strbuf bearer;
        strbuf_init(&bearer, SIZE_MAX);
        strbuf_addf(&bearer, "Authorization: Bearer %s", settings->token);
        headers->authorization = append(headers, strbuf_str(&bearer));
        explicit_bzero(bearer.bytes, bearer.len);
        strbuf_clear(&bearer);
    }
    return headers;
}

void request_headers_free(struct request_headers *headers)
{
    if (!headers)
        return;
    if (headers->authorization)
        explicit_bzero(headers->authorization, strlen(headers->authorization));
    curl_slist_free_all(headers->list);
    free(headers);
}

void request_headers_set_key(struct request_headers *headers,
                             const unsigned char *key)
{
    static const char digits[] = "0123456789abcdef";
    char *at = headers->key;
    for (int i = 0; i < IDEMPOTENCY_KEY_SIZE; i++) {
        if (*at == '-') /* stands where the last key had it */
            at++;
        *at++ = digits[key[i] >> 4];
        *at++ = digits[key[i] & 15];
    }
}

/* A timeout in libcurl's milliseconds, where 0 would mean none. */
static long milliseconds(int64_t us)
{
    int64_t ms = us / US_PER_MS;
    if (ms < 1)
        return 1;
    return ms < INT32_MAX ? (long)ms : INT32_MAX;
}

#define SET(option, value)                                          \
    do {                                                            \
        CURLcode set_code_ = curl_easy_setopt(easy, option, value); \
        if (set_code_ == CURLE_OUT_OF_MEMORY)                       \
            error_out_of_memory();                                  \
        if (set_code_ != CURLE_OK)                                  \
            return error_set(err, ERROR_USAGE,                      \
                             "libcurl refuses " #option ": %s",     \
                             curl_easy_strerror(set_code_));        \
    } while (0)

static enum error_kind configure_trust(CURL *easy,
                                       const struct request_settings *settings,
                                       struct error *err)
{
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (settings->cacert) {
        SET(CURLOPT_CAINFO, settings->cacert);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (settings->cert) {
        SET(CURLOPT_SSLCERT, settings->cert);
        SET(CURLOPT_SSLKEY, settings->key);
        /* Or OpenSSL asks the terminal for the password of a key. */
        SET(CURLOPT_KEYPASSWD, "");
    }
    /* Both count against the environment, $no_proxy too. */
    SET(CURLOPT_PROXY, settings->proxy ? settings->proxy : "");
    if (settings->proxy) /* which sees none of the headers, in CONNECT */
        SET(CURLOPT_USERAGENT, USER_AGENT);
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    /* FastAPI answers a trailing slash with a redirect to http://, and a loop
     * of 307s is a flood of POSTs. */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    return ERROR_NONE;
}

enum error_kind request_configure(void *easy,
                                  const struct request_settings *settings,
                                  const struct request_headers *headers,
                                  struct error *err)
{
    /* The parsed one counts; without the other, libcurl would make it of that
     * for each new handle. */
    SET(CURLOPT_URL, settings->url);
    SET(CURLOPT_CURLU, settings->parsed_url);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_HTTPHEADER, headers->list);
    SET(CURLOPT_TIMEOUT_MS, milliseconds(settings->timeout_us));
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings->connect_timeout_us));
    SET(CURLOPT_NOSIGNAL, 1L);
    /* HTTP/2 of this libcurl generation leaves streams hanging on a GOAWAY. */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, NAME_MEMORY_S);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    return configure_trust(easy, settings, err);
}
