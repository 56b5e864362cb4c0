/*
 * The reader stage alone, beside bare libcsv on the same bytes:
 *
 *   reader FILE
 *
 * Three runs of each in turn; prints the medians of libcsv with callbacks that
 * only count, of records, and of checked rows.
 */
#include <csv.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "input/csv_reader.h"
#include "input/input.h"

#define RUNS       3
#define CHUNK_SIZE 65536

static void count_field(void *bytes, size_t len, void *fields)
{
    (void)bytes;
    (void)len;
    ++*(uint64_t *)fields;
}

static void count_record(int line_end, void *fields)
{
    (void)line_end;
    ++*(uint64_t *)fields;
}

static int open_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static uint64_t read_bare(const char *path)
{
    static char chunk[CHUNK_SIZE];
    struct csv_parser parser;
    uint64_t count = 0;
    ssize_t got;
    int fd = open_file(path);

    csv_init(&parser, 0);
    while ((got = read(fd, chunk, sizeof(chunk))) > 0)
        csv_parse(&parser, chunk, (size_t)got, count_field, count_record,
                  &count);
    csv_fini(&parser, count_field, count_record, &count);
    csv_free(&parser);
    close(fd);
    return count;
}

static uint64_t read_records(const char *path)
{
    struct error err = ERROR_INIT;
    struct csv_record record;
    bool has_record = true;
    uint64_t count = 0;
    int fd = open_file(path);
    struct csv_reader *reader =
        csv_reader_new(encoding_new(fd, path, -1, NULL));

    while (has_record && !csv_reader_next(reader, &record, &has_record, &err))
        count += has_record;
    csv_reader_free(reader);
    close(fd);
    return count;
}

static uint64_t read_rows(const char *path)
{
    const struct input_options options = {.path = path, .cancel_fd = -1};
    struct error err = ERROR_INIT;
    struct input *input;
    struct row *row = NULL;
    uint64_t count = 0;

    if (input_open(&input, &options, &err)) {
        fprintf(stderr, "reader: %s\n", err.text);
        exit(1);
    }
    while (!input_next(input, &row, &err) && row) {
        count++;
        row_free(row);
    }
    input_close(input);
    return count;
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        uint64_t (*read)(const char *path);
    } ways[] = {
        {"libcsv", read_bare}, {"records", read_records}, {"rows", read_rows}};
    double seconds[3][RUNS];
    uint64_t counts[3];

    if (argc != 2) {
        fputs("usage: reader FILE\n", stderr);
        return 2;
    }
    for (int run = 0; run < RUNS; run++)
        for (int way = 0; way < 3; way++) {
            int64_t start_us = clock_monotonic_us();
            counts[way] = ways[way].read(argv[1]);
            seconds[way][run] =
                (double)(clock_monotonic_us() - start_us) / US_PER_S;
        }
    for (int way = 0; way < 3; way++) {
        qsort(seconds[way], RUNS, sizeof(double), compare);
        printf("%-8s %7.2f s  %5.2f of libcsv  %llu counted\n", ways[way].name,
               seconds[way][RUNS / 2],
               seconds[way][RUNS / 2] / seconds[0][RUNS / 2],
               (unsigned long long)counts[way]);
    }
    return 0;
}
