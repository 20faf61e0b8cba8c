/* Cue conflict: does the subject name the shape or the texture of images that have one
 * category's shape and another one's texture (Geirhos et al., ICLR 2019)?  Also after
 * Langevin refinement of the picture, and accuracy on edges and silhouettes. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/cue_conflict/check.h"
#include "bench/cue_conflict/images.h"
#include "bench/cue_conflict/measure.h"
#include "bench/cue_conflict/scores.h"
#include "bench/decisions.h"
#include "record/sample_pictures.h"

static const char bench_name[] = "cue-conflict";
static const stats_interval no_interval = {NAN, NAN};

typedef enum picture_kind { PICTURES_AUTO, PICTURES_FILES, PICTURES_RECORDS } picture_kind;

typedef struct cue_options {
    option_list steps;
    int pictures; /* picture_kind */
    bool subset, people;
    char shown[OPTION_STRING_MAX];
} cue_options;

#define AT(field) offsetof(cue_options, field)
static const option cue_option_table[] = {
    {"steps", OPTION_LIST, AT(steps), "[0, 5, 10, 20]", 0, 10000, NULL,
     "Langevin steps before the decision; recorded answers are scored at 0 alone"},
    {"pictures", OPTION_CHOICE, AT(pictures), "auto", 0, 0, "auto|files|records",
     "224 x 224 files in CATEGORY folders, or the 32 x 32 versions; auto: files where they are"},
    {"subset", OPTION_BOOL, AT(subset), "false", 0, 0, NULL,
     "score the images that are there, even if they are not the 1280"},
    {"people", OPTION_BOOL, AT(people), "false", 0, 0, NULL,
     "also scores per shape category of each person"},
    {"shown", OPTION_STRING, AT(shown), "first", 0, 0, NULL,
     "ids of images whose refined pictures are kept for the report; first: the first conflict; "
     "empty: none"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

typedef struct job {
    const bench_request *r;
    const cue_options *o;
    char *humans;      /* folder of people's trials; NULL: there is none */
    mvh_people people; /* of cue-conflict; no observers where there is none */
    int32_t *answer;   /* [observers][images] people's */
    int32_t *texture;  /* [images] of people's images */
    cue_scores human;  /* of all people; only with people */
    cue_images images; /* that the subject is asked about */
    const char *shown; /* where they are from: goes into the formula */
} job;

static void job_clear(job *j)
{
    cue_images_clear(&j->images);
    mvh_people_clear(&j->people);
    mem_free(j->texture);
    mem_free(j->answer);
    mem_free(j->humans);
}

static bool has_people(const job *j) { return j->people.observers > 0; }

/* ---- people */

/* The folder named, else the data, else model-vs-human beside the data. */
static jem_status find_people(job *j, const mvh_set *set)
{
    jem_status st = JEM_OK;
    if (j->r->humans) return mem_strdup(&j->humans, j->r->humans);
    if (mvh_people_exist(j->r->data, set)) return mem_strdup(&j->humans, j->r->data);
    TRY(str_format(&j->humans, "%s/../model-vs-human", j->r->data));
    if (mvh_people_exist(j->humans, set)) return JEM_OK;
    mem_free(j->humans);
    j->humans = NULL;
    log_warning("cue-conflict: no trials of people in %s or in model-vs-human beside it: scores "
                "come without a human reference; name their folder; 'jem data fetch "
                "model-vs-human' gets them",
                j->r->data);
done:
    return st;
}

static jem_status read_people(job *j, const mvh_set *set)
{
    jem_status st;
    const trial_matrix *m = &j->people.all;
    cue_images shown = CUE_IMAGES_INIT;

    TRY(mvh_people_read(&j->people, j->humans, set));
    TRY(cue_images_of_people(&shown, &j->people, false)); /* checks names; same order */
    TRY(MEM_NEW(j->texture, m->images));
    TRY(MEM_NEW(j->answer, m->observers * m->images));
    for (int64_t i = 0; i < m->images; i++) j->texture[i] = shown.items[i].texture;
    for (int64_t o = 0; o < m->observers; o++)
        for (int64_t i = 0; i < j->people.lists[o].count; i++) {
            const trial *t = &j->people.lists[o].trials[i];
            int64_t at = mvh_image_find(&j->people, 0, image_id(t->imagename));
            j->answer[o * m->images + at] = category_find(t->object_response);
        }
    const cue_answers all = {m->observers, m->images, j->people.category, j->texture, j->answer};
    TRY(cue_scores_compute(&j->human, &all, j->r->common, j->r->threads));
done:
    cue_images_clear(&shown);
    return st;
}

/* ---- scores */

/* What scores of one observer (or all people) have in common. */
typedef struct origin {
    const char *model;     /* NULL: the subject */
    const char *condition; /* NULL or "steps=5" */
    const char *how;       /* end of each formula; "" */
    const cue_scores *ceiling;
    uint64_t hash;
} origin;

static jem_status add_value(const job *j, const origin *from, const cue_scores *s, cue_value v,
                            const char *metric, const char *condition, int64_t n,
                            const char *formula)
{
    char text[400];
    snprintf(text, sizeof text, "%s%s", formula, from->how);
    return bench_add(j->r,
                     &(const bench_score){.benchmark = bench_name,
                                          .metric = metric,
                                          .dataset = bench_name,
                                          .model = from->model,
                                          .condition = condition ? condition : from->condition,
                                          .value = s->value[v],
                                          .interval = s->interval[v],
                                          .n = n,
                                          .ceiling = from->ceiling ? from->ceiling->value[v] : NAN,
                                          .formula = text,
                                          .data_hash = from->hash});
}

static jem_status add_counts(const job *j, const origin *from, const stats_shape_counts *c,
                             const char *condition)
{
    jem_status st = JEM_OK;
    const char *const names[] = {"conflict_trials", "shape_decisions", "texture_decisions"};
    const double values[] = {(double)c->conflicts, (double)c->shape, (double)c->texture};
    for (int k = 0; k < 3; k++)
        TRY(bench_add(
            j->r, &(const bench_score){.benchmark = bench_name,
                                       .metric = names[k],
                                       .dataset = bench_name,
                                       .condition = condition ? condition : from->condition,
                                       .model = from->model,
                                       .value = values[k],
                                       .interval = no_interval,
                                       .n = c->conflicts,
                                       .ceiling = NAN,
                                       .formula = "number of trials whose shape and texture differ",
                                       .data_hash = from->hash}));
done:
    return st;
}

static const char bias_formula[] =
    "shape / (shape + texture) decisions on images whose shape and texture differ";

static jem_status add_overall(const job *j, const origin *from, const cue_scores *s, int64_t trials)
{
    jem_status st;
    int64_t n = s->counts.total.conflicts;
    TRY(add_value(j, from, s, CUE_BIAS, "shape_bias", NULL, n, bias_formula));
    TRY(add_value(j, from, s, CUE_CATEGORY_MEAN, "mean_of_category_biases", NULL, n,
                  "mean of the shape biases of the shape categories in which it is defined"));
    TRY(add_value(j, from, s, CUE_ACCURACY, "accuracy", NULL, trials,
                  "share of all images, those without conflict included, answered with their "
                  "shape"));
    TRY(add_value(j, from, s, CUE_SHAPE_OR_TEXTURE, "shape_or_texture", NULL, n,
                  "share of conflict images answered with their shape or their texture"));
    TRY(add_counts(j, from, &s->counts.total, NULL));
done:
    return st;
}

/* Grouped by shape ("cat"), then by texture ("texture=cat"). */
static jem_status add_categories(const job *j, const origin *from, const cue_scores *s)
{
    jem_status st = JEM_OK;
    for (int c = 0; c < CATEGORY_COUNT; c++) {
        TRY(add_value(j, from, s, (cue_value)(CUE_BY_CATEGORY + c), "shape_bias", category_names[c],
                      s->counts.by_shape[c].conflicts, bias_formula));
        TRY(add_counts(j, from, &s->counts.by_shape[c], category_names[c]));
    }
    for (int c = 0; c < CATEGORY_COUNT; c++) {
        char texture[40];
        snprintf(texture, sizeof texture, "texture=%s", category_names[c]);
        TRY(add_value(j, from, s, (cue_value)(CUE_BY_TEXTURE + c), "shape_bias", texture,
                      s->counts.by_texture[c].conflicts, bias_formula));
        TRY(add_counts(j, from, &s->counts.by_texture[c], texture));
    }
done:
    return st;
}

/* Each person's own bias; with the key people all of their categories. */
static jem_status add_person(const job *j, int64_t o)
{
    jem_status st;
    cue_scores own;
    const trial_matrix *m = &j->people.all;
    const cue_answers one = {1, m->images, j->people.category, j->texture,
                             j->answer + o * m->images};
    const origin from = {mvh_observer(&j->people, o), NULL, "; Wilson interval of 95 %", NULL,
                         j->people.hash};

    TRY(cue_scores_compute(&own, &one, NULL, NULL));
    own.interval[CUE_BIAS] =
        stats_wilson(own.counts.total.shape, own.counts.total.shape + own.counts.total.texture, stats_z95);
    TRY(add_value(j, &from, &own, CUE_BIAS, "shape_bias", NULL, own.counts.total.conflicts, bias_formula));
    TRY(add_counts(j, &from, &own.counts.total, NULL));
    if (!j->o->people) goto done;
    TRY(add_value(j, &(const origin){from.model, NULL, "", NULL, from.hash}, &own,
                  CUE_CATEGORY_MEAN, "mean_of_category_biases", NULL, own.counts.total.conflicts,
                  "mean of the shape biases of the shape categories in which it is defined"));
    TRY(add_categories(j, &(const origin){from.model, NULL, "", NULL, from.hash}, &own));
done:
    return st;
}

static jem_status add_people(const job *j)
{
    jem_status st;
    const trial_matrix *m = &j->people.all;
    const int64_t trials = m->observers * m->images;
    char pooled[240], each[160];
    const origin from = {"human", NULL, pooled, NULL, j->people.hash};
    const origin mean = {"human", NULL, each, NULL, j->people.hash};

    snprintf(each, sizeof each, "; interval: %s", bench_drawn_text(j->r->common));
    snprintf(pooled, sizeof pooled, "; trials of all people pooled%s", each);
    TRY(add_overall(j, &from, &j->human, trials));
    TRY(add_categories(j, &from, &j->human));
    TRY(add_value(j, &mean, &j->human, CUE_OBSERVER_MEAN, "mean_of_observer_biases", NULL,
                  m->observers, "mean of people's own shape biases"));
    for (int c = 0; c < CATEGORY_COUNT; c++)
        TRY(add_value(j, &mean, &j->human, (cue_value)(CUE_OBSERVERS_BY_CATEGORY + c),
                      "mean_of_observer_biases", category_names[c], m->observers,
                      "mean of people's own shape biases in this category"));
    for (int64_t o = 0; o < m->observers; o++) TRY(add_person(j, o));
done:
    return st;
}

/* ---- the subject */

/* Images of a set from where the keys say, or where they are; *shown says which the subject saw, if
 * it saw these. */
static jem_status choose_images(const job *j, cue_images *out, const char **shown,
                                const mvh_set *set)
{
    bool whole = !j->o->subset;
    const char *data = j->r->data;
    int kind = j->o->pictures;
    if (kind == PICTURES_AUTO) {
        if (cue_images_have_files(data, set))
            kind = PICTURES_FILES;
        else if (cue_images_have_records(data, set))
            kind = PICTURES_RECORDS;
    }
    *shown = "";
    if (kind == PICTURES_FILES) return cue_images_read_files(out, data, set, whole);
    if (kind == PICTURES_RECORDS) {
        if (j->r->subject->needs_pictures) *shown = "; 32 x 32 versions of the images";
        return cue_images_read_records(out, data, set, whole);
    }
    if (has_people(j) && j->people.set == set) return cue_images_of_people(out, &j->people, whole);
    return jem_error(JEM_EDATA,
                     "%s: no images of %s: neither %s/CATEGORY/*.png nor %s-32.bin with "
                     "records-32.tsv, nor trials of people; 'jem data fetch "
                     "cue-conflict' gets them",
                     data, set->name, set->name, set->name);
}

static jem_status read_picture(void *ctx, image *out, int64_t i)
{
    const cue_images *c = ctx;
    return cue_image_read(out, &c->items[i]);
}

/* The images of a set in the form in which subjects are asked. */
typedef struct asked {
    decision_set set;
    const char **id;
    int32_t *shape, *texture, *answer; /* [n] */
} asked;

static void asked_clear(asked *a)
{
    mem_free(a->id);
    mem_free(a->shape);
    mem_free(a->texture);
    mem_free(a->answer);
}

static jem_status asked_init(asked *a, cue_images *images)
{
    jem_status st;
    int64_t n = images->count;
    TRY(MEM_NEW(a->id, n));
    TRY(MEM_NEW(a->shape, n));
    TRY(MEM_NEW(a->texture, n));
    TRY(MEM_NEW(a->answer, n));
    for (int64_t i = 0; i < n; i++) {
        a->id[i] = images->items[i].id;
        a->shape[i] = images->items[i].shape;
        a->texture[i] = images->items[i].texture;
    }
    bool pictures = images->items[0].path || images->items[0].planes;
    a->set = (decision_set){images->set, n, a->id, NULL, a->shape, pictures ? read_picture : NULL,
                            images};
done:
    return st;
}

static uint64_t hash_of(const asked *a)
{
    uint64_t hash = XXH64(a->shape, (size_t)a->set.n * sizeof *a->shape, 0);
    for (int64_t i = 0; i < a->set.n; i++) hash = XXH64(a->id[i], strlen(a->id[i]) + 1, hash);
    return hash;
}

static const char pictures_needed[] =
    "'jem data fetch cue-conflict' gets them as SET/CATEGORY/*.png; SET-32.bin with records-32.tsv "
    "will do";

static jem_status ask(const job *j, asked *a, const char *variant)
{
    jem_status st;
    TRY(decisions_ask(a->answer, j->r, bench_name, &a->set, pictures_needed));
    TRY(decisions_save(j->r, bench_name, &a->set, a->answer, variant));
done:
    return st;
}

/* Is image i of the set one whose refined picture is kept? */
static bool is_shown(const job *j, const asked *a, int64_t i)
{
    char text[OPTION_STRING_MAX], *rest = NULL;

    if (strcmp(j->o->shown, "first") == 0) {
        int64_t first = 0;
        while (first < a->set.n && a->shape[first] == a->texture[first]) first++;
        return i == first;
    }
    snprintf(text, sizeof text, "%s", j->o->shown);
    for (char *id = strtok_r(text, ", ", &rest); id; id = strtok_r(NULL, ", ", &rest))
        if (strcmp(id, a->id[i]) == 0) return true;
    return false;
}

/* RUN/samples/refined/ID/STEPS.png: what the subject sees now. */
static jem_status show_refined(const job *j, const asked *a, int64_t steps)
{
    jem_status st = JEM_OK;
    const subject *s = j->r->subject;
    image picture = IMAGE_INIT, seen = IMAGE_INIT;
    char *path = NULL, cell[32];

    snprintf(cell, sizeof cell, "%04lld", (long long)steps);
    for (int64_t i = 0; i < a->set.n && a->set.picture; i++) {
        if (!is_shown(j, a, i)) continue;
        image_clear(&picture);
        image_clear(&seen);
        mem_free(path);
        path = NULL;
        TRY(a->set.picture(a->set.ctx, &picture, i));
        const stimulus one = {.name = a->id[i], .place = i, .picture = &picture};
        TRY(s->ops->show(s->ctx, &one, &seen));
        TRY(sample_picture_path(&path, j->r->out, "refined", a->id[i], cell));
        TRY(image_write_png(&seen, path));
    }
done:
    image_clear(&picture);
    image_clear(&seen);
    mem_free(path);
    return st;
}

static jem_status score_steps(const job *j, asked *a, int64_t steps)
{
    jem_status st;
    cue_scores got;
    char condition[40] = "", variant[40] = "", how[200];
    const cue_answers answers = {1, a->set.n, a->shape, a->texture, a->answer};
    const origin from = {NULL, steps ? condition : NULL, how, has_people(j) ? &j->human : NULL,
                         hash_of(a)};

    if (steps) {
        snprintf(condition, sizeof condition, "steps=%lld", (long long)steps);
        snprintf(variant, sizeof variant, "-steps-%lld", (long long)steps);
    }
    snprintf(how, sizeof how, "%s%s%s; interval: images drawn", j->shown,
             j->r->subject->alpha == 1 ? "; at alpha = 1 the classifier is not trained" : "",
             j->o->subset ? "; a subset of the images" : "");
    TRY(ask(j, a, variant));
    TRY(cue_scores_compute(&got, &answers, j->r->common, j->r->threads));
    TRY(add_overall(j, &from, &got, a->set.n));
    if (steps == 0) TRY(add_categories(j, &from, &got));
done:
    return st;
}

static jem_status check_steps(const job *j)
{
    const subject *s = j->r->subject;
    bool zero = false;
    for (int i = 0; i < j->o->steps.count; i++) {
        double steps = j->o->steps.values[i];
        if (steps != floor(steps))
            return jem_error(JEM_EUSAGE, "cue-conflict.steps: %g is not a whole number", steps);
        zero = zero || steps == 0;
    }
    if (zero) return JEM_OK;
    return subject_can(s, s->ops->refine != NULL, bench_name,
                       "Langevin refinement, since cue-conflict.steps has no 0");
}

static jem_status score_subject(job *j, const mvh_set *set)
{
    jem_status st;
    const subject *s = j->r->subject;
    asked a = {.id = NULL};
    bool refined = false;
    double cost = 0, spent = 0; /* in looks at a picture: a Langevin step takes about two */

    TRY(check_steps(j));
    TRY(choose_images(j, &j->images, &j->shown, set));
    TRY(asked_init(&a, &j->images));
    const bool show = j->r->out && s->ops->show && j->o->shown[0];
    if (show) TRY(sample_pictures_remove(j->r->out, "refined"));
    for (int i = 0; i < j->o->steps.count; i++) cost += 1 + 2 * j->o->steps.values[i];
    for (int i = 0; i < j->o->steps.count; i++) {
        int64_t steps = (int64_t)j->o->steps.values[i];
        const double before = spent / cost;
        spent += 1 + 2 * (double)steps;
        progress_set_share(before, spent / cost);
        if (steps > 0 && !s->ops->refine) continue;
        if (s->ops->refine) {
            refined = true;
            TRY(s->ops->refine(s->ctx, steps));
        }
        TRY(score_steps(j, &a, steps));
        if (show) TRY(show_refined(j, &a, steps));
    }
done:
    if (refined) {
        jem_status back = s->ops->refine(s->ctx, 0);
        if (st == JEM_OK) st = back;
    }
    asked_clear(&a);
    return st;
}

/* ---- edges and silhouettes */

/* Accuracy of all people; NaN where there are none. */
static jem_status people_accuracy(double *out, const job *j, const mvh_set *set)
{
    jem_status st = JEM_OK;
    mvh_people p = MVH_PEOPLE_INIT;

    *out = NAN;
    if (!j->humans || !mvh_people_exist(j->humans, set)) return JEM_OK;
    TRY(mvh_people_read(&p, j->humans, set));
    int64_t trials = p.observers * p.all.images, right = 0;
    for (int64_t i = 0; i < trials; i++) right += p.all.right[i];
    *out = (double)right / (double)trials;
    TRY(bench_add(
        j->r, &(const bench_score){
                  .benchmark = bench_name,
                  .metric = "accuracy",
                  .dataset = set->name,
                  .model = "human",
                  .value = *out,
                  .interval = stats_wilson(right, trials, stats_z95),
                  .n = trials,
                  .ceiling = NAN,
                  .formula = "right trials / trials, all people pooled; Wilson interval of 95 %",
                  .data_hash = p.hash}));
done:
    mvh_people_clear(&p);
    return st;
}

static bool has_images(const job *j, const mvh_set *set)
{
    return cue_images_have_files(j->r->data, set) || cue_images_have_records(j->r->data, set);
}

/* Recorded answers need not cover this set: those that say so, or do not know the first
 * image, are not asked for the others. */
static bool can_answer(const job *j, const asked *a)
{
    const subject *s = j->r->subject;
    const stimulus first = {.name = a->id[0], .set = a->set.set->name};
    int32_t answer;
    if (s->needs_pictures) return true;
    if (s->ops->has_set && !s->ops->has_set(s->ctx, a->set.set->name)) return false;
    return s->ops->decide(s->ctx, &first, 1, &answer) == JEM_OK;
}

static jem_status score_outlines(const job *j, const char *name)
{
    jem_status st;
    const mvh_set *set = mvh_set_find(name);
    cue_images images = CUE_IMAGES_INIT;
    asked a = {.id = NULL};
    double ceiling;
    char formula[200];
    const char *shown;

    TRY(people_accuracy(&ceiling, j, set));
    if (!j->r->subject || !has_images(j, set)) goto done;
    TRY(choose_images(j, &images, &shown, set));
    TRY(asked_init(&a, &images));
    if (!can_answer(j, &a)) goto done;
    TRY(ask(j, &a, ""));
    int64_t right = 0;
    for (int64_t i = 0; i < a.set.n; i++) right += a.answer[i] == a.shape[i];
    snprintf(formula, sizeof formula, "right answers / images%s; Wilson interval of 95 %%", shown);
    TRY(bench_add(j->r, &(const bench_score){.benchmark = bench_name,
                                             .metric = "accuracy",
                                             .dataset = name,
                                             .value = (double)right / (double)a.set.n,
                                             .interval = stats_wilson(right, a.set.n, stats_z95),
                                             .n = a.set.n,
                                             .ceiling = ceiling,
                                             .formula = formula,
                                             .data_hash = hash_of(&a)}));
done:
    asked_clear(&a);
    cue_images_clear(&images);
    return st;
}

/* ---- the benchmark */

static jem_status cue_run(const bench_request *r)
{
    jem_status st;
    job j = {.r = r, .o = r->options};
    const mvh_set *set = mvh_set_find(bench_name);

    TRY(find_people(&j, set));
    if (j.humans) TRY(read_people(&j, set));
    if (r->subject) {
        TRY(subject_can(r->subject, r->subject->ops->decide != NULL, bench_name,
                        bench_cue_conflict.needs));
        TRY(score_subject(&j, set));
    } else if (!j.humans) {
        st = jem_error(JEM_EDATA, "%s: neither a subject nor people to score", r->data);
        goto done;
    }
    if (has_people(&j)) TRY(add_people(&j));
    TRY(score_outlines(&j, "edge"));
    TRY(score_outlines(&j, "silhouette"));
done:
    job_clear(&j);
    return st;
}

const benchmark bench_cue_conflict = {
    .name = bench_name,
    .measures = "shape bias: shape decisions / (shape + texture decisions) on conflict images",
    .meaning = &cue_conflict_measures,
    .source = "Geirhos et al. 2019, ICLR",
    .needs = "decisions among 16 categories, or logits that a mapping makes such; refinement for "
             "steps > 0",
    .data = "cue-conflict/CATEGORY/*.png, or cue-conflict-32.bin with records-32.tsv; people's "
            "trials from model-vs-human; github.com/rgeirhos/texture-vs-shape (CC BY 4.0)",
    .options = cue_option_table,
    .options_size = sizeof(cue_options),
    .check = cue_check,
    .run = cue_run,
};
