/* What accuracies under attack mean. */
#include "bench/robustness/measure.h"

#include "measure/trials.h"

/* The radii that leaderboards of CIFAR-10 take; conditions of the scores that stand for the rest. */
#define LINF_RADIUS "8/255"
#define L2_RADIUS "0.5"

enum { LINF, L2 };

/* A classifier that guesses has nothing that an attack could take away. */
#define OF_CLASSIFIER                                                                              \
    .needs_head = true, .least = 0, .most = 1, .human = 1,                                         \
    .chance = {.metric = "above_chance", .at = 0, .whole = true}

static const measure scores[] = {
    [LINF] = {.metric = "accuracy_linf",
              .condition = LINF_RADIUS,
              .title = "Accuracy, L∞ " LINF_RADIUS,
              .unit = "accuracy under PGD",
              OF_CLASSIFIER,
              .card = "best accuracy under attack (L∞ " LINF_RADIUS ")"},
    [L2] = {.metric = "accuracy_l2",
            .condition = L2_RADIUS,
            .title = "Accuracy, L2 " L2_RADIUS,
            .unit = "accuracy under PGD",
            OF_CLASSIFIER},
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "Robustness, L∞",
     .measure = "accuracy under PGD, " LINF_RADIUS,
     .count = 1,
     .score = {&scores[LINF]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "robustness",
     .question = "linf " LINF_RADIUS},
    {.title = "Robustness, L2",
     .measure = "accuracy under PGD, " L2_RADIUS,
     .count = 1,
     .score = {&scores[L2]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "robustness",
     .question = "l2 " L2_RADIUS},
    {.title = NULL},
};

const measures robustness_measures = {
    .benchmark = "robustness",
    .name = "Robustness",
    .section = "Classification",
    .title = "Accuracy under attack",
    .about = "Share of test images that are classified rightly and still are when an attack (projected gradient "
             "descent) may change every value by " LINF_RADIUS " of a pixel’s range (L∞), or the whole image by a "
             "distance of " L2_RADIUS " ranges (L2). Higher is better. Hollow: a network that decides at chance also "
             "without an attack.",
    .headline = true,
    .scores = scores,
    .spots = spots,
};
