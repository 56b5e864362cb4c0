#ifndef BULK_INVITE_REPORT_HTML_PAGE_H
#define BULK_INVITE_REPORT_HTML_PAGE_H

/* The text of page.css and page.js (ASCII); the build makes C strings of
 * them. */
extern const char html_page_css[];
extern const char html_page_js[];

#endif
