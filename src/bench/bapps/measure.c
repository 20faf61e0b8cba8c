/* What scores of BAPPS mean, which way is better, and what people reach. */
#include "bench/bapps/measure.h"

#include "bench/bapps/redraw.h"

#define ZHANG "Zhang et al. 2018, Table 5"

enum { TWO_AFC, JND };

static const measure scores[] = {
    [TWO_AFC] = {.metric = "2afc",
                 .condition = "distortion",
                 .title = "2AFC (traditional, cnn)",
                 .unit = "agreement with people",
                 .least = 0,
                 .most = 1,
                 .human = 0.83},
    [JND] = {.metric = "jnd_map",
             .condition = "distortion",
             .title = "JND (traditional, cnn)",
             .unit = "mean average precision",
             .least = 0,
             .most = 1,
             .human = 1,
             .human_is_bound = true},
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "BAPPS",
     .measure = "2AFC and JND mAP",
     .count = 2,
     .score = {&scores[TWO_AFC], &scores[JND]},
     .alignment = true,
     .source = "2AFC of people 83 % (82.6 %: Zhang et al. 2018, Table 5, mean of traditional and "
               "cnn); JND mAP 100 % is the metric's bound",
     .paper_low = 0.6,
     .paper_high = 0.6,
     .rule = &bapps_trials,
     .trials = "bapps"},
    {.title = NULL},
};

/* 2AFC: traditional, cnn, their mean; superres, deblur, color, frameinterp, their mean; all six. */
#define BAPPS(model, trad, cnn, dist, sr, de, co, fi, real, all)                                   \
    {"2afc", NULL, "traditional", model, trad, ZHANG},                                             \
        {"2afc", NULL, "cnn", model, cnn, ZHANG},                                                  \
        {"2afc", NULL, "distortion", model, dist, ZHANG},                                          \
        {"2afc", NULL, "superres", model, sr, ZHANG},                                              \
        {"2afc", NULL, "deblur", model, de, ZHANG},                                                \
        {"2afc", NULL, "color", model, co, ZHANG},                                                 \
        {"2afc", NULL, "frameinterp", model, fi, ZHANG},                                           \
        {"2afc", NULL, "real", model, real, ZHANG},                                                \
        {"2afc", NULL, "all", model, all, ZHANG}

static const published_score others[] = {
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
    {"jnd_map", NULL, "distortion", "best network", 0.584,
     "best discriminative baseline of arXiv 2605.23819"},
    {.metric = NULL},
};

static const measure_panel panel = {.x = {NULL, "jnd_map", "JND mAP"},
                                    .y = {NULL, "2afc", "2AFC agreement"}};

const measures bapps_measures = {
    .benchmark = "bapps",
    .name = "BAPPS",
    .section = measure_people,
    .title = "BAPPS: perceptual similarity of patches",
    .about = "How often distances between features of the network prefer the patch that people "
             "prefer (2AFC), and how well they order pairs by whether people see a difference "
             "(JND).",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
    .settings = "size=64 lpips=",
};
