/* Pictures drawn from a trained PixelVAE (model/pixelvae.h), one pixel after another: a pass of the network for each,
 * as plain as the definition. */
#ifndef STUDY_PIXEL_DRAWS_H
#define STUDY_PIXEL_DRAWS_H

#include "run/run.h"

/* x [n][3][h][w] in network units <- a picture for the code (its mean) of each of the first n test pictures of the run;
 * reads the run's data.  JEM_EDATA if it has fewer, JEM_EINTERRUPTED if its model was stopped. */
jem_status pixel_draws(float *x, run *r, int64_t n, int64_t seed);

#endif
