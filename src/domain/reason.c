#include "domain/reason.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text_safe.h"

#define ROLE_SHOWN_MAX  60
#define ERROR_SHOWN_MAX 200
#define WORDS_CAP       1024

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    const char *found = text;

    while ((found = strcasestr(found, word)) != NULL) {
        bool is_begin = found == text || !isalpha((unsigned char)found[-1]);
        if (is_begin && !isalpha((unsigned char)found[len]))
            return true;
        found += len;
    }
    return false;
}

static bool is_about_role(const struct outcome *outcome)
{
    if (outcome->code == CODE_ROLE_NOT_ALLOWED)
        return true;
    return outcome->status == STATUS_REJECTED &&
           (outcome->code == CODE_VALIDATION ||
            outcome->code == CODE_REFUSED) &&
           (has_word(outcome->error, "role") ||
            has_word(outcome->error, "roles"));
}

static void add_role(const char *role, struct strbuf *words)
{
    if (strchr(role, '@') || strstr(role, "%40") ||
        strlen(role) > ROLE_SHOWN_MAX)
        strbuf_add_str(words, "a role that is none");
    else
        strbuf_addf(words, "role \"%s\"", role);
}

static void add_cut(const char *text, struct strbuf *words)
{
    size_t len = text_cut_len(text, strlen(text), ERROR_SHOWN_MAX);

    strbuf_add(words, text, len);
    if (text[len] != '\0')
        strbuf_add_str(words, "...");
}

/* Without the name of the column, which has been said. */
static const char *skip_role_column(const char *error)
{
    return strncasecmp(error, "role: ", 6) == 0 ? error + 6 : error;
}

static void add_words(const struct outcome *outcome, const char *role,
                      struct strbuf *words)
{
    const char *error = outcome->error;

    if (is_about_role(outcome)) {
        add_role(role, words);
        error = skip_role_column(error);
        strbuf_add_str(words, outcome->status == STATUS_REJECTED
                                  ? " was refused by the server: "
                                  : ": ");
    } else if (outcome->status == STATUS_REJECTED &&
               strncmp(error, "the server ", 11) != 0) {
        strbuf_add_str(words, "refused by the server: ");
    } else if (outcome->status == STATUS_UNKNOWN &&
               outcome->code != CODE_LEFT_UNKNOWN) {
        strbuf_add_str(words, "may have been invited: ");
    } else if (outcome->status == STATUS_FAILED) {
        strbuf_add_str(words, "not invited: ");
    } else if (outcome->status == STATUS_DUPLICATE) {
        error = "same person as an earlier line, with another role";
    }
    add_cut(error, words);
}

static bool is_in_word(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Words with a digit in them are "#". */
static void add_without_numbers(const char *text, struct strbuf *key)
{
    while (*text) {
        size_t len = 0;
        bool has_digit = false;

        while (is_in_word(text[len]))
            has_digit |= isdigit((unsigned char)text[len++]) != 0;
        if (has_digit)
            strbuf_add_char(key, '#');
        else
            strbuf_add(key, text, len > 0 ? len : 1);
        text += len > 0 ? len : 1;
    }
}

void reason_note(struct tally *reasons, const struct row *row)
{
    const struct outcome *outcome = &row->outcome;
    struct strbuf words, key;

    if (!reasons || !outcome_needs_look(outcome) || !outcome->error ||
        (outcome->status == STATUS_UNPROCESSED && outcome->code != CODE_LIMIT))
        return;
    strbuf_init(&words, WORDS_CAP);
    strbuf_init(&key, WORDS_CAP);
    add_words(outcome, row->role, &words);
    strbuf_addf(&key, "%d %d %d %s ", (int)outcome->status, (int)outcome->code,
                outcome->http_status, is_about_role(outcome) ? row->role : "");
    if (outcome->status != STATUS_DUPLICATE)
        add_without_numbers(outcome->error, &key);
    tally_add_like(reasons, strbuf_str(&key), strbuf_str(&words), row->line);
    strbuf_clear(&words);
    strbuf_clear(&key);
}
