#ifndef BULK_INVITE_TESTS_FUZZ_FUZZ_H
#define BULK_INVITE_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the fuzz targets share. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* A file of these bytes in memory; the caller closes it. */
#define MEMORY_FILE_PATH_SIZE 64
static inline int memory_file(char path[MEMORY_FILE_PATH_SIZE],
                              const void *bytes, size_t len)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    require(fd >= 0 && (len == 0 || write(fd, bytes, len) == (ssize_t)len));
    snprintf(path, MEMORY_FILE_PATH_SIZE, "/proc/self/fd/%d", fd);
    return fd;
}

/* The bytes as a string, up to their first NUL; the caller frees it. */
static inline char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

#endif
