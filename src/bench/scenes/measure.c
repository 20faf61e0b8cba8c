/* What scores of a run's own test scenes mean. */
#include "bench/scenes/measure.h"

#include "measure/surfaces.h"
#include "measure/trials.h"

enum { GLOSS, LIGHT, RELIEF };

static const measure scores[] = {
    [GLOSS] = SURFACE_GLOSS("own test scenes"),
    [LIGHT] = SURFACE_LIGHT("own test scenes"),
    [RELIEF] = SURFACE_RELIEF("own test scenes"),
    {.metric = NULL},
};

static const measure_spot spots[] = {
    {.title = "Scenes: gloss",
     .measure = "own test scenes, accuracy",
     .count = 1,
     .score = {&scores[GLOSS]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "scenes",
     .question = "gloss"},
    {.title = "Scenes: light field",
     .measure = "own test scenes, accuracy of 6",
     .count = 1,
     .score = {&scores[LIGHT]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_right,
     .trials = "scenes",
     .question = "light"},
    {.title = "Scenes: relief",
     .measure = "own test scenes, R²",
     .count = 1,
     .score = {&scores[RELIEF]},
     MEASURE_WITHOUT_PEOPLE,
     .rule = &trials_r2,
     .trials = "scenes",
     .question = "relief"},
    {.title = NULL},
};

const measures scenes_measures = {
    .benchmark = "scenes",
    .name = "Scenes",
    .section = "Material perception",
    .title = "Own test scenes: gloss, light field and surface relief",
    .about = "What the network’s features say about the rendered surfaces that its own training "
             "left out (jem eval): whether one is glossy, which of six light fields shines on it "
             "(linear SVM) and how bumpy it is (linear regression, R²). Higher is better.",
    .headline = true,
    .scores = scores,
    .spots = spots,
};
