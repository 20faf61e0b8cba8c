/* BAPPS: are distances between patches those that people see?  Two-alternative forced
 * choice and just noticeable differences (Zhang, Isola, Efros, Shechtman & Wang,
 * CVPR 2018, whose code this follows).
 *
 * A pair of patches is asked for as two stimuli of one name (the file's stem) and place
 * and one set ("2afc/traditional", "jnd/cnn", ...); their conditions say which patches of
 * the item they are: (ref, p0) and (ref, p1) in 2AFC sets, (p0, p1) in JND sets.
 *
 * All intervals come from one bootstrap whose factors are the sets, so that what holds
 * several sets (the means) and what compares rows (model, people) is drawn together. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/fields.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/bapps/measure.h"
#include "bench/bapps/set.h"
#include "bench/benchmarks.h"
#include "stats/bapps.h"
#include "stats/bootstrap.h"

enum { SETS = 8, GROUPS = 4, BATCH = 64 };

/* Sets of real algorithms are there all or not at all: their mean is over four. */
static const struct {
    bapps_task task;
    const char *subset;
    bool real;
} layout[SETS] = {
    {BAPPS_2AFC, "traditional", false}, {BAPPS_2AFC, "cnn", false},
    {BAPPS_2AFC, "superres", true},     {BAPPS_2AFC, "deblur", true},
    {BAPPS_2AFC, "color", true},        {BAPPS_2AFC, "frameinterp", true},
    {BAPPS_JND, "traditional", false},  {BAPPS_JND, "cnn", false},
};

/* Unweighted means over the sets first .. first + count - 1; "distortion" is what papers
 * report. */
static const struct {
    const char *name;
    bapps_task task;
    int first, count;
} groups[GROUPS] = {
    {"distortion", BAPPS_2AFC, 0, 2},
    {"real", BAPPS_2AFC, 2, 4},
    {"all", BAPPS_2AFC, 0, 6},
    {"distortion", BAPPS_JND, 6, 2},
};

typedef enum row { MODEL, HUMAN, ORACLE, ROWS } row;

enum { TASKS_BOTH, TASKS_2AFC, TASKS_JND };
enum { SUBSETS_AUTO, SUBSETS_DISTORTION, SUBSETS_ALL };

typedef struct bapps_options {
    int tasks, subsets;
    int64_t size;
    char lpips[OPTION_STRING_MAX];
} bapps_options;

#define AT(field) offsetof(bapps_options, field)
static const option bapps_option_table[] = {
    {"tasks", OPTION_CHOICE, AT(tasks), "both", 0, 0, "both|2afc|jnd", "which judgements"},
    {"subsets", OPTION_CHOICE, AT(subsets), "auto", 0, 0, "auto|distortion|all",
     "2AFC sets: traditional and cnn, with the four of real algorithms if they are there (auto)"},
    {"size", OPTION_INT, AT(size), "64", 0, 4096, NULL,
     "side of the patches that models on latents and networks of photographs are shown, which take any; 0: that "
     "of their training pictures"},
    {"lpips", OPTION_STRING, AT(lpips), "", 0, 0, NULL,
     "linear weights that calibrate the distance, LPIPS's for AlexNet, VGG-16 or SqueezeNet; \"\": none"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

/* One set, and what each row makes of it: in 2AFC the score of each triplet, in JND the
 * pairs in order of distance.  NULL for a row that has none. */
typedef struct part {
    bool used;
    int64_t factor; /* of the bootstrap */
    bapps_set set;
    double *d0, *d1; /* [n] of the model: ref-p0 and ref-p1; in JND sets d0 alone */
    double *score[ROWS];
    int64_t *order[ROWS];
    int64_t ties;
} part;

typedef struct evaluation {
    part parts[SETS];
    uint64_t hash; /* of names and judgements */
} evaluation;

static void evaluation_clear(evaluation *e)
{
    for (int k = 0; k < SETS; k++) {
        part *p = &e->parts[k];
        bapps_set_clear(&p->set);
        mem_free(p->d0);
        mem_free(p->d1);
        for (int w = 0; w < ROWS; w++) {
            mem_free(p->score[w]);
            mem_free(p->order[w]);
        }
    }
}

/* ---- which sets, and their judgements */

static bool wanted(int k, const bapps_options *o, bool real_there)
{
    if (layout[k].task == BAPPS_2AFC && o->tasks == TASKS_JND) return false;
    if (layout[k].task == BAPPS_JND && o->tasks == TASKS_2AFC) return false;
    if (!layout[k].real) return true;
    return o->subsets == SUBSETS_ALL || (o->subsets == SUBSETS_AUTO && real_there);
}

/* Reads all sets that are wanted: a missing one is an error. */
static jem_status read_sets(evaluation *e, const char *folder, const bapps_options *o)
{
    jem_status st;
    char *root = NULL;
    bool real_there = false;

    TRY(bapps_root(&root, folder));
    for (int k = 0; k < SETS; k++)
        if (layout[k].real && bapps_set_exists(root, layout[k].task, layout[k].subset))
            real_there = true;
    for (int k = 0; k < SETS; k++) {
        part *p = &e->parts[k];
        p->used = wanted(k, o, real_there);
        if (!p->used) continue;
        TRY(bapps_set_read(&p->set, root, layout[k].task, layout[k].subset));
        for (int64_t i = 0; i < p->set.n; i++) {
            const char *stem = p->set.stems[i];
            e->hash = XXH64(stem, strlen(stem) + 1, e->hash);
        }
        e->hash = XXH64(p->set.share, (size_t)p->set.n * sizeof *p->set.share, e->hash);
    }
done:
    mem_free(root);
    return st;
}

/* Says of judgements that the usual number of votes cannot give. */
static bool odd_line(char *line, size_t size, const bapps_set *s)
{
    if (s->odd == 0) return false;
    snprintf(line, size,
             "%s: %" PRId64 " of %" PRId64 " judgements are no multiple of 1/%d (the first is "
             "%s: %.6g): are these the validation sets?",
             s->folder, s->odd, s->n, s->task == BAPPS_2AFC ? 5 : 3, s->stems[s->first_odd],
             s->share[s->first_odd]);
    return true;
}

/* ---- distances */

typedef struct batch {
    image pictures[BATCH][BAPPS_PICTURES];
    stimulus a[2 * BATCH], b[2 * BATCH];
    float d[2 * BATCH];
} batch;

static stimulus stimulus_of(const batch *b, const bapps_set *s, int64_t item, int place,
                            int picture, bool shown)
{
    static const char *const conditions[] = {"ref", "p0", "p1"};
    return (stimulus){.name = s->stems[item],
                      .set = s->name,
                      .condition = conditions[picture],
                      .place = item,
                      .picture = shown ? &b->pictures[place][picture] : NULL};
}

static jem_status ask_batch(batch *b, const subject *who, part *p, int64_t first, int count)
{
    jem_status st;
    const bapps_set *s = &p->set;
    const bool shown = who->needs_pictures, two = s->task == BAPPS_2AFC;
    int pairs = 0;

    for (int i = 0; i < count; i++) {
        int64_t item = first + i;
        if (shown) TRY(bapps_pictures(b->pictures[i], s, item));
        for (int k = 1; k <= (two ? 2 : 1); k++) {
            b->a[pairs] = stimulus_of(b, s, item, i, two ? 0 : 1, shown);
            b->b[pairs++] = stimulus_of(b, s, item, i, two ? k : 2, shown);
        }
    }
    TRY(who->ops->distance(who->ctx, b->a, b->b, pairs, b->d));
    for (int j = 0; j < pairs; j++) {
        const int64_t item = b->a[j].place;
        if (!isfinite(b->d[j])) {
            st = jem_error(JEM_EDATA, "%s/%s: %s puts %s and %s at distance %g: check its features",
                           s->folder, s->stems[item], who->name, b->a[j].condition,
                           b->b[j].condition, (double)b->d[j]);
            goto done;
        }
        double *d = two && j % 2 ? p->d1 : p->d0;
        d[item] = (double)b->d[j];
    }
done:
    return st;
}

static jem_status ask_subject(const subject *who, part *p)
{
    jem_status st;
    batch *b = NULL;
    progress shown;

    TRY(MEM_NEW(b, 1));
    TRY(MEM_NEW(p->d0, p->set.n));
    TRY(MEM_NEW(p->d1, p->set.n));
    progress_begin(&shown, p->set.name, "items", p->set.n, 0);
    for (int64_t i = 0; i < p->set.n; i += BATCH) {
        int count = p->set.n - i < BATCH ? (int)(p->set.n - i) : BATCH;
        TRY(ask_batch(b, who, p, i, count));
        progress_update(&shown, i + count, NULL);
    }
    progress_end(&shown, p->set.n);
done:
    for (int i = 0; b && i < BATCH; i++)
        for (int k = 0; k < BAPPS_PICTURES; k++) image_clear(&b->pictures[i][k]);
    mem_free(b);
    return st;
}

/* ---- scores */

static jem_status score_two_afc(part *p)
{
    jem_status st;
    const int64_t n = p->set.n;

    for (int w = p->d0 ? MODEL : HUMAN; w < ROWS; w++) TRY(MEM_NEW(p->score[w], n));
    TRY(stats_two_afc_human(p->score[HUMAN], p->set.share, n));
    TRY(stats_two_afc_oracle(p->score[ORACLE], p->set.share, n));
    if (!p->d0) goto done;
    TRY(stats_two_afc(p->score[MODEL], p->d0, p->d1, p->set.share, n));
    for (int64_t i = 0; i < n; i++) p->ties += p->d0[i] == p->d1[i];
done:
    return st;
}

/* The oracle of JND calls pairs "same" in the order in which people do: no other order
 * has a larger area. */
static jem_status score_jnd(part *p)
{
    jem_status st;
    const int64_t n = p->set.n;
    double *reversed = NULL, area;

    TRY(MEM_NEW(reversed, n));
    for (int64_t i = 0; i < n; i++) reversed[i] = -p->set.share[i];
    TRY(stats_jnd_map(&area, NULL, reversed, p->set.share, n));
    TRY(MEM_NEW(p->order[ORACLE], n));
    TRY(stats_jnd_order(p->order[ORACLE], reversed, n));
    if (!p->d0) goto done;
    TRY(stats_jnd_map(&area, &p->ties, p->d0, p->set.share, n));
    TRY(MEM_NEW(p->order[MODEL], n));
    TRY(stats_jnd_order(p->order[MODEL], p->d0, n));
done:
    mem_free(reversed);
    return st;
}

/* Statistics of a round: [SETS + GROUPS][ROWS], NaN where there is none. */
enum { VALUES = (SETS + GROUPS) * ROWS };

/* Where a set is incomplete, so is the mean. */
static void add_means(double *values)
{
    for (int g = 0; g < GROUPS; g++)
        for (int w = 0; w < ROWS; w++) {
            double sum = 0;
            for (int k = 0; k < groups[g].count; k++)
                sum += values[(groups[g].first + k) * ROWS + w];
            values[(SETS + g) * ROWS + w] = sum / groups[g].count;
        }
}

static void evaluate(double *values, const evaluation *e)
{
    for (int k = 0; k < SETS; k++)
        for (int w = 0; w < ROWS; w++) {
            const part *p = &e->parts[k];
            double *value = &values[k * ROWS + w];
            *value = NAN;
            if (p->score[w]) *value = stats_mean(p->score[w], p->set.n);
            if (p->order[w])
                *value = stats_jnd_resampled(p->order[w], p->set.share, NULL, p->set.n);
        }
    add_means(values);
}

static jem_status evaluate_draw(double *values, const void *ctx, const stats_draw *draw)
{
    jem_status st = JEM_OK;
    const evaluation *e = ctx;
    int64_t *times = NULL;

    for (int i = 0; i < VALUES; i++) values[i] = NAN;
    for (int k = 0; k < SETS; k++) {
        const part *p = &e->parts[k];
        if (!p->used) continue;
        const int64_t n = p->set.n, *index = draw->index[p->factor];
        if (p->set.task == BAPPS_JND) {
            TRY(MEM_NEW(times, n));
            for (int64_t i = 0; i < n; i++) times[index[i]]++;
        }
        for (int w = 0; w < ROWS; w++) {
            double *value = &values[k * ROWS + w];
            const stats_draw own = {&n, &index};
            if (p->score[w]) TRY(stats_resampled_mean(value, p->score[w], &own));
            if (p->order[w]) *value = stats_jnd_resampled(p->order[w], p->set.share, times, n);
        }
        mem_free(times);
        times = NULL;
    }
    add_means(values);
done:
    mem_free(times);
    return st;
}

static jem_status bootstrap(stats_interval intervals[VALUES], evaluation *e, const double *values,
                            const bench_request *r)
{
    jem_status st;
    int64_t sizes[SETS], factors = 0;
    double *rounds = NULL;

    for (int k = 0; k < SETS; k++) {
        if (!e->parts[k].used) continue;
        e->parts[k].factor = factors;
        sizes[factors++] = e->parts[k].set.n;
    }
    const stats_bootstrap_plan drawn = {.factors = factors,
                                       .sizes = sizes,
                                       .values = VALUES,
                                       .statistic = evaluate_draw,
                                       .ctx = e,
                                       .rounds = r->common->rounds,
                                       .seed = (uint64_t)r->common->seed,
                                       .threads = r->threads};
    TRY(MEM_NEW(rounds, drawn.rounds * VALUES));
    TRY(stats_bootstrap_distribution(rounds, &drawn));
    for (int i = 0; i < VALUES; i++) {
        intervals[i] = (stats_interval){NAN, NAN};
        if (isnan(values[i])) continue;
        TRY(stats_percentile_interval(&intervals[i], NULL, rounds + i, drawn.rounds, VALUES,
                                      r->common->level));
    }
done:
    mem_free(rounds);
    return st;
}

/* ---- records */

static const char *const two_afc_formulas[ROWS] = {
    "mean of 1-j where d0 < d1, j where d1 < d0, 1/2 where equal; j = share of votes for p1",
    "mean of j^2 + (1-j)^2: two people agree", "mean of max(j, 1-j): always with the majority"};
static const char *const jnd_formulas[ROWS] = {
    "area under precision's upper envelope over recall of \"same\", pairs by distance, ties in "
    "file order",
    NULL, "the same, pairs ordered by people's own answers: the largest area"};

/* One row of one set or mean. */
static jem_status add_score(const bench_request *r, const evaluation *e, int place, row w,
                            const double *values, const stats_interval *intervals)
{
    static const char *const models[ROWS] = {NULL, "human", "oracle"};
    const bool mean = place >= SETS;
    const int group = place - SETS, first = mean ? groups[group].first : place;
    const int count = mean ? groups[group].count : 1, at = place * ROWS;
    const bapps_task task = layout[first].task;
    int64_t n = 0;

    if (isnan(values[at + (int)w])) return JEM_OK;
    for (int k = 0; k < count; k++) n += e->parts[first + k].set.n;
    const bench_score s = {
        .benchmark = "bapps",
        .metric = task == BAPPS_2AFC ? "2afc" : "jnd_map",
        .dataset = "bapps",
        .condition = mean ? groups[group].name : layout[place].subset,
        .value = values[at + (int)w],
        .interval = intervals[at + (int)w],
        .n = n,
        .ceiling = w == MODEL ? values[at + (int)(task == BAPPS_2AFC ? HUMAN : ORACLE)] : NAN,
        .formula = task == BAPPS_2AFC ? two_afc_formulas[w] : jnd_formulas[w],
        .data_hash = e->hash,
        .model = models[w]};
    return bench_add(r, &s);
}

static jem_status add_ties(const bench_request *r, const evaluation *e, int k)
{
    const part *p = &e->parts[k];
    const bench_score s = {
        .benchmark = "bapps",
        .metric = p->set.task == BAPPS_2AFC ? "2afc_ties" : "jnd_ties",
        .dataset = "bapps",
        .condition = layout[k].subset,
        .value = (double)p->ties,
        .interval = {NAN, NAN},
        .n = p->set.n,
        .ceiling = NAN,
        .formula = p->set.task == BAPPS_2AFC ? "triplets with d0 = d1 exactly"
                                             : "pairs at the distance of the pair before them",
        .data_hash = e->hash};
    return bench_add(r, &s);
}

/* What a score needs again: in 2AFC the patch that is closer ("tie") and the judgement,
 * in JND the distance and the share of "same". */
static jem_status save_trials(const bench_request *r, const evaluation *e)
{
    jem_status st = JEM_OK;
    trial_list list = TRIAL_LIST_INIT;
    char response[NUMBER_TEXT_MAX], share[NUMBER_TEXT_MAX];

    for (int k = 0; k < SETS; k++) {
        const part *p = &e->parts[k];
        for (int64_t i = 0; p->d0 && i < p->set.n; i++) {
            const double d0 = p->d0[i], d1 = p->d1[i];
            const char *closer = d0 < d1 ? "p0" : d1 < d0 ? "p1" : "tie";
            if (p->set.task == BAPPS_JND) closer = number_text(response, d0);
            const trial t = {.subj = r->subject->name,
                             .session = 1,
                             .trial = i + 1,
                             .rt = NAN,
                             .object_response = closer,
                             .category = number_text(share, p->set.share[i]),
                             .condition = p->set.name,
                             .imagename = p->set.stems[i]};
            TRY(trial_list_append(&list, &t));
        }
    }
    TRY(trial_list_save(&list, r->out, "bapps"));
done:
    trial_list_clear(&list);
    return st;
}

static jem_status add_scores(const bench_request *r, evaluation *e)
{
    jem_status st;
    double values[VALUES];
    stats_interval intervals[VALUES];

    evaluate(values, e);
    TRY(bootstrap(intervals, e, values, r));
    for (int place = 0; place < SETS + GROUPS; place++)
        for (int w = 0; w < ROWS; w++)
            TRY(add_score(r, e, place, (row)w, values, intervals));
    if (!r->subject) goto done;
    for (int k = 0; k < SETS; k++)
        if (e->parts[k].used) TRY(add_ties(r, e, k));
    if (r->out) TRY(save_trials(r, e));
done:
    return st;
}

/* The subject looks at patches, and measures, as the options say. */
static jem_status settle_subject(const subject *s, const bapps_options *o)
{
    jem_status st;

    TRY(subject_can(s, s->ops->distance != NULL, "bapps", "distances"));
    if (s->ops->look_at) TRY(s->ops->look_at(s->ctx, o->size));
    if (!o->lpips[0]) goto done;
    if (!s->ops->use_lpips)
        return jem_error(JEM_EUSAGE, "bapps.lpips: %s is no network: linear weights calibrate distances between "
                         "the features of one", s->name);
    TRY(s->ops->use_lpips(s->ctx, o->lpips));
done:
    return st;
}

static jem_status bapps_run(const bench_request *r)
{
    jem_status st;
    evaluation e = {.hash = 0};
    char line[512];
    int64_t items = 0, before = 0;

    if (r->subject) TRY(settle_subject(r->subject, r->options));
    TRY(read_sets(&e, r->data, r->options));
    for (int k = 0; k < SETS; k++) items += e.parts[k].used ? e.parts[k].set.n : 0;
    for (int k = 0; k < SETS; k++) {
        part *p = &e.parts[k];
        if (!p->used) continue;
        progress_set_share((double)before / (double)items, (double)(before + p->set.n) / (double)items);
        before += p->set.n;
        if (odd_line(line, sizeof line, &p->set)) log_warning("%s", line);
        if (r->subject) TRY(ask_subject(r->subject, p));
        st = p->set.task == BAPPS_2AFC ? score_two_afc(p) : score_jnd(p);
        if (st != JEM_OK) {
            st = jem_error_context(st, "%s", p->set.folder);
            goto done;
        }
    }
    TRY(add_scores(r, &e));
done:
    evaluation_clear(&e);
    return st;
}

/* ---- check */

/* Decodes every patch of the set. */
static jem_status check_pictures(const bapps_set *s)
{
    jem_status st = JEM_OK;
    image pictures[BAPPS_PICTURES] = {IMAGE_INIT, IMAGE_INIT, IMAGE_INIT};
    for (int64_t i = 0; i < s->n && st == JEM_OK; i++) st = bapps_pictures(pictures, s, i);
    for (int k = 0; k < BAPPS_PICTURES; k++) image_clear(&pictures[k]);
    return st;
}

static jem_status bapps_check(const char *data, const bench_finder *found)
{
    jem_status st;
    evaluation e = {.hash = 0};
    const bapps_options all = {.tasks = TASKS_BOTH, .subsets = SUBSETS_AUTO};
    char line[512];
    int missing = 0;

    TRY(read_sets(&e, data, &all));
    for (int k = 0; k < SETS; k++) {
        part *p = &e.parts[k];
        missing += !p->used;
        if (!p->used) {
            snprintf(line, sizeof line, "2afc/%s", layout[k].subset); /* those of real algorithms alone may be missing */
            TRY(found->part(found->ctx, &(bench_part){.name = line, .state = BENCH_MISSING, .line = ""}));
            continue;
        }
        TRY(check_pictures(&p->set));
        st = p->set.task == BAPPS_2AFC ? score_two_afc(p) : score_jnd(p);
        if (st != JEM_OK) {
            st = jem_error_context(st, "%s", p->set.folder);
            goto done;
        }
        int used = snprintf(line, sizeof line, "%s: %" PRId64 " %s", p->set.name, p->set.n,
                            p->set.task == BAPPS_2AFC ? "triplets" : "pairs");
        if (p->set.task == BAPPS_2AFC)
            snprintf(line + used, sizeof line - (size_t)used, ", people score %.1f %%",
                     100 * stats_mean(p->score[HUMAN], p->set.n));
        TRY(found->part(found->ctx, &(bench_part){.name = p->set.name, .images = p->set.n, .line = line}));
        if (odd_line(line, sizeof line, &p->set)) found->remark(found->ctx, line);
    }
    if (missing)
        found->remark(found->ctx, "superres, deblur, color and frameinterp are not there: no means over the real "
                                  "algorithms and over all six sets");
done:
    evaluation_clear(&e);
    return st;
}

const benchmark bench_bapps = {
    .name = "bapps",
    .measures = "perceptual similarity of patches: 2AFC agreement and JND average precision",
    .meaning = &bapps_measures,
    .source = "Zhang, Isola, Efros, Shechtman & Wang 2018, CVPR",
    .needs = "distances",
    .data = "2afc/val and jnd/val, from twoafc_val.tar.gz (1.1 GB) and jnd.tar.gz (0.2 GB) at "
            "https://perceptual-similarity.s3.us-west-2.amazonaws.com/dataset/ (code BSD 2-clause; "
            "no licence is stated for the data)",
    .options = bapps_option_table,
    .options_size = sizeof(bapps_options),
    .scores_autoencoder = true,
    .check = bapps_check,
    .run = bapps_run,
};
