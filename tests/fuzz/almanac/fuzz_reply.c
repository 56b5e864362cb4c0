/*
 * The reply decoder on any bytes. The first three bytes choose status, flags
 * and the address asked for; the rest is the body.
 */
#include <stdint.h>

#include "almanac/invite_codec.h"
#include "base/text_safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_text(const char *text, size_t max_len)
{
    size_t len = strlen(text);

    require(len <= max_len);
    require(text_is_utf8(text, len));
    require(!text_has_control(text, len));
}

static void check_invited(const struct outcome *outcome)
{
    require(outcome->status == STATUS_INVITED && !outcome->error);
    require(outcome->invitation_id[0] != '\0');
    check_text(outcome->invitation_id, 256);
    check_text(outcome->state, 256);
    if (outcome->created_at)
        check_text(outcome->created_at, 256);
    if (outcome->expires_at)
        check_text(outcome->expires_at, 256);
}

static void check_not_invited(const struct outcome *outcome, const char *email)
{
    size_t len = strlen(outcome->error);

    require(outcome->status != STATUS_INVITED && outcome->status);
    require(!outcome->invitation_id && !outcome->state);
    require(!outcome->created_at && !outcome->expires_at);
    require(len > 0 && len <= 500 && text_is_utf8(outcome->error, len));
    require(!strcasestr(outcome->error, email));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 201, 422, 409, 401, 403, 404, 429,
                                   500, 502, 503, 307, 400, 204, 521, 101};
    static const char *const emails[] = {
        "jane.doe@example.com",
        "J\303\266rg@B\303\274cher.example",
        "\"a b\"@x.org",
        "a@b",
    };
    struct reply reply;
    struct outcome outcome = {0};
    const char *email;

    if (size < 3)
        return 0;
    email = emails[data[2] % 4];
    reply = (struct reply){.http_status = statuses[data[0] % 16],
                           .body = (const char *)data + 3,
                           .body_len = size - 3,
                           .is_body_cut = data[1] & 1,
                           .is_edge_refusal = data[1] & 4};
    invite_codec_decode(&reply, email, &outcome);
    if (outcome.status == STATUS_INVITED)
        check_invited(&outcome);
    else
        check_not_invited(&outcome, email);
    outcome_clear(&outcome);
    return 0;
}
