/* What the mean log-sum-exp means, and scores of images that are unlike those trained on. */
#include "bench/energy/measure.h"

static const measure energy_scores[] = {
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
    .scores = energy_scores,
};

static const measure ood_scores[] = {
    {.metric = "auroc",
     .title = "",
     .unit = "AUROC",
     .least = 0,
     .most = 1,
     .level = {LEVEL_FIXED, 0.5, "chance"},
     .card = "best AUROC of LSE",
     .card_condition = "lse:"},
    {.metric = NULL},
};

const measures ood_measures = {
    .benchmark = "ood",
    .name = "Out of distribution",
    .section = "Energy",
    .title = "Telling other images from the training kind",
    .about = "AUROC of scores that should be high for test images and low for images of another "
             "kind: 1 separates them perfectly, 0.5 is chance, below 0.5 the other images are "
             "preferred.",
    .scores = ood_scores,
};
