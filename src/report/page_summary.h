/* What a study is about, in a few lines at the head of its page. */
#ifndef REPORT_PAGE_SUMMARY_H
#define REPORT_PAGE_SUMMARY_H

#include "base/strbuf.h"
#include "measure/measure.h"
#include "record/study.h"

/* Network and data, of the first run (what differs between runs is warned of); alphas, how long each was trained, what
 * stands beside them, and what was scored.  The study has runs. */
void page_summary(strbuf *h, const study *s, const measures *const *known);

#endif
