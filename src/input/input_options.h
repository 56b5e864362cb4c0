#ifndef BULK_INVITE_INPUT_INPUT_OPTIONS_H
#define BULK_INVITE_INPUT_INPUT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct role_map;

/* What is told of an input; each part of this room takes what it needs. */
struct input_options {
    const char *path;         /* "-" is stdin */
    const char *email_column; /* a header's name, a number from 1, or NULL to
                                 find it */
    const char *role_column;  /* likewise */
    const char *fixed_role;   /* the role of every row, or NULL: then a role
                                 column is needed */
    const char *encoding;     /* see encoding.h; NULL to find it */
    char delimiter;           /* '\0' to find it among , ; tab and | */
    uint64_t skip_rows;       /* lines at the start that are not looked at */
    const struct role_map *role_map; /* or NULL */
    const char *allow_roles;         /* with commas between; NULL: any */
    const char *allow_domains;       /* likewise, as domain/person.h has them */
    bool keeps_records; /* rows come with their record, for a retry file: at
                           worst CSV_RECORD_CAP more for each row that is held,
                           so 256 MiB for the 1,024 that a send reads ahead */
    int cancel_fd;      /* see byte_source.h, -1 for none */
};

#endif
