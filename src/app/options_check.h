#ifndef BULK_INVITE_APP_OPTIONS_CHECK_H
#define BULK_INVITE_APP_OPTIONS_CHECK_H

#include "app/options.h"

/*
 * What is left when each option is known by itself: those that need or exclude
 * each other. Used by options.c only.
 */

/* What set an option's value, weakest first. */
enum option_place {
    PLACE_DEFAULT,
    PLACE_CONFIG,
    PLACE_PROFILE,
    PLACE_VARIABLE,
    PLACE_FLAG,
};

/* Makes `options` what options_load() promises of the command. `places` goes
 * by option_index(). */
enum error_kind options_check(struct options *options, enum command command,
                              const enum option_place *places,
                              struct error *err) MUST_CHECK;

#endif
