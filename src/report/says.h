/* Sentences that say what a figure shows, from its numbers: plain text, for figure.says. */
#ifndef REPORT_SAYS_H
#define REPORT_SAYS_H

#include "base/strbuf.h"
#include "sweetspot/trend.h"

/* What a score is called, and how it is judged. */
typedef struct say_score {
    const char *name;     /* "Accuracy" */
    bool lower_is_better;
    bool skip_one;        /* alpha = 1 never trained what it measures */
} say_score;

/* Appends "Accuracy is highest at α = 0.4 (0.912 ± 0.004); α = 0.3, 0.5 may be as good." - or that nothing separates.
 * Which alphas may be the best is Hsu's set at 95 % by the spread of seeds (stats/best_alpha.h); with one seed each, those
 * whose interval reaches that of the best.  Nothing where fewer than two alphas have values. */
jem_status say_trend(strbuf *to, const trend *t, const say_score *of);

/* Appends "α = 0.3, 0.5" for those of alpha [n] that are taken; nothing where none is. */
void say_alphas(strbuf *to, const double *alpha, const bool *take, int64_t n);

#endif
