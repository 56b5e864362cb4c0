#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "input/encoding.h"

#define TEXT_CAP (4 << 20)

static const struct {
    const char *bytes;
    size_t len;
    const char *told; /* the encoding, or NULL */
    const char *text;
    const char *name;
} cases[] = {
#define CASE(bytes, told, text, name)              \
    {                                              \
        bytes, sizeof(bytes) - 1, told, text, name \
    }
    CASE("", NULL, "", "ASCII"),
    CASE("a", NULL, "a", "ASCII"),
    CASE("\x1f", NULL, "\x1f", "ASCII"),
    CASE("PK", NULL, "PK", "ASCII"),
    CASE("a\xc3\xa9", NULL, "a\xc3\xa9", "UTF-8"),
    CASE("a\xe2\x82\xac!", NULL, "a\xe2\x82\xac!", "UTF-8"),
    CASE("a\xf0\x9f\x98\x80", NULL, "a\xf0\x9f\x98\x80", "UTF-8"),
    CASE("\xef\xbb\xbf", NULL, "", "UTF-8"),
    CASE("\xef\xbb\xbf"
         "a\xe9",
         NULL, "a\xe9", "UTF-8"),
    CASE("a\xc3\xa9\xe9", NULL, "a\xc3\xa9\xe9", "UTF-8"),
    CASE("a\xe9", NULL, "a\xc3\xa9", "Windows-1252"),
    CASE("a\xe2\x82", NULL, "a\xc3\xa2\xe2\x80\x9a", "Windows-1252"),
    CASE("a\xe2\x82z", NULL, "a\xc3\xa2\xe2\x80\x9az", "Windows-1252"),
    CASE("\x80\x81\x9f\xa0\xff", NULL,
         "\xe2\x82\xac\xfa\x81\xc5\xb8\xc2\xa0\xc3\xbf", "Windows-1252"),
    CASE("\xe9z\xc3\xa9z\xe9", NULL, "\xc3\xa9z\xfb\x83\xfa\xa9z\xc3\xa9",
         "Windows-1252"),
    CASE("\xc0\xaf\xed\xa0\x80", NULL,
         "\xc3\x80\xc2\xaf\xc3\xad\xc2\xa0\xe2\x82\xac", "Windows-1252"),
    CASE("\xff\xfe\xe9\0,\0=\xd8\0\xde", NULL, "\xc3\xa9,\xf0\x9f\x98\x80",
         "UTF-16LE"),
    CASE("\xfe\xff\0\xe9\0,\xd8=\xde\0", NULL, "\xc3\xa9,\xf0\x9f\x98\x80",
         "UTF-16BE"),
    CASE("a\0b\0\xac\x20", NULL, "ab\xe2\x82\xac", "UTF-16LE"),
    CASE("\0a\0b\x20\xac", NULL, "ab\xe2\x82\xac", "UTF-16BE"),
    CASE("\xff\xfe"
         "a\0\0\xd8"
         "b\0c",
         NULL,
         "a\xf8\x80\xfb\x98"
         "b\xf9\xa3",
         "UTF-16LE"),
    /* What can't be read shifts nothing behind it. */
    CASE("a\0\0\xd8"
         "b\0",
         "UTF-16LE",
         "a\xf8\x80\xfb\x98"
         "b",
         "UTF-16LE"),
    CASE("\xfe\xff\0a\xdc\0\0b", "UTF-16",
         "a\xfb\x9c\xf8\x80"
         "b",
         "UTF-16"),
    CASE("a\0\0\xd8"
         "b\0",
         "ucs-2le",
         "a\xf8\x80\xfb\x98"
         "b",
         "ucs-2le"),
    CASE("a\0\0\0\0\0\x11\0b\0\0\0", "UTF-32LE",
         "a\xf8\x80\xf8\x80\xf8\x91\xf8\x80"
         "b",
         "UTF-32LE"),
    CASE("\xcf\xd2", "KOI8-R", "\xd0\xbe\xd1\x80", "KOI8-R"),
    CASE("a\xe9", "UTF-8", "a\xfb\xa9", "UTF-8"),
    CASE("\xef\xbb\xbf"
         "a",
         "UTF-8", "a", "UTF-8"),
    CASE("+AOk-!", "UTF-7", "\xc3\xa9!", "UTF-7"),
#undef CASE
};

static void read_all(struct encoding *encoding, size_t size,
                     struct strbuf *text)
{
    struct error err = ERROR_INIT;
    char buffer[65536];
    size_t got = 1;

    strbuf_init(text, TEXT_CAP);
    while (got > 0) {
        assert_int_equal(encoding_read(encoding, buffer, size, &got, &err),
                         ERROR_NONE);
        assert_true(got <= size);
        strbuf_add(text, buffer, got);
    }
}

static void check(size_t i, size_t first, size_t piece, size_t size)
{
    const char *bytes = cases[i].bytes;
    size_t len = cases[i].len;
    struct strbuf text;
    int fds[2];

    assert_int_equal(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
    for (size_t at = 0, take = first; at < len; at += take, take = piece) {
        take = len - at < take ? len - at : take;
        assert_int_equal(write(fds[1], bytes + at, take), (ssize_t)take);
    }
    close(fds[1]);
    struct encoding *encoding =
        encoding_new(fds[0], "team.csv", -1, cases[i].told);
    read_all(encoding, size, &text);
    assert_string_equal(strbuf_str(&text), cases[i].text);
    assert_string_equal(encoding_facts(encoding)->name, cases[i].name);
    assert_int_equal(encoding_facts(encoding)->is_assumed,
                     strcmp(cases[i].name, "Windows-1252") == 0);
    encoding_free(encoding);
    strbuf_clear(&text);
    close(fds[0]);
}

static void any_cut_into_reads_gives_the_same_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        for (size_t first = 1; first <= cases[i].len + 1; first++)
            for (size_t piece = 1; piece <= cases[i].len + 1; piece++)
                check(i, first, piece, 16 + piece);
}

/* A megabyte of ASCII reads the same in both, so nothing was decided early. */
static void a_late_first_letter_still_decides(void **state)
{
    static const struct {
        const char *letter;
        const char *name;
    } letters[] = {{"\xe9", "Windows-1252"}, {"\xc3\xa9", "UTF-8"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd = memfd_create("late", MFD_CLOEXEC);
        struct strbuf bytes;
        struct strbuf text;

        strbuf_init(&bytes, TEXT_CAP);
        while (bytes.len < 1 << 20)
            strbuf_add_str(&bytes, "ada@example.com,admin\r\n");
        size_t before = bytes.len;
        strbuf_add_str(&bytes, letters[i].letter);
        assert_int_equal(write(fd, bytes.bytes, bytes.len), bytes.len);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        struct encoding *encoding = encoding_new(fd, "team.csv", -1, NULL);
        read_all(encoding, 65536, &text);
        assert_int_equal(text.len, before + 2);
        assert_memory_equal(text.bytes, bytes.bytes, before);
        assert_string_equal(text.bytes + before, "\xc3\xa9");
        assert_string_equal(encoding_facts(encoding)->name, letters[i].name);
        encoding_free(encoding);
        strbuf_clear(&bytes);
        strbuf_clear(&text);
        close(fd);
    }
}

static void only_names_that_iconv_knows_are_known(void **state)
{
    (void)state;
    assert_true(encoding_is_known("utf-8"));
    assert_true(encoding_is_known("windows-1252"));
    assert_true(encoding_is_known("latin1"));
    assert_false(encoding_is_known("excel"));
}

static void what_is_not_text_is_refused_byte_by_byte(void **state)
{
    static const struct {
        const char *bytes;
        const char *told;
    } files[] = {
        {"PK\x03\x04zip", "team.xlsx is a zip file"},
        {"PK\x03\x04[Content_Types].xml", "run: xlsx2csv 'team.xlsx'"},
        {"\xd0\xcf\x11\xe0\xa1\xb1", "soffice"},
        {"%PDF-1.7\n", "PDF"},
        {"\x1f\x8b\x08zip", "gzip data in team.xlsx is"},
    };
    char buffer[100];
    size_t got;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        struct error err = ERROR_INIT;
        int fds[2];
        assert_int_equal(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
        assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) > 0);
        for (const char *byte = files[i].bytes; *byte; byte++)
            assert_int_equal(write(fds[1], byte, 1), 1);
        close(fds[1]);
        struct encoding *encoding = encoding_new(fds[0], "team.xlsx", -1, NULL);
        assert_int_equal(encoding_read(encoding, buffer, 100, &got, &err),
                         ERROR_INPUT);
        if (!strstr(err.text, files[i].told))
            fail_msg("%s", err.text);
        encoding_free(encoding);
        close(fds[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_into_reads_gives_the_same_text),
        cmocka_unit_test(a_late_first_letter_still_decides),
        cmocka_unit_test(only_names_that_iconv_knows_are_known),
        cmocka_unit_test(what_is_not_text_is_refused_byte_by_byte),
    };
    return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
