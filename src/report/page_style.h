/* The page's style sheet, light and dark, as one string. */
#ifndef REPORT_PAGE_STYLE_H
#define REPORT_PAGE_STYLE_H

extern const char *const page_style;

#endif
