#include "app/same_file.h"

#include <string.h>
#include <sys/stat.h>

bool same_file(const char *one, const char *other)
{
    struct stat a, b;

    if (stat(one, &a) == 0 && stat(other, &b) == 0)
        return S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
               a.st_ino == b.st_ino;
    return strcmp(one, other) == 0 && strcmp(one, "-") != 0;
}
