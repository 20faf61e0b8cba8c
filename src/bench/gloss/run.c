/* Gloss: how well a model predicts the gloss that 20 people see in 50 renderings (Storrs,
 * Anderson & Fleming, Nature Human Behaviour 2021), and what its features say about scenes.
 *
 * Predictions are recorded (one row per trained instance) or decision values of a linear
 * glossy-matte classifier on the subject's features (scenes.h).
 * Trials: OUT/trials/gloss.csv and gloss-human.csv have all predictions and ratings;
 * gloss-predictions.npy, scored again as recorded answers, gives the same numbers. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/gloss/measure.h"
#include "bench/gloss/people.h"
#include "bench/gloss/scenes.h"
#include "jem/tensor.h"
#include "stats/ratings.h"

enum { IMAGES = GLOSS_RATED, FORMULA_MAX = 400 };

#define AT(field) offsetof(gloss_options, field)
static const option gloss_option_table[] = {
    {"scenes", OPTION_STRING, AT(scenes), "", 0, 0, NULL,
     "folder of the rendered set (rgb/, scene_log.csv) for accuracy, light field and relief"},
    {"images", OPTION_STRING, AT(images), "", 0, 0, NULL,
     "folder with the 50 rated images, rgb_scene000001.png to 000050, for models that see "
     "pictures"},
    {"layer", OPTION_STRING, AT(layer), "", 0, 0, NULL,
     "layer the probes read; empty: the projection if there is one, else the pooled features"},
    {"label", OPTION_STRING, AT(label), "gloss_cat", 0, 0, NULL,
     "column of scene_log.csv with 0 (matte) or 1 (glossy)"},
    {"light", OPTION_STRING, AT(light), "light", 0, 0, NULL, "column with one of 6 light fields"},
    {"bump", OPTION_STRING, AT(bump), "bump", 0, 0, NULL, "column with the height of the relief"},
    {"size", OPTION_INT, AT(size), "0", 0, 16384, NULL,
     "side in pixels scenes are resized to when read (128 in the study); 0: all must agree"},
    {"split", OPTION_LIST, AT(split), "[]", 0, 1e9, NULL,
     "images to train, validate and test on, in scene order ([8000, 1000, 998] in the study); "
     "empty: by test_fraction"},
    {"test_fraction", OPTION_REAL, AT(test_fraction), "0.1", 0, 0.9, NULL,
     "share of scenes that is tested, the last ones; of a run trained on these scenes its own "
     "(data.test_fraction), so that no image is tested that it was trained on"},
    {"ceiling", OPTION_CHOICE, AT(ceiling), "paper", 0, 0, "paper|others|all",
     "human reference of the correlation: 1 (the paper's), one observer with the mean of the "
     "others (lower noise ceiling), or with the mean of all (upper)"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

typedef struct job {
    const bench_request *r;
    const gloss_options *o;
    gloss_people people;
    int64_t instances;
    double *predicted;       /* [instances][IMAGES]; NULL: none */
    double combined[IMAGES]; /* mean over instances */
    const char *what;        /* where predictions come from */
} job;

static void job_clear(job *j)
{
    gloss_people_clear(&j->people);
    mem_free(j->predicted);
}

/* ---- predictions */

static jem_status check_predictions(const job *j)
{
    for (int64_t i = 0; i < j->instances * IMAGES; i++)
        if (!isfinite(j->predicted[i]))
            return jem_error(JEM_EDATA,
                             "%s: prediction %g of instance %" PRId64 " for scene%06d is not "
                             "finite",
                             j->r->subject->name, j->predicted[i], i / IMAGES + 1,
                             (int)j->people.ratings.scene[i % IMAGES]);
    return JEM_OK;
}

static jem_status ask_ratings(job *j)
{
    jem_status st;
    const subject *who = j->r->subject;
    stimulus stimuli[IMAGES];
    image pictures[IMAGES] = {IMAGE_INIT};
    char names[IMAGES][32], path[OPTION_STRING_MAX + 64];

    /* [instances][images] may also be read as rows of logits. */
    int64_t images = who->classes > 0 ? who->classes : who->places;
    if (images && images != IMAGES)
        return jem_error(JEM_EDATA,
                         "%s: predictions of %" PRId64 " images, people rated %d: expected [%d], "
                         "or [instances][%d]",
                         who->name, images, IMAGES, IMAGES, IMAGES);
    j->instances = who->instances > 1 ? who->instances : 1;
    for (int i = 0; i < IMAGES; i++) {
        snprintf(names[i], sizeof names[i], "rgb_scene%06d.png", (int)j->people.ratings.scene[i]);
        stimuli[i] = (stimulus){.name = names[i], .place = i};
        if (!who->needs_pictures) continue;
        snprintf(path, sizeof path, "%s/%.*s", j->o->images, (int)sizeof names[i] - 1, names[i]);
        TRY(image_read(&pictures[i], path));
        stimuli[i].picture = &pictures[i];
    }
    TRY(MEM_NEW(j->predicted, j->instances * IMAGES));
    TRY(who->ops->rate(who->ctx, stimuli, IMAGES, j->predicted));
    j->what = "recorded predictions";
done:
    for (int i = 0; i < IMAGES; i++) image_clear(&pictures[i]);
    return st;
}

static jem_status ask_scenes(job *j)
{
    jem_status st;
    double glossiness[IMAGES];
    bool rated = false;

    TRY(gloss_scenes_score(glossiness, &rated, j->r, j->people.ratings.scene));
    if (!rated) {
        log_warning("gloss: no correlation with people: set gloss.images to the folder of the 50 rated "
                    "images");
        goto done;
    }
    TRY(MEM_NEW(j->predicted, IMAGES));
    memcpy(j->predicted, glossiness, sizeof glossiness);
    j->instances = 1;
    j->what = "decision value w.z + b of the glossy-matte SVM";
done:
    return st;
}

static jem_status take_predictions(job *j)
{
    jem_status st;
    const subject *who = j->r->subject;

    TRY(subject_can(who, who->ops->rate || who->ops->features, "gloss", bench_gloss.needs));
    if (who->ops->rate) {
        if (who->needs_pictures && !j->o->images[0])
            return jem_error(JEM_EUSAGE,
                             "%s looks at pictures: set gloss.images to the folder of "
                             "the 50 rated images",
                             who->name);
        TRY(ask_ratings(j));
    } else {
        if (!j->o->scenes[0])
            return jem_error(JEM_EUSAGE,
                             "%s gives features: set gloss.scenes to the rendered set they are to "
                             "be probed on (jem data render makes one)",
                             who->name);
        TRY(ask_scenes(j));
    }
    if (j->predicted) {
        TRY(check_predictions(j));
        stats_rating_mean(j->combined, j->predicted, j->instances, IMAGES);
    }
done:
    return st;
}

/* ---- scores of the model: rows of stats_rating_fit as arrays */

enum { FITS = sizeof(stats_rating_fit) / sizeof(double) };

static const struct {
    const char *name, *formula;
} metrics[FITS] = {
    /* in the order of stats_rating_fit */
    {"pearson", "Pearson r with the mean rating of people"},
    {"spearman", "Spearman correlation with the mean rating of people"},
    {"r2_minmax",
     "R2 of the mean rating, model scaled by its minimum and maximum, ratings by 1..6"},
    {"rmse_minmax", "RMSE to the mean rating, scaled alike"},
    {"mean_observer_pearson", "mean over observers of Pearson r with their ratings"},
    {"mean_observer_rmse_minmax", "mean over observers of the RMSE to their ratings, scaled to "
                                  "0..1"},
};

/* out [FITS] */
static void unpack(double *out, const stats_rating_fit *f)
{
    const double values[FITS] = {f->pearson, f->spearman,         f->r2,
                                 f->rmse,    f->observer_pearson, f->observer_rmse};
    memcpy(out, values, sizeof values);
}

/* Rows of values: all instances combined, their mean score, each. */
static int64_t value_rows(const job *j) { return j->instances > 1 ? j->instances + 2 : 1; }

static const double *prediction_of(const job *j, int64_t row)
{
    return row == 0 ? j->combined : j->predicted + (row - 2) * IMAGES;
}

/* values [rows][FITS]: row 1 <- mean of rows 2 and on. */
static void average_instances(double *values, int64_t rows)
{
    for (int k = 0; rows > 1 && k < FITS; k++) {
        values[FITS + k] = 0;
        for (int64_t i = 2; i < rows; i++)
            values[FITS + k] += values[i * FITS + k] / (double)(rows - 2);
    }
}

/* A stats_resampled of observers and images. */
static jem_status resample(double *values, const void *ctx, const stats_draw *draw)
{
    const job *j = ctx;
    int64_t rows = value_rows(j);
    stats_rating_fit fit;
    for (int64_t row = 0; row < rows; row++) {
        if (row == 1) continue;
        jem_status st = stats_rating_fit_resampled(&fit, prediction_of(j, row), j->people.ratings.rating,
                                                   draw, IMAGES, GLOSS_LOWEST, GLOSS_HIGHEST);
        if (st != JEM_OK) return st;
        unpack(values + row * FITS, &fit);
    }
    average_instances(values, rows);
    return JEM_OK;
}

static jem_status fit_all(double *values, const job *j)
{
    int64_t rows = value_rows(j);
    stats_rating_fit fit;
    for (int64_t row = 0; row < rows; row++) {
        if (row == 1) continue;
        jem_status st =
            stats_rating_compare(&fit, prediction_of(j, row), j->people.ratings.rating, j->people.ratings.observers,
                                 IMAGES, GLOSS_LOWEST, GLOSS_HIGHEST);
        if (st != JEM_OK)
            return jem_error_context(
                st, "%s, %s %" PRId64, j->r->subject->name,
                row ? "instance" : "mean of all instances:", row ? row - 1 : j->instances);
        unpack(values + row * FITS, &fit);
    }
    average_instances(values, rows);
    return JEM_OK;
}

/* Of the combined Pearson correlation; what it is. */
static double ceiling(const job *j, const char **what)
{
    switch ((gloss_ceiling)j->o->ceiling) {
    case GLOSS_CEILING_OTHERS:
        *what = "; ceiling: one observer with the others";
        return j->people.noise.leave_one_out;
    case GLOSS_CEILING_ALL:
        *what = "; ceiling: one observer with all";
        return j->people.noise.with_own;
    case GLOSS_CEILING_PAPER:
        break;
    }
    *what = "; ceiling: 1, the metric's bound";
    return 1;
}

static jem_status add_row(const job *j, int64_t row, const double *value,
                          const double *distribution)
{
    jem_status st = JEM_OK;
    const bench_options *c = j->r->common;
    char condition[40] = "", formula[FORMULA_MAX];
    int64_t stride = value_rows(j) * FITS;

    if (row == 1) snprintf(condition, sizeof condition, "mean of instances");
    if (row > 1) snprintf(condition, sizeof condition, "instance %" PRId64, row - 1);
    for (int k = 0; k < FITS; k++) {
        const char *what = "";
        bench_score s = {.metric = metrics[k].name,
                         .condition = *condition ? condition : NULL,
                         .value = value[row * FITS + k],
                         .ceiling = NAN,
                         .formula = formula};
        if (k == 0) s.ceiling = ceiling(j, &what);
        snprintf(formula, sizeof formula,
                 "%s; %s of %" PRId64 " %s%s; percentile bootstrap: %s%s",
                 metrics[k].formula, j->what, j->instances,
                 j->instances == 1 ? "instance" : "instances",
                 row == 1                       ? ", scored one by one, then averaged"
                 : row == 0 && j->instances > 1 ? ", averaged per image before scoring"
                                                : "",
                 bench_drawn_text(c), what);
        TRY(stats_percentile_interval(&s.interval, NULL, distribution + row * FITS + k, c->rounds,
                                      stride, c->level));
        TRY(gloss_add(j->r, &j->people, s));
    }
done:
    return st;
}

static jem_status score_model(const job *j)
{
    jem_status st;
    const bench_options *c = j->r->common;
    int64_t rows = value_rows(j);
    const int64_t sizes[] = {j->people.ratings.observers, IMAGES};
    const bool kept[] = {bench_keeps_people(c), false};
    const stats_bootstrap_plan rounds = {.factors = 2,
                                         .sizes = sizes,
                                         .kept = kept,
                                         .values = rows * FITS,
                                         .statistic = resample,
                                         .ctx = j,
                                         .rounds = c->rounds,
                                         .seed = (uint64_t)c->seed,
                                         .threads = j->r->threads};
    double *values = NULL, *distribution = NULL;

    TRY(MEM_NEW(values, rows * FITS));
    TRY(fit_all(values, j));
    TRY(MEM_NEW(distribution, c->rounds * rounds.values));
    TRY(stats_bootstrap_distribution(distribution, &rounds));
    for (int64_t row = 0; row < rows; row++) TRY(add_row(j, row, values, distribution));
done:
    mem_free(distribution);
    mem_free(values);
    return st;
}

/* ---- trials */

/* answer [observers][IMAGES] of someone, in the field's columns; truth [IMAGES]. */
static jem_status save_list(const job *j, const char *name, const char *who, const double *answer,
                            int64_t observers)
{
    jem_status st;
    trial_list list = TRIAL_LIST_INIT;

    for (int64_t i = 0; i < observers * IMAGES; i++) {
        char said[NUMBER_TEXT_MAX], mean[NUMBER_TEXT_MAX], image_name[32];
        snprintf(image_name, sizeof image_name, "rgb_scene%06d.png",
                 (int)j->people.ratings.scene[i % IMAGES]);
        TRY(trial_list_append(&list, &(trial){.subj = who,
                                              .session = i / IMAGES + 1,
                                              .trial = i % IMAGES + 1,
                                              .rt = NAN,
                                              .object_response = number_text(said, answer[i]),
                                              .category = number_text(mean, j->people.mean[i % IMAGES]),
                                              .condition = "0",
                                              .imagename = image_name}));
    }
    TRY(trial_list_save(&list, j->r->out, name));
done:
    trial_list_clear(&list);
    return st;
}

static jem_status save_trials(const job *j)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;
    const int64_t sizes[] = {j->instances, IMAGES};
    char *path = NULL;

    TRY(save_list(j, "gloss", j->r->subject->name, j->predicted, j->instances));
    TRY(save_list(j, "gloss-human", "human", j->people.ratings.rating, j->people.ratings.observers));
    TRY(jem_tensor_init(&t, JEM_F64, 2, sizes));
    memcpy(t.data, j->predicted, (size_t)(j->instances * IMAGES) * sizeof(double));
    TRY(str_format(&path, "%s/trials/gloss-predictions.npy", j->r->out));
    TRY(jem_npy_write(path, &t));
done:
    mem_free(path);
    jem_tensor_clear(&t);
    return st;
}

/* Scenes tell about features whether or not people rated anything. */
static bool without_data(const void *options)
{
    return ((const gloss_options *)options)->scenes[0] != '\0';
}

static jem_status score_scenes_alone(const bench_request *r)
{
    jem_status st;
    bool rated;
    static const char missing[] = "the ratings of people are in no folder that is known: 'jem data "
                                  "fetch gloss' gets them; name their folder, or put them "
                                  "into $JEM_DATA/gloss";

    if (!r->subject->ops->features)
        return jem_error(JEM_EDATA, "gloss: %s", missing);
    TRY(gloss_scenes_score(NULL, &rated, r, NULL));
    log_warning("gloss: left out: correlation with people and their own scores: %s", missing);
done:
    return st;
}

static jem_status run(const bench_request *r)
{
    jem_status st;
    job j = {.r = r, .o = r->options};

    if (!r->data && !r->humans) return score_scenes_alone(r);
    TRY(gloss_people_read(&j.people, r->humans ? r->humans : r->data));
    if (r->subject) TRY(take_predictions(&j));
    if (j.predicted) {
        TRY(score_model(&j));
        if (r->out) TRY(save_trials(&j));
    }
    TRY(gloss_people_score(r, &j.people));
done:
    job_clear(&j);
    return st;
}

const benchmark bench_gloss = {
    .name = "gloss",
    .measures = "correlation of predicted gloss with people's ratings; gloss, light and relief in "
                "features",
    .meaning = &gloss_measures,
    .source = "Storrs, Anderson & Fleming 2021, Nature Human Behaviour",
    .needs = "predictions [instances][50] of the rated images, or features (with gloss.scenes)",
    .data = "ratings/NN_gloss_ratings_task_DATE.csv of 20 observers (analysis_data/psychophysics/"
            "expt1 of https://github.com/tinyrobots/unsupervised-gloss-data-and-code, no licence "
            "file); for networks a rendered set (gloss.scenes) and the rated images (gloss.images)",
    .options = gloss_option_table,
    .options_size = sizeof(gloss_options),
    .without_data = without_data,
    .check = gloss_people_check,
    .run = run,
};
