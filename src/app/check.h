#ifndef BULK_INVITE_APP_CHECK_H
#define BULK_INVITE_APP_CHECK_H

#include <stdio.h>

#include "app/options.h"
#include "app/plan.h"
#include "domain/tally.h"
#include "input/input.h"

/*
 * What `check` found, and how it is shown. Used by command_check.c only.
 */
#define CHECK_FIRST_ROWS 5

struct check {
    const struct options *options;
    struct input *input;
    struct plan plan;
    struct tally *roles;    /* of people who would be invited */
    struct tally *domains;  /* theirs */
    struct tally *problems; /* rows that need a look, by sentence */
    struct tally *hints;    /* addresses that look like typing errors */
    struct row *first[CHECK_FIRST_ROWS];
    size_t first_count;
};

void check_print_text(const struct check *check, FILE *out);
void check_print_json(const struct check *check, FILE *out);

#endif
