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
 * Thresholds are the keys health.*; what is compared with them is the objective's (health_rule). */
#ifndef TRAIN_HEALTH_H
#define TRAIN_HEALTH_H

#include "base/options.h"
#include "tensor/safetensors.h"

struct objective_report; /* train/objective.h */

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

enum { HEALTH_REASON = 160, HEALTH_COUNTS = 8 /* patient rules, at most */ };

/* One sign of an illness: objective.rules is a list of them, gravest first, that ends where sign is
 * NULL. */
typedef struct health_rule {
    verdict verdict;
    bool patient; /* not at once, but after health.patience more iterations that show it than do not */
    /* Does the report show it?  `reason` <- what to say then (health_because): one clause with numbers,
     * without commas or quotes; NULL: nothing is asked.  times: of a patient rule, how often. */
    bool (*sign)(char reason[HEALTH_REASON], const struct objective_report *report,
                 const health_options *o, int64_t times);
} health_rule;
/* As snprintf; does nothing if reason is NULL. */
void health_because(char *reason, const char *fmt, ...) JEM_PRINTF(2, 3);

/* Per patient rule, in their order: iterations that showed it, less those since that did not (from 0);
 * and the last verdict.  Plain data, part of a checkpoint. */
typedef struct health_state {
    int64_t counts[HEALTH_COUNTS];
    int64_t last; /* verdict of the last assessment */
} health_state;

/* What a row of metrics.csv says about health. */
typedef struct health_report {
    verdict verdict;
    char reason[HEALTH_REASON]; /* "" if healthy */
} health_report;

/* In all of these `rules` (NULL: none) are the objective's.
 *
 * After every step, `iteration` steps done: JEM_EDIVERGED with the reason as message.
 * The objective itself has refused what is not finite. */
jem_status health_step(health_state *s, const health_rule *rules, const health_options *o,
                       const struct objective_report *r, int64_t iteration);
/* Is something counted that may become a divergence?  A state from such a time is no good
 * one to come back to. */
bool health_in_doubt(const health_state *s, const health_rule *rules);
/* The verdict on a row: the mean of the iterations since the last one. */
void health_assess(health_report *out, health_state *s, const health_rule *rules,
                   const health_options *o, const struct objective_report *mean);

/* Tensor "train.health" of i64: the counts, then the last verdict.  `room` must live until the writer
 * has saved. */
jem_status health_save(const health_state *s, const health_rule *rules, safetensors_writer *w,
                       int64_t room[HEALTH_COUNTS + 1]);
/* JEM_EDATA if it is missing or holds what no training leaves. */
jem_status health_restore(health_state *s, const health_rule *rules, const safetensors *f);

#endif
