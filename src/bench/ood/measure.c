/* What scores of images that are unlike those trained on mean. */
#include "bench/ood/measure.h"

static const measure scores[] = {
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
    .scores = scores,
};
