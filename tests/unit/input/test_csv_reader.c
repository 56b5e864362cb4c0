#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/text_safe.h"
#include "input/csv_reader.h"

/* Records as text, one a line: LINE:[field][field] and the flags. */
static void add_record(struct strbuf *out, const struct csv_record *record)
{
    strbuf_addf(out, "%u:", (unsigned)record->line);
    for (size_t i = 0; i < record->field_count; i++) {
        assert_int_equal(record->fields[i].bytes[record->fields[i].len], '\0');
        strbuf_add_char(out, '[');
        text_safe_add(out, record->fields[i].bytes, record->fields[i].len);
        strbuf_add_char(out, ']');
    }
    if (record->is_over_cap)
        strbuf_add_str(out, " over cap");
    if (record->has_stray_quote)
        strbuf_add_str(out, " stray quote");
    if (record->has_open_quote)
        strbuf_addf(out, " open quote on %u",
                    (unsigned)record->open_quote_line);
    strbuf_add_char(out, '\n');
}

static void read_all(struct strbuf *out, int fd)
{
    struct csv_reader *reader =
        csv_reader_new(encoding_new(fd, "team.csv", -1, NULL));
    struct error err = ERROR_INIT;
    struct csv_record record;
    bool has_record = true;

    strbuf_init(out, 1 << 20);
    while (has_record) {
        assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                         ERROR_NONE);
        if (has_record)
            add_record(out, &record);
    }
    assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                     ERROR_NONE);
    assert_false(has_record);
    csv_reader_free(reader);
}

static void write_whole(int fd, const char *bytes, size_t len)
{
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
}

/* A pipe in packet mode: one read gives what one write wrote. */
static void open_packets(int fds[2])
{
    assert_int_equal(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
    assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) > 0);
}

static void check_in_pieces(const char *input, size_t len, size_t first,
                            size_t piece, const char *expected)
{
    int fds[2];
    struct strbuf records;

    open_packets(fds);
    if (first > 0)
        write_whole(fds[1], input, first);
    for (size_t at = first; at < len; at += piece)
        write_whole(fds[1], input + at, len - at < piece ? len - at : piece);
    close(fds[1]);
    read_all(&records, fds[0]);
    assert_string_equal(strbuf_str(&records), expected);
    strbuf_clear(&records);
    close(fds[0]);
}

static const struct {
    const char *input;
    size_t len;
    const char *expected;
} cases[] = {
#define CASE(input, expected)              \
    {                                      \
        input, sizeof(input) - 1, expected \
    }
    CASE("", ""),
    CASE("\n", ""),
    CASE("\xef\xbb\xbf", ""),
    CASE("P", "1:[P]\n"),
    CASE("\xef\xbb", "1:[\xc3\xaf\xc2\xbb]\n"),
    CASE("a,b\nc,d\n", "1:[a][b]\n2:[c][d]\n"),
    CASE("a,b\nc,d", "1:[a][b]\n2:[c][d]\n"),
    CASE("a,b\r\nc,d\r\n", "1:[a][b]\n2:[c][d]\n"),
    CASE("a,b\rc,d\r", "1:[a][b]\n2:[c][d]\n"),
    CASE("a\r\rb\n\nc\r\n\r\nd\n\re\r\r\nf", "1:[a]\n3:[b]\n5:[c]\n7:[d]\n"
                                             "9:[e]\n11:[f]\n"),
    CASE("\xef\xbb\xbf"
         "a,b\nc\n",
         "1:[a][b]\n2:[c]\n"),
    CASE("\xef\xbb\xbf\"a\"\n", "1:[a]\n"),
    CASE("\n \t\r\n  a\n\n b , c \n", "3:[a]\n5:[b][c]\n"),
    CASE(",\n\"\"\na,\n", "1:[][]\n2:[]\n3:[a][]\n"),
    CASE("a,", "1:[a][]\n"),
    CASE("\"a,\"\"b\"\"\",c\n", "1:[a,\"b\"][c]\n"),
    CASE("\"x\ny\",b\nc\n", "1:[x\\ny][b]\n3:[c]\n"),
    CASE("\"x\r\ny\r\n\",b\r\nc\r\n", "1:[x\\x0D\\ny\\x0D\\n][b]\n4:[c]\n"),
    CASE("\"x\ry\r\",b\rc\r", "1:[x\\x0Dy\\x0D][b]\n4:[c]\n"),
    CASE("\"\n\n\",\"\n\"\nz\n", "1:[\\n\\n][\\n]\n5:[z]\n"),
    CASE("a\"b,5\" rack\nc\n", "1:[a\"b][5\" rack]\n2:[c]\n"),
    CASE("\"Ada\" L,x\ny,\"z\"\nw\n",
         "1:[Ada\" L,x\\ny,\"z] stray quote\n3:[w]\n"),
    CASE("\"a\" \"b\"\nc\n", "1:[a\" \"b] stray quote\n2:[c]\n"),
    CASE("a\0b,\0\nc\n", "1:[a\\x00b][\\x00]\n2:[c]\n"),
    CASE("\xff\xfb\n", "1:[\xc3\xbf\xc3\xbb]\n"),
    CASE("a\nb,\"c\nd\n\ne", "1:[a]\n2:[b][c\\nd\\n\\ne] open quote on 2\n"),
    CASE("\"a\nb\",c,\"d\ne\n", "1:[a\\nb][c][d\\ne\\n] open quote on 2\n"),
    CASE("\"a\n\"\"", "1:[a\\n\"] open quote on 1\n"),
    CASE("\"a\nb\"", "1:[a\\nb]\n"),
    CASE("\"a\" ", "1:[a]\n"),
    CASE("\"", "1:[] open quote on 1\n"),
#undef CASE
};

static void any_cut_into_reads_gives_the_same_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t len = cases[i].len;
        check_in_pieces(cases[i].input, len, 0, len + 1, cases[i].expected);
        for (size_t piece = 1; piece < len; piece++)
            check_in_pieces(cases[i].input, len, 0, piece, cases[i].expected);
        for (size_t first = 1; first < len; first++)
            check_in_pieces(cases[i].input, len, first, len, cases[i].expected);
    }
}

static void a_record_is_given_before_more_is_written(void **state)
{
    static const char *const lines[] = {"a,b\n", "c\r", "\nd\r", "e\r\n",
                                        "\"f\"\n"};
    struct csv_reader *reader;
    struct csv_record record;
    struct error err = ERROR_INIT;
    bool has_record;
    int fds[2];

    (void)state;
    open_packets(fds);
    reader = csv_reader_new(encoding_new(fds[0], "stdin", -1, NULL));
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        write_whole(fds[1], lines[i], strlen(lines[i]));
        assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                         ERROR_NONE);
        assert_true(has_record);
        assert_int_equal(record.line, i + 1);
    }
    csv_reader_free(reader);
    close(fds[0]);
    close(fds[1]);
}

/* A file of `count` times `text` between two other texts. */
static int repeated(const char *before, const char *text, size_t count,
                    const char *after)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    struct strbuf all;

    assert_true(fd >= 0);
    strbuf_init(&all, SIZE_MAX);
    strbuf_add_str(&all, before);
    for (size_t i = 0; i < count; i++)
        strbuf_add_str(&all, text);
    strbuf_add_str(&all, after);
    write_whole(fd, all.bytes, all.len);
    strbuf_clear(&all);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

struct limit_case {
    const char *before;
    const char *text;
    size_t count;
    const char *after;
    const char *expected; /* NULL: the first record is not over a cap */
};

static void what_is_over_a_cap_is_cut_and_the_next_row_is_read(void **state)
{
    static const struct limit_case limits[] = {
        {"", "x", CSV_FIELD_CAP, ",b\nc\n", NULL},
        {"\"", "x", CSV_FIELD_CAP, "\",b\nc\n", NULL},
        {"\"", "\"\"", CSV_FIELD_CAP, "\"\t\t,b\nc\n", NULL},
        {"\"", "x\n", CSV_FIELD_CAP / 2, "\",b\nc\n", NULL},
        {"", "x", CSV_FIELD_CAP + 1, ",b\nc\n", "1:[][b] over cap\n2:[c]\n"},
        {"", "x", 1000001, ",b\nc,d\n", "1:[][b] over cap\n2:[c][d]\n"},
        {"a,", "x", 1000000, "  \t \nc\n", "1:[a][] over cap\n2:[c]\n"},
        {"a,x", " ", 1000000, ",b\nc\n", "1:[a][][b] over cap\n2:[c]\n"},
        {"\"x\"", " ", 1000000, ",b\nc\n", "1:[][b] over cap\n2:[c]\n"},
        {"\"", "x,\n", 100000, "\",b\nc\n", "1:[][b] over cap\n100002:[c]\n"},
        {"\"", "\"\"", 100000, "\",b\nc\n", "1:[][b] over cap\n2:[c]\n"},
        {"\"", "\"\"x", 100000, "\" ,b\nc\n", "1:[][b] over cap\n2:[c]\n"},
        {"", "x\"", 100000, "\n\"c\"\n", "1:[] over cap\n2:[c]\n"},
        {"a\n\"", "x\r\n", 100000, "",
         "1:[a]\n2:[] over cap open quote on 2\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        const struct limit_case *limit = &limits[i];
        int fd =
            repeated(limit->before, limit->text, limit->count, limit->after);
        struct strbuf records;
        read_all(&records, fd);
        if (limit->expected)
            assert_string_equal(strbuf_str(&records), limit->expected);
        else
            assert_null(strstr(strbuf_str(&records), "over cap"));
        strbuf_clear(&records);
        close(fd);
    }
}

/* libcsv's buffer fills up at every place of what stands at a field's end. */
static void a_field_may_reach_the_cap_in_any_state_of_the_parser(void **state)
{
    static const char *const ends[] = {"\"  \",b\nc\n", "\"\"\" ,b\nc\n",
                                       "\" x\",b\nc\n", "\"   ,b\nc\n"};

    (void)state;
    for (size_t len = CSV_FIELD_CAP - 8; len < CSV_FIELD_CAP + 72; len++) {
        for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
            int fd = repeated("\"", "x", len, ends[i]);
            struct strbuf records;
            read_all(&records, fd);
            assert_non_null(strstr(strbuf_str(&records), "][b]"));
            assert_non_null(strstr(strbuf_str(&records), "\n2:[c]\n"));
            strbuf_clear(&records);
            close(fd);
        }
    }
}

static void too_many_columns_are_cut_and_the_next_row_is_read(void **state)
{
    static const struct {
        size_t count;
        size_t kept;
        bool is_over;
    } counts[] = {{4095, 4096, false}, {4096, 4096, true}, {5000, 4096, true}};
    struct error err = ERROR_INIT;
    struct csv_record record;
    bool has_record;

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        int fd = repeated("", "x,", counts[i].count, "y\nlast,row\n");
        struct csv_reader *reader =
            csv_reader_new(encoding_new(fd, "wide.csv", -1, NULL));
        assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                         ERROR_NONE);
        assert_int_equal(record.field_count, counts[i].kept);
        assert_int_equal(record.is_over_cap, counts[i].is_over);
        assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                         ERROR_NONE);
        assert_true(has_record);
        assert_int_equal(record.line, 2);
        assert_int_equal(record.field_count, 2);
        assert_false(record.is_over_cap);
        csv_reader_free(reader);
        close(fd);
    }
}

static void a_record_over_its_cap_keeps_the_fields_that_fit(void **state)
{
    struct error err = ERROR_INIT;
    struct csv_record record;
    struct strbuf row;
    bool has_record;
    int fd;

    (void)state;
    strbuf_init(&row, CSV_FIELD_CAP + 1);
    for (int i = 0; i < CSV_FIELD_CAP; i++)
        strbuf_add_char(&row, 'x');
    strbuf_add_char(&row, ',');
    fd = repeated("a,", row.bytes, 4, "b\n");
    struct csv_reader *reader =
        csv_reader_new(encoding_new(fd, "long.csv", -1, NULL));
    assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                     ERROR_NONE);
    assert_true(record.is_over_cap);
    assert_int_equal(record.field_count, 6);
    assert_int_equal(record.fields[3].len, CSV_FIELD_CAP);
    assert_int_equal(record.fields[4].len, 0);
    assert_string_equal(record.fields[0].bytes, "a");
    assert_string_equal(record.fields[5].bytes, "b");
    csv_reader_free(reader);
    strbuf_clear(&row);
    close(fd);
}

/* As many lines are skipped as stand above; then two records are read. */
static void check_text(size_t above, size_t record, bool has_first)
{
    int fd = repeated("", "0123456789abcde\n", above / 16, "");
    struct error err = ERROR_INIT;
    struct csv_record got;
    bool has_record;

    assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)above);
    for (size_t i = 0; i < record / 4; i++)
        write_whole(fd, ",,,,", 4);
    write_whole(fd, "\r\nlast\n", 7);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct csv_reader *reader =
        csv_reader_new(encoding_new(fd, "long.csv", -1, NULL));
    for (size_t i = 0; i < above / 16; i++)
        assert_int_equal(csv_reader_skip_line(reader, &err), ERROR_NONE);
    assert_int_equal(csv_reader_next(reader, &got, &has_record, &err),
                     ERROR_NONE);
    assert_int_equal(got.text != NULL, has_first);
    if (has_first) {
        assert_int_equal(got.above_len, above);
        assert_int_equal(got.text_len, record);
        assert_memory_equal(got.text + record, "\r\n", 2);
        assert_int_equal(got.line_end_len, 2);
    }
    assert_int_equal(csv_reader_next(reader, &got, &has_record, &err),
                     ERROR_NONE);
    assert_int_equal(got.line, above / 16 + 2);
    assert_int_equal(got.above_len, 0);
    assert_memory_equal(got.text, "last\n", 5);
    csv_reader_free(reader);
    close(fd);
}

static void a_records_text_is_kept_up_to_its_cap(void **state)
{
    (void)state;
    check_text(0, 4096, true);
    check_text(CSV_ABOVE_CAP, CSV_RECORD_CAP, true);
    check_text(0, CSV_RECORD_CAP + 4, false);
    check_text(0, 4 << 20, false);
    check_text(CSV_ABOVE_CAP + 16, 4, false);
    check_text(2 * CSV_ABOVE_CAP, CSV_RECORD_CAP, false);
}

static void lines_longer_than_a_chunk_are_read_whole(void **state)
{
    struct strbuf expected;
    struct strbuf records;
    int fd = repeated("", "abcdefghijklm,", 4000, "z\r\nlast\r\n");

    (void)state;
    strbuf_init(&expected, 1 << 20);
    strbuf_add_str(&expected, "1:");
    for (int i = 0; i < 4000; i++)
        strbuf_add_str(&expected, "[abcdefghijklm]");
    strbuf_add_str(&expected, "[z]\n2:[last]\n");
    read_all(&records, fd);
    assert_string_equal(strbuf_str(&records), strbuf_str(&expected));
    strbuf_clear(&records);
    strbuf_clear(&expected);
    close(fd);
}

static void a_read_that_fails_names_the_input(void **state)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct csv_reader *reader =
        csv_reader_new(encoding_new(fd, "team.csv", -1, NULL));
    struct csv_record record;
    struct error err = ERROR_INIT;
    bool has_record;

    (void)state;
    assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                     ERROR_INPUT);
    assert_string_equal(err.text, "cannot read team.csv: Is a directory");
    csv_reader_free(reader);
    close(fd);
}

static void *cancel(void *arg)
{
    const int *fd = arg;

    write_whole(*fd, "x", 1);
    return NULL;
}

static void a_cancelled_read_ends_after_the_last_whole_record(void **state)
{
    struct csv_record record;
    struct error err = ERROR_INIT;
    bool has_record;
    pthread_t thread;
    int data[2];
    int stop[2];

    (void)state;
    open_packets(data);
    open_packets(stop);
    struct encoding *text = encoding_new(data[0], "stdin", stop[0], NULL);
    struct csv_reader *reader = csv_reader_new(text);
    write_whole(data[1], "a,b\nada@exam", 12);
    assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                     ERROR_NONE);
    assert_true(has_record);
    assert_false(encoding_facts(text)->is_cancelled);

    assert_int_equal(pthread_create(&thread, NULL, cancel, &stop[1]), 0);
    assert_int_equal(csv_reader_next(reader, &record, &has_record, &err),
                     ERROR_NONE);
    assert_false(has_record);
    assert_true(encoding_facts(text)->is_cancelled);
    pthread_join(thread, NULL);
    csv_reader_free(reader);
    for (int i = 0; i < 2; i++) {
        close(data[i]);
        close(stop[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_into_reads_gives_the_same_records),
        cmocka_unit_test(a_record_is_given_before_more_is_written),
        cmocka_unit_test(what_is_over_a_cap_is_cut_and_the_next_row_is_read),
        cmocka_unit_test(a_field_may_reach_the_cap_in_any_state_of_the_parser),
        cmocka_unit_test(too_many_columns_are_cut_and_the_next_row_is_read),
        cmocka_unit_test(a_record_over_its_cap_keeps_the_fields_that_fit),
        cmocka_unit_test(a_records_text_is_kept_up_to_its_cap),
        cmocka_unit_test(lines_longer_than_a_chunk_are_read_whole),
        cmocka_unit_test(a_read_that_fails_names_the_input),
        cmocka_unit_test(a_cancelled_read_ends_after_the_last_whole_record),
    };
    return cmocka_run_group_tests_name("csv_reader", tests, NULL, NULL);
}
