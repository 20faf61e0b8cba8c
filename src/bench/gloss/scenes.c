/* Linear probes on the features of rendered scenes (Storrs et al. 2021; the study's 2.3):
 * fitted on training and validation images, scored on test images and on the rated ones. */
#include "bench/gloss/scenes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/scene_trials.h"
#include "data/dataset.h"
#include "stats/classify.h"
#include "stats/probe.h"

enum { LIGHTS = 6, CHUNK = 256, NAME_MAX_TEXT = 32, FORMULA_MAX = 300 };

typedef struct scenes {
    const bench_request *r;
    const gloss_options *o;
    const int32_t *rated_scene; /* [GLOSS_RATED]; NULL: the rated images are not asked for */
    dataset *d;
    int64_t fitted, tested, rated, dim; /* images fitted on, tested on, rated by people */
    double *features;                   /* [fitted + tested + rated][dim], in this order */
    int32_t *light;                     /* [fitted + tested] */
} scenes;

static void scenes_clear(scenes *s)
{
    dataset_free(s->d);
    mem_free(s->features);
    mem_free(s->light);
}

/* ---- data */

static jem_status load(scenes *s)
{
    jem_status st;
    data_options o = {.kind = "gloss", .size = s->o->size};
    splits all = {NULL, NULL, NULL};

    memcpy(o.path, s->o->scenes, sizeof o.path);
    memcpy(o.label, s->o->label, sizeof o.label);
    memcpy(o.light, s->o->light, sizeof o.light);
    memcpy(o.bump, s->o->bump, sizeof o.bump);
    TRY(data_load(&all, &o, 0)); /* nothing held out: train has all, in scene order */
    s->d = all.train;
    all.train = NULL;
done:
    splits_free(&all);
    return st;
}

static jem_status split(scenes *s)
{
    const option_list *parts = &s->o->split;
    int64_t n = s->d->n;
    if (parts->count == 0) {
        s->tested = llround(s->o->test_fraction * (double)n);
        s->fitted = n - s->tested;
        if (s->tested > 0) return JEM_OK;
        return jem_error(JEM_EDATA,
                         "%s: none of %" PRId64 " scenes is left to test: gloss.test_fraction "
                         "(of a run its data.test_fraction) is %g",
                         s->o->scenes, n, s->o->test_fraction);
    }
    if (parts->count != 3)
        return jem_error(JEM_EUSAGE, "gloss.split: %d numbers, expected [train, val, test]",
                         parts->count);
    double sum = parts->values[0] + parts->values[1] + parts->values[2];
    for (int i = 0; i < 3; i++)
        if (parts->values[i] < 0 || parts->values[i] != floor(parts->values[i]))
            return jem_error(JEM_EUSAGE, "gloss.split: %g is not a number of images",
                             parts->values[i]);
    if (sum != (double)n)
        return jem_error(
            JEM_EUSAGE, "gloss.split: %.15g + %.15g + %.15g = %.15g images, %s has %" PRId64,
            parts->values[0], parts->values[1], parts->values[2], sum, s->o->scenes, n);
    s->tested = (int64_t)parts->values[2];
    s->fitted = n - s->tested;
    return JEM_OK;
}

static jem_status check_part(const scenes *s, int64_t first, int64_t count, const char *part)
{
    static const char *const names[] = {"matte (0)", "glossy (1)"};
    for (int32_t label = 0; label < 2; label++) {
        bool there = false;
        for (int64_t i = first; i < first + count; i++) there |= s->d->labels[i] == label;
        if (!there)
            return jem_error(JEM_EDATA, "%s: no %s image among the %" PRId64 " of the %s part",
                             s->o->scenes, names[label], count, part);
    }
    return JEM_OK;
}

static jem_status take_light(scenes *s)
{
    jem_status st;
    const double *light = dataset_column(s->d, "light");
    int64_t kinds = 0;

    TRY(MEM_NEW(s->light, s->d->n));
    for (int64_t i = 0; i < s->d->n; i++) {
        s->light[i] = (int32_t)light[i];
        if (s->light[i] >= kinds) kinds = s->light[i] + 1;
    }
    if (kinds != LIGHTS)
        st = jem_error(JEM_EDATA,
                       "%s/scene_log.csv: column '%s' has %" PRId64
                       " different light fields, expected %d: set gloss.light to the right column",
                       s->o->scenes, s->o->light, kinds, LIGHTS);
done:
    return st;
}

/* ---- asking the subject */

/* Interleaved copies of up to CHUNK pictures of the data set. */
typedef struct gallery {
    stimulus stimuli[CHUNK];
    image pictures[CHUNK]; /* borrow pixels */
    char names[CHUNK][NAME_MAX_TEXT];
    uint8_t *pixels; /* [CHUNK][h][w][c], owned */
} gallery;

static void hang(gallery *g, const scenes *s, int64_t first, int64_t count)
{
    const dataset *d = s->d;
    const double *number = dataset_column(d, "scene");
    int64_t row = dataset_row_size(d);
    for (int64_t i = 0; i < count; i++) {
        g->pictures[i] = (image){d->height, d->width, d->channels, g->pixels + i * row};
        image_from_planar(&g->pictures[i], d->pixels + (first + i) * row);
        snprintf(g->names[i], NAME_MAX_TEXT, "rgb_scene%06.0f.png", number[first + i]);
        g->stimuli[i] = (stimulus){
            .name = g->names[i], .set = "scenes", .place = first + i, .picture = &g->pictures[i]};
    }
}

/* Asks about scenes `first` to the last one in chunks: features of the layer, or where `features` is
 * NULL logits [..][2]. */
static jem_status ask(const scenes *s, const char *layer, float *features, double *logits,
                      int64_t first)
{
    jem_status st;
    const subject *who = s->r->subject;
    gallery *g = NULL;
    int64_t dim = s->dim;

    TRY(MEM_NEW(g, 1));
    TRY(MEM_NEW(g->pixels, CHUNK * dataset_row_size(s->d)));
    for (int64_t i = first; i < s->d->n; i += CHUNK) {
        int64_t count = s->d->n - i < CHUNK ? s->d->n - i : CHUNK;
        hang(g, s, i, count);
        if (features)
            TRY(who->ops->features(who->ctx, layer, g->stimuli, count, features + (i - first) * dim,
                                   &dim));
        else
            TRY(who->ops->logits(who->ctx, g->stimuli, count, logits + (i - first) * 2));
    }
done:
    if (g) mem_free(g->pixels);
    mem_free(g);
    return st;
}

/* features [GLOSS_RATED][dim] of the rated images. */
static jem_status ask_rated(float *features, const scenes *s, const char *layer)
{
    jem_status st = JEM_OK;
    const subject *who = s->r->subject;
    int64_t dim = s->dim;
    stimulus stimuli[GLOSS_RATED];
    image pictures[GLOSS_RATED] = {IMAGE_INIT};
    char names[GLOSS_RATED][NAME_MAX_TEXT], path[OPTION_STRING_MAX + 2 * NAME_MAX_TEXT];

    for (int i = 0; i < GLOSS_RATED; i++) {
        snprintf(names[i], NAME_MAX_TEXT, "rgb_scene%06d.png", (int)s->rated_scene[i]);
        stimuli[i] = (stimulus){.name = names[i], .set = "rated", .place = s->d->n + i};
        if (!who->needs_pictures) continue;
        snprintf(path, sizeof path, "%s/%.*s", s->o->images, NAME_MAX_TEXT - 1, names[i]);
        TRY(image_read(&pictures[i], path));
        stimuli[i].picture = &pictures[i];
    }
    TRY(who->ops->features(who->ctx, layer, stimuli, GLOSS_RATED, features, &dim));
    if (dim != s->dim)
        st = jem_error(JEM_EDATA, "%s: %" PRId64 " features of rated images, %" PRId64 " of scenes",
                       who->name, dim, s->dim);
done:
    for (int i = 0; i < GLOSS_RATED; i++) image_clear(&pictures[i]);
    return st;
}

static jem_status take_features(scenes *s)
{
    jem_status st;
    const subject *who = s->r->subject;
    const char *layer = s->o->layer[0] ? s->o->layer : NULL;
    float *x = NULL;

    TRY(who->ops->features(who->ctx, layer, NULL, 0, NULL, &s->dim));
    TRY(MEM_NEW(x, (s->d->n + GLOSS_RATED) * s->dim));
    TRY(ask(s, layer, x, NULL, 0));
    if (s->rated_scene && (!who->needs_pictures || s->o->images[0])) {
        st = ask_rated(x + s->d->n * s->dim, s, layer);
        if (st == JEM_OK) s->rated = GLOSS_RATED;
        if (st != JEM_OK && who->needs_pictures) goto done;
        if (st != JEM_OK)
            log_warning("gloss: %s has no features of the rated images behind those of the scenes, "
                        "hence no correlation with people: %s",
                        who->name, jem_error_message());
    }
    int64_t count = (s->d->n + s->rated) * s->dim;
    TRY(MEM_NEW(s->features, count));
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(x[i])) {
            st = jem_error(JEM_EDATA, "%s: feature %" PRId64 " of image %" PRId64 " is not finite",
                           who->name, i % s->dim, i / s->dim);
            goto done;
        }
        s->features[i] = (double)x[i];
    }
done:
    mem_free(x);
    return st;
}

/* ---- scores */

static jem_status add_share(const scenes *s, const char *metric, const int32_t *answer,
                            const int32_t *truth, const char *formula)
{
    int64_t right = 0;
    for (int64_t i = 0; i < s->tested; i++) right += answer[i] == truth[i];
    return bench_add(s->r, &(bench_score){.benchmark = "gloss",
                                          .metric = metric,
                                          .dataset = "gloss",
                                          .value = (double)right / (double)s->tested,
                                          .interval = stats_wilson(right, s->tested, stats_z95),
                                          .n = s->tested,
                                          .ceiling = NAN,
                                          .formula = formula,
                                          .data_hash = s->d->hash});
}

/* answers [tested] and values [tested + rated][rows]. */
static jem_status probe(const scenes *s, int32_t *answers, double *values, char *formula,
                        const char *what, const int32_t *labels, int64_t classes)
{
    double c;
    const stats_svm_probe p = {.train = s->features,
                               .labels = labels,
                               .n = s->fitted,
                               .test = s->features + s->fitted * s->dim,
                               .m = s->tested + s->rated,
                               .d = s->dim,
                               .classes = classes,
                               .seed = (uint64_t)s->r->common->seed,
                               .threads = s->r->threads};
    jem_status st = stats_svm_probe_predict(answers, values, &c, &p);
    snprintf(formula, FORMULA_MAX,
             "%s by linear SVM (squared hinge, bias regularised, C = %g by 5-fold "
             "cross-validation) on %" PRId64 " standardised features, fitted on %" PRId64
             " training and validation images; Wilson interval of 95 %%",
             what, c, s->dim, s->fitted);
    return st;
}

/* The classifier head where it was trained to tell matte from glossy. */
static bool has_head(const subject *who)
{
    return who->ops->logits && who->classes == 2 && !(who->alpha >= 1);
}

static jem_status head_answers(const scenes *s, int32_t *answers)
{
    jem_status st;
    double *logits = NULL;

    TRY(MEM_NEW(logits, s->tested * 2));
    TRY(ask(s, NULL, NULL, logits, s->fitted));
    for (int64_t i = 0; i < s->tested; i++) answers[i] = (int32_t)stats_argmax(logits + i * 2, 2);
done:
    mem_free(logits);
    return st;
}

static void name_of(char name[SCENE_NAME_MAX], const void *ctx, int64_t i)
{
    const scenes *s = ctx;
    snprintf(name, SCENE_NAME_MAX, "rgb_scene%06.0f.png", dataset_column(s->d, "scene")[s->fitted + i]);
}

static scene_rows rows_of(const scenes *s)
{
    return (scene_rows){.who = s->r->subject->name, .n = s->tested, .name = name_of, .ctx = s};
}

static jem_status score_labels(const scenes *s, double *glossiness, trial_list *trials)
{
    jem_status st;
    char formula[FORMULA_MAX];
    int32_t *answers = NULL;
    double *values = NULL;
    const int32_t *gloss = s->d->labels + s->fitted, *light = s->light + s->fitted;
    const scene_rows rows = rows_of(s);

    TRY(MEM_NEW(answers, s->tested + s->rated));
    TRY(MEM_NEW(values, (s->tested + s->rated) * LIGHTS));
    bool head = has_head(s->r->subject);
    if (!head || s->rated) TRY(probe(s, answers, values, formula, "gloss", s->d->labels, 2));
    for (int64_t i = 0; i < s->rated; i++) glossiness[i] = values[s->tested + i];
    if (head) {
        TRY(head_answers(s, answers));
        snprintf(formula, sizeof formula,
                 "share of argmax f(x) == gloss label; Wilson interval of 95 %%");
    }
    TRY(add_share(s, "accuracy", answers, gloss, formula));
    TRY(scene_trials_labels(trials, &rows, "gloss", answers, gloss));
    TRY(probe(s, answers, values, formula, "light field", s->light, LIGHTS));
    TRY(add_share(s, "light_accuracy", answers, light, formula));
    TRY(scene_trials_labels(trials, &rows, "light", answers, light));
done:
    mem_free(values);
    mem_free(answers);
    return st;
}

static jem_status score_relief(const scenes *s, trial_list *trials)
{
    jem_status st;
    char formula[FORMULA_MAX];
    const bench_options *c = s->r->common;
    const double *bump = dataset_column(s->d, "bump"), *test = bump + s->fitted;
    const scene_rows rows = rows_of(s);
    double *yhat = NULL;
    bench_score out = {.benchmark = "gloss",
                       .metric = "relief_r2",
                       .dataset = "gloss",
                       .n = s->tested,
                       .ceiling = NAN,
                       .formula = formula,
                       .data_hash = s->d->hash};

    TRY(MEM_NEW(yhat, s->tested));
    TRY(stats_ols_probe_predict(yhat, s->features, bump, s->fitted,
                                s->features + s->fitted * s->dim, s->tested, s->dim));
    TRY(stats_r2(&out.value, test, yhat, s->tested));
    TRY(stats_r2_interval(&out.interval, test, yhat, s->tested, c->rounds, c->level,
                          (uint64_t)c->seed));
    snprintf(formula, sizeof formula,
             "R2 of the relief's height by least squares (minimum norm) on %" PRId64
             " standardised features, fitted on %" PRId64
             " training and validation images; percentile bootstrap over images",
             s->dim, s->fitted);
    TRY(bench_add(s->r, &out));
    TRY(scene_trials_heights(trials, &rows, yhat, test));
done:
    mem_free(yhat);
    return st;
}

jem_status gloss_scenes_score(double glossiness[GLOSS_RATED], bool *rated, const bench_request *r,
                              const int32_t scene[GLOSS_RATED])
{
    jem_status st;
    scenes s = {.r = r, .o = r->options, .rated_scene = scene};
    trial_list trials = TRIAL_LIST_INIT;

    TRY(load(&s));
    TRY(split(&s));
    TRY(take_light(&s));
    TRY(check_part(&s, 0, s.fitted, "training and validation"));
    TRY(check_part(&s, s.fitted, s.tested, "test"));
    TRY(take_features(&s));
    TRY(score_labels(&s, glossiness, &trials));
    TRY(score_relief(&s, &trials));
    if (r->out) TRY(trial_list_save(&trials, r->out, "gloss-scenes"));
    *rated = s.rated > 0;
done:
    trial_list_clear(&trials);
    scenes_clear(&s);
    return st;
}
