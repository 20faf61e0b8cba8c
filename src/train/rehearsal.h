/* Timing a few steps of a training that is not begun: the real trainer on the real data, or
 * on noise of the same size.  Writes nothing. */
#ifndef TRAIN_REHEARSAL_H
#define TRAIN_REHEARSAL_H

#include "train/forecast.h"

/* Uniform noise in place of data that are not there: enough for two batches and a
 * validation.  Owned: splits_free. */
jem_status rehearsal_noise(splits *out, const config *cfg, const data_facts *d);

/* Times steps and a validation for about `seconds`, after one of each to warm up; at least
 * one step is timed.  If three whole steps would take longer, a step's time is put together
 * from Langevin steps and from small batches with short chains.  `d` tells the real sizes
 * where `data` are noise. */
jem_status rehearse(step_times *out, const config *cfg, const splits *data, const data_facts *d,
                    double seconds);

#endif
