/* Files of this folder that pages contain, as arrays made of them while building (cmake/embed.cmake).  Not
 * NUL-terminated. */
#ifndef REPORT_PAGE_EMBEDDED_H
#define REPORT_PAGE_EMBEDDED_H

#include <stddef.h>

extern const unsigned char page_script[], page_script_style[]; /* page.js, page.css */
extern const size_t page_script_size, page_script_style_size;

#endif
