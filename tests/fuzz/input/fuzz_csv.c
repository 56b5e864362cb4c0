/*
 * Any bytes as a list: no crash, no hang, and the same rows in two passes. The
 * first byte chooses the options.
 */
#include "fuzz.h"
#include "input/input.h"

static uint64_t read_all(struct input *input)
{
    struct error err = ERROR_INIT;
    struct row *row;
    uint64_t sum = 0;

    while (input_next(input, &row, &err) == ERROR_NONE && row) {
        for (const char *at = row->email; *at; at++)
            sum = sum * 31 + (unsigned char)*at;
        for (const char *at = row->role; *at; at++)
            sum = sum * 31 + (unsigned char)*at;
        sum = sum * 31 + row->line + (uint64_t)row->outcome.code;
        require((row->person == NULL) == (row->outcome.code != CODE_NONE));
        row_free(row);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* UTF-16 with a mark, a table of iconv's, one with shifts, four bytes. */
    static const char *const encodings[] = {
        NULL,          "UTF-16", "Windows-1252", "Shift_JIS",
        "ISO-2022-JP", "UTF-32", "UTF-7",        "UTF-8"};
    char path[MEMORY_FILE_PATH_SIZE];
    struct error err = ERROR_INIT;
    struct input *input;

    if (size == 0)
        return 0;
    const unsigned choice = data[0];
    int fd = memory_file(path, data + 1, size - 1);
    struct input_options options = {.path = path, .cancel_fd = -1};
    if (choice & 1)
        options.fixed_role = "member";
    if (choice & 2)
        options.email_column = "1";
    options.encoding = encodings[choice >> 2 & 7];
    if (choice & 32)
        options.delimiter = ';';
    options.skip_rows = choice >> 6;
    if (input_open(&input, &options, &err) == ERROR_NONE) {
        struct strbuf text;
        strbuf_init(&text, 4096);
        uint64_t sum = read_all(input);
        input_assumptions(input, &text);
        require(input_rewind(input, &err) != ERROR_NONE ||
                read_all(input) == sum);
        strbuf_clear(&text);
        input_close(input);
    }
    close(fd);
    return 0;
}
