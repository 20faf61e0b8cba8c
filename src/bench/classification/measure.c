/* What scores of the trained classifier mean. */
#include "bench/classification/measure.h"

#include "measure/trials.h"

enum { ACCURACY, NLL, ECE };

static const measure scores[] = {
    [ACCURACY] = {.metric = "accuracy",
                  .title = "Accuracy",
                  .unit = "test accuracy",
                  .needs_head = true,
                  .least = 0,
                  .most = 1,
                  .human = 1,
                  .level = {LEVEL_CHANCE, 0, "chance"},
                  .card = "best test accuracy"},
    [NLL] = {.metric = "nll",
             .title = "Negative log-likelihood",
             .unit = "nats per image",
             .lower_is_better = true,
             .needs_head = true,
             .least = 0,
             .most = INFINITY,
             .level = {LEVEL_CHANCE_NATS, 0, "uniform guess"}},
    [ECE] = {.metric = "ece",
             .title = "Calibration error",
             .unit = "ECE",
             .lower_is_better = true,
             .needs_head = true,
             .least = 0,
             .most = 1,
             .card = "lowest calibration error"},
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "Classification",
     .measure = "test accuracy",
     .count = 1,
     .score = {&scores[ACCURACY]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "test"},
    {.title = NULL},
};

const measures classification_measures = {
    .benchmark = "classification",
    .name = "Classification",
    .section = "Classification",
    .title = "Accuracy, likelihood and calibration",
    .about = "Test images that were never trained on. Higher accuracy is better; lower negative "
             "log-likelihood and calibration error are better. At α = 1 the classifier head is "
             "never trained, so its decisions are noise and shown in grey.",
    .scores = scores,
    .spots = spots,
};
