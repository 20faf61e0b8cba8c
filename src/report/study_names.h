/* What the studies of a grid are called in its figures: what their folders' names do not have in common. */
#ifndef REPORT_STUDY_NAMES_H
#define REPORT_STUDY_NAMES_H

#include "base/name.h"
#include "record/study.h"
#include "report/figures.h"

typedef struct study_names {
    char of[STUDIES_MAX][NAME_MOST + 1];
} study_names;

/* The name of each folder ("steps-10"); where all are of one setting whose values are words ("name-wrn-10-1") without that,
 * and without what a value brought along ("+norm-none") unless two would be the same. */
void study_names_make(study_names *out, study *const *studies, int count);

#endif
