/* Rows of a log that nobody trained for. */
#ifndef RUN_LOG_RIG_H
#define RUN_LOG_RIG_H

#include "support/check.h"

#include "run/metrics.h"
#include "train/objective_eq8.h"

/* Every number finite and told apart by column and iteration. */
static inline step_report log_rig_report(double i)
{
    step_report r = {.lr = i + 0.14, .step_size = i + 0.15};
    const eq8_report e = {
        .loss = {.loss_d = i + 0.01, .loss_g = i + 0.02, .g_d = i + 0.03, .g_g = i + 0.04,
                 .c = i + 0.05, .cosine = i + 0.06, .lse_pos = i + 0.07, .lse_neg = i + 0.08,
                 .accuracy = i + 0.09},
        .lse_gap = -0.01, .chain = {.clipped = i + 0.11, .movement = i + 0.12}, .diffusion = i + 0.13,
        .lse_min = -i, .lse_max = i + 0.16, .buffer_age = NAN, .buffer_diversity = NAN};
    eq8_report_put(&r.own, &e);
    return r;
}

/* `h` (may be NULL) is borrowed by the row. */
static inline metrics_row log_rig_row(int64_t iteration, const health_report *h)
{
    double i = (double)iteration;
    return (metrics_row){.iteration = iteration, .epoch = i / 10, .alpha = 0.5,
                         .mean = log_rig_report(i), .health = h, .val_accuracy = NAN,
                         .val_nll = NAN, .fd_pix = NAN, .images_per_s = 123, .wall_s = 10 * i};
}

#endif
