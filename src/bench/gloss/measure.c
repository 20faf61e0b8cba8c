/* What scores of the gloss benchmark mean. */
#include "bench/gloss/measure.h"

#include "bench/gloss/redraw.h"
#include "measure/surfaces.h"

#define STORRS "computed from the data of Storrs, Anderson & Fleming 2021"

enum { PEARSON, GLOSS, LIGHT, RELIEF };

static const measure scores[] = {
    [PEARSON] = {.metric = "pearson",
                 .title = "Human correlation",
                 .unit = "Pearson r with the mean rating",
                 .least = -1,
                 .most = 1,
                 .human = 1,
                 .human_is_bound = true},
    [GLOSS] = SURFACE_GLOSS("gloss benchmark"),
    [LIGHT] = SURFACE_LIGHT("gloss benchmark"),
    [RELIEF] = SURFACE_RELIEF("gloss benchmark"),
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "Gloss",
     .measure = "r with human ratings",
     .count = 1,
     .score = {&scores[PEARSON]},
     .alignment = true,
     .source = "r = 1 is the metric's bound (one observer with the others: 0.962; ratings of "
               "Storrs et al. 2021)",
     .paper_low = 0.5,
     .paper_high = 0.5,
     .rule = &gloss_ratings_trials,
     .trials = "gloss"},
    {.title = "Gloss",
     .measure = "gloss accuracy",
     .count = 1,
     .score = {&scores[GLOSS]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "gloss-scenes",
     .question = "gloss"},
    {.title = "Light field",
     .measure = "accuracy of 6",
     .count = 1,
     .score = {&scores[LIGHT]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "gloss-scenes",
     .question = "light"},
    {.title = "Surface relief",
     .measure = "R²",
     .count = 1,
     .score = {&scores[RELIEF]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_r2,
     .trials = "gloss-scenes",
     .question = "relief"},
    {.title = NULL},
};

static const published_score others[] = {
    {"pearson", NULL, NULL, "PixelVAE", 0.962666, STORRS ", mean of 10 instances"},
    {"pearson", NULL, NULL, "ResNet", 0.696562, STORRS ", mean of 10 instances"},
    {"pearson", NULL, NULL, "ground truth", 0.893033, STORRS},
    {"pearson", NULL, NULL, "ImageNet network", 0.870016, STORRS},
    {"pearson", NULL, NULL, "texture features", 0.893405, STORRS},
    {"pearson", NULL, NULL, "autoencoder", 0.329235, STORRS},
    {"pearson", NULL, NULL, "skewness", 0.307727, STORRS},
    {"pearson", NULL, NULL, "human", 0.961546,
     STORRS ": mean r of one observer with the mean of the others"},
    {"accuracy", NULL, NULL, "PixelVAE", 0.991,
     "middle of 98.4-99.8 % (Storrs et al. 2021)"},
    {"accuracy", NULL, NULL, "ResNet", 0.9935,
     "middle of 99.0-99.7 % (Storrs et al. 2021)"},
    {.metric = NULL},
};

static const measure_panel panel = {.x = {NULL, "accuracy", "gloss accuracy"},
                                    .y = {NULL, "pearson", "r with mean human rating"},
                                    .human_label = "r = 1"};

const measures gloss_measures = {
    .benchmark = "gloss",
    .name = "Gloss",
    .section = "Material perception",
    .title = "Gloss benchmark: gloss, light field and surface relief",
    .about = "What the network’s features say about a rendered surface of the benchmark’s scenes "
             "(jem bench gloss): whether it is glossy, which of six light fields shines on it "
             "(linear SVM) and how bumpy it is (linear regression, R²); and how its glossiness "
             "correlates with people’s ratings, if that was measured. Higher is better.",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
    .settings = "label=gloss_cat light=light bump=bump split=[] test_fraction=0.1",
};
