/* Parts that pages have in common. */
#ifndef REPORT_PAGE_PARTS_H
#define REPORT_PAGE_PARTS_H

#include "record/record.h"
#include "report/figures.h"

/* Up to where the page's own text begins; `name` is in its title.  reload_s: it reloads itself so often; 0: never. */
void page_open(strbuf *h, const char *name, int reload_s);
/* Links to the sections that have figures, and to what comes last, whose id is "runs". */
void page_contents(strbuf *h, const figure_list *figures, const char *last);
/* All figures by section; `folder` is theirs as it is found from the page, NULL: nothing links to files. */
jem_status page_sections(strbuf *h, const figure_list *figures, const char *folder);
/* Every command that made one of the scores, once, a line each. */
void page_commands(strbuf *h, const score_list *list);
/* The scores as a table; how: with the formula of each. */
void page_scores(strbuf *h, const score_list *list, bool how);
/* What made the page, and its end. */
void page_close(strbuf *h, const char *command);

#endif
