/* The HTML page around the figures: nothing loaded from elsewhere, one script (page_hands.h). */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/figures.h"
#include "report/page_live.h"

typedef struct page_place {
    const char *page;    /* the file that it will be */
    const char *figures; /* the folder of the figures' files */
    const measures *const *measures; /* that its cards may show */
    const report_live *live; /* NULL: the study is done */
} page_place;

/* Appends the whole page; `command` is the one that makes it. */
jem_status page_write(strbuf *html, const study *s, const figure_list *figures,
                      const char *command, const page_place *place);

#endif
