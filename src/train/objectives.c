/* The list of objectives, and finding one by its name: to add an objective, name it here. */
#include <string.h>

#include "train/objective_eq8.h"
#include "train/objective_pixelvae.h"

const objective *const objective_list[] = {
    &objective_classifier,
    &objective_eq8,
    &objective_pixelvae,
    NULL,
};

double objective_number(const objective_report *r, const objective_column *c)
{
    double v;
    memcpy(&v, (const char *)r->values + c->at, sizeof v);
    return v;
}

bool all_finite(const float *x, int64_t n)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) { /* no branch: the loop becomes vector code */
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

const objective *objective_find(const objective *const *list, const char *name, double alpha)
{
    const bool by_alpha = strcmp(name, "auto") == 0;
    for (; *list; list++)
        if (by_alpha ? (*list)->meant && (*list)->meant(alpha) : strcmp((*list)->name, name) == 0)
            return *list;
    return NULL;
}
