#include "yardstick_http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *bytes;
    size_t len;
};

/* The value of the header line at `line`, when it is the one called `name`
 * (with its colon). */
static bool header_value(struct slice line, const char *name,
                         struct slice *value)
{
    size_t name_len = strlen(name);

    if (line.len < name_len || strncasecmp(line.bytes, name, name_len) != 0)
        return false;
    value->bytes = line.bytes + name_len;
    value->len = line.len - name_len;
    while (value->len > 0 && *value->bytes == ' ') {
        value->bytes++;
        value->len--;
    }
    return true;
}

/* False for what is no number, and for any above the cap. */
static bool parse_length(struct slice text, size_t *length)
{
    size_t sum = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        sum = sum * 10 + (size_t)(text.bytes[i] - '0');
        if (sum > YARDSTICK_REQUEST_CAP)
            return false;
    }
    *length = sum;
    return true;
}

static bool parse_header(struct slice line, struct yardstick_request *request)
{
    struct slice value;

    switch (*line.bytes) {
    case 'C':
    case 'c':
        if (header_value(line, "content-length:", &value))
            return parse_length(value, &request->body_len);
        if (header_value(line, "connection:", &value))
            request->is_last =
                value.len == 5 && strncasecmp(value.bytes, "close", 5) == 0;
        return true;
    case 'T':
    case 't':
        return !header_value(line, "transfer-encoding:", &value);
    default:
        return true;
    }
}

enum yardstick_parse yardstick_parse(const char *bytes, size_t len,
                                     struct yardstick_request *request)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);

    if (!end)
        return len < YARDSTICK_REQUEST_CAP ? YARDSTICK_INCOMPLETE
                                           : YARDSTICK_BAD;
    *request = (struct yardstick_request){
        .is_post = memcmp(bytes, "POST ", 5) == 0,
        .body = end + 4,
    };
    const char *line = memchr(bytes, '\n', (size_t)(end + 2 - bytes));
    while (line && line < end) {
        const char *start = line + 1;
        line = memchr(start, '\n', (size_t)(end + 2 - start));
        if (line == start)
            return YARDSTICK_BAD;
        struct slice header = {start, (size_t)(line - 1 - start)};
        if (!parse_header(header, request))
            return YARDSTICK_BAD;
    }
    request->len = (size_t)(request->body - bytes) + request->body_len;
    if (request->len > YARDSTICK_REQUEST_CAP)
        return YARDSTICK_BAD;
    return request->len <= len ? YARDSTICK_COMPLETE : YARDSTICK_INCOMPLETE;
}

/* The string after "name": as it stands in the JSON, escapes and all. The
 * yardstick's clients write what they are told to, so a scan will do. */
static bool find_string(const struct yardstick_request *request,
                        const char *name, struct slice *value)
{
    const char *end = request->body + request->body_len;
    const char *at =
        memmem(request->body, request->body_len, name, strlen(name));

    if (!at)
        return false;
    at += strlen(name);
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    if (at == end || *at != '"')
        return false;
    value->bytes = ++at;
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    if (at >= end)
        return false;
    value->len = (size_t)(at - value->bytes);
    return true;
}

static char *put(char *at, const char *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

#define PUT_LITERAL(at, text) put((at), (text), sizeof(text) - 1)

static char *put_number(char *at, size_t number)
{
    char digits[24];
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return put(at, digits + first, sizeof digits - first);
}

static char *put_id(char *at, uint64_t number)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[(number >> shift) & 15];
    return at;
}

static size_t not_found(char *answer)
{
    char *at = PUT_LITERAL(answer, "HTTP/1.1 404 Not Found\r\n"
                                   "Content-Type: application/json\r\n"
                                   "Content-Length: 22\r\n\r\n"
                                   "{\"detail\":\"Not Found\"}");

    return (size_t)(at - answer);
}

/* Around id, email and role. */
#define BODY_START "{\"invitation_id\":\"inv_"
#define BODY_EMAIL "\",\"email\":\""
#define BODY_ROLE  "\",\"role\":\""
#define BODY_END                                                        \
    "\",\"state\":\"pending\",\"created_at\":\"2026-11-23T15:54:05Z\"," \
    "\"expires_at\":\"2026-11-30T15:54:05Z\"}"
#define BODY_FIXED_LEN \
    (sizeof(BODY_START BODY_EMAIL BODY_ROLE BODY_END) - 1 + 16)

size_t yardstick_answer(const struct yardstick_request *request,
                        uint64_t number, char *answer)
{
    struct slice email;
    struct slice role;
    char *at = answer;

    if (!request->is_post || !find_string(request, "\"email\"", &email) ||
        !find_string(request, "\"role\"", &role))
        return not_found(answer);
    at = PUT_LITERAL(at, "HTTP/1.1 200 OK\r\n"
                         "Content-Type: application/json\r\n"
                         "Content-Length: ");
    at = put_number(at, BODY_FIXED_LEN + email.len + role.len);
    at = PUT_LITERAL(at, "\r\n\r\n" BODY_START);
    at = put_id(at, number);
    at = PUT_LITERAL(at, BODY_EMAIL);
    at = put(at, email.bytes, email.len);
    at = PUT_LITERAL(at, BODY_ROLE);
    at = put(at, role.bytes, role.len);
    at = PUT_LITERAL(at, BODY_END);
    return (size_t)(at - answer);
}
