/* How many networks a further study needs to show a margin, from the noise of one that was run. */
#ifndef SWEETSPOT_SPOT_DESIGN_H
#define SWEETSPOT_SPOT_DESIGN_H

#include "sweetspot/sweetspot.h"

/* What is asked for. */
typedef struct spot_design_request {
    double margin;       /* an alpha's advantage over both ends, the others level with them; in units of the score */
    const double *alpha; /* [alphas] of the further study; NULL: those of the pilot */
    int64_t alphas;
} spot_design_request;

typedef struct spot_design {
    const sweetspot *spot; /* a line of the pilot; borrowed */
    int64_t alphas;        /* of the further study that have the score */
    double low, high;      /* its ends */
    int64_t seeds;         /* at each alpha; 0: see `trouble` */
    int64_t seeds_low, seeds_high; /* at the 5 and 95 % points of the pilot's spread; 0: no number is enough */
    int64_t ends, between; /* seeds at each end, at each alpha between: the fewest networks */
    char trouble[200];     /* why there is no number; "" */
} spot_design;

/* One for each benchmark's primary line; for all lines where none is a comparison with people. */
typedef struct spot_plan {
    double margin, level;
    stats_variance variance;
    int64_t count;
    spot_design *designs; /* [count] */
} spot_plan;

/* Power is .8 of a p of 1 - level; images are as many as the pilot's.  Where a line knows no spread, or no
 * number of seeds shows the margin, its design says so.  Borrows from the list. */
jem_status spot_plan_find(spot_plan *out, const sweetspot_list *pilot, const spot_design_request *q,
                          const sweetspot_options *o);
void spot_plan_clear(spot_plan *p); /* a zeroed one is fine */

/* For people: a table, what stands in the way, and what serves all of them. */
void spot_plan_table(strbuf *out, const spot_plan *p);
/* *text (owned) <- an object: what was asked for, and `designs`. */
jem_status spot_plan_json(char **text, const spot_plan *p);

/* What a study of which no pilot exists can show, its images without noise.  Power .8 of a p of 1 - level. */
typedef struct spot_margin {
    double both; /* an alpha's advantage over both ends, the others level with them; in units of the score */
    double far;  /* where one end is far below, so that only the other has to be beaten */
} spot_margin;

/* Of networks [alphas] at each alpha, whose scores spread by sd > 0.  JEM_EUSAGE if no alpha lies between the ends, or
 * none has two networks. */
jem_status spot_margin_find(spot_margin *out, const int64_t *networks, int64_t alphas, double sd,
                            const sweetspot_options *o);

#endif
