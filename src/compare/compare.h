/* Differences between models, over the images and people that they have in common.
 *
 * A model is a run, the runs of a study at one alpha (its seeds), or recorded answers.  All others are
 * compared with the first: that is the question which a table with a baseline answers, and m - 1
 * comparisons need less correction than m (m - 1) / 2.  With m_a, m_b the means over the networks of
 * two models, the difference m_b - m_a is noisy by
 *
 *   training  v_a / n_a + v_b / n_b, where a model has several networks: each with its own variance
 *   images    C_aa + C_bb - 2 C_ab of joint draws: one draw for all models' networks.  C_aa is what two
 *             networks of a share (the rest is in v_a), of a single one all
 *   people    the same, of draws of people
 *
 * and tested as stats/difference.h says, with n - 1 degrees of freedom of training, and of each factor
 * of images or people one less than it has.  A model of one network stands for that network alone.
 *
 * The first line of a benchmark is its primary one: over these and all models Holm's correction is made. */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include "base/pool.h"
#include "base/strbuf.h"
#include "compare/models.h"
#include "measure/measure.h"
#include "stats/difference.h"

typedef struct comparison {
    const measures *of;
    const measure_spot *line;
    int score;             /* of the line */
    int64_t model;         /* of the list; against number 0 */
    double first, other;   /* means over the common images */
    stats_difference gap;  /* other - first */
    double training, images, people; /* parts of the variance */
    int64_t shared_images; /* in common; 0: the score is not drawn from images */
    int64_t most_images;   /* that one of the two has */
    int64_t shared_people;
    bool primary;
    double p_holm;         /* NaN where it is not primary */
} comparison;

/* What could not be compared. */
typedef struct comparison_gap {
    const measures *of;
    const measure_spot *line;
    int score;
    int64_t model;
    char *reason; /* a phrase without a full stop */
} comparison_gap;

typedef struct compare_list {
    int64_t count, capacity;
    comparison *rows;      /* comparisons with people first, then as measures are listed, then by model */
    int64_t gaps, gap_capacity;
    comparison_gap *gap;
    int64_t primaries;
    double level;
} compare_list;
#define COMPARE_LIST_INIT                                                                          \
    {                                                                                              \
        .count = 0                                                                                 \
    }

typedef struct compare_options {
    int64_t rounds; /* of the bootstrap */
    int64_t seed;
    double level;
    pool *threads;  /* NULL: the calling thread alone */
    const measures *const *measures;
} compare_options;

/* Every score that two of the models have.  What cannot be compared is in `gap`; JEM_EDATA, with the
 * first reason, where nothing can. */
jem_status compare_find(compare_list *out, const compare_models *models, const compare_options *o);
void compare_list_clear(compare_list *list); /* COMPARE_LIST_INIT is fine */

typedef enum compare_verdict { COMPARE_NOT_SHOWN, COMPARE_BETTER, COMPARE_WORSE } compare_verdict;
/* Of the other model, by p after the correction where there is one. */
compare_verdict compare_verdict_of(const comparison *c, double level);
const char *compare_verdict_text(compare_verdict v); /* "not shown", "better", "worse" */

/* For people: who is compared, a table for each model, what was left out, a sentence for a paper. */
void compare_text(strbuf *out, const compare_list *list, const compare_models *models);
/* *text (owned) <- {"models", "comparisons", "left_out", ...}: docs/formats.md. */
jem_status compare_json(char **text, const compare_list *list, const compare_models *models);

#endif
