/* Links of a page to what lies on the same disk: relative, so that they hold where the page and it
 * are moved together. */
#ifndef REPORT_PAGE_LINK_H
#define REPORT_PAGE_LINK_H

#include "base/strbuf.h"

/* *folder <- owned: that of the page, as links are resolved from it: absolute, without "." and "..".
 * As it is written: neither here nor in a browser are symbolic links followed.  JEM_EIO */
jem_status page_folder(char **folder, const char *page);

/* *out <- owned: `path`, of the working directory unless it begins with '/', as it is found from such
 * a folder: "figures", "../study/figures", "." */
jem_status page_path(char **out, const char *folder, const char *path);

/* A link to such a path; in it all but ASCII letters, digits and "-._~/" is percent-encoded. */
void html_link(strbuf *h, const char *path, const char *text);

#endif
