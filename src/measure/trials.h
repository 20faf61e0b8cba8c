/* Scores drawn again from trials, as a bootstrap over a study's runs needs them: what each image says
 * about each run, and the scores of a draw of images and people.
 *
 * A run's trials become trial_items; those of all runs, on the same images, trial_draws.  How is a
 * trial_rule: the general ones below (sums.c), or a benchmark's own, where its score is no mean of
 * rows (bench/NAME/redraw.c). */
#ifndef MEASURE_TRIALS_H
#define MEASURE_TRIALS_H

#include "base/fields.h"
#include "measure/measure.h"
#include "stats/bootstrap.h"

enum { TRIAL_TERMS_MAX = 3 };

/* One run, ascending by name: CONDITION/IMAGENAME, or SET/CONDITION/IMAGENAME by a rule with sets. */
typedef struct trial_items {
    int64_t count;
    int terms;
    char **name;     /* [count] owned */
    char **people;   /* [count] owned: what people said of the image, as the file has it; NULL: no
                        such column */
    double *term;    /* [count][terms] */
    int64_t raters;  /* people whose numbers `ratings` has; 0: none */
    double *ratings; /* [raters][count] */
} trial_items;
#define TRIAL_ITEMS_INIT                                                                           \
    {                                                                                              \
        0, 0, NULL, NULL, NULL, 0, NULL                                                            \
    }

typedef struct trial_draws {
    int64_t columns;        /* runs */
    int64_t images, people; /* that are drawn, all factors together */
    int64_t factors;        /* each of which is drawn on its own */
    int64_t *sizes;         /* [factors] owned */
    bool *of_people;        /* [factors] people are drawn by it, not images; NULL: by none; owned */
    void *state;
    /* value [columns][scores] <- the scores of each run in this draw (factor 0 is the first of
     * `sizes`), NaN where undefined.  Called from several threads. */
    jem_status (*values)(double *value, const void *state, const stats_draw *draw);
    /* value [scores] <- what people reach among themselves in the same draw; NULL: trials do not say. */
    jem_status (*among_people)(double *value, const void *state, const stats_draw *draw);
    void (*free)(void *state);
} trial_draws;

/* A row of a trial file. */
typedef struct trial_row {
    const field_reader *reader; /* of the file, at this row */
    const char *value;          /* of the line's column */
    const char *category, *condition, *image;
    int64_t value_field, category_field;
    int64_t among_field; /* of the rule's column `among`; -1: the file has none */
    double unit;         /* the line's */
} trial_row;

typedef struct trial_rule {
    int terms;                          /* numbers that a row gives */
    const char *people;                 /* column with what people said; NULL: none */
    const char *among;                  /* column with what people reach among themselves on the image,
                                           which older files lack; NULL: none */
    bool averages;                      /* of several rows of an image (instances of a network) the
                                           mean is taken; else they are an error */
    const char *set;                    /* column that names begin with; rows whose column `counted`
                                           is not 1 are left out; NULL: none */
    bool (*wanted)(const char *condition); /* rows of other conditions are left out; NULL: none */
    jem_status (*term)(double *term, const trial_row *row);
    void (*gathered)(trial_items *items);  /* all rows are there, in the file's order; NULL: nothing */
    /* They are in order; path is the file's.  NULL: nothing. */
    jem_status (*ordered)(trial_items *items, const char *path, const char *run);
    /* Of items [out->columns] it sets sizes, state and the functions; on failure trial_draws_clear
     * frees what was set. */
    jem_status (*draws)(trial_draws *out, const trial_items *const *items);
} trial_rule;

extern const trial_rule trials_right,  /* mean of 1 where object_response == category, else 0 */
                        trials_number, /* mean of the column's numbers; NaN: not defined for an image */
                        trials_r2;     /* of object_response as a prediction of category */

/* Reads RUN/trials/SPOT->trials.csv of a model (and what people said); count 0 where there is no
 * such file.  JEM_EDATA with file and line for a broken one, or an image that occurs twice in a
 * condition. */
jem_status trial_items_read(trial_items *out, const measure_spot *spot, const char *run,
                            const char *model);
void trial_items_clear(trial_items *items); /* TRIAL_ITEMS_INIT is fine */
/* The same images, and the same people? */
bool trial_items_match(const trial_items *a, const trial_items *b);
/* Leaves the images that `other` has, too. */
void trial_items_keep(trial_items *items, const trial_items *other);
/* *give <- do they give the value of this score of the line? */
jem_status trial_items_give(bool *give, const trial_items *items, const measure_spot *line, int score,
                            double value);

/* Of runs that match; items [columns], each pointer to one run's.  Nothing is borrowed. */
jem_status trial_draws_new(trial_draws *out, const trial_rule *rule,
                           const trial_items *const *items, int64_t columns);
void trial_draws_clear(trial_draws *d); /* a zeroed one is fine */
/* The scores of the data themselves, in the same layout. */
jem_status trial_draws_data(double *value, const trial_draws *d);

/* ---- for rules */

/* A finite number of the row; `number` may be NaN. */
jem_status trial_number(double *out, const trial_row *row, int64_t field);
jem_status trial_defined(double *out, const trial_row *row, int64_t field);

/* Place of an image; -1: none. */
int64_t trial_find(const trial_items *items, const char *condition, const char *image);
/* Consecutive items whose names agree in their first `parts` parts: start [*groups + 1] <- places,
 * owned. */
jem_status trial_groups(int64_t **start, int64_t *groups, const trial_items *items, int parts);
/* draws of a rule whose score is the mean of one term, the ratio of the sums of two, or R² of the
 * sums of three: squared error, y and y², with y centred. */
jem_status trial_sums(trial_draws *out, const trial_items *const *items);

#endif
