/* What the mean log-sum-exp means. */
#include "bench/energy/measure.h"

static const measure scores[] = {
    {.metric = "mean_lse",
     .title = "Mean log-sum-exp",
     .unit = "LSE(x) = −E(x)",
     .least = -INFINITY,
     .most = INFINITY},
    {.metric = NULL},
};

const measures energy_measures = {
    .benchmark = "energy",
    .name = "Energy",
    .section = "Energy",
    .title = "Mean log-sum-exp of data, samples and noise",
    .about = "An energy model gives data a higher LSE than noise, and its samples about the same "
             "LSE as data.",
    .scores = scores,
};
