/* What people and ResNet-50 score on the 17 sets of model-vs-human (computed from the trials of
 * Geirhos et al. 2021; ResNet-50: Brain-Score), without the excluded conditions. */
#ifndef STATS_PUBLISHED_SETS_H
#define STATS_PUBLISHED_SETS_H

#include "record/image_sets.h"

typedef struct published_set {
    const char *set;
    double people[4];       /* accuracy, its difference, observed consistency, kappa */
    double accuracy, kappa; /* of ResNet-50 */
} published_set;

/* In the order of mvh_sets. */
static const published_set published_sets[MVH_SETS] = {
    {"colour", {.886719, .000747, .882812, .415432}, 0.96875, 0.21135},
    {"contrast", {.660937, .008126, .780208, .437025}, 0.81625, 0.22546},
    {"high-pass", {.628906, .014971, .765104, .440141}, 0.33437, 0.20300},
    {"low-pass", {.661250, .001682, .790833, .468879}, 0.43875, 0.16741},
    {"phase-scrambling", {.687891, .000802, .798177, .446673}, 0.62031, 0.26879},
    {"power-equalisation", {.758929, .002640, .820238, .510632}, 0.73214, 0.29293},
    {"false-colour", {.873661, .003267, .875893, .444045}, 0.94286, 0.29431},
    {"rotation", {.829948, .001029, .842535, .438509}, 0.68438, 0.16892},
    {"eidolonI", {.607500, .008919, .782917, .386336}, 0.53375, 0.21029},
    {"eidolonII", {.582812, .003988, .788021, .454018}, 0.56719, 0.25090},
    {"eidolonIII", {.639062, .011031, .778819, .459532}, 0.58542, 0.15806},
    {"uniform-noise", {.682813, .001908, .782292, .434057}, 0.44500, 0.19839},
    {"edge", {.871250, .020351, .838611, .318436}, 0.13750, 0.03626},
    {"silhouette", {.753125, .008477, .803472, .475709}, 0.54375, 0.42805},
    {"cue-conflict", {.775547, .011554, .765156, .331052}, 0.18203, 0.06800},
    {"sketch", {.916250, .003579, .899881, .369620}, 0.59625, 0.10537},
    {"stylized", {.471250, .008544, .750250, .500582}, 0.37125, 0.25430},
};

#endif
