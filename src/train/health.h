/* Is the training well?  Every row of metrics.csv carries a verdict and the reason
 * for it; a diverged training is noticed in the iteration that shows it.
 *
 *   healthy     none of the following
 *   drifting    the energies of data and samples part, their scale runs away, the
 *               labels are predicted far worse than by chance, or samples leave the
 *               range of images (without clipping)
 *   saturating  many values of the samples lie on the clipping bounds
 *   collapsed   the replay buffer's images have become alike, or chains stand still
 *   diverged    not finite; a loss, an energy or a gradient beyond its limit; or the gap
 *               LSE(x+) - LSE(x-) or l_D beyond its limit for many iterations
 *
 * Thresholds are the keys health.*.  Sources: Grathwohl et al. 2020 (abort at
 * |l| > 1e8), JEM++, the advice of their authors; our own runs for the rest
 * (docs/reliability.md). */
#ifndef TRAIN_HEALTH_H
#define TRAIN_HEALTH_H

#include "base/options.h"
#include "sample/replay_buffer.h"
#include "tensor/safetensors.h"
#include "train/step_report.h"

typedef enum verdict {
    VERDICT_HEALTHY, VERDICT_DRIFTING, VERDICT_SATURATING, VERDICT_COLLAPSED, VERDICT_DIVERGED
} verdict;
const char *verdict_name(verdict v); /* "healthy" ... */

/* Keys health.*. */
typedef struct health_options {
    /* diverged: in the first iteration beyond */
    double max_loss;       /* |l_G|, l_D */
    double max_energy;     /* |LSE| of any image */
    double max_gradient;   /* |grad l_D|, |grad l_G| */
    /* diverged: `patience` more iterations beyond than within */
    double gap_limit;      /* |LSE(x+) - LSE(x-)| */
    double loss_limit;     /* l_D */
    int64_t patience;
    /* drifting: means, and the range of energies, since the last row of the log */
    double drift_gap, drift_loss, drift_energy;
    double drift_diversity; /* as `diversity`, which is the other end */
    /* saturating, collapsed */
    double saturation;     /* share of the samples' values on a clipping bound */
    double movement;       /* of chains, against what their noise alone would do */
    double diversity;      /* of the replay buffer, against that of fresh starts */
} health_options;
extern const option health_option_table[];

/* Iterations that showed something, less those since that did not (from 0), and the last
 * verdict.  Plain data, part of
 * a checkpoint; all of one type, so that a file holds it as it lies here. */
typedef struct health_state {
    int64_t wide_gap;      /* the gap beyond its limit */
    int64_t high_loss;     /* l_D beyond its limit */
    int64_t still;         /* chains stood still */
    int64_t last;          /* verdict of the last assessment */
} health_state;

/* What a row of metrics.csv says about health; NaN where it does not apply. */
typedef struct health_report {
    verdict verdict;
    char reason[160];      /* one clause with numbers, without commas or quotes; "" if healthy */
    double buffer_age;     /* mean number of chains since an entry's fresh start */
    double buffer_diversity; /* standard deviation over entries, per element, against that of
                                fresh starts */
} health_report;

/* After every step, `iteration` steps done: JEM_EDIVERGED with the reason as message.
 * The trainer itself has refused what is not finite. */
jem_status health_step(health_state *s, const health_options *o, const step_report *r,
                       int64_t iteration);
/* Is something counted that may become a divergence?  A state from such a time is no good
 * one to come back to. */
bool health_in_doubt(const health_state *s);
/* The verdict on the means of the iterations since the last row (`mean`).  `replay` may
 * be empty. */
void health_assess(health_report *out, health_state *s, const health_options *o,
                   const step_report *mean, const replay_buffer *replay);

/* Tensor "train.health" [4] of i64; s must live until the writer has saved. */
jem_status health_save(const health_state *s, safetensors_writer *w);
/* JEM_EDATA if it is missing or holds what no training leaves. */
jem_status health_restore(health_state *s, const safetensors *f);

#endif
