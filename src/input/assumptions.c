#include "input/input.h"

#include <inttypes.h>

static const char *delimiter_name(char delimiter)
{
    switch (delimiter) {
    case ',':
        return "commas";
    case ';':
        return "semicolons";
    case '\t':
        return "tabs";
    case '|':
        return "\"|\"";
    case ' ':
        return "spaces";
    default:
        return NULL;
    }
}

static void add_delimiter(const struct input_facts *facts, struct strbuf *out)
{
    const char *name = delimiter_name(facts->delimiter);

    if (name)
        strbuf_addf(out, "columns separated by %s", name);
    else
        strbuf_addf(out, "columns separated by \"%c\"", facts->delimiter);
}

static void add_encoding(const struct input_facts *facts, struct strbuf *out)
{
    if (facts->is_gzip)
        strbuf_add_str(out, "gzip; ");
    strbuf_addf(out, "text in %s", facts->encoding);
    if (facts->is_encoding_assumed)
        strbuf_add_str(out, " (it is not UTF-8; --encoding if it is another)");
    if (facts->is_mixed)
        strbuf_add_str(out, ", but not all of it");
    strbuf_add_str(out, "; ");
}

static void add_header(const struct input_facts *facts, struct strbuf *out)
{
    if (facts->header_line == 0)
        strbuf_add_str(out, "no header, the first row is a person");
    else
        strbuf_addf(out, "header in line %" PRIu64, facts->header_line);
}

static void add_column(const char *what, const char *name, size_t number,
                       bool has_header, struct strbuf *out)
{
    strbuf_addf(out, "%s in %s", what, name);
    if (has_header)
        strbuf_addf(out, " (column %zu)", number);
}

void input_assumptions(const struct input *input, struct strbuf *out)
{
    struct input_facts facts;
    bool has_header;

    input_get_facts(input, &facts);
    has_header = facts.header_line > 0;
    add_encoding(&facts, out);
    add_delimiter(&facts, out);
    strbuf_add_str(out, "; ");
    add_header(&facts, out);
    strbuf_add_str(out, "; ");
    add_column("email", facts.email_name, facts.email_column, has_header, out);
    strbuf_add_str(out, ", ");
    if (facts.role_name)
        add_column("role", facts.role_name, facts.role_column, has_header, out);
    else
        strbuf_add_str(out, "one role for all");
    if (facts.cleaned > 0)
        strbuf_addf(out, "; %" PRIu64 " address%s cleaned", facts.cleaned,
                    facts.cleaned == 1 ? "" : "es");
    if (facts.mapped > 0)
        strbuf_addf(out, "; %" PRIu64 " role%s replaced by the map",
                    facts.mapped, facts.mapped == 1 ? "" : "s");
}
