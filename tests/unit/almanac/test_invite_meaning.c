/*
 * invite_codec.c again: what each status means and how it is put in words.
 * test_invite_codec.c has the bodies of a 200.
 */
#include "almanac/invite_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text_safe.h"

#define EMAIL "jane.doe@example.com"

#define INVITATION                                                   \
    "{\"invitation_id\":\"inv_1\",\"email\":\"" EMAIL "\",\"role\":" \
    "\"member\"}"

/* An invitation with one member more, or one in place of another. */
#define WITH(member)                                  \
    "{\"invitation_id\":\"inv_1\",\"email\":\"" EMAIL \
    "\",\"role\":\"member\"," member "}"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum result_kind decode(int http_status, const char *body,
                               struct outcome *outcome)
{
    const struct reply reply = {.http_status = http_status,
                                .body = body,
                                .body_len = body ? strlen(body) : 0};

    return invite_codec_decode(&reply, EMAIL, outcome);
}

static void assert_text(const char *actual, const char *expected)
{
    if (!expected)
        assert_null(actual);
    else if (!actual)
        fail_msg("NULL instead of \"%s\"", expected);
    else
        assert_string_equal(actual, expected);
}

struct status_case {
    int first, last;
    enum result_kind kind;
    enum status status;
    enum outcome_code code;
};

/* The table of docs/api.md, for answers without an invitation. */
static const struct status_case status_cases[] = {
    {-1, 199, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE},
    {200, 299, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE},
    {300, 399, RESULT_WRONG_DOOR, STATUS_REJECTED, CODE_REDIRECT},
    {400, 400, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {401, 401, RESULT_UNAUTHORIZED, STATUS_REJECTED, CODE_UNAUTHORIZED},
    {402, 402, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {403, 403, RESULT_WRONG_DOOR, STATUS_REJECTED, CODE_FORBIDDEN},
    {404, 404, RESULT_WRONG_DOOR, STATUS_REJECTED, CODE_NOT_FOUND},
    {405, 405, RESULT_WRONG_DOOR, STATUS_REJECTED, CODE_REFUSED},
    {406, 406, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {407, 407, RESULT_UNAUTHORIZED, STATUS_REJECTED, CODE_SETUP},
    {408, 408, RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE},
    {409, 409, RESULT_ANSWERED, STATUS_ALREADY_INVITED, CODE_CONFLICT},
    {410, 421, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {422, 422, RESULT_ANSWERED, STATUS_REJECTED, CODE_VALIDATION},
    {423, 424, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {425, 425, RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE},
    {426, 428, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {429, 429, RESULT_QUOTA, STATUS_FAILED, CODE_RATE_LIMITED},
    {430, 499, RESULT_ANSWERED, STATUS_REJECTED, CODE_REFUSED},
    {500, 500, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR},
    {501, 501, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE},
    {502, 502, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR},
    {503, 503, RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE},
    {504, 504, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR},
    {505, 519, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE},
    {520, 520, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR},
    {521, 521, RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE},
    {522, 522, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR},
    {523, 523, RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE},
    {524, 524, RESULT_UNKNOWN, STATUS_UNKNOWN, CODE_SERVER_ERROR},
    {525, 526, RESULT_NOT_PROCESSED, STATUS_FAILED, CODE_UNAVAILABLE},
    {527, 1000, RESULT_NOT_OURS, STATUS_UNKNOWN, CODE_BAD_RESPONSE},
};

static void every_status_means_what_the_table_says(void **state)
{
    int next = -1;

    (void)state;
    for (size_t i = 0; i < COUNT(status_cases); i++) {
        const struct status_case *c = &status_cases[i];

        assert_int_equal(c->first, next);
        for (int status = c->first; status <= c->last; status++) {
            struct outcome outcome = {0};

            if (decode(status, NULL, &outcome) != c->kind ||
                outcome.status != c->status || outcome.code != c->code)
                fail_msg("HTTP %d: %s, %s", status, status_name(outcome.status),
                         outcome_code_name(outcome.code));
            assert_int_equal(outcome.http_status, status);
            assert_non_null(strstr(outcome.error, "an empty body"));
            outcome_clear(&outcome);
        }
        next = c->last + 1;
    }
}

static void an_invitation_under_another_status_is_not_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(status_cases); i++) {
        const struct status_case *c = &status_cases[i];
        struct outcome outcome = {0};

        if (c->first == 200)
            continue;
        assert_int_equal(decode(c->last, INVITATION, &outcome), c->kind);
        assert_null(outcome.invitation_id);
        outcome_clear(&outcome);
    }
}

/* A body that betrays a gateway, which is no invitation. */
#define GATEWAY "upstream connect error or disconnect/reset before headers"

static void who_made_the_answer_decides_about_a_503(void **state)
{
    static const struct {
        int http_status;
        const char *body;
        bool is_edge_refusal;
        enum result_kind kind;
    } cases[] = {
        {503, GATEWAY, false, RESULT_UNKNOWN},
        {503, "<h1>Error 503</h1><p>Guru Meditation:</p>", false,
         RESULT_UNKNOWN},
        {503, "{\"detail\":\"down for maintenance\"}", false,
         RESULT_NOT_PROCESSED},
        {503, INVITATION, true, RESULT_NOT_PROCESSED},
        {503, GATEWAY, true, RESULT_NOT_PROCESSED},
        {404, INVITATION, true, RESULT_NOT_PROCESSED},
        {404, GATEWAY, false, RESULT_WRONG_DOOR},
        {502, INVITATION, true, RESULT_NOT_PROCESSED},
        {502, GATEWAY, false, RESULT_UNKNOWN},
        {521, GATEWAY, false, RESULT_NOT_PROCESSED},
        {401, GATEWAY, true, RESULT_UNAUTHORIZED},
        {429, GATEWAY, true, RESULT_QUOTA},
        {422, GATEWAY, true, RESULT_ANSWERED},
        {200, INVITATION, true, RESULT_ANSWERED},
        {600, GATEWAY, true, RESULT_NOT_OURS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct reply reply = {.http_status = cases[i].http_status,
                                    .body = cases[i].body,
                                    .body_len = strlen(cases[i].body),
                                    .is_edge_refusal =
                                        cases[i].is_edge_refusal};
        struct outcome outcome = {0};

        if (invite_codec_decode(&reply, EMAIL, &outcome) != cases[i].kind)
            fail_msg("case %zu, HTTP %d", i, cases[i].http_status);
        assert_int_equal(outcome.status == STATUS_INVITED,
                         cases[i].http_status == 200);
        outcome_clear(&outcome);
    }
}

/* The mark may have been in the rest. */
static void a_503_that_was_cut_off_may_be_a_gateways(void **state)
{
    static const char *const bodies[] = {"", "upstream conn",
                                         "{\"detail\":\"down for maint"};

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct reply reply = {.http_status = 503,
                              .body = bodies[i],
                              .body_len = strlen(bodies[i]),
                              .is_body_cut = true};
        struct outcome outcome = {0};

        assert_int_equal(invite_codec_decode(&reply, EMAIL, &outcome),
                         RESULT_UNKNOWN);
        assert_int_equal(outcome.code, CODE_SERVER_ERROR);
        reply.is_edge_refusal = true; /* said by a header, which did come */
        assert_int_equal(invite_codec_decode(&reply, EMAIL, &outcome),
                         RESULT_NOT_PROCESSED);
        outcome_clear(&outcome);
    }
}

static void sentences_say_what_happened(void **state)
{
    static const struct {
        int http_status;
        const char *body, *sentence;
    } cases[] = {
        {422,
         "{\"detail\":[{\"loc\":[\"body\",\"email\"],\"msg\":\"not an "
         "address\",\"type\":\"value_error\",\"input\":\"" EMAIL "\"}]}",
         "email: not an address"},
        {409, "{\"detail\":\"Already a member\"}", "Already a member"},
        {409, NULL,
         "the server knows this person already (HTTP 409, an empty body)"},
        {400, "{\"detail\":\"There was an error parsing the body\"}",
         "There was an error parsing the body"},
        {413, "", "the server refuses this row (HTTP 413, an empty body)"},
        {401, "{\"detail\":\"Not authenticated\"}",
         "the token is missing, wrong or expired (HTTP 401): "
         "Not authenticated"},
        {403, "{\"message\":\"Admins only\"}",
         "the server does not allow this (HTTP 403): Admins only"},
        {404, "{\"detail\":\"Not Found\"}",
         "the server does not know this organization or URL (HTTP 404): "
         "Not Found"},
        {307, NULL,
         "the server points to another address (HTTP 307, an empty body)"},
        {429, "slow down\n", "too many requests (HTTP 429): slow down"},
        {500, "Internal Server Error",
         "the server failed and may have processed this row (HTTP 500): "
         "Internal Server Error"},
        {521, "<!DOCTYPE html><title>Web server is down</title>",
         "the server is not available (HTTP 521, an HTML page "
         "\"Web server is down\")"},
        {200, "<html>",
         "not an answer of the Almanac API (HTTP 200, an HTML "
         "page)"},
        {200, "{\"invitation_id\":\"i\"}",
         "not an invitation: \"email\" is missing or wrong (HTTP 200)"},
        {200, "{\"invitation_id\":\"i\",\"email\":\"x@y.z\",\"role\":\"m\"}",
         "the invitation is another person's (HTTP 200)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = {0};

        decode(cases[i].http_status, cases[i].body, &outcome);
        assert_text(outcome.error, cases[i].sentence);
        outcome_clear(&outcome);
    }
}

static void no_sentence_names_the_person(void **state)
{
    static const char *const bodies[] = {
        "{\"detail\":\"" EMAIL " exists\"}",
        "{\"detail\":\"user <JANE.DOE@Example.com> exists\"}",
        "{\"detail\":{\"message\":\"no: " EMAIL "\",\"email\":\"" EMAIL "\"}}",
        "{\"detail\":[{\"loc\":[\"body\",\"" EMAIL "\"],\"msg\":\"'" EMAIL
        "' is bad\",\"type\":\"x\",\"input\":\"" EMAIL
        "\",\"ctx\":{\"given\":\"" EMAIL "\"}}]}",
        "{\"detail\":[{\"loc\":[],\"input\":\"" EMAIL
        "\",\"ctx\":{\"message\":\"" EMAIL "\"}}]}",
        "{\"detail\":[\"" EMAIL "\",{\"msg\":\"\\u006aane.doe\\u0040"
        "example.com\"}]}",
        "{\"detail\":[{\"input\":\"" EMAIL "\"",
        "cannot invite " EMAIL "\n",
        "<html><title>" EMAIL "</title>",
        "<html><title>" EMAIL,
        "<xml>" EMAIL "</xml>",
        "/members/jane.doe%40example.com",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        for (int status = 199; status < 600; status++) {
            struct outcome outcome = {0};

            decode(status, bodies[i], &outcome);
            if (strcasestr(outcome.error, "jane"))
                fail_msg("HTTP %d: %s", status, outcome.error);
            outcome_clear(&outcome);
        }
    }
}

static void an_earlier_attempts_answer_leaves_no_trace(void **state)
{
    struct outcome outcome = {.attempts = 3};

    (void)state;
    decode(503, "busy", &outcome);
    decode(200,
           WITH("\"state\":\"s\",\"created_at\":\"c\",\"expires_at\":"
                "\"e\""),
           &outcome);
    assert_null(outcome.error);
    assert_text(outcome.expires_at, "e");
    decode(500, NULL, &outcome);
    assert_null(outcome.invitation_id);
    assert_null(outcome.state);
    assert_null(outcome.created_at);
    assert_null(outcome.expires_at);
    assert_int_equal(outcome.http_status, 500);
    assert_int_equal(outcome.attempts, 3);
    outcome_clear(&outcome);
}

static void a_long_message_is_cut_on_a_characters_edge(void **state)
{
    /* Of two and of three bytes, so that edges fall on each side. */
    static const char *const letters[] = {"x", "\xc3\xa9", "\xe2\x82\xac",
                                          "\xf0\x9f\x98\x80"};

    (void)state;
    for (size_t i = 0; i < COUNT(letters); i++) {
        struct outcome outcome = {0};
        struct strbuf body;

        strbuf_init(&body, 65536);
        strbuf_add_str(&body, "{\"detail\":\"");
        while (body.len < 60000)
            strbuf_add_str(&body, letters[i]);
        strbuf_add_str(&body, "\"}");
        decode(422, strbuf_str(&body), &outcome);
        assert_in_range(strlen(outcome.error), 497, 500);
        assert_true(text_is_utf8(outcome.error, strlen(outcome.error)));
        outcome_clear(&outcome);
        strbuf_clear(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_means_what_the_table_says),
        cmocka_unit_test(an_invitation_under_another_status_is_not_one),
        cmocka_unit_test(who_made_the_answer_decides_about_a_503),
        cmocka_unit_test(a_503_that_was_cut_off_may_be_a_gateways),
        cmocka_unit_test(sentences_say_what_happened),
        cmocka_unit_test(no_sentence_names_the_person),
        cmocka_unit_test(an_earlier_attempts_answer_leaves_no_trace),
        cmocka_unit_test(a_long_message_is_cut_on_a_characters_edge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
