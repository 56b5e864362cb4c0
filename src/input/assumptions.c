#include <inttypes.h>

#include "input/input.h"

static void add_encoding(const struct input_facts *facts, struct strbuf *out)
{
    if (facts->is_gzip)
        strbuf_add_str(out, "gzip; ");
    strbuf_addf(out, "text in %s", facts->encoding);
    if (facts->is_encoding_assumed)
        strbuf_add_str(out, " (it is not UTF-8; --encoding if it is another)");
    if (facts->is_mixed)
        strbuf_add_str(out, ", but not all of it");
}

static void add_delimiter(char delimiter, struct strbuf *out)
{
    const char *name = delimiter == ','    ? "commas"
                       : delimiter == ';'  ? "semicolons"
                       : delimiter == '\t' ? "tabs"
                       : delimiter == ' '  ? "spaces"
                                           : NULL;

    strbuf_add_str(out, "; columns separated by ");
    if (name)
        strbuf_add_str(out, name);
    else
        strbuf_addf(out, "\"%c\"", delimiter);
}

static void add_header(uint64_t line, struct strbuf *out)
{
    if (line == 0)
        strbuf_add_str(out, "; no header, the first row is a person");
    else
        strbuf_addf(out, "; header in line %" PRIu64, line);
}

static void add_column(const char *what, const char *name, size_t number,
                       const struct input_facts *facts, struct strbuf *out)
{
    strbuf_addf(out, "%s in %s", what, name);
    if (facts->header_line > 0)
        strbuf_addf(out, " (column %zu)", number);
}

void input_assumptions(const struct input *input, struct strbuf *out)
{
    struct input_facts facts;

    input_get_facts(input, &facts);
    add_encoding(&facts, out);
    add_delimiter(facts.delimiter, out);
    add_header(facts.header_line, out);
    add_column("; email", facts.email_name, facts.email_column, &facts, out);
    if (facts.role_name)
        add_column(", role", facts.role_name, facts.role_column, &facts, out);
    else
        strbuf_add_str(out, ", one role for all");
    if (facts.cleaned > 0)
        strbuf_addf(out, "; %" PRIu64 " address%s cleaned", facts.cleaned,
                    facts.cleaned == 1 ? "" : "es");
    if (facts.mapped > 0)
        strbuf_addf(out, "; %" PRIu64 " role%s replaced by the map",
                    facts.mapped, facts.mapped == 1 ? "" : "s");
}
