#include "send/attempt.h"

#include <curl/curl.h>

#include "almanac/invite_codec.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "send/reply_headers.h"

/* Above this, libcurl would ask first (Expect: 100-continue). */
#define REQUEST_BODY_CAP (1024 * 1024)
#define REPLY_BODY_CAP   (64 * 1024)

/* All header bytes of an answer, 1xx answers before it included. */
#define REPLY_HEADERS_CAP (256 * 1024)

#define WORDS_SIZE (CURL_ERROR_SIZE + 128)

struct attempt {
    CURL *easy;
    const struct request_settings *settings;
    const atomic_bool *no_more_sends;
    CURLM *multi;
    struct connections *connections;
    struct request_headers *headers;
    struct row *row; /* NULL: free for the next one */
    int64_t started_us;
    struct strbuf request_body;
    struct strbuf reply_body;
    struct reply_headers reply_headers;
    size_t header_bytes;
    bool has_all_headers; /* of the latest answer */
    unsigned sends;       /* how often the request was let go: 0 or 1 */
    bool is_refused_send; /* the hook said no to another send */
    bool is_for_one_answer;
    char curl_error[CURL_ERROR_SIZE];
};

/* A fresh connection may: of TLS it does, with tickets. */
static bool has_unasked_input(const struct attempt *attempt, int local_port)
{
    long connects = 0;
    curl_easy_getinfo(attempt->easy, CURLINFO_NUM_CONNECTS, &connects);
    return connections_has_input(attempt->connections, local_port) &&
           connects == 0;
}

/* libcurl's prototype. NOLINTNEXTLINE(readability-non-const-parameter) */
static int before_send(void *arg, char *remote_ip, char *local_ip,
                       int remote_port, int local_port)
{
    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    struct attempt *attempt = arg;
    if (attempt->sends > 0 || atomic_load(attempt->no_more_sends) ||
        has_unasked_input(attempt, local_port)) {
        attempt->is_refused_send = true;
        return CURL_PREREQFUNC_ABORT;
    }
    attempt->sends++;
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
    (void)size; /* always 1 */
    struct attempt *attempt = arg;
    attempt->header_bytes += count;
    if (attempt->header_bytes > REPLY_HEADERS_CAP)
        return 0;
    if (count >= 5 && memcmp(line, "HTTP/", 5) == 0)
        attempt->has_all_headers = false;
    /* What follows a body (a trailer) is no header, and changes nothing. */
    if (attempt->has_all_headers)
        return count;
    reply_headers_add(&attempt->reply_headers, line, count, clock_wall_us());
    attempt->has_all_headers = line[0] == '\r' || line[0] == '\n';
    return count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    (void)size; /* always 1 */
    struct attempt *attempt = arg;
    strbuf_add(&attempt->reply_body, bytes, count);
    return attempt->reply_body.is_cut ? 0 : count;
}

static curl_socket_t open_socket(void *connections, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)purpose;
    return connections_open(connections, address->family, address->socktype,
                            address->protocol);
}

static int close_socket(void *connections, curl_socket_t fd)
{
    return connections_close(connections, fd);
}

#define SET(option, value)                                                   \
    do {                                                                     \
        CURLcode set_code_ = curl_easy_setopt(attempt->easy, option, value); \
        if (set_code_ == CURLE_OUT_OF_MEMORY)                                \
            error_out_of_memory();                                           \
        if (set_code_ != CURLE_OK)                                           \
            return error_set(err, ERROR_USAGE, "libcurl refuses " #option);  \
    } while (0)

static enum error_kind configure(struct attempt *attempt, struct error *err)
{
    if (request_configure(attempt->easy, attempt->settings, attempt->headers,
                          err))
        return err->kind;
    SET(CURLOPT_PRIVATE, attempt);
    SET(CURLOPT_PREREQFUNCTION, before_send);
    SET(CURLOPT_PREREQDATA, attempt);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, attempt->connections);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, attempt->connections);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, attempt);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, attempt);
    SET(CURLOPT_ERRORBUFFER, attempt->curl_error);
    return ERROR_NONE;
}

/* Until 8.1.0 a libcurl handle that is used again still points to the last
 * header of the answer before, which is freed by then, and adds to it what
 * looks like a folded line: any server can break the heap so. */
static bool is_handle_for_one_answer(void)
{
    return curl_version_info(CURLVERSION_NOW)->version_num < 0x080100;
}

static enum error_kind renew(struct attempt *attempt, struct error *err)
{
    curl_easy_cleanup(attempt->easy);
    attempt->easy = curl_easy_init();
    if (!attempt->easy)
        error_out_of_memory();
    return configure(attempt, err);
}

struct attempt *attempt_new(const struct request_settings *settings,
                            const atomic_bool *no_more_sends, void *multi,
                            struct connections *connections, struct error *err)
{
    struct attempt *attempt = xcalloc(1, sizeof(*attempt));
    attempt->settings = settings;
    attempt->no_more_sends = no_more_sends;
    attempt->multi = multi;
    attempt->connections = connections;
    strbuf_init(&attempt->request_body, REQUEST_BODY_CAP);
    strbuf_init(&attempt->reply_body, REPLY_BODY_CAP);
    attempt->is_for_one_answer = is_handle_for_one_answer();
    attempt->headers = request_headers_new(settings);
    if (renew(attempt, err)) {
        attempt_free(attempt);
        return NULL;
    }
    return attempt;
}

void attempt_free(struct attempt *attempt)
{
    if (!attempt)
        return;
    curl_easy_cleanup(attempt->easy);
    request_headers_free(attempt->headers);
    strbuf_clear(&attempt->request_body);
    strbuf_clear(&attempt->reply_body);
    row_free(attempt->row);
    free(attempt);
}

enum error_kind attempt_start(struct attempt *attempt, struct row *row,
                              int64_t now_us, struct error *err)
{
    strbuf_reset(&attempt->request_body);
    strbuf_reset(&attempt->reply_body);
    reply_headers_reset(&attempt->reply_headers);
    attempt->header_bytes = 0;
    attempt->has_all_headers = false;
    attempt->sends = 0;
    attempt->is_refused_send = false;
    attempt->curl_error[0] = '\0';
    attempt->started_us = now_us;

    invite_codec_encode(row->email, row->role, &attempt->request_body);
    request_headers_set_key(attempt->headers, row->idempotency_key);
    SET(CURLOPT_POSTFIELDSIZE, (long)attempt->request_body.len);
    SET(CURLOPT_POSTFIELDS, attempt->request_body.bytes);
    CURLMcode code = curl_multi_add_handle(attempt->multi, attempt->easy);
    if (code != CURLM_OK)
        return error_set(err, ERROR_STORAGE, "libcurl cannot start: %s",
                         curl_multi_strerror(code));
    row->attempts++;
    attempt->row = row;
    return ERROR_NONE;
}

/* It cannot work, however often it is tried. */
static bool is_misconfigured(const struct attempt *attempt, int curl_code)
{
    static const int never_work[] = {
        CURLE_UNSUPPORTED_PROTOCOL,
        CURLE_FAILED_INIT,
        CURLE_URL_MALFORMAT,
        CURLE_NOT_BUILT_IN,
        CURLE_FUNCTION_NOT_FOUND,
        CURLE_BAD_FUNCTION_ARGUMENT,
        CURLE_UNKNOWN_OPTION,
        CURLE_SSL_ENGINE_NOTFOUND,
        CURLE_SSL_ENGINE_SETFAILED,
        CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CIPHER,
        CURLE_PEER_FAILED_VERIFICATION,
        CURLE_USE_SSL_FAILED,
        CURLE_SSL_ENGINE_INITFAILED,
        CURLE_SSL_CACERT_BADFILE,
        CURLE_SSL_CRL_BADFILE,
        CURLE_SSL_ISSUER_ERROR,
        CURLE_SSL_PINNEDPUBKEYNOTMATCH,
        CURLE_SSL_INVALIDCERTSTATUS,
    };
    for (size_t i = 0; i < sizeof(never_work) / sizeof(*never_work); i++)
        if (curl_code == never_work[i])
            return true;
    /* a proxy that opens no tunnel to the server, and never will */
    long status = 0;
    curl_easy_getinfo(attempt->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 400 && status <= 499 && status != 408 && status != 429;
}

static const char *curl_words(const struct attempt *attempt, int curl_code)
{
    if (attempt->curl_error[0])
        return attempt->curl_error;
    return curl_easy_strerror((CURLcode)curl_code);
}

/* No byte of the request left. */
static void never_sent(const struct attempt *attempt, int curl_code,
                       struct result *result)
{
    char words[WORDS_SIZE] = "held back before it was sent";
    enum outcome_code code = CODE_CANNOT_CONNECT;
    if (curl_code == ATTEMPT_CUT_OFF || attempt->is_refused_send) {
        result->kind = RESULT_NOT_SENT;
    } else if (is_misconfigured(attempt, curl_code)) {
        bool is_certificate = curl_code == CURLE_PEER_FAILED_VERIFICATION;
        result->kind = RESULT_MISCONFIGURED;
        code = is_certificate ? CODE_CERTIFICATE : CODE_SETUP;
        snprintf(words, sizeof(words), "%s: %s",
                 is_certificate ? "the server's certificate is not trusted"
                                : "the connection cannot be set up",
                 curl_words(attempt, curl_code));
    } else {
        result->kind = RESULT_UNREACHABLE;
        snprintf(words, sizeof(words), "cannot connect: %s",
                 curl_words(attempt, curl_code));
    }
    outcome_set(&result->outcome, STATUS_UNPROCESSED, code, words);
}

/* It left, and no whole answer came back. */
static void no_answer(const struct attempt *attempt, int curl_code,
                      struct result *result)
{
    char words[WORDS_SIZE];
    enum outcome_code code = CODE_CONNECTION_LOST;
    snprintf(words, sizeof(words), "sent, but the answer was lost: %s",
             curl_words(attempt, curl_code));
    const char *why = words;
    if (curl_code == ATTEMPT_CUT_OFF) {
        code = CODE_ABORTED;
        why = "the run ended before the server answered";
    } else if (curl_code == CURLE_OPERATION_TIMEDOUT) {
        code = CODE_TIMEOUT;
        why = "sent, but no answer came in time";
    } else if (attempt->is_refused_send || curl_code == CURLE_GOT_NOTHING) {
        why = "sent, and the connection was closed without an answer";
    } else if (curl_code == CURLE_OK) {
        why = "sent, and the connection was closed within the answer";
    }
    result->kind = RESULT_UNKNOWN;
    outcome_set(&result->outcome, STATUS_UNKNOWN, code, why);
}

/* Did the connection end, or the time, in the middle of an answer? A close
 * within the headers passes for a success with libcurl. */
static bool is_lost_midway(const struct attempt *attempt, int curl_code)
{
    switch (curl_code) {
    case CURLE_OK:
        return !attempt->has_all_headers;
    case ATTEMPT_CUT_OFF:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return true;
    default:
        return false;
    }
}

static void answered(struct attempt *attempt, long http_status, int curl_code,
                     struct result *result)
{
    struct reply reply = {
        .http_status = (int)http_status,
        .body = attempt->reply_body.bytes,
        .body_len = attempt->reply_body.len,
        .is_body_cut = curl_code != CURLE_OK || !attempt->has_all_headers,
        .is_edge_refusal = attempt->reply_headers.is_edge_refusal,
    };
    result->kind =
        invite_codec_decode(&reply, attempt->row->email, &result->outcome);
    result->wish = attempt->reply_headers.wish;
    /* Half an answer says nothing of whose API it is. */
    if (result->kind == RESULT_NOT_OURS && is_lost_midway(attempt, curl_code))
        no_answer(attempt, curl_code, result);
}

struct row *attempt_finish(struct attempt *attempt, int curl_code,
                           struct result *result)
{
    *result = (struct result){.wish = SERVER_WISH_NONE};
    long http_status = 0;
    long request_bytes = 0;
    curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &http_status);
    curl_easy_getinfo(attempt->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_multi_remove_handle(attempt->multi, attempt->easy);
    /* libcurl counts a request's bytes when it ends by itself. */
    bool is_cut_off = curl_code == ATTEMPT_CUT_OFF;

    bool is_answered = attempt->sends > 0 && http_status >= 200;
    bool is_never_sent = attempt->sends == 0 || request_bytes == 0;
    if (is_answered)
        answered(attempt, http_status, curl_code, result);
    else if (is_never_sent && !(attempt->sends > 0 && is_cut_off))
        never_sent(attempt, curl_code, result);
    else
        no_answer(attempt, curl_code, result);

    struct row *row = attempt->row;
    attempt->row = NULL;
    if (result->kind == RESULT_NOT_SENT)
        row->attempts--;
    result->outcome.attempts = row->attempts;
    /* A handle keeps libcurl's own count of re-sends. */
    bool is_spent = attempt->is_refused_send ||
                    (attempt->is_for_one_answer && attempt->header_bytes > 0);
    /* The options were accepted before: what fails now is an allocation. */
    struct error ignored = ERROR_INIT;
    if (is_spent && renew(attempt, &ignored))
        error_out_of_memory();
    return row;
}

bool attempt_is_in_flight(const struct attempt *attempt)
{
    return attempt->row != NULL;
}

bool attempt_is_sent(const struct attempt *attempt)
{
    return attempt->sends > 0;
}

int64_t attempt_started_us(const struct attempt *attempt)
{
    return attempt->started_us;
}
