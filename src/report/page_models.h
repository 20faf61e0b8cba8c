/* The page of models side by side. */
#ifndef REPORT_PAGE_MODELS_H
#define REPORT_PAGE_MODELS_H

#include "report/page.h"
#include "report/score_rows.h"

/* Appends the whole page; `command` is the one that makes it. */
jem_status page_models_write(strbuf *html, const score_rows *rows, const figure_list *figures,
                             const char *command, const page_place *place);

#endif
