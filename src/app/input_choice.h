#ifndef BULK_INVITE_APP_INPUT_CHOICE_H
#define BULK_INVITE_APP_INPUT_CHOICE_H

#include "app/options.h"
#include "input/input.h"

/*
 * What the options say of the list, as the input room wants it.
 */
struct input_choice {
    struct input_options options;
    struct role_map *role_map;
    char *domains;
};

/* ERROR_USAGE: a value that makes no sense. `options` must outlive it, and it
 * the input opened with choice->options. */
enum error_kind input_choice_init(struct input_choice *choice,
                                  const struct options *options, int cancel_fd,
                                  struct error *err) MUST_CHECK;
void input_choice_clear(struct input_choice *choice);

#endif
