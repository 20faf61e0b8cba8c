/* What a page does under a reader's hands: its one script (page.js), which sorts tables, shows what a mark is,
 * marks an alpha everywhere and browses samples.  The page holds everything without it. */
#ifndef REPORT_PAGE_HANDS_H
#define REPORT_PAGE_HANDS_H

#include "base/strbuf.h"
#include "record/study.h"

/* The policy of a page that loads nothing and runs this script alone, by its SHA-256. */
void page_hands_policy(strbuf *h);
void page_hands_style(strbuf *h);  /* rules for a <style> */
void page_hands_script(strbuf *h); /* the <script> */
/* Buttons for the alphas of the study, hidden until the script shows them; nothing of fewer than two. */
void page_hands_alphas(strbuf *h, const study *s);

#endif
