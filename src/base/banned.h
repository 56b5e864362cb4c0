#ifndef BULK_INVITE_BASE_BANNED_H
#define BULK_INVITE_BASE_BANNED_H

/*
 * Included before every source file of ours (see CMakeLists.txt): libc calls
 * that cannot be used safely, or that hide shared state, do not compile. The
 * headers that declare them come first, so that only our own uses are hit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef sprintf
#undef vsprintf
#undef atoi
#undef atol
#undef gmtime
#undef localtime
#undef ctime
#undef system

#define strcpy(...)    banned_strcpy_use_memcpy_or_strbuf
#define strcat(...)    banned_strcat_use_strbuf
#define strncpy(...)   banned_strncpy_use_memcpy
#define strncat(...)   banned_strncat_use_strbuf
#define strtok(...)    banned_strtok_use_strcspn
#define sprintf(...)   banned_sprintf_use_snprintf
#define vsprintf(...)  banned_vsprintf_use_vsnprintf
#define atoi(...)      banned_atoi_use_strtol
#define atol(...)      banned_atol_use_strtol
#define gmtime(...)    banned_gmtime_use_gmtime_r
#define localtime(...) banned_localtime_use_localtime_r
#define ctime(...)     banned_ctime_use_clock_format_utc
#define system(...)    banned_system_use_posix_spawn

#endif
