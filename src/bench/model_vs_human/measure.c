/* What scores of model-vs-human mean, which way is better, and what people reach. */
#include "bench/model_vs_human/measure.h"

#include "bench/model_vs_human/redraw.h"

#define TOOLBOX "model-vs-human toolbox, mean over 17 sets (Geirhos et al. 2021)"
#define GEIRHOS21 "computed from the trials of Geirhos et al. 2021"
#define BRAIN_SCORE "Brain-Score, Geirhos2021 benchmarks"

enum { ACCURACY, KAPPA };

static const measure scores[] = {
    [ACCURACY] = {.metric = "accuracy",
                  .dataset = "mean",
                  .title = "OOD accuracy",
                  .unit = "mean over the sets",
                  .needs_head = true,
                  .least = 0,
                  .most = 1,
                  .level = {LEVEL_FIXED, 1.0 / 16, "chance"}},
    [KAPPA] = {.metric = "error_consistency",
               .dataset = "mean",
               .title = "Error consistency",
               .unit = "κ with people",
               .needs_head = true,
               .least = -1,
               .most = 1,
               .human = MVH_PAPER_KAPPA,
               .level = {LEVEL_HUMAN, 0, "people, as the paper draws it"},
               .chance = {"accuracy", 1.0 / 16}},
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "model-vs-human",
     .measure = "error consistency κ",
     .count = 1,
     .score = {&scores[KAPPA]},
     .alignment = true,
     .source = MEASURE_TEXT(MVH_PAPER_KAPPA) " between people as the study draws it (0.431 from the "
               "files of Geirhos et al. 2021)",
     .paper_low = 0.5,
     .paper_high = 0.6,
     .rule = &model_vs_human_trials,
     .trials = "model-vs-human"},
    {.title = NULL},
};

#define MVH(model, accuracy, difference, observed, kappa)                                          \
    {"accuracy", "mean", NULL, model, accuracy, TOOLBOX},                                          \
        {"accuracy_difference", "mean", NULL, model, difference, TOOLBOX},                         \
        {"observed_consistency", "mean", NULL, model, observed, TOOLBOX},                          \
        {"error_consistency", "mean", NULL, model, kappa, TOOLBOX}

/* One of the 17 sets: people's accuracy and consistency, then ResNet-50's. */
#define MVH_SET(set, accuracy, kappa, resnet_accuracy, resnet_kappa)                               \
    {"accuracy", set, NULL, "human", accuracy, GEIRHOS21},                                         \
        {"error_consistency", set, NULL, "human", kappa, GEIRHOS21},                               \
        {"accuracy", set, NULL, "ResNet-50", resnet_accuracy, BRAIN_SCORE},                        \
        {"error_consistency", set, NULL, "ResNet-50", resnet_kappa, BRAIN_SCORE}

static const published_score others[] = {
    MVH("ResNet-50", 0.559, 0.087, 0.665, 0.208),
    MVH("SimCLR", 0.596, 0.080, 0.667, 0.179),
    MVH("BagNet-33", 0.398, 0.156, 0.567, 0.137),
    MVH("CLIP ViT-B", 0.708, 0.023, 0.758, 0.281),
    MVH("ViT-22B", 0.798, 0.018, 0.783, 0.258),
    MVH("SWSL ResNeXt", 0.698, 0.028, 0.752, 0.237),
    {"accuracy", "mean", NULL, "Noisy Student", 0.829, TOOLBOX},
    {"accuracy", "mean", NULL, "human", 0.722815, GEIRHOS21},
    {"accuracy_difference", "mean", NULL, "human", 0.006566, GEIRHOS21},
    {"observed_consistency", "mean", NULL, "human", 0.808542, GEIRHOS21},
    {"error_consistency", "mean", NULL, "human", 0.431216, GEIRHOS21},
    {"error_consistency", "mean", "paper", "human", MVH_PAPER_KAPPA, MEASURE_PAPER},
    MVH_SET("colour", 0.886719, 0.415432, 0.96875, 0.21135),
    MVH_SET("contrast", 0.660937, 0.437025, 0.81625, 0.22546),
    MVH_SET("high-pass", 0.628906, 0.440141, 0.33437, 0.20300),
    MVH_SET("low-pass", 0.661250, 0.468879, 0.43875, 0.16741),
    MVH_SET("phase-scrambling", 0.687891, 0.446673, 0.62031, 0.26879),
    MVH_SET("power-equalisation", 0.758929, 0.510632, 0.73214, 0.29293),
    MVH_SET("false-colour", 0.873661, 0.444045, 0.94286, 0.29431),
    MVH_SET("rotation", 0.829948, 0.438509, 0.68438, 0.16892),
    MVH_SET("eidolonI", 0.607500, 0.386336, 0.53375, 0.21029),
    MVH_SET("eidolonII", 0.582812, 0.454018, 0.56719, 0.25090),
    MVH_SET("eidolonIII", 0.639062, 0.459532, 0.58542, 0.15806),
    MVH_SET("uniform-noise", 0.682813, 0.434057, 0.44500, 0.19839),
    MVH_SET("edge", 0.871250, 0.318436, 0.13750, 0.03626),
    MVH_SET("silhouette", 0.753125, 0.475709, 0.54375, 0.42805),
    MVH_SET("cue-conflict", 0.775547, 0.331052, 0.18203, 0.06800),
    MVH_SET("sketch", 0.916250, 0.369620, 0.59625, 0.10537),
    MVH_SET("stylized", 0.471250, 0.500582, 0.37125, 0.25430),
    {.metric = NULL},
};

static const measure_panel panel = {.x = {NULL, "accuracy", "OOD accuracy"},
                                    .y = {NULL, "error_consistency", "error consistency κ"}};

const measures model_vs_human_measures = {
    .benchmark = "model-vs-human",
    .name = "model-vs-human",
    .section = measure_people,
    .title = "model-vs-human: accuracy and errors on distorted images",
    .about = "Mean over the image sets. Error consistency is Cohen’s κ of right and wrong answers "
             "of the network and each person on the same images: 0 is what accuracies alone would "
             "give. Hollow dots are of networks "
             "that decide no better than by chance: they mean nothing.",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
};
