/* The trials of a study's runs as a bootstrap needs them: what each image says about each run,
 * and the metrics of a draw of images and people.
 *
 * A run's trials become a spot_items; those of all runs, on the same images, a spot_draws.
 * One file per family of metrics makes the latter: spot_sums.c, spot_ratings.c, spot_bapps.c,
 * spot_kappa.c. */
#ifndef SWEETSPOT_SPOT_TRIALS_H
#define SWEETSPOT_SPOT_TRIALS_H

#include "sweetspot/sweetspot.h"
#include "stats/bootstrap.h"

enum { SPOT_TERMS_MAX = 3 };

/* One run, ascending by name: CONDITION/IMAGENAME, for SPOT_KAPPA SET/CONDITION/IMAGENAME. */
typedef struct spot_items {
    int64_t count;
    int terms;
    char **name;     /* [count] owned */
    char **people;   /* [count] owned: what people said of the image, as the file has it; NULL: no
                        such column */
    double *term;    /* [count][terms] */
    int64_t raters;  /* SPOT_RATINGS */
    double *ratings; /* [raters][count] */
} spot_items;
#define SPOT_ITEMS_INIT                                                                            \
    {                                                                                              \
        0, 0, NULL, NULL, NULL, 0, NULL                                                            \
    }

/* Reads RUN/trials/SPEC->trials.csv of a model (and what people said); count 0 where there is no
 * such file.  JEM_EDATA with file and line for a broken one, or an image that occurs twice in a
 * condition. */
jem_status spot_items_read(spot_items *out, const sweetspot_spec *spec, const char *run,
                           const char *model);
void spot_items_clear(spot_items *items); /* SPOT_ITEMS_INIT is fine */
/* The same images, and the same people? */
bool spot_items_match(const spot_items *a, const spot_items *b);

/* Consecutive items whose names agree in their first `parts` parts: start [*groups + 1] <- places,
 * owned. */
jem_status spot_groups(int64_t **start, int64_t *groups, const spot_items *items, int parts);

typedef struct spot_draws {
    int64_t columns;        /* runs */
    int64_t images, people; /* that are drawn, all factors together */
    int64_t factors;
    int64_t *sizes; /* [factors] owned */
    void *state;
    /* value [columns][metrics] <- the metrics of each run in this draw (factor 0 is the first of
     * `sizes`), NaN where undefined.  Called from several threads. */
    jem_status (*values)(double *value, const void *state, const stats_draw *draw);
    void (*free)(void *state);
} spot_draws;

/* Of runs that match; items [columns], each pointer to one run's.  Nothing is borrowed. */
jem_status spot_draws_new(spot_draws *out, spot_trials kind, const spot_items *const *items,
                          int64_t columns);
void spot_draws_clear(spot_draws *d); /* a zeroed one is fine */
/* The metrics of the data themselves, in the same layout. */
jem_status spot_draws_data(double *value, const spot_draws *d);

/* One family each, for spot_draws_new: of items [out->columns] they set sizes, state and the
 * functions; on failure spot_draws_clear frees what was set.  They differ in the factors, each of
 * which is drawn on its own. */

/* All images (SPOT_RIGHT, SPOT_SHAPE_BIAS, SPOT_NUMBER, SPOT_R2). */
jem_status spot_sums(spot_draws *out, spot_trials kind, const spot_items *const *items);
/* Raters, and images. */
jem_status spot_ratings(spot_draws *out, spot_trials kind, const spot_items *const *items);
/* The items of each distortion set. */
jem_status spot_bapps(spot_draws *out, spot_trials kind, const spot_items *const *items);
/* The people of each set, and the images of each of its conditions. */
jem_status spot_kappa(spot_draws *out, spot_trials kind, const spot_items *const *items);

#endif
