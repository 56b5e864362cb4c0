#include "almanac/invite_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EMAIL "jane.doe@example.com"

#define INVITATION                                                   \
    "{\"invitation_id\":\"inv_1\",\"email\":\"" EMAIL "\",\"role\":" \
    "\"member\"}"

/* An invitation with one member more, or one in place of another. */
#define WITH(member)                                  \
    "{\"invitation_id\":\"inv_1\",\"email\":\"" EMAIL \
    "\",\"role\":\"member\"," member "}"

/* What the engine reads of an answer. */
#define BODY_CAP ((size_t)64 * 1024)

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

static void assert_not_ours(const char *body, size_t len,
                            enum outcome_code code)
{
    const struct reply reply = {
        .http_status = 200, .body = body, .body_len = len};
    struct outcome outcome = {0};

    if (invite_codec_decode(&reply, EMAIL, &outcome) != RESULT_NOT_OURS)
        fail_msg("taken for an invitation: %.200s", body);
    assert_int_equal(outcome.status, STATUS_UNKNOWN);
    assert_string_equal(outcome_code_name(outcome.code),
                        outcome_code_name(code));
    assert_null(outcome.invitation_id);
    assert_null(outcome.state);
    assert_null(outcome.created_at);
    assert_null(outcome.expires_at);
    assert_non_null(outcome.error);
    assert_null(strstr(outcome.error, "@"));
    outcome_clear(&outcome);
}

static void encode_writes_exactly_email_and_role(void **state)
{
    static const struct {
        const char *email, *role, *body;
    } cases[] = {
        {EMAIL, "member", "{\"email\":\"" EMAIL "\",\"role\":\"member\"}"},
        {"\"a b\\c\"@x.org", "line\nfeed\x01",
         "{\"email\":\"\\\"a b\\\\c\\\"@x.org\",\"role\":\"line\\nfeed"
         "\\u0001\"}"},
        {"j\xc3\xb6rg@\xf0\x9f\x98\x80.example", "</script>",
         "{\"email\":\"j\xc3\xb6rg@\xf0\x9f\x98\x80.example\","
         "\"role\":\"</script>\"}"},
        {"", "", "{\"email\":\"\",\"role\":\"\"}"},
    };
    struct strbuf body;

    (void)state;
    strbuf_init(&body, 4096);
    for (size_t i = 0; i < COUNT(cases); i++) {
        strbuf_reset(&body);
        invite_codec_encode(cases[i].email, cases[i].role, &body);
        assert_string_equal(strbuf_str(&body), cases[i].body);
    }
    strbuf_clear(&body);
}

static void encode_appends(void **state)
{
    struct strbuf body;

    (void)state;
    strbuf_init(&body, 4096);
    strbuf_add_str(&body, "before ");
    invite_codec_encode("a@b", "c", &body);
    assert_string_equal(strbuf_str(&body),
                        "before {\"email\":\"a@b\",\"role\":\"c\"}");
    strbuf_clear(&body);
}

static void an_invitation_is_invited(void **state)
{
    static const struct {
        int http_status;
        const char *body, *state, *created_at, *expires_at;
    } cases[] = {
        {200, INVITATION, "pending", NULL, NULL},
        {200, WITH("\"state\":\"sent\""), "sent", NULL, NULL},
        {200, WITH("\"state\":\"\""), "", NULL, NULL},
        {200, WITH("\"created_at\":null,\"expires_at\":null"), "pending", NULL,
         NULL},
        {201, WITH("\"created_at\":\"2026-11-23T12:00:00Z\""), "pending",
         "2026-11-23T12:00:00Z", NULL},
        {202, WITH("\"expires_at\":\"in a week\""), "pending", NULL,
         "in a week"},
        {299, " \r\n" INVITATION "\n", "pending", NULL, NULL},
        {200, WITH("\"new\":{\"a\":[1,2.5,true,null]},\"email2\":\"x@y.z\""),
         "pending", NULL, NULL},
        {200, WITH("\"big\":123456789012345678901234567890"), "pending", NULL,
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = {0};

        assert_int_equal(decode(cases[i].http_status, cases[i].body, &outcome),
                         RESULT_ANSWERED);
        assert_int_equal(outcome.status, STATUS_INVITED);
        assert_int_equal(outcome.code, CODE_NONE);
        assert_int_equal(outcome.http_status, cases[i].http_status);
        assert_text(outcome.invitation_id, "inv_1");
        assert_text(outcome.state, cases[i].state);
        assert_text(outcome.created_at, cases[i].created_at);
        assert_text(outcome.expires_at, cases[i].expires_at);
        assert_null(outcome.error);
        outcome_clear(&outcome);
    }
}

static void a_body_that_is_not_the_contracts_is_a_bad_response(void **state)
{
    static const char *const bodies[] = {
        "",
        "   ",
        "null",
        "true",
        "\"" EMAIL "\"",
        "[]",
        "[" INVITATION "]",
        "{}",
        "{\"detail\":\"" EMAIL " was invited\"}",
        "{\"email\":\"" EMAIL "\",\"role\":\"member\"}",
        "{\"invitation_id\":\"i\",\"role\":\"member\"}",
        "{\"invitation_id\":\"i\",\"email\":\"" EMAIL "\"}",
        "{\"invitation_id\":\"\",\"email\":\"" EMAIL "\",\"role\":\"m\"}",
        "{\"invitation_id\":7,\"email\":\"" EMAIL "\",\"role\":\"m\"}",
        "{\"invitation_id\":null,\"email\":\"" EMAIL "\",\"role\":\"m\"}",
        "{\"invitation_id\":\"i\",\"email\":null,\"role\":\"m\"}",
        "{\"invitation_id\":\"i\",\"email\":[\"" EMAIL "\"],\"role\":\"m\"}",
        "{\"invitation_id\":\"i\",\"email\":\"" EMAIL "\",\"role\":1}",
        WITH("\"state\":null"),
        WITH("\"state\":1"),
        WITH("\"created_at\":0"),
        WITH("\"created_at\":false"),
        WITH("\"expires_at\":{}"),
        WITH("\"expires_at\":[]"),
        /* control bytes in what would be stored */
        WITH("\"state\":\"a\\nb\""),
        WITH("\"created_at\":\"\\u001b[2J\""),
        WITH("\"expires_at\":\"\\u007f\""),
        "{\"invitation_id\":\"a\\u0085\",\"email\":\"" EMAIL
        "\",\"role\":\"m\"}",
        /* JSON that readers disagree about */
        WITH("\"role\":\"admin\""),
        WITH("\"x\":1,\"x\":2"),
        WITH("\"x\":\"\\u0000\""),
        WITH("\"\\u0000\":1"),
        WITH("\"x\":\"\\ud800\""),
        WITH("\"x\":\"\xff\""),
        WITH("\"x\":1e999"),
        WITH("\"x\":NaN"),
        WITH("\"x\":1,"),
        INVITATION INVITATION,
        INVITATION "x",
        "<html><head><title>Log in</title></head></html>",
        "OK",
        "\xff\xfe{\0",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++)
        assert_not_ours(bodies[i], strlen(bodies[i]), CODE_BAD_RESPONSE);
    assert_not_ours(NULL, 0, CODE_BAD_RESPONSE);
    assert_not_ours(INVITATION "\0", sizeof(INVITATION), CODE_BAD_RESPONSE);
    assert_not_ours("{\"invitation_id\":\"i\0\"}", 22, CODE_BAD_RESPONSE);
}

static void every_cut_of_an_invitation_is_a_bad_response(void **state)
{
    static const char body[] = WITH("\"state\":\"pending\"");

    (void)state;
    for (size_t len = 0; len < sizeof(body) - 1; len++)
        assert_not_ours(body, len, CODE_BAD_RESPONSE);
}

static void a_whole_invitation_counts_though_the_answer_was_cut(void **state)
{
    struct reply reply = {.http_status = 200,
                          .body = INVITATION,
                          .body_len = strlen(INVITATION),
                          .is_body_cut = true};
    struct outcome outcome = {0};

    (void)state;
    assert_int_equal(invite_codec_decode(&reply, EMAIL, &outcome),
                     RESULT_ANSWERED);
    assert_int_equal(outcome.status, STATUS_INVITED);
    reply.body_len--;
    assert_int_equal(invite_codec_decode(&reply, EMAIL, &outcome),
                     RESULT_NOT_OURS);
    assert_non_null(strstr(outcome.error, "cut off"));
    outcome_clear(&outcome);
}

/* Fills 64 KiB: PREFIX, then `unit` again and again, then SUFFIX. */
static void assert_bulk_not_ours(const char *prefix, const char *unit,
                                 const char *suffix)
{
    struct strbuf body;

    strbuf_init(&body, 2 * BODY_CAP);
    strbuf_add_str(&body, prefix);
    while (body.len + strlen(unit) + strlen(suffix) <= BODY_CAP)
        strbuf_add_str(&body, unit);
    strbuf_add_str(&body, suffix);
    assert_not_ours(strbuf_str(&body), body.len, CODE_BAD_RESPONSE);
    strbuf_clear(&body);
}

static void bulky_json_is_a_bad_response(void **state)
{
    (void)state;
    assert_bulk_not_ours("", "[", "");
    assert_bulk_not_ours("", "{\"a\":", "");
    assert_bulk_not_ours("{\"detail\":", "[", "");
    assert_bulk_not_ours("", "[],", "");
    assert_bulk_not_ours("[", "{},", "{}]");
    assert_bulk_not_ours("{\"invitation_id\":\"", "x",
                         "\",\"email\":\"" EMAIL "\",\"role\":\"m\"}");
    assert_bulk_not_ours(INVITATION, "\xc3", "");
    assert_bulk_not_ours("{\"invitation_id\":\"i\",\"role\":\"m\",\"email\":"
                         "\"" EMAIL "\",\"state\":\"",
                         "s", "\"}");
}

static void stored_texts_are_at_most_256_bytes(void **state)
{
    char text[258];
    char body[512];
    struct outcome outcome = {0};

    (void)state;
    memset(text, 'x', sizeof(text));
    text[256] = '\0';
    snprintf(body, sizeof(body), WITH("\"state\":\"%s\""), text);
    assert_int_equal(decode(200, body, &outcome), RESULT_ANSWERED);
    assert_int_equal(outcome.status, STATUS_INVITED);
    assert_string_equal(outcome.state, text);
    text[256] = 'x';
    text[257] = '\0';
    snprintf(body, sizeof(body), WITH("\"state\":\"%s\""), text);
    assert_int_equal(decode(200, body, &outcome), RESULT_NOT_OURS);
    outcome_clear(&outcome);
}

static void the_same_person_in_other_letters_is_the_same(void **state)
{
    static const char *const asked[] = {
        "jane.doe@example.com",
        "Jane.Doe@example.com",
        "jane.doe@EXAMPLE.com",
        "JANE.DOE@EXAMPLE.COM",
    };
    const struct reply reply = {
        .http_status = 200, .body = INVITATION, .body_len = strlen(INVITATION)};

    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        struct outcome outcome = {0};

        assert_int_equal(invite_codec_decode(&reply, asked[i], &outcome),
                         RESULT_ANSWERED);
        assert_int_equal(outcome.status, STATUS_INVITED);
        outcome_clear(&outcome);
    }
}

static void another_persons_invitation_is_a_mismatch(void **state)
{
    static const char *const asked[] = {
        "jane.do@example.com",  "jane.doee@example.com",
        "jane.doe@example.org", "jane.doe@example.co",
        "janedoe@example.com",  "jane.doe+x@example.com",
        "x@y@example.com",      "",
    };
    const struct reply reply = {
        .http_status = 200, .body = INVITATION, .body_len = strlen(INVITATION)};

    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++) {
        struct outcome outcome = {0};

        assert_int_equal(invite_codec_decode(&reply, asked[i], &outcome),
                         RESULT_NOT_OURS);
        assert_int_equal(outcome.status, STATUS_UNKNOWN);
        assert_int_equal(outcome.code, CODE_RESPONSE_MISMATCH);
        assert_null(outcome.invitation_id);
        assert_null(strchr(outcome.error, '@'));
        outcome_clear(&outcome);
    }
}

static void an_answer_that_names_nobody_is_a_mismatch(void **state)
{
    static const char *const emails[] = {"", " ", "jane.doe", "@", "\\u202e"};
    char body[128];

    (void)state;
    for (size_t i = 0; i < COUNT(emails); i++) {
        snprintf(body, sizeof(body),
                 "{\"invitation_id\":\"i\",\"role\":\"m\",\"email\":\"%s\"}",
                 emails[i]);
        assert_not_ours(body, strlen(body), CODE_RESPONSE_MISMATCH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encode_writes_exactly_email_and_role),
        cmocka_unit_test(encode_appends),
        cmocka_unit_test(an_invitation_is_invited),
        cmocka_unit_test(a_body_that_is_not_the_contracts_is_a_bad_response),
        cmocka_unit_test(every_cut_of_an_invitation_is_a_bad_response),
        cmocka_unit_test(a_whole_invitation_counts_though_the_answer_was_cut),
        cmocka_unit_test(bulky_json_is_a_bad_response),
        cmocka_unit_test(stored_texts_are_at_most_256_bytes),
        cmocka_unit_test(the_same_person_in_other_letters_is_the_same),
        cmocka_unit_test(another_persons_invitation_is_a_mismatch),
        cmocka_unit_test(an_answer_that_names_nobody_is_a_mismatch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
