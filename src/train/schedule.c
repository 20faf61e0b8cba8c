/* Warm-up and cosine: Grathwohl et al. 2020 (JEM code), the study's B.2. */
#include "train/schedule.h"

#include <math.h>

double schedule_lr(const train_options *o, int64_t iteration, int64_t total)
{
    const double pi = 3.14159265358979323846;
    double w = (double)o->warmup, it = (double)iteration;
    if (o->warmup > 0 && iteration <= o->warmup) return o->lr * it / w;
    if (o->schedule == SCHEDULE_CONSTANT) return o->lr;
    return 0.5 * o->lr * (1.0 + cos(pi * (it - w) / ((double)total - w)));
}
