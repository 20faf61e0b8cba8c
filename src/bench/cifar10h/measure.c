/* What scores of CIFAR-10H mean, which way is better, and what people reach. */
#include "bench/cifar10h/measure.h"

#include "bench/cifar10h/redraw.h"

#define PETERSON "computed from the logits of Peterson et al. 2019, models trained on hard labels"

enum { ACCURACY, CROSS_ENTROPY, KL };

static const measure scores[] = {
    [ACCURACY] = {.metric = "accuracy",
                  .title = "Accuracy",
                  .unit = "CIFAR-10 accuracy",
                  .needs_head = true,
                  .least = 0,
                  .most = 1,
                  .level = {LEVEL_FIXED, 0.1, "chance"}},
    [CROSS_ENTROPY] = {.metric = "cross_entropy_human",
                       .title = "Cross-entropy with people",
                       .unit = "nats per image",
                       .lower_is_better = true,
                       .needs_head = true,
                       .least = 0,
                       .most = INFINITY,
                       .human = CIFAR10H_PAPER_CEILING,
                       .human_metric = "split_half_cross_entropy"},
    [KL] = {.metric = "kl_human_model",
            .title = "Divergence from people",
            .unit = "KL, nats per image",
            .lower_is_better = true,
            .needs_head = true,
            .least = 0,
            .most = INFINITY},
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "CIFAR-10H",
     .measure = "cross-entropy, nats",
     .count = 1,
     .score = {&scores[CROSS_ENTROPY]},
     .alignment = true,
     .source = "lowest; " CIFAR10H_PAPER_TEXT " between groups of people is no bound (the study's "
               "3.4), the mean human entropy 0.154 is (Peterson et al. 2019)",
     .paper_low = 0.8,
     .paper_high = 0.8,
     .rule = &cifar10h_trials,
     .trials = "cifar10h",
     .column = "cross_entropy"},
    {.title = NULL},
};

#define CIFAR10H(model, ce, kl, accuracy)                                                          \
    {"cross_entropy_human", NULL, NULL, model, ce, PETERSON},                                      \
        {"kl_human_model", NULL, NULL, model, kl, PETERSON},                                       \
        {"accuracy", NULL, NULL, model, accuracy, PETERSON}

static const published_score others[] = {
    CIFAR10H("VGG-15", 0.777239, 0.622779, 0.9318),
    CIFAR10H("ResNet-110", 0.874570, 0.720111, 0.9406),
    CIFAR10H("ResNet-164", 0.776383, 0.621924, 0.9428),
    CIFAR10H("WRN-28-10", 0.467842, 0.313383, 0.9624),
    CIFAR10H("DenseNet", 0.672737, 0.518277, 0.9562),
    CIFAR10H("ResNeXt-29", 0.469986, 0.315526, 0.9646),
    CIFAR10H("PyramidNet", 0.583876, 0.429416, 0.9621),
    CIFAR10H("Shake-Shake", 0.603952, 0.449492, 0.9730),
    {"cross_entropy_human", NULL, NULL, "human", CIFAR10H_PAPER_CEILING,
     MEASURE_PAPER ", between groups of people; no recipe is given"},
    {"accuracy", NULL, NULL, "human", 0.9921,
     "most frequent answer of people (Peterson et al. 2019)"},
    {.metric = NULL},
};

static const measure_panel panel = {
    .x = {NULL, "accuracy", "CIFAR-10 accuracy"},
    .y = {NULL, "cross_entropy_human", "cross-entropy, nats (lower is better)"}};

const measures cifar10h_measures = {
    .benchmark = "cifar10h",
    .name = "CIFAR-10H",
    .section = measure_people,
    .title = "CIFAR-10H: what people would answer",
    .about = "Accuracy on the CIFAR-10 test images, and how well the class probabilities predict "
             "the answers of about 51 people per image: lower cross-entropy and divergence are "
             "better. " CIFAR10H_PAPER_TEXT " is what the paper gives for groups of people, no bound.",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
    .settings = "clip=1e-12",
};
