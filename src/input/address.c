#include "input/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/text_safe.h"

#define LOCAL_PART_MAX 64  /* RFC 5321 4.5.3.1.1 */
#define DOMAIN_MAX     255 /* RFC 5321 4.5.3.1.2 */
#define LABEL_MAX      63  /* RFC 1035 2.3.4 */

#define NOT_BARE "has something around the address: leave only name@domain"

/* Quoted-string: from the opening quote to after the closing one; NULL when it
 * does not close. */
static const char *skip_quoted(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : NULL;
}

/* *at_sign is where the local part ends. */
static const char *split(const char *email, const char *end,
                         const char **at_sign)
{
    const char *from = email;

    if (*email == '"') {
        from = skip_quoted(email, end);
        if (!from)
            return "has a quote that does not close";
    }
    *at_sign = memchr(from, '@', (size_t)(end - from));
    if (!*at_sign)
        return "has no \"@\"";
    if (from > email && *at_sign != from)
        return NOT_BARE;
    if (memchr(*at_sign + 1, '@', (size_t)(end - *at_sign - 1)))
        return "has more than one \"@\"";
    return NULL;
}

/* In either half. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
           (unsigned char)c >= 0x80;
}

/* Of what is not plain, all is refused, or what is `odd`: why. */
static const char *bytes_fault(const char *at, const char *end, const char *odd,
                               const char *why)
{
    /* "Ada <ada@example.com>": the space is not what is wrong. */
    if (memchr(at, '<', (size_t)(end - at)))
        return NOT_BARE;
    for (; at < end; at++) {
        if (is_plain(*at))
            continue;
        if (*at == ' ')
            return "has a space in it";
        if (*at == '>')
            return NOT_BARE;
        if (!odd || strchr(odd, *at))
            return why;
    }
    return NULL;
}

static const char *local_part_fault(const char *at, const char *end)
{
    if (at == end)
        return "has nothing before the \"@\"";
    if (end - at > LOCAL_PART_MAX)
        return "has more than 64 bytes before the \"@\"";
    if (*at == '"')
        return NULL;
    return bytes_fault(at, end, "()[]:;,\\\"",
                       "has a character before the \"@\" that is only allowed "
                       "in quotes");
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). */
static const char *literal_fault(const char *at, const char *end)
{
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char address[16];
    size_t len = (size_t)(end - at);
    bool is_v6 = len > 6 && strncasecmp(at + 1, "IPv6:", 5) == 0;
    size_t start = is_v6 ? 6 : 1;

    if (len > start + 1 && end[-1] == ']' && len - start - 1 < sizeof(text)) {
        memcpy(text, at + start, len - start - 1);
        if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address) == 1)
            return NULL;
    }
    return "has no IP address in its brackets";
}

/* What is not ASCII gets its length from IDNA, which refuses it if need be. */
static bool is_over(const char *at, const char *end, size_t most)
{
    size_t len = (size_t)(end - at);

    return len > most && text_ascii_len(at, len) == len;
}

static const char *labels_fault(const char *at, const char *end)
{
    for (;;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        const char *label_end = dot ? dot : end;
        if (label_end == at)
            return "has an empty part in its domain (a dot too many)";
        if (is_over(at, label_end, LABEL_MAX))
            return "has a part of more than 63 letters in its domain";
        if (!dot)
            return NULL;
        at = dot + 1;
    }
}

static const char *domain_fault(const char *at, const char *end)
{
    if (at == end)
        return "has nothing after the \"@\"";
    if (*at == '[')
        return literal_fault(at, end);
    const char *fault =
        bytes_fault(at, end, NULL,
                    "has a character after the \"@\" that no domain can have");
    if (fault)
        return fault;
    if (is_over(at, end, DOMAIN_MAX))
        return "has more than 255 letters after the \"@\"";
    if (end[-1] == '.') /* the root: complete in DNS, harmless here */
        end--;
    return labels_fault(at, end);
}

const char *address_fault(const char *email, size_t len)
{
    const char *end = email + len;
    const char *at_sign;
    const char *fault = split(email, end, &at_sign);

    if (!fault)
        fault = local_part_fault(email, at_sign);
    if (!fault)
        fault = domain_fault(at_sign + 1, end);
    return fault;
}

const char *address_suggestion(const char *email)
{
    static const char *const meant[][8] = {
        {"gmail.com", "gmial.com", "gmai.com", "gmal.com", "gamil.com",
         "gnail.com", "gmaill.com", "gmail.con"},
        {"hotmail.com", "hotmial.com", "hotmai.com", "hotmal.com", "hotmil.com",
         "hotmail.con"},
        {"outlook.com", "outlok.com", "outloo.com", "outlook.con",
         "otlook.com"},
        {"yahoo.com", "yaho.com", "yahooo.com", "yhaoo.com", "yahoo.con"},
        {"icloud.com", "iclod.com", "icoud.com", "icloud.con", "iclould.com"},
        {"gmx.de", "gmx.dd", "gxm.de"},
    };
    const char *at = strrchr(email, '@');

    for (size_t i = 0; at && i < sizeof(meant) / sizeof(*meant); i++)
        for (size_t j = 1; j < 8 && meant[i][j]; j++)
            if (strcasecmp(at + 1, meant[i][j]) == 0)
                return meant[i][0];
    return NULL;
}
