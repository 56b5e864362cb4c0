/*
 * The retry file of any list: with all of its rows in it, it is read as the
 * same rows, by the same options. The first byte chooses them.
 */
#include "fuzz.h"
#include "input/input.h"
#include "report/retry_file.h"

static char folder[] = "/dev/shm/fuzz_retry.XXXXXX";
static char path[64];

static void remove_folder(void)
{
    rmdir(folder);
}

static void make_folder(void)
{
    if (path[0])
        return;
    require(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/r.csv", folder);
    atexit(remove_folder);
}

struct rows {
    uint64_t count;
    uint64_t sum;     /* of the good ones' addresses and roles, in order */
    bool is_doubtful; /* a bad one has quotes, which may leave open what a cell
                         is; or is in another encoding than the rest, and
                         without the rest it may be the one that is found */
    bool is_whole;
    char delimiter;
};

static void add_text(struct rows *rows, const char *text)
{
    for (; *text; text++)
        rows->sum = rows->sum * 31 + (unsigned char)*text;
    rows->sum = rows->sum * 31 + ',';
}

/* Reads all rows; those that have their text go into `file`, if there is one.
 */
static struct rows read_rows(const struct input_options *options,
                             struct retry_file **file)
{
    struct rows rows = {.is_whole = false};
    struct input_facts facts;
    struct error err = ERROR_INIT;
    struct input *input;
    struct row *row;

    if (input_open(&input, options, &err))
        return rows;
    input_get_facts(input, &facts);
    rows.delimiter = facts.delimiter;
    if (file)
        *file = retry_file_new(path, "list.csv", input_form(input));
    while (input_next(input, &row, &err) == ERROR_NONE && row) {
        rows.count++;
        if (row->person) {
            add_text(&rows, row->email);
            add_text(&rows, row->role);
        }
        rows.is_doubtful |=
            !row->person && row->record &&
            memchr(row->record->text, '"', row->record->len) != NULL;
        rows.is_doubtful |= row->outcome.code == CODE_BAD_ENCODING;
        outcome_set(&row->outcome, STATUS_REJECTED, CODE_REFUSED,
                    "the server's \"word\", no");
        if (file)
            require(retry_file_add(*file, row, &err) == ERROR_NONE);
        row_free(row);
    }
    rows.is_whole = err.kind == ERROR_NONE;
    if (file) {
        uint64_t line;
        require(retry_file_commit(*file, &err) == ERROR_NONE);
        rows.is_whole &= retry_file_left_out(*file, &line) == 0;
        retry_file_free(*file);
    }
    input_close(input);
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = {NULL, "UTF-16", "Windows-1252",
                                            "Shift_JIS"};
    char list[MEMORY_FILE_PATH_SIZE];
    struct retry_file *file;

    if (size == 0)
        return 0;
    make_folder();
    int fd = memory_file(list, data + 1, size - 1);
    struct input_options options = {
        .path = list,
        .fixed_role = data[0] & 1 ? "member" : NULL,
        .email_column = data[0] & 2 ? "1" : NULL,
        .encoding = encodings[data[0] >> 2 & 3],
        .delimiter = data[0] & 16 ? ';' : '\0',
        .keeps_records = true,
        .cancel_fd = -1,
    };
    struct rows before = read_rows(&options, &file);
    options.path = path;
    options.keeps_records = false;
    /* Not found again where the header is a comma and nothing else, say. */
    options.delimiter = before.delimiter;
    if (before.is_whole && before.count > 0 && !before.is_doubtful) {
        struct rows after = read_rows(&options, NULL);
        require(after.is_whole && after.count == before.count);
        require(after.sum == before.sum);
    }
    unlink(path);
    close(fd);
    return 0;
}
