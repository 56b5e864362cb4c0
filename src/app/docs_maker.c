/*
 * bulk-invite-docs IN OUT: copies IN and fills in what comes from option_table,
 * so that man pages and completions cannot differ from what the program does.
 */
#include "app/docs_maker.h"

#include <errno.h>

static const struct {
    const char *line;
    void (*print)(FILE *out);
} parts[] = {
    {"@OPTIONS@\n", mdoc_options},
    {"@KEYS@\n", mdoc_keys},
    {"@CALLS@\n", shell_calls},
};

static void print_line(FILE *out, const char *line)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        if (strcmp(line, parts[i].line) == 0) {
            parts[i].print(out);
            return;
        }
    fputs(line, out);
}

static int fail(const char *path)
{
    fprintf(stderr, "bulk-invite-docs: %s: %s\n", path, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    char line[1024];

    if (argc != 3) {
        fputs("usage: bulk-invite-docs IN OUT\n", stderr);
        return 2;
    }
    FILE *in = fopen(argv[1], "re");
    if (!in)
        return fail(argv[1]);
    FILE *out = fopen(argv[2], "we");
    if (!out) {
        fclose(in);
        return fail(argv[2]);
    }
    while (fgets(line, sizeof(line), in))
        print_line(out, line);
    int status = ferror(in) ? fail(argv[1]) : 0;
    if (fclose(out) != 0)
        status = fail(argv[2]);
    fclose(in);
    return status;
}
