/* A part of a study's networks: those up to an alpha, and those that are as accurate as the discriminative
 * end.  The latter are chosen by what came out, so that what is found among them describes these networks. */
#ifndef SWEETSPOT_SPOT_ONLY_H
#define SWEETSPOT_SPOT_ONLY_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "record/study.h"

typedef struct spot_only {
    double most_alpha; /* larger ones are left out; 0: none is */
    double within;     /* of `accuracy`, what is farther is left out, and what has none; 0: nothing is */
    double accuracy;   /* on the test images, the mean at the smallest alpha of the study; NaN: it has none */
    double at;         /* that alpha */
} spot_only;

/* most_alpha from 1 on and within from 1 on leave nothing out. */
spot_only spot_only_of(const study *s, double most_alpha, double within);
/* Does it leave out a run of the study? */
bool spot_only_leaves_out(const spot_only *only, const study *s);
/* "alpha up to 0.9", "accuracy within .05 of .913, that at alpha 0"; nothing where all are taken. */
void spot_only_words(strbuf *out, const spot_only *only);
/* "-to-0.9", "-matched", both: for names of figures and files; owned text, "" where all are taken. */
jem_status spot_only_suffix(char **text, const spot_only *only);

#endif
