/* ActNorm layers take their first values from data: y = weight (x + bias) has mean 0
 * and deviation 1 per channel on the first batch (Kingma & Dhariwal 2018; JEM code). */
#ifndef TRAIN_NORM_INIT_H
#define TRAIN_NORM_INIT_H

#include "model/model.h"

/* Sets bias = -mean, weight = 1/(std + 1e-6) of every ActNorm of the model, layer after
 * layer, on x [n][c][h][w]; does nothing if there is none. */
jem_status norm_init_from_data(model *m, const float *x, int64_t n);

#endif
