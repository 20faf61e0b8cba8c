/* What three scores of rendered surfaces mean, whoever measures them: the gloss benchmark on its own
 * scenes, `jem eval` on those that a training left out.  Each is a row of an array of `measure`;
 * `where` ends its card's name ("own test scenes"). */
#ifndef MEASURE_SURFACES_H
#define MEASURE_SURFACES_H

#include "measure/measure.h"

#define SURFACE_GLOSS(where)                                                                       \
    {.metric = "accuracy",                                                                         \
     .title = "Gloss",                                                                             \
     .unit = "accuracy",                                                                           \
     .least = 0,                                                                                   \
     .most = 1,                                                                                    \
     .human = 1,                                                                                   \
     .level = {LEVEL_FIXED, 0.5, "chance"},                                                        \
     .card = "best gloss accuracy, " where}

#define SURFACE_LIGHT(where)                                                                       \
    {.metric = "light_accuracy",                                                                   \
     .title = "Light field",                                                                       \
     .unit = "accuracy, 6 classes",                                                                \
     .least = 0,                                                                                   \
     .most = 1,                                                                                    \
     .human = 1,                                                                                   \
     .level = {LEVEL_FIXED, 1.0 / 6, "chance"},                                                    \
     .card = "best light-field accuracy, " where}

#define SURFACE_RELIEF(where)                                                                      \
    {.metric = "relief_r2",                                                                        \
     .title = "Surface relief",                                                                    \
     .unit = "R²",                                                                                 \
     .least = -INFINITY,                                                                           \
     .most = 1,                                                                                    \
     .human = 1,                                                                                   \
     .level = {LEVEL_FIXED, 0, "predicting the mean"},                                             \
     .card = "best relief R², " where}

#endif
