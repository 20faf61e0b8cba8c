/* Warm-up, cosine and multistep: Grathwohl et al. 2020 (JEM code), the study's B.2; exponential: Storrs et al. 2021. */
#include "train/schedule.h"

#include <math.h>

double schedule_lr(const train_options *o, int64_t iteration, int64_t total)
{
    const double pi = 3.14159265358979323846;
    double w = (double)o->warmup, it = (double)iteration;
    if (o->warmup > 0 && iteration <= o->warmup) return o->lr * it / w;
    if (o->schedule == SCHEDULE_CONSTANT) return o->lr;
    if (o->schedule == SCHEDULE_EXPONENTIAL) return o->lr * pow(o->lr_decay, it + 1.0 - w);
    if (o->schedule == SCHEDULE_MULTISTEP) {
        double lr = o->lr;
        for (int i = 0; i < o->milestones.count; i++)
            if (it >= o->milestones.values[i] * (double)total) lr *= o->milestone_factor;
        return lr;
    }
    return 0.5 * o->lr * (1.0 + cos(pi * (it - w) / ((double)total - w)));
}
