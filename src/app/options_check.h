#ifndef BULK_INVITE_APP_OPTIONS_CHECK_H
#define BULK_INVITE_APP_OPTIONS_CHECK_H

#include "app/options.h"

/*
 * What is left when each option is known by itself: those that need or exclude
 * each other. Makes `options` what options_load() promises of its command. Used
 * by options.c only.
 */
enum error_kind options_check(struct options *options,
                              struct error *err) MUST_CHECK;

#endif
