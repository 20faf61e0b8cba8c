/* The published scores: see baselines.h. */
#include "report/baselines.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/fields.h"
#include "stats/saliency.h"

#define ZHANG "Zhang et al. 2018, Table 5"
#define STORRS "computed from the data of Storrs, Anderson & Fleming 2021"
#define PETERSON "computed from the logits of Peterson et al. 2019, models trained on hard labels"
#define TOOLBOX "model-vs-human toolbox, mean over 17 sets (Geirhos et al. 2021)"
#define GEIRHOS21 "computed from the trials of Geirhos et al. 2021"
#define BRAIN_SCORE "Brain-Score, Geirhos2021 benchmarks"
#define GEIRHOS19 "computed from the trials of Geirhos et al. 2019"
#define JAINI "Jaini, Clark & Geirhos 2024"
#define PAPER "as drawn in arXiv 2605.23819"

/* 2AFC: traditional, cnn, their mean; superres, deblur, color, frameinterp, their mean; all six.
 * The headline condition of the benchmark is "distortion". */
#define BAPPS(model, trad, cnn, dist, sr, de, co, fi, real, all)                                   \
    {"bapps", "2afc", NULL, "traditional", model, trad, ZHANG},                                    \
        {"bapps", "2afc", NULL, "cnn", model, cnn, ZHANG},                                         \
        {"bapps", "2afc", NULL, "distortion", model, dist, ZHANG},                                 \
        {"bapps", "2afc", NULL, "superres", model, sr, ZHANG},                                     \
        {"bapps", "2afc", NULL, "deblur", model, de, ZHANG},                                       \
        {"bapps", "2afc", NULL, "color", model, co, ZHANG},                                        \
        {"bapps", "2afc", NULL, "frameinterp", model, fi, ZHANG},                                  \
        {"bapps", "2afc", NULL, "real", model, real, ZHANG},                                       \
        {"bapps", "2afc", NULL, "all", model, all, ZHANG}

#define CIFAR10H(model, ce, kl, accuracy)                                                          \
    {"cifar10h", "cross_entropy_human", NULL, NULL, model, ce, PETERSON},                          \
        {"cifar10h", "kl_human_model", NULL, NULL, model, kl, PETERSON},                           \
        {"cifar10h", "accuracy", NULL, NULL, model, accuracy, PETERSON}

#define MVH(model, accuracy, difference, observed, kappa)                                          \
    {"model-vs-human", "accuracy", "mean", NULL, model, accuracy, TOOLBOX},                        \
        {"model-vs-human", "accuracy_difference", "mean", NULL, model, difference, TOOLBOX},       \
        {"model-vs-human", "observed_consistency", "mean", NULL, model, observed, TOOLBOX},        \
        {"model-vs-human", "error_consistency", "mean", NULL, model, kappa, TOOLBOX}

/* One of the 17 sets: people's accuracy and consistency, then ResNet-50's. */
#define MVH_SET(set, accuracy, kappa, resnet_accuracy, resnet_kappa)                               \
    {"model-vs-human", "accuracy", set, NULL, "human", accuracy, GEIRHOS21},                       \
        {"model-vs-human", "error_consistency", set, NULL, "human", kappa, GEIRHOS21},             \
        {"model-vs-human", "accuracy", set, NULL, "ResNet-50", resnet_accuracy, BRAIN_SCORE},      \
        {"model-vs-human", "error_consistency", set, NULL, "ResNet-50", resnet_kappa, BRAIN_SCORE}

static const baseline table[] = {
    BAPPS("human", 0.808, 0.844, 0.826, 0.734, 0.671, 0.688, 0.686, 0.695, 0.739),
    BAPPS("L2", 0.599, 0.778, 0.689, 0.647, 0.582, 0.635, 0.550, 0.603, 0.632),
    BAPPS("SSIM", 0.603, 0.791, 0.697, 0.651, 0.586, 0.581, 0.577, 0.598, 0.631),
    BAPPS("FSIMc", 0.614, 0.786, 0.700, 0.681, 0.595, 0.573, 0.577, 0.606, 0.638),
    BAPPS("HDR-VDP", 0.574, 0.768, 0.671, 0.647, 0.590, 0.537, 0.566, 0.585, 0.614),
    BAPPS("random net", 0.605, 0.807, 0.706, 0.649, 0.595, 0.628, 0.572, 0.611, 0.643),
    BAPPS("k-means", 0.666, 0.830, 0.748, 0.673, 0.598, 0.631, 0.598, 0.625, 0.666),
    BAPPS("Watching", 0.665, 0.807, 0.736, 0.696, 0.606, 0.644, 0.616, 0.641, 0.672),
    BAPPS("Split-Brain", 0.695, 0.814, 0.755, 0.696, 0.593, 0.643, 0.611, 0.636, 0.675),
    BAPPS("Puzzle", 0.715, 0.820, 0.768, 0.702, 0.602, 0.628, 0.618, 0.638, 0.681),
    BAPPS("BiGAN", 0.698, 0.830, 0.764, 0.707, 0.605, 0.637, 0.625, 0.644, 0.684),
    BAPPS("SqueezeNet", 0.733, 0.826, 0.780, 0.701, 0.601, 0.636, 0.620, 0.640, 0.686),
    BAPPS("AlexNet", 0.706, 0.831, 0.768, 0.717, 0.607, 0.650, 0.627, 0.650, 0.689),
    BAPPS("VGG", 0.701, 0.813, 0.757, 0.690, 0.590, 0.602, 0.621, 0.626, 0.670),
    BAPPS("Squeeze-lin", 0.761, 0.835, 0.798, 0.711, 0.608, 0.653, 0.632, 0.651, 0.700),
    BAPPS("Alex-lin", 0.739, 0.834, 0.787, 0.715, 0.612, 0.653, 0.632, 0.653, 0.698),
    BAPPS("VGG-lin", 0.760, 0.828, 0.794, 0.705, 0.605, 0.625, 0.630, 0.641, 0.692),
    {"bapps", "jnd_map", NULL, "distortion", "best network", 0.584,
     "best discriminative baseline of arXiv 2605.23819"},

    {"gloss", "pearson", NULL, NULL, "PixelVAE", 0.962666, STORRS ", mean of 10 instances"},
    {"gloss", "pearson", NULL, NULL, "ResNet", 0.696562, STORRS ", mean of 10 instances"},
    {"gloss", "pearson", NULL, NULL, "ground truth", 0.893033, STORRS},
    {"gloss", "pearson", NULL, NULL, "ImageNet network", 0.870016, STORRS},
    {"gloss", "pearson", NULL, NULL, "texture features", 0.893405, STORRS},
    {"gloss", "pearson", NULL, NULL, "autoencoder", 0.329235, STORRS},
    {"gloss", "pearson", NULL, NULL, "skewness", 0.307727, STORRS},
    {"gloss", "pearson", NULL, NULL, "human", 0.961546,
     STORRS ": mean r of one observer with the mean of the others"},
    {"gloss", "accuracy", NULL, NULL, "PixelVAE", 0.991,
     "middle of 98.4-99.8 % (Storrs et al. 2021)"},
    {"gloss", "accuracy", NULL, NULL, "ResNet", 0.9935,
     "middle of 99.0-99.7 % (Storrs et al. 2021)"},

    CIFAR10H("VGG-15", 0.777239, 0.622779, 0.9318),
    CIFAR10H("ResNet-110", 0.874570, 0.720111, 0.9406),
    CIFAR10H("ResNet-164", 0.776383, 0.621924, 0.9428),
    CIFAR10H("WRN-28-10", 0.467842, 0.313383, 0.9624),
    CIFAR10H("DenseNet", 0.672737, 0.518277, 0.9562),
    CIFAR10H("ResNeXt-29", 0.469986, 0.315526, 0.9646),
    CIFAR10H("PyramidNet", 0.583876, 0.429416, 0.9621),
    CIFAR10H("Shake-Shake", 0.603952, 0.449492, 0.9730),
    {"cifar10h", "cross_entropy_human", NULL, NULL, "human", 0.55,
     PAPER ", between groups of people; no recipe is given"},
    {"cifar10h", "accuracy", NULL, NULL, "human", 0.9921,
     "most frequent answer of people (Peterson et al. 2019)"},

    MVH("ResNet-50", 0.559, 0.087, 0.665, 0.208),
    MVH("SimCLR", 0.596, 0.080, 0.667, 0.179),
    MVH("BagNet-33", 0.398, 0.156, 0.567, 0.137),
    MVH("CLIP ViT-B", 0.708, 0.023, 0.758, 0.281),
    MVH("ViT-22B", 0.798, 0.018, 0.783, 0.258),
    MVH("SWSL ResNeXt", 0.698, 0.028, 0.752, 0.237),
    {"model-vs-human", "accuracy", "mean", NULL, "Noisy Student", 0.829, TOOLBOX},
    {"model-vs-human", "accuracy", "mean", NULL, "human", 0.722815, GEIRHOS21},
    {"model-vs-human", "accuracy_difference", "mean", NULL, "human", 0.006566, GEIRHOS21},
    {"model-vs-human", "observed_consistency", "mean", NULL, "human", 0.808542, GEIRHOS21},
    {"model-vs-human", "error_consistency", "mean", NULL, "human", 0.431216, GEIRHOS21},
    {"model-vs-human", "error_consistency", "mean", "paper", "human", 0.39, PAPER},
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

    {"cue-conflict", "shape_bias", NULL, NULL, "human", 0.958688, GEIRHOS19 ", people pooled"},
    {"cue-conflict", "shape_bias", NULL, NULL, "ResNet-50", 0.220708, GEIRHOS19},
    {"cue-conflict", "shape_bias", NULL, NULL, "AlexNet", 0.429439, GEIRHOS19},
    {"cue-conflict", "shape_bias", NULL, NULL, "GoogLeNet", 0.311902, GEIRHOS19},
    {"cue-conflict", "shape_bias", NULL, NULL, "VGG-16", 0.172185, GEIRHOS19},
    {"cue-conflict", "shape_bias", NULL, NULL, "SIN ResNet-50", 0.806052,
     GEIRHOS19 ", trained on Stylized-ImageNet"},
    {"cue-conflict", "shape_bias", NULL, NULL, "SimCLR", 0.3878504673, GEIRHOS21},
    {"cue-conflict", "shape_bias", NULL, NULL, "BagNet-33", 0.05107252298, GEIRHOS21},
    {"cue-conflict", "shape_bias", NULL, NULL, "Imagen", 0.99, JAINI},
    {"cue-conflict", "shape_bias", NULL, NULL, "Stable Diffusion", 0.93, JAINI " (as quoted)"},
    {"cue-conflict", "shape_bias", NULL, NULL, "Parti", 0.92, JAINI " (as quoted)"},
    {"cue-conflict", "accuracy", NULL, NULL, "human", 0.775547, GEIRHOS21},
    {"cue-conflict", "accuracy", NULL, NULL, "ResNet-50", 0.175, GEIRHOS19},
    {"cue-conflict", "accuracy", NULL, NULL, "AlexNet", 0.272656, GEIRHOS19},
    {"cue-conflict", "accuracy", NULL, NULL, "GoogLeNet", 0.232031, GEIRHOS19},
    {"cue-conflict", "accuracy", NULL, NULL, "VGG-16", 0.150781, GEIRHOS19},

    {"clickme", "alignment", NULL, NULL, "human", 1, "ceiling by construction (Fel et al. 2022)"},
    {"clickme", "spearman", NULL, NULL, "human", STATS_CLICKME_CEILING,
     "between people (Fel et al. 2022)"},
};
enum { COUNT = sizeof table / sizeof *table };

const baseline *baselines(int64_t *count)
{
    *count = COUNT;
    return table;
}

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

double baseline_value(const char *benchmark, const char *metric, const char *dataset,
                      const char *condition, const char *model)
{
    for (int i = 0; i < COUNT; i++) {
        const baseline *b = &table[i];
        if (same(b->benchmark, benchmark) && same(b->metric, metric) &&
            same(b->dataset, dataset) && same(b->condition, condition) && same(b->model, model))
            return b->value;
    }
    return NAN;
}

bool baseline_is_model(const baseline *b, const char *benchmark, const char *metric,
                       const char *dataset, const char *condition)
{
    /* a set named like its benchmark is the headline's */
    const char *set = dataset && strcmp(dataset, benchmark) != 0 ? dataset : NULL;
    return same(b->benchmark, benchmark) && same(b->metric, metric) && same(b->dataset, set) &&
           same(b->condition, condition) && strcmp(b->model, "human") != 0;
}

void baselines_tsv(strbuf *out)
{
    char value[NUMBER_TEXT_MAX];
    strbuf_add(out, "benchmark\tmetric\tdataset\tcondition\tmodel\tvalue\tsource\n");
    for (int i = 0; i < COUNT; i++) {
        const baseline *b = &table[i];
        plain_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b->benchmark, b->metric,
                     b->dataset ? b->dataset : "", b->condition ? b->condition : "", b->model,
                     number_text(value, b->value), b->source);
    }
}
