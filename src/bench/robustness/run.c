/* Accuracy on test images under attack, over radii of two norms, of the classifier as it is and behind
 * refinement (victim.h, attack.h), and one trial per image, attack and radius. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/predict.h"
#include "bench/robustness/measure.h"
#include "bench/robustness/victim.h"
#include "stats/summary.h"

enum { CONDITION = 64, FORMULA = 720 };

static const char *const norm_names[ATTACK_NORMS] = {"linf", "l2"};
static const double PIXEL_RANGE = 2; /* in the network's units, -1 to 1 */

typedef struct images {
    int64_t n, size;
    float *x;        /* [n][size] */
    int64_t *row;    /* [n] of the test images: their names */
    int32_t *label;  /* [n] */
    int32_t *clean, *answer; /* [n] classes: as they are, under attack */
} images;

static void images_clear(images *m)
{
    mem_free(m->x);
    mem_free(m->row);
    mem_free(m->label);
    mem_free(m->clean);
    mem_free(m->answer);
}

static jem_status images_load(images *m, const dataset *d, int64_t limit)
{
    jem_status st;
    const image_source s = source_dataset(d, limit);
    m->n = s.n;
    m->size = dataset_row_size(d);
    TRY(MEM_NEW(m->x, m->n * m->size));
    TRY(MEM_NEW(m->row, m->n));
    TRY(MEM_NEW(m->label, m->n));
    TRY(MEM_NEW(m->clean, m->n));
    TRY(MEM_NEW(m->answer, m->n));
    for (int64_t i = 0; i < m->n; i++) {
        m->row[i] = source_row(&s, i);
        m->label[i] = d->labels[m->row[i]];
    }
    TRY(dataset_floats(m->x, d, m->row, m->n));
done:
    return st;
}

static int64_t hits_of(const images *m, const int32_t *answer)
{
    int64_t hits = 0;
    for (int64_t i = 0; i < m->n; i++) hits += answer[i] == m->label[i];
    return hits;
}

/* ---- one attack */

/* Whom, and how. */
typedef struct attempt {
    const bench_request *q;
    const victim *v;
    const victim *plain; /* without the defence; NULL: there is none */
    int64_t refine;
    attack_norm norm;
    double radius; /* as in the settings */
    bool at_chance;
} attempt;

/* "8/255", "0.5 refined 10" */
static void name_condition(char text[CONDITION], const attempt *a)
{
    const int n = snprintf(text, CONDITION, "%g%s", a->radius, a->norm == ATTACK_LINF ? "/255" : "");
    if (a->refine) snprintf(text + n, (size_t)(CONDITION - n), " refined %" PRId64, a->refine);
}

static attack attack_of(const attempt *a)
{
    const eval_options *o = eval_options_of(a->q);
    const double radius = PIXEL_RANGE * a->radius / (a->norm == ATTACK_LINF ? 255 : 1);
    return (attack){.ball = {a->norm, radius, -1, 1},
                    .steps = o->attack.steps,
                    .restarts = o->attack.restarts,
                    .step = o->attack.step_size * radius / (double)o->attack.steps,
                    .seed = (uint64_t)o->seed};
}

/* Images that are attacked together. */
typedef struct batch {
    int64_t most, n, size;
    float *x, *adversary;    /* [most][size] */
    int64_t *place, *row;    /* [most] among all images; their names */
    int32_t *y, *answer;     /* [most] */
} batch;

static void batch_clear(batch *b)
{
    mem_free(b->x);
    mem_free(b->adversary);
    mem_free(b->place);
    mem_free(b->row);
    mem_free(b->y);
    mem_free(b->answer);
}

static jem_status batch_new(batch *b, int64_t most, int64_t size)
{
    jem_status st;
    *b = (batch){.most = most, .size = size};
    TRY(MEM_NEW(b->x, most * size));
    TRY(MEM_NEW(b->adversary, most * size));
    TRY(MEM_NEW(b->place, most));
    TRY(MEM_NEW(b->row, most));
    TRY(MEM_NEW(b->y, most));
    TRY(MEM_NEW(b->answer, most));
done:
    return st;
}

/* The next images from *i on whose answer is right so far. */
static void batch_fill(batch *b, const images *m, int64_t *i)
{
    for (b->n = 0; *i < m->n && b->n < b->most; (*i)++) {
        if (m->answer[*i] != m->label[*i]) continue;
        memcpy(b->x + b->n * b->size, m->x + *i * b->size, (size_t)b->size * sizeof *b->x);
        b->place[b->n] = *i;
        b->row[b->n] = m->row[*i];
        b->y[b->n++] = m->label[*i];
    }
}

/* m->answer <- of the images that still stand, after an attack on `from`, as `to` answers to its end points. */
static jem_status attack_standing(images *m, const attempt *a, const victim *from, const victim *to)
{
    jem_status st;
    const attack how = attack_of(a);
    batch b = {.n = 0};

    TRY(batch_new(&b, victim_batch(from), m->size));
    for (int64_t i = 0; i < m->n;) {
        batch_fill(&b, m, &i);
        TRY(attack_run(b.answer, b.adversary, &how, victim_of(from), b.x, b.row, b.y, b.n));
        if (from != to) TRY(victim_of(to)->classify(victim_of(to)->ctx, b.adversary, b.row, b.n, b.answer));
        for (int64_t k = 0; k < b.n; k++) m->answer[b.place[k]] = b.answer[k];
    }
done:
    batch_clear(&b);
    return st;
}

/* m->answer <- under attack, of the images that are right without one.  A defence first meets what the network
 * without it falls for, since an attacker may try that, too. */
static jem_status attack_all(images *m, const attempt *a)
{
    jem_status st = JEM_OK;
    memcpy(m->answer, m->clean, (size_t)m->n * sizeof *m->clean);
    if (!(a->radius > 0)) return JEM_OK;
    if (a->plain) TRY(attack_standing(m, a, a->plain, a->v));
    TRY(attack_standing(m, a, a->v, a->v));
done:
    return st;
}

static void write_formula(char text[FORMULA], const attempt *a)
{
    const attack_options *o = &eval_options_of(a->q)->attack;
    int n = snprintf(text, FORMULA, "share of images whose answer is right as they are and ");
    if (a->radius > 0)
        n += snprintf(text + n, (size_t)(FORMULA - n),
                      "after the best of %" PRId64 " PGD attacks (%s, %" PRId64 " steps of %g radii in all, random start, cross-entropy)",
                      o->restarts, a->norm == ATTACK_LINF ? "L-inf" : "L2", o->steps, o->step_size);
    else
        n += snprintf(text + n, (size_t)(FORMULA - n), "which nothing changes");
    if (a->refine)
        n += snprintf(text + n, (size_t)(FORMULA - n),
                      "; mean logits of %" PRId64 " copies with noise %g, each refined by %" PRId64 " Langevin steps; attacked by what "
                      "the network without refinement falls for, then with the expectation over %" PRId64 " fresh copies a step, "
                      "through refinement as through the identity",
                      o->copies, o->noise_std, a->refine, o->draws);
    n += snprintf(text + n, (size_t)(FORMULA - n), "; Wilson interval");
    if (!generative_of(a->q)->learned_labels)
        snprintf(text + n, (size_t)(FORMULA - n), "; at chance: its classifier was never trained");
    else if (a->at_chance)
        snprintf(text + n, (size_t)(FORMULA - n), "; at chance without an attack");
}

static jem_status add_score(const images *m, const attempt *a)
{
    char condition[CONDITION], formula[FORMULA];
    const int64_t hits = hits_of(m, m->answer);

    name_condition(condition, a);
    write_formula(formula, a);
    return generative_add(a->q, &(bench_score){.benchmark = "robustness",
                                               .metric = a->norm == ATTACK_LINF ? "accuracy_linf" : "accuracy_l2",
                                               .condition = condition,
                                               .value = (double)hits / (double)m->n,
                                               .interval = stats_wilson(hits, m->n, stats_z95),
                                               .n = m->n,
                                               .formula = formula});
}

static jem_status add_trials(trial_list *l, const images *m, const attempt *a)
{
    jem_status st = JEM_OK;
    char own[CONDITION], condition[CONDITION + 8];

    name_condition(own, a);
    snprintf(condition, sizeof condition, "%s %s", norm_names[a->norm], own);
    for (int64_t i = 0; i < m->n; i++) TRY(generative_add_trial(a->q, l, condition, m->row[i], m->answer[i]));
done:
    return st;
}

/* ---- all of them */

static double chance_of(const bench_request *q) { return 1 / (double)generative_of(q)->classes; }

static jem_status add_above_chance(const bench_request *q, const images *m)
{
    const int64_t hits = hits_of(m, m->clean);
    const double chance = chance_of(q);
    stats_interval i = stats_wilson(hits, m->n, stats_z95);

    i.low -= chance;
    i.high -= chance;
    if (i.low <= 0)
        log_warning("%s: decides at chance without an attack (%" PRId64 " of %" PRId64 " images right): its accuracies under "
                    "attack mean nothing", q->out, hits, m->n);
    return generative_add(q, &(bench_score){.benchmark = "robustness",
                                               .metric = "above_chance",
                                               .value = (double)hits / (double)m->n - chance,
                                               .interval = i,
                                               .n = m->n,
                                               .formula = "share of argmax f(x) == label less 1 / classes, of the "
                                                          "images that are attacked; Wilson interval"});
}

static jem_status attack_over_radii(trial_list *l, images *m, attempt *a, const option_list *radii)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < radii->count; i++) {
        a->radius = radii->values[i];
        TRY(attack_all(m, a));
        TRY(add_score(m, a));
        TRY(add_trials(l, m, a));
    }
done:
    return st;
}

/* first: none came before it. */
static jem_status attack_victim_over_radii(trial_list *l, images *m, const bench_request *q, int64_t refine, bool first)
{
    jem_status st;
    const attack_options *o = &eval_options_of(q)->attack;
    victim *v = NULL, *plain = NULL;
    attempt a = {.q = q, .refine = refine};

    TRY(victim_new(&v, q, refine));
    if (refine) TRY(victim_new(&plain, q, 0));
    a.v = v;
    a.plain = plain;
    TRY(victim_of(v)->classify(victim_of(v)->ctx, m->x, m->row, m->n, m->clean));
    a.at_chance = stats_wilson(hits_of(m, m->clean), m->n, stats_z95).low <= chance_of(q);
    if (first) TRY(add_above_chance(q, m));
    a.norm = ATTACK_LINF;
    TRY(attack_over_radii(l, m, &a, &o->linf));
    a.norm = ATTACK_L2;
    TRY(attack_over_radii(l, m, &a, &o->l2));
done:
    victim_free(v);
    victim_free(plain);
    return st;
}

static jem_status run(const bench_request *q)
{
    jem_status st;
    const dataset *d = generative_of(q)->data->test;
    const attack_options *o = &eval_options_of(q)->attack;
    images m = {.n = 0};
    trial_list trials = TRIAL_LIST_INIT;

    if (o->images == 0) return JEM_OK;
    if (!d->pixels) {
        log_warning("%s: robustness left out: radii are shares of a pixel's range, and its test images are no pictures of 8 bits",
                    q->out);
        return JEM_OK;
    }
    if (generative_of(q)->together > 0) {
        log_warning("%s: robustness left out: its norms take the statistics of several images together, so that an attack on "
                    "one changes what is said of others", q->out);
        return JEM_OK;
    }
    TRY(images_load(&m, d, o->images));
    log_info("%s: attacks on %" PRId64 " test images, %" PRId64 " steps", q->out, m.n, o->steps);
    for (int i = 0; i < o->refine.count; i++)
        TRY(attack_victim_over_radii(&trials, &m, q, (int64_t)o->refine.values[i], i == 0));
    TRY(trial_list_save(&trials, q->out, "robustness"));
done:
    trial_list_clear(&trials);
    images_clear(&m);
    return st;
}

const benchmark bench_robustness = {
    .name = "robustness",
    .measures = "accuracy on test images under L-inf and L2 attacks (PGD), as it is and behind refinement",
    .meaning = &robustness_measures,
    .source = "Madry et al. 2018; Grathwohl et al. 2020, section 5.3",
    .generative = true,
    .run = run,
};
