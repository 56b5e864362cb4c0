#include "app/person_operand.h"

#include "base/strbuf.h"
#include "domain/person.h"

#define BLANKS     " \t\r\n"
#define PERSON_CAP 4096

enum error_kind person_operand(char **person, const struct options *options,
                               struct error *err)
{
    const char *email = options->email + strspn(options->email, BLANKS);
    size_t len = strlen(email);
    while (len > 0 && strchr(BLANKS, email[len - 1]))
        len--;
    struct strbuf key;
    strbuf_init(&key, PERSON_CAP);
    *person = NULL;
    if (person_key(email, len, &key) == PERSON_OK && !key.is_cut)
        *person = strbuf_detach(&key);
    strbuf_clear(&key);
    if (*person)
        return ERROR_NONE;
    return error_set(err, ERROR_USAGE, "EMAIL: \"%s\" is not an e-mail address",
                     options->email);
}
