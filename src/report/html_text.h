#ifndef BULK_INVITE_REPORT_HTML_TEXT_H
#define BULK_INVITE_REPORT_HTML_TEXT_H

#include <stdint.h>

#include "base/strbuf.h"

/*
 * Text, numbers and times as the page shows them; pure. Used within this room
 * only (and by its tests).
 */

/* Longer texts end in an ellipsis: a page is for looking at. */
#define HTML_TEXT_MOST 500

/* Anybody's text as HTML text or as the value of a quoted attribute: markup is
 * escaped, and what would be invisible or misleading is written out
 * (base/text_safe.h). */
void html_text(struct strbuf *out, const char *text);

/* "1,234,567" */
void html_number(struct strbuf *out, uint64_t number);

/* "1 row", "2 rows" */
void html_count(struct strbuf *out, uint64_t count, const char *noun);

/* A <time>: "2026-11-26 11:13:41", UTC. */
void html_time(struct strbuf *out, int64_t at_s);

/* "6 min 40 s"; under a second is said so. */
void html_duration(struct strbuf *out, int64_t duration_s);

#endif
