/* The table of image sets: the one place where their conditions and exclusions stand. */
#include "record/image_sets.h"

#include <string.h>

#include "record/image_name.h"

/* Conditions and exclusions as in the toolbox's experiments.py and plot.py. */
/* clang-format off */
const mvh_set mvh_sets[MVH_SETS] = {
    {"colour", "cl", 4, 1280, false, {"cr", "bw"}, {"cr"}},
    {"contrast", "cop", 4, 1280, false,
     {"c100", "c50", "c30", "c15", "c10", "c05", "c03", "c01"}, {"c100", "c03", "c01"}},
    {"high-pass", "hp", 4, 1280, false,
     {"inf", "3.0", "1.5", "1.0", "0.7", "0.55", "0.45", "0.4"}, {"inf", "0.55", "0.45", "0.4"}},
    {"low-pass", "lp", 4, 1280, false,
     {"0", "1", "3", "5", "7", "10", "15", "40"}, {"0", "15", "40"}},
    {"phase-scrambling", "ps", 4, 1120, false,
     {"0", "30", "60", "90", "120", "150", "180"}, {"0", "150", "180"}},
    {"power-equalisation", "pow", 4, 1120, false, {"0", "pow"}, {"0"}},
    {"false-colour", "fc", 4, 1120, false, {"True", "False"}, {"True"}},
    {"rotation", "rot", 4, 1280, false, {"0", "90", "180", "270"}, {"0"}},
    {"eidolonI", "eid", 4, 1280, false,
     {"1-10-10", "2-10-10", "4-10-10", "8-10-10", "16-10-10", "32-10-10", "64-10-10", "128-10-10"},
     {"1-10-10", "64-10-10", "128-10-10"}},
    {"eidolonII", "eid", 4, 1280, false,
     {"1-3-10", "2-3-10", "4-3-10", "8-3-10", "16-3-10", "32-3-10", "64-3-10", "128-3-10"},
     {"1-3-10", "32-3-10", "64-3-10", "128-3-10"}},
    {"eidolonIII", "eid", 4, 1280, false,
     {"1-0-10", "2-0-10", "4-0-10", "8-0-10", "16-0-10", "32-0-10", "64-0-10", "128-0-10"},
     {"1-0-10", "16-0-10", "32-0-10", "64-0-10", "128-0-10"}},
    {"uniform-noise", "nse", 4, 1280, false,
     {"0.0", "0.03", "0.05", "0.1", "0.2", "0.35", "0.6", "0.9"}, {"0.0", "0.6", "0.9"}},
    {"edge", "edg", 10, 160, true, {NULL}, {NULL}},
    {"silhouette", "sif", 10, 160, true, {NULL}, {NULL}},
    {"cue-conflict", "s5n", 10, 1280, true, {NULL}, {NULL}},
    {"sketch", "ske", 7, 800, false, {NULL}, {NULL}},
    {"stylized", "sty", 5, 800, false, {NULL}, {NULL}},
};
/* clang-format on */

const mvh_set *mvh_set_find(const char *name)
{
    for (int s = 0; s < MVH_SETS; s++)
        if (strcmp(mvh_sets[s].name, name) == 0) return &mvh_sets[s];
    return NULL;
}

int64_t mvh_conditions(const mvh_set *set)
{
    int64_t n = 0;
    while (set->conditions[n]) n++;
    return n;
}

bool mvh_kept(const mvh_set *set, int64_t condition)
{
    for (int64_t e = 0; set->excluded[e]; e++)
        if (strcmp(set->excluded[e], set->conditions[condition]) == 0) return false;
    return true;
}

int64_t mvh_condition_find(const mvh_set *set, const char *text)
{
    int64_t n = mvh_conditions(set);
    if (n == 0) return 0;
    for (int64_t c = 0; c < n; c++)
        if (condition_equal(set->conditions[c], text)) return c;
    return -1;
}
