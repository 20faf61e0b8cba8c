/* RUN/metrics.csv: one row per train.log_every iterations and per epoch.  Training
 * quantities are means over the iterations since the previous row; what does not
 * apply is nan. */
#ifndef TRAIN_METRICS_H
#define TRAIN_METRICS_H

#include <stdio.h>

#include "train/trainer.h"

/* Quantities that are averaged over the iterations of a row. */
enum { METRIC_MEANS = 12 };

/* Sums since the last row; part of a checkpoint, so that a resumed run writes the
 * same rows. */
typedef struct metrics_window {
    double sums[METRIC_MEANS];
    int64_t steps;
} metrics_window;

void metrics_window_add(metrics_window *w, const step_report *r);

typedef struct metrics_log {
    FILE *file;
    char *path;
    double wall_s; /* of the last row kept when the log was opened; 0 for a new one */
} metrics_log;
#define METRICS_LOG_INIT {NULL, NULL, 0}

/* Opens RUN/metrics.csv to append; rows of iterations after `iteration` are dropped
 * (a resumed run repeats them).  JEM_EDATA if the file is not such a log. */
jem_status metrics_open(metrics_log *l, const char *path, int64_t iteration);
void metrics_close(metrics_log *l);

/* The parts of a row that are not means. */
typedef struct metrics_row {
    int64_t iteration; /* iterations done */
    double epoch;      /* passes done, a fraction within an epoch */
    double alpha, lr, step_size;
    double val_accuracy, val_nll, fd_pix; /* NaN between validations */
    double images_per_s, wall_s;
} metrics_row;

/* Writes a row and empties the window.  JEM_EIO. */
jem_status metrics_write(metrics_log *l, const metrics_row *r, metrics_window *w);

#endif
