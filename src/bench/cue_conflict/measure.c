/* What scores of cue conflict mean. */
#include "bench/cue_conflict/measure.h"

#include "measure/trials.h"
#include "record/image_name.h"

#define GEIRHOS19 "computed from the trials of Geirhos et al. 2019"
#define GEIRHOS21 "computed from the trials of Geirhos et al. 2021"
#define JAINI "Jaini, Clark & Geirhos 2024"

enum { SHAPE_BIAS, ACCURACY };

static const measure scores[] = {
    [SHAPE_BIAS] = {.metric = "shape_bias",
                    .dataset = "cue-conflict",
                    .title = "Shape bias",
                    .unit = "shape / (shape + texture)",
                    .needs_head = true,
                    .least = 0,
                    .most = 1,
                    .human = 0.96,
                    .chance = {"shape_or_texture", 2.0 / 16}},
    [ACCURACY] = {.metric = "accuracy",
                  .dataset = "cue-conflict",
                  .title = "Accuracy",
                  .unit = "share answered with the shape",
                  .needs_head = true,
                  .least = 0,
                  .most = 1,
                  .level = {LEVEL_FIXED, 1.0 / 16, "chance"}},
    {.metric = NULL},
};

/* Is the decision for the shape, and is it for either?  Where both are of one category there is no
 * conflict. */
static jem_status shape_or_texture(double *term, const trial_row *row)
{
    int texture;
    jem_status st = image_texture(&texture, row->image);
    if (st != JEM_OK) return st;
    int response = category_find(row->value), shape = category_find(row->category);
    bool conflict = shape != texture;
    term[0] = conflict && response == shape;
    term[1] = conflict && (response == shape || response == texture);
    return JEM_OK;
}

static const trial_rule shape_of_either = {
    .terms = 2, .term = shape_or_texture, .draws = trial_sums};

static const measure_spot spots[] = {
    {.title = "Cue conflict",
     .measure = "shape bias",
     .count = 1,
     .score = {&scores[SHAPE_BIAS]},
     .alignment = true,
     .source = "0.96 of people (0.9587 pooled; Geirhos et al. 2019)",
     .paper_low = 0.5,
     .paper_high = 0.6,
     .rule = &shape_of_either,
     .trials = "cue-conflict/cue-conflict/cue-conflict_*_session-1"},
    {.title = NULL},
};

static const published_score others[] = {
    {"shape_bias", NULL, NULL, "human", 0.958688, GEIRHOS19 ", people pooled"},
    {"shape_bias", NULL, NULL, "ResNet-50", 0.220708, GEIRHOS19},
    {"shape_bias", NULL, NULL, "AlexNet", 0.429439, GEIRHOS19},
    {"shape_bias", NULL, NULL, "GoogLeNet", 0.311902, GEIRHOS19},
    {"shape_bias", NULL, NULL, "VGG-16", 0.172185, GEIRHOS19},
    {"shape_bias", NULL, NULL, "SIN ResNet-50", 0.806052,
     GEIRHOS19 ", trained on Stylized-ImageNet"},
    {"shape_bias", NULL, NULL, "SimCLR", 0.3878504673, GEIRHOS21},
    {"shape_bias", NULL, NULL, "BagNet-33", 0.05107252298, GEIRHOS21},
    {"shape_bias", NULL, NULL, "Imagen", 0.99, JAINI},
    {"shape_bias", NULL, NULL, "Stable Diffusion", 0.93, JAINI " (as quoted)"},
    {"shape_bias", NULL, NULL, "Parti", 0.92, JAINI " (as quoted)"},
    {"accuracy", NULL, NULL, "human", 0.775547, GEIRHOS21},
    {"accuracy", NULL, NULL, "ResNet-50", 0.175, GEIRHOS19},
    {"accuracy", NULL, NULL, "AlexNet", 0.272656, GEIRHOS19},
    {"accuracy", NULL, NULL, "GoogLeNet", 0.232031, GEIRHOS19},
    {"accuracy", NULL, NULL, "VGG-16", 0.150781, GEIRHOS19},
    {.metric = NULL},
};

static const measure_panel panel = {.x = {NULL, "accuracy", "accuracy (shape)"},
                                    .y = {NULL, "shape_bias", "shape bias"}};

const measures cue_conflict_measures = {
    .benchmark = "cue-conflict",
    .name = "Cue conflict",
    .section = measure_people,
    .title = "Cue conflict: shape or texture",
    .about = "Images with the shape of one category and the texture of another: the share of "
             "decisions for the shape among those for either. Hollow dots are of networks "
             "that decide no better than by chance: they mean nothing.",
    .headline = true,
    .scores = scores,
    .published = others,
    .spots = spots,
    .panel = &panel,
};
