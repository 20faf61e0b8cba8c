/* jem report --follow: the page of a study is written anew while the study trains. */
#ifndef CLI_REPORT_FOLLOW_H
#define CLI_REPORT_FOLLOW_H

#include "report/report.h"

/* Writes the page of call->folder, a study or a run, every ten seconds or more seldom where that would take more than a tenth
 * of the time, until all runs have ended, nobody has been at work on them for
 * twenty seconds (unless jobs are queued), or a signal comes; then once more as a page that is done.  While no run has
 * begun there is none.  JEM_EDATA for a folder that is neither a study nor a run. */
jem_status report_follow(report_result *out, const report_call *call);

#endif
