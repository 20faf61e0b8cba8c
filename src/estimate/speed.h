/* Where a training step's time goes: each layer of a Langevin step and of the gradients, how
 * fast it is, and how fast this machine forms products at best.  Measured on the real chains
 * and gradients; writes nothing. */
#ifndef ESTIMATE_SPEED_H
#define ESTIMATE_SPEED_H

#include "estimate/profile.h"

/* All plan steps of one layer and one pass.  FLOPs and seconds are those of one execution of
 * the part on all its images (a chunk that they do not fill counts whole); seconds are of all
 * threads together, divided by their number: processor time, but on a device. */
typedef struct speed_row {
    char layer[OUTLINE_TEXT];     /* "f.conv1"; "loading" and the like for what has no layer */
    const char *pass;             /* "forward", "to input", "to weights" */
    char algorithm[OUTLINE_TEXT]; /* "" if the backend does not say */
    double flops;    /* as the operation is defined */
    double products; /* of them, what the algorithm forms */
    double transforms; /* FLOPs that bring maps into the form of these products, and back */
    double seconds;
} speed_row;

typedef struct speed_part {
    int64_t images;   /* chain: that climb; gradients: labelled ones */
    speed_row *rows;  /* [count], owned; in the order of execution */
    int count;
    int64_t room;
    speed_row sum;    /* of the rows */
    double seconds;   /* of the whole part, measured without a clock at every step */
    double alone_s;   /* the least that this is without other programs; NaN: unknown */
} speed_part;

typedef struct speed_report {
    int threads;
    double peak;          /* FLOP/s of matrix products, all threads, in the engine's precision */
    char peak_algorithm[OUTLINE_TEXT];
    speed_part chain;     /* one Langevin step; no rows at alpha = 0 */
    speed_part gradients; /* of the losses to the parameters, once */
    speed_part inference; /* logits */
    step_times step;      /* whole training steps */
    double flops, products, transforms; /* of one of those, as for a row */
} speed_report;
#define SPEED_REPORT_INIT {.threads = 0}

/* For about `seconds`, at the config's alpha.  Cleared by the caller. */
jem_status speed_measure(speed_report *out, const config *cfg, const splits *data,
                         const data_facts *d, double seconds);
void speed_clear(speed_report *r); /* SPEED_REPORT_INIT is fine */

/* Part of the peak that `flops` in `seconds` are. */
double speed_share(const speed_report *r, double flops, double seconds);
/* No share of a peak is above it: then the peak was measured while something else ran. */
bool speed_share_is_possible(double share);
/* Seconds of a row that its products would not have needed at the peak. */
double speed_gap_s(const speed_report *r, const speed_row *row);

#endif
