#ifndef BULK_INVITE_APP_SAME_FILE_H
#define BULK_INVITE_APP_SAME_FILE_H

#include <stdbool.h>

/* Would what is written to the one replace the other? Not where it is a device
 * or a pipe, which takes both. */
bool same_file(const char *one, const char *other);

#endif
