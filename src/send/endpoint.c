#include "send/endpoint.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <strings.h>

#include "base/text_safe.h"

#define URL_CAP 8192

static bool is_loopback_host(const char *host)
{
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    /* curl's URL parser has normalised numeric forms such as 127.1; what is
     * left of them, like 127.0.0.256, is a name for others to resolve */
    struct in_addr address;
    return inet_pton(AF_INET, host, &address) == 1 &&
           ntohl(address.s_addr) >> 24 == 127;
}

static enum error_kind not_a_url(const char *base_url, const char *why,
                                 struct error *err)
{
    /* A password, where none belongs, is not for a log or a mail. */
    const char *shown = strchr(base_url, '@') ? "..." : base_url;
    return error_set(err, ERROR_USAGE,
                     "base-url \"%s\" %s; it should look like "
                     "https://api.example.com",
                     shown, why);
}

static bool is_url_ok(CURLUcode code)
{
    if (code == CURLUE_OUT_OF_MEMORY)
        error_out_of_memory();
    return code == CURLUE_OK;
}

/* NULL when it has none; for curl_free(). */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    is_url_ok(curl_url_get(url, part, &text, CURLU_NO_DEFAULT_PORT));
    return text;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = url_part(url, part);
    bool has_it = text != NULL;
    curl_free(text);
    return has_it;
}

static enum error_kind check_url(CURLU *url, const char *base_url,
                                 bool is_loopback, struct error *err)
{
    char *scheme = url_part(url, CURLUPART_SCHEME);
    bool is_http = scheme && strcmp(scheme, "http") == 0;
    bool is_https = scheme && strcmp(scheme, "https") == 0;
    curl_free(scheme);
    if (!is_http && !is_https)
        return not_a_url(base_url, "is not an http or https URL", err);
    if (!has_part(url, CURLUPART_HOST))
        return not_a_url(base_url, "names no host", err);
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return error_set(err, ERROR_USAGE,
                         "base-url holds a user or password; the token goes "
                         "into $BULK_INVITE_TOKEN or --token-file");
    if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
        return not_a_url(base_url, "has a query or fragment", err);
    if (is_http && !is_loopback)
        return error_set(err, ERROR_USAGE,
                         "base-url \"%s\" would send the token in clear: use "
                         "https:// (plain http is for loopback only)",
                         base_url);
    return ERROR_NONE;
}

/* Default ports, letter case and trailing slashes make no second server. */
static char *normalised_base(CURLU *url, char *host)
{
    for (char *c = host; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    is_url_ok(curl_url_set(url, CURLUPART_HOST, host, 0));
    char *text = url_part(url, CURLUPART_URL);
    if (!text)
        error_out_of_memory();
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '/')
        len--;
    char *base = xstrndup(text, len);
    curl_free(text);
    return base;
}

static enum error_kind parse_base(struct endpoint *endpoint,
                                  const char *base_url, struct error *err)
{
    if (strlen(base_url) > URL_CAP / 2)
        return error_set(err, ERROR_USAGE, "base-url is too long");
    if (text_has_control(base_url, strlen(base_url)) || strchr(base_url, ' '))
        return not_a_url(base_url, "has a space or control character", err);
    CURLU *url = curl_url();
    if (!url)
        error_out_of_memory();
    char *host = NULL;
    enum error_kind kind;
    if (!is_url_ok(curl_url_set(url, CURLUPART_URL, base_url, 0))) {
        kind = not_a_url(base_url, "is not a URL", err);
    } else {
        host = url_part(url, CURLUPART_HOST);
        endpoint->is_loopback = host && is_loopback_host(host);
        kind = check_url(url, base_url, endpoint->is_loopback, err);
    }
    if (!kind)
        endpoint->base = normalised_base(url, host);
    curl_free(host);
    curl_url_cleanup(url);
    return kind;
}

enum error_kind endpoint_init(struct endpoint *endpoint, const char *base_url,
                              const char *organization, struct error *err)
{
    *endpoint = (struct endpoint){0};
    size_t len = strlen(organization);
    if (len == 0 || strcmp(organization, ".") == 0 ||
        strcmp(organization, "..") == 0)
        return error_set(err, ERROR_USAGE,
                         "org \"%s\" is not an organization's id",
                         organization);
    if (len > URL_CAP / 8 || text_has_control(organization, len))
        return error_set(err, ERROR_USAGE,
                         "org has control characters or is too long");
    if (parse_base(endpoint, base_url, err)) {
        endpoint_clear(endpoint);
        return err->kind;
    }
    char *segment = curl_easy_escape(NULL, organization, (int)len);
    if (!segment)
        error_out_of_memory();
    endpoint->url = xasprintf("%s/v1/organizations/%s/members/invite",
                              endpoint->base, segment);
    curl_free(segment);
    return ERROR_NONE;
}

void endpoint_clear(struct endpoint *endpoint)
{
    free(endpoint->url);
    free(endpoint->base);
    *endpoint = (struct endpoint){0};
}

/* Does libcurl take user and password of it? Control characters it does not,
 * and would then go without the proxy. */
static bool is_login_ok(CURLU *url)
{
    static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD};
    bool is_ok = true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        char *text = NULL;
        CURLUcode code = curl_url_get(url, parts[i], &text, CURLU_URLDECODE);
        is_ok = is_ok && (is_url_ok(code) || code == CURLUE_NO_USER ||
                          code == CURLUE_NO_PASSWORD);
        curl_free(text);
    }
    return is_ok;
}

static bool is_proxy_scheme(const char *scheme)
{
    static const char *const schemes[] = {"http",    "https",  "socks4",
                                          "socks4a", "socks5", "socks5h"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
        if (scheme && strcmp(scheme, schemes[i]) == 0)
            return true;
    return false;
}

static enum error_kind check_proxy(CURLU *url, const char *proxy,
                                   bool is_plain_http, struct error *err)
{
    /* As libcurl reads it: without a scheme it is http. */
    CURLUcode code =
        curl_url_set(url, CURLUPART_URL, proxy,
                     CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
    char *scheme = is_url_ok(code) ? url_part(url, CURLUPART_SCHEME) : NULL;
    char *host = scheme ? url_part(url, CURLUPART_HOST) : NULL;
    if (!is_proxy_scheme(scheme) || !host || !*host || !is_login_ok(url))
        error_set(err, ERROR_USAGE,
                  "proxy is no proxy's URL; it should look like "
                  "http://proxy.example.com:3128, and https, socks4, socks4a, "
                  "socks5 and socks5h are possible too");
    else if (is_plain_http && !is_loopback_host(host))
        error_set(err, ERROR_USAGE,
                  "proxy %s would get the token in clear, as base-url is plain "
                  "http: leave out proxy, or use https://",
                  host);
    curl_free(scheme);
    curl_free(host);
    return err->kind;
}

enum error_kind endpoint_check_proxy(const struct endpoint *endpoint,
                                     const char *proxy, struct error *err)
{
    if (!proxy)
        return ERROR_NONE;
    CURLU *url = curl_url();
    if (!url)
        error_out_of_memory();
    check_proxy(url, proxy, strncmp(endpoint->base, "http:", 5) == 0, err);
    curl_url_cleanup(url);
    return err->kind;
}
