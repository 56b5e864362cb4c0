#ifndef BULK_INVITE_APP_PERSON_OPERAND_H
#define BULK_INVITE_APP_PERSON_OPERAND_H

#include "app/options.h"

/*
 * Whom the EMAIL on the command line is: *person is the key of domain/person.h,
 * the caller's. ERROR_USAGE for what is no address.
 */
enum error_kind person_operand(char **person, const struct options *options,
                               struct error *err) MUST_CHECK;

#endif
