/* ClickMe: does a network look where people look?  Rank correlation of its saliency with
 * the maps that people painted (Linsley et al. 2019), divided by how well people predict each
 * other; protocol of Fel, Rodriguez, Linsley & Serre (NeurIPS 2022).  Unlike their loader,
 * which drops the rest of the last batch, every image counts.
 *
 * Images stream through in batches: people's map takes 400 KB, a model's half, the shards hold thousands. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/clickme/data.h"
#include "bench/clickme/measure.h"
#include "bench/clickme/outcomes.h"
#include "bench/clickme/pictures.h"
#include "record/sample_pictures.h"
#include "stats/bootstrap.h"
#include "stats/classify.h"
#include "stats/saliency.h"

enum { BATCH = 32, IMAGENET_CLASSES = 1000 };
enum { TARGET_LABEL, TARGET_ANSWER, TARGET_ENERGY };
enum { CHANNELS_MAX, CHANNELS_MEAN };
enum { JACOBIAN_EXACT, JACOBIAN_DIFFERENCE };

typedef struct clickme_options {
    double ceiling;
    int target, channels, jacobian;
    int64_t shards, shown;
    bool maps;
} clickme_options;

#define AT(field) offsetof(clickme_options, field)
static const option clickme_option_table[] = {
    {"ceiling", OPTION_REAL, AT(ceiling), STATS_CLICKME_CEILING_TEXT, 0.01, 1, NULL,
     "Spearman correlation between people, by which scores are divided (Fel et al. 2022)"},
    {"target", OPTION_CHOICE, AT(target), "label", 0, 0, "label|answer|energy",
     "scalar whose gradient is the map: f(x)[label], the largest of f(x), or -E(x) = log sum exp f(x)"},
    {"channels", OPTION_CHOICE, AT(channels), "max", 0, 0, "max|mean",
     "a pixel's importance from |values| of its colour channels"},
    {"jacobian", OPTION_CHOICE, AT(jacobian), "exact", 0, 0, "exact|difference",
     "of the decoder, for models on latents; central differences are a check"},
    {"shards", OPTION_INT, AT(shards), "17", 1, 18, NULL,
     "read val-0 to val-(shards-1); 17 as the original does"},
    {"shown", OPTION_INT, AT(shown), "6", 0, 1000, NULL,
     "images whose maps are kept as pictures for the report: the first so many"},
    {"maps", OPTION_BOOL, AT(maps), "false", 0, 0, NULL,
     "keep all maps as numbers, trials/clickme-maps.npy [n,224,224], as recorded answers may be"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

/* ---- maps of a batch, and how they compare */

typedef struct batch {
    const bench_request *r;
    int64_t first; /* image of the evaluation */
    int count;
    double human[BATCH][CLICKME_PIXELS];
    float model[BATCH][CLICKME_PIXELS];
    double rho[BATCH], iou[BATCH], dice[BATCH];
} batch;

/* The class with the largest logit; -1 of a subject that gives none of ImageNet's. */
static jem_status answer_of(int64_t *answer, const subject *who, const stimulus *s)
{
    double logits[IMAGENET_CLASSES];
    jem_status st = JEM_OK;

    *answer = -1;
    if (!who->ops->logits || who->classes != IMAGENET_CLASSES) return JEM_OK;
    st = who->ops->logits(who->ctx, s, 1, logits);
    if (st == JEM_OK) *answer = stats_argmax(logits, IMAGENET_CLASSES);
    return st;
}

/* Which class's logit is asked about: none, hence the energy, where that is asked for, where the class is
 * unknown, or where it is not one of the subject's.  And whether the label is the answer, for a network at chance
 * has nothing to show. */
static jem_status choose_target(clickme_outcome *seen, const bench_request *r, const stimulus *s)
{
    jem_status st = JEM_OK;
    const clickme_options *o = r->options;
    const int64_t classes = r->subject->classes;
    const bool foreign = classes > 0 && classes != IMAGENET_CLASSES;
    int64_t answer;

    if (foreign || o->target == TARGET_ENERGY || (o->target == TARGET_LABEL && seen->label < 0)) goto done;
    TRY(answer_of(&answer, r->subject, s));
    if (answer >= 0 && seen->label >= 0) seen->right = answer == seen->label;
    seen->target = o->target == TARGET_ANSWER ? answer : seen->label;
done:
    return st;
}

/* The last image of e. */
static jem_status ask_subject(batch *b, clickme_outcomes *e, const clickme_image *m)
{
    jem_status st;
    const int64_t place = e->n - 1;
    clickme_outcome *seen = &e->images[place];
    const subject *who = b->r->subject;
    float *map = b->model[b->count];
    const clickme_options *o = b->r->options;
    const stimulus s = {.name = m->name,
                        .set = "clickme",
                        .place = place,
                        .picture = who->needs_pictures ? &m->picture : NULL};
    saliency_request how = {.channel_mean = o->channels == CHANNELS_MEAN,
                            .difference = o->jacobian == JACOBIAN_DIFFERENCE};

    TRY(choose_target(seen, b->r, &s));
    how.y = seen->target;
    TRY(who->ops->saliency(who->ctx, &s, &how, map, CLICKME_SIDE, CLICKME_SIDE));
    for (int64_t p = 0; p < CLICKME_PIXELS; p++) {
        if (isfinite(map[p])) continue;
        st = jem_error(JEM_EDATA,
                       "image %s: the saliency map of %s holds %g at row %" PRId64
                       ", column %" PRId64 ": a map must be finite",
                       m->name, who->name, (double)map[p], p / CLICKME_SIDE, p % CLICKME_SIDE);
        goto done;
    }
    if (b->r->out && place < o->shown && s.picture) TRY(clickme_show(b->r->out, m, map));
    if (b->r->out && o->maps) TRY(clickme_keep_map(e, map));
    memcpy(b->human[b->count++], m->map, sizeof m->map);
done:
    return st;
}

static jem_status overlap_of(void *ctx, int task, int worker)
{
    batch *b = ctx;
    (void)worker;
    return stats_saliency_overlap(&b->iou[task], &b->dice[task], b->human[task], b->model[task],
                                  CLICKME_PIXELS);
}

/* Moves a batch's results to its images and empties it. */
static jem_status finish_batch(batch *b, clickme_outcomes *e)
{
    jem_status st = JEM_OK;

    TRY(stats_saliency_spearman(b->rho, b->human[0], b->model[0], b->count, CLICKME_PIXELS,
                                b->r->threads));
    if (b->r->threads) {
        TRY(pool_run(b->r->threads, b->count, overlap_of, b));
    } else {
        for (int i = 0; i < b->count; i++) TRY(overlap_of(b, i, 0));
    }
    for (int i = 0; i < b->count; i++) {
        double *value = e->images[b->first + i].value;
        value[CLICKME_SPEARMAN] = b->rho[i];
        value[CLICKME_IOU] = b->iou[i];
        value[CLICKME_DICE] = b->dice[i];
    }
    b->first += b->count;
    b->count = 0;
done:
    return st;
}

/* Maps without names are told apart by place alone: another number of them are maps of
 * another set. */
static jem_status check_places(const subject *who, int64_t n)
{
    if (who->places == 0 || who->places == n) return JEM_OK;
    return jem_error(JEM_EDATA,
                     "clickme: %s has %" PRId64 " maps for %" PRId64
                     " images: record one for each image, in their order",
                     who->name, who->places, n);
}

static jem_status compare_all(clickme_outcomes *e, const bench_request *r)
{
    jem_status st;
    const clickme_options *o = r->options;
    clickme_reader reader = CLICKME_READER_INIT;
    clickme_image *m = NULL;
    batch *b = NULL;
    progress shown;
    bool more;

    TRY(clickme_data_open(&reader, r->data, o->shards));
    if (r->out) TRY(sample_pictures_remove(r->out, "clickme"));
    if (reader.arrays) TRY(check_places(r->subject, reader.maps.shape[0]));
    TRY(MEM_NEW(m, 1));
    TRY(MEM_NEW(b, 1));
    b->r = r;
    progress_begin(&shown, "clickme", "images", reader.arrays ? reader.maps.shape[0] : 0, 0);
    for (;;) {
        TRY(clickme_data_next(m, &reader, &more));
        if (!more) break;
        TRY(clickme_remember(e, m));
        TRY(ask_subject(b, e, m));
        if (b->count == BATCH) TRY(finish_batch(b, e));
        progress_update(&shown, e->n, NULL);
    }
    if (b->count > 0) TRY(finish_batch(b, e));
    progress_end(&shown, e->n);
    TRY(check_places(r->subject, e->n));
done:
    if (m) image_clear(&m->picture);
    mem_free(m);
    mem_free(b);
    clickme_data_close(&reader);
    return st;
}

/* ---- scores */

/* Statistics: [1 + sources][CLICKME_METRICS], means over all images and those of each source;
 * images without a correlation are left out of its mean. */
static int64_t value_count(const clickme_outcomes *e)
{
    return (1 + e->source_count) * CLICKME_METRICS;
}

/* index NULL: every image once.  counts as values, may be NULL. */
static jem_status means(double *values, int64_t *counts, const clickme_outcomes *e, const int64_t *index)
{
    jem_status st;
    double *sums = NULL;
    int64_t *defined = NULL;
    const int64_t total = value_count(e);

    TRY(MEM_NEW(sums, total));
    TRY(MEM_NEW(defined, total));
    for (int64_t i = 0; i < e->n; i++) {
        const clickme_outcome *one = &e->images[index ? index[i] : i];
        for (int k = 0; k < CLICKME_METRICS; k++) {
            if (isnan(one->value[k])) continue;
            const int64_t own = (1 + one->source) * CLICKME_METRICS + k;
            sums[k] += one->value[k];
            sums[own] += one->value[k];
            defined[k]++;
            defined[own]++;
        }
    }
    for (int64_t j = 0; j < total; j++) {
        values[j] = defined[j] > 0 ? sums[j] / (double)defined[j] : NAN;
        if (counts) counts[j] = defined[j];
    }
done:
    mem_free(sums);
    mem_free(defined);
    return st;
}

static jem_status means_of_draw(double *values, const void *ctx, const stats_draw *draw)
{
    return means(values, NULL, ctx, draw->index[0]);
}

typedef struct results {
    double *values; /* as value_count() */
    int64_t *counts;
    stats_interval *intervals;
    int64_t undefined;
} results;

static void results_clear(results *s)
{
    mem_free(s->values);
    mem_free(s->counts);
    mem_free(s->intervals);
}

static jem_status bootstrap(results *s, const clickme_outcomes *e, const bench_request *r)
{
    jem_status st;
    double *rounds = NULL;
    const int64_t total = value_count(e);
    const stats_bootstrap_plan drawn = {.factors = 1,
                                        .sizes = &e->n,
                                        .values = total,
                                        .statistic = means_of_draw,
                                        .ctx = e,
                                        .rounds = r->common->rounds,
                                        .seed = (uint64_t)r->common->seed,
                                        .threads = r->threads};

    TRY(MEM_NEW(rounds, drawn.rounds * total));
    TRY(stats_bootstrap_distribution(rounds, &drawn));
    for (int64_t j = 0; j < total; j++) {
        s->intervals[j] = (stats_interval){NAN, NAN};
        if (s->counts[j] < 1) continue;
        TRY(stats_percentile_interval(&s->intervals[j], NULL, rounds + j, drawn.rounds, total,
                                      r->common->level));
    }
done:
    mem_free(rounds);
    return st;
}

/* More than 1 % of constant maps is an error. */
static jem_status count_undefined(int64_t *undefined, const clickme_outcomes *e, double ceiling)
{
    jem_status st;
    double *rho = NULL;
    stats_alignment a;

    TRY(MEM_NEW(rho, e->n));
    for (int64_t i = 0; i < e->n; i++) rho[i] = e->images[i].value[CLICKME_SPEARMAN];
    TRY(stats_saliency_alignment(&a, rho, e->n, ceiling));
    *undefined = a.undefined;
done:
    mem_free(rho);
    return st;
}

/* text <- what the subject's map is the gradient of; recorded maps do not say. */
static void target_text(char *text, size_t size, const bench_request *r, const clickme_outcomes *e)
{
    const clickme_options *o = r->options;
    bool known = false;
    for (int64_t i = 0; i < e->n; i++) known |= e->images[i].target >= 0;
    const char *scalar = !known ? "log sum exp f(x)" : o->target == TARGET_ANSWER ? "max f(x)" : "f(x)[label]";
    if (!r->subject->needs_pictures)
        snprintf(text, size, "maps as recorded");
    else
        snprintf(text, size, "map = %s over channels of |gradient of %s|",
                 o->channels == CHANNELS_MEAN ? "mean" : "max", scalar);
}

static jem_status add_group(const bench_request *r, const clickme_outcomes *e, const results *s,
                            int group)
{
    jem_status st = JEM_OK;
    const clickme_options *o = r->options;
    char formula[256], target[100];
    bench_score out = {.benchmark = "clickme",
                       .dataset = "clickme",
                       .condition = group ? e->sources[group - 1] : NULL,
                       .formula = formula,
                       .data_hash = e->hash};

    target_text(target, sizeof target, r, e);
    for (int k = 0; k < CLICKME_METRICS; k++) {
        const int64_t j = group * CLICKME_METRICS + k;
        if (s->counts[j] < 1) continue;
        out.metric = clickme_metric_names[k];
        out.value = s->values[j];
        out.interval = s->intervals[j];
        out.n = s->counts[j];
        out.ceiling = k == CLICKME_SPEARMAN ? o->ceiling : NAN;
        snprintf(formula, sizeof formula, "%s; %s",
                 k == CLICKME_SPEARMAN ? "mean over images of Spearman's rho over 224 x 224 pixels"
                 : k == CLICKME_IOU    ? "mean intersection over union of pixels above the 90th percentile"
                               : "mean Dice overlap of pixels above the 90th percentile",
                 target);
        TRY(bench_add(r, &out));
        if (k != CLICKME_SPEARMAN) continue;
        out.metric = "alignment";
        out.value /= o->ceiling;
        out.interval.low /= o->ceiling;
        out.interval.high /= o->ceiling;
        out.ceiling = 1;
        snprintf(formula, sizeof formula, "mean Spearman's rho / %g; %s", o->ceiling,
                 target);
        TRY(bench_add(r, &out));
    }
done:
    return st;
}

static jem_status add_undefined(const bench_request *r, const clickme_outcomes *e, int64_t undefined)
{
    const bench_score out = {.benchmark = "clickme",
                             .metric = "undefined",
                             .dataset = "clickme",
                             .value = (double)undefined,
                             .interval = {NAN, NAN},
                             .n = e->n,
                             .ceiling = NAN,
                             .formula = "images left out because a map is constant",
                             .data_hash = e->hash};
    return bench_add(r, &out);
}

/* Of a network of ImageNet's classes: is it at chance? */
static jem_status add_accuracy(const bench_request *r, const clickme_outcomes *e)
{
    int64_t asked = 0, right = 0;

    for (int64_t i = 0; i < e->n; i++) {
        asked += e->images[i].right >= 0;
        right += e->images[i].right > 0;
    }
    if (asked == 0) return JEM_OK;
    const bench_score out = {.benchmark = "clickme",
                             .metric = "accuracy",
                             .dataset = "clickme",
                             .value = (double)right / (double)asked,
                             .interval = stats_wilson(right, asked, stats_z95),
                             .n = asked,
                             .ceiling = NAN,
                             .formula = "share of argmax f(x) == label; Wilson interval of 95 %",
                             .data_hash = e->hash};
    return bench_add(r, &out);
}

static jem_status add_people(const bench_request *r)
{
    jem_status st;
    const clickme_options *o = r->options;
    bench_score out = {.benchmark = "clickme",
                       .metric = "spearman",
                       .dataset = "clickme",
                       .value = o->ceiling,
                       .interval = {NAN, NAN},
                       .ceiling = NAN,
                       .formula = "between people (Fel et al. 2022)",
                       .model = "human"};

    TRY(bench_add(r, &out));
    out.metric = "alignment";
    out.value = 1;
    out.formula = "1 by construction";
    TRY(bench_add(r, &out));
done:
    return st;
}

static jem_status add_scores(const bench_request *r, const clickme_outcomes *e)
{
    jem_status st;
    const clickme_options *o = r->options;
    results s = {.values = NULL};

    TRY(count_undefined(&s.undefined, e, o->ceiling));
    TRY(MEM_NEW(s.values, value_count(e)));
    TRY(MEM_NEW(s.counts, value_count(e)));
    TRY(MEM_NEW(s.intervals, value_count(e)));
    TRY(means(s.values, s.counts, e, NULL));
    TRY(bootstrap(&s, e, r));
    TRY(add_group(r, e, &s, 0));
    for (int k = 0; e->source_count > 1 && k < e->source_count; k++)
        TRY(add_group(r, e, &s, 1 + k));
    TRY(add_undefined(r, e, s.undefined));
    TRY(add_accuracy(r, e));
    TRY(clickme_save_outcomes(e, r->subject->name, r->out));
done:
    results_clear(&s);
    return st;
}

static jem_status clickme_run(const bench_request *r)
{
    jem_status st = JEM_OK;
    clickme_outcomes e = {.n = 0};

    if (r->subject) {
        TRY(subject_can(r->subject, r->subject->ops->saliency != NULL, "clickme",
                        "saliency maps"));
        TRY(compare_all(&e, r));
        TRY(add_scores(r, &e));
    }
    TRY(add_people(r));
done:
    clickme_outcomes_clear(&e);
    return st;
}

/* ---- check */

static jem_status clickme_check(const char *data, const bench_finder *found)
{
    jem_status st;
    clickme_reader reader = CLICKME_READER_INIT;
    clickme_image *m = NULL;
    int64_t constant = 0;
    char line[256];
    bool more;

    TRY(clickme_data_open(&reader, data, CLICKME_SHARDS));
    TRY(MEM_NEW(m, 1));
    for (;;) {
        TRY(clickme_data_next(m, &reader, &more));
        if (!more) break;
        int64_t p = 1;
        while (p < CLICKME_PIXELS && m->map[p] == m->map[0]) p++;
        if (p < CLICKME_PIXELS) continue;
        constant++;
        snprintf(line, sizeof line, "%s: the human map is constant: it cannot be scored", m->name);
        found->remark(found->ctx, line);
    }
    const char *form = reader.arrays ? " (prepared arrays, not the published shards)" : "";
    snprintf(line, sizeof line, "%" PRId64 " images with human maps%s, %" PRId64
             " of them constant", reader.at, form, constant);
    TRY(found->part(found->ctx, &(bench_part){.name = "clickme", .images = reader.at, .bad = constant, .line = line}));
done:
    if (m) image_clear(&m->picture);
    mem_free(m);
    clickme_data_close(&reader);
    return st;
}

const benchmark bench_clickme = {
    .name = "clickme",
    .measures = "does saliency rank pixels as people do? Spearman's rho / that between people",
    .meaning = &clickme_measures,
    .source = "Linsley et al. 2019, ICLR; Fel et al. 2022, NeurIPS",
    .needs = "saliency maps",
    .data = "val-0.tfrecords to val-16.tfrecords from https://storage.googleapis.com/serrelab/"
            "prj_harmonization/dataset/click-me/val/ (code MIT, images under ImageNet's terms)",
    .options = clickme_option_table,
    .options_size = sizeof(clickme_options),
    .check = clickme_check,
    .run = clickme_run,
};
