/* model-vs-human: accuracy on 17 distorted image sets, and whether the subject errs on the
 * images on which people err (Geirhos et al., NeurIPS 2021; error consistency: Geirhos,
 * Meding & Wichmann, NeurIPS 2020).
 *
 * Values of a set are means over its kept conditions, values of the benchmark plain means
 * over sets; intervals draw people and, within each condition, images. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/decisions.h"
#include "bench/model_vs_human/agreement.h"
#include "bench/model_vs_human/measure.h"
#include "bench/model_vs_human/trials.h"
#include "bench/mvh_pictures.h"
#include "record/image_name.h"

static const char bench_name[] = "model-vs-human";

typedef struct mvh_options {
    char sets[OPTION_STRING_MAX], images[OPTION_STRING_MAX];
    bool exclusions, pairs;
} mvh_options;

#define AT(field) offsetof(mvh_options, field)
static const option mvh_option_table[] = {
    {"sets", OPTION_STRING, AT(sets), "all", 0, 0, NULL,
     "image sets to score, such as 'edge, silhouette'; all: the 17 of the benchmark"},
    {"images", OPTION_STRING, AT(images), "", 0, 0, NULL,
     "folder with the sets' pictures, for models that see them; default: images/ in the data"},
    {"exclusions", OPTION_BOOL, AT(exclusions), "true", 0, 0, NULL,
     "leave out the conditions that the benchmark excludes: undistorted, or people below 0.2"},
    {"pairs", OPTION_BOOL, AT(pairs), "false", 0, 0, NULL,
     "also a score for each person, and for each pair of observers on each condition"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

/* One set with all that is computed for it. */
typedef struct set_result {
    mvh_people people;
    uint8_t *right; /* [people.all.images] the subject's; NULL without a subject */
    mvh_agreement agreement;
} set_result;

/* Means over a group of sets. */
typedef enum mvh_group { GROUP_ALL, GROUP_PARAMETRIC, GROUP_NONPARAMETRIC, GROUPS } mvh_group;
typedef struct group_mean {
    int64_t sets, images;
    mvh_values value;
    mvh_values *rounds; /* [bench.rounds] */
} group_mean;

typedef struct job {
    const bench_request *r;
    const mvh_options *o;
    const char *humans, *images; /* images may be NULL */
    char *default_images;
    int64_t sets;
    const mvh_set *chosen[MVH_SETS];
    set_result *results; /* [sets] */
    file_writer trials;  /* open where there is a subject and an output folder */
    group_mean groups[GROUPS];
} job;

static void job_clear(job *j)
{
    for (int64_t s = 0; j->results && s < j->sets; s++) {
        mvh_people_clear(&j->results[s].people);
        mem_free(j->results[s].right);
    }
    for (int g = 0; g < GROUPS; g++) mem_free(j->groups[g].rounds);
    file_writer_abort(&j->trials);
    mem_free(j->results);
    mem_free(j->default_images);
}

/* ---- which sets */

static jem_status choose_sets(job *j)
{
    char text[OPTION_STRING_MAX], *rest;
    bool wanted[MVH_SETS] = {false}, all = strcmp(j->o->sets, "all") == 0;

    memcpy(text, j->o->sets, sizeof text);
    for (char *name = strtok_r(text, ", ", &rest); name && !all;
         name = strtok_r(NULL, ", ", &rest)) {
        const mvh_set *set = mvh_set_find(name);
        if (!set)
            return jem_error(JEM_EUSAGE,
                             "model-vs-human.sets: there is no image set '%s'; there are colour, "
                             "contrast, high-pass, low-pass, phase-scrambling, power-equalisation, "
                             "false-colour, rotation, eidolonI, eidolonII, eidolonIII, "
                             "uniform-noise, edge, silhouette, cue-conflict, sketch, stylized",
                             name);
        wanted[set - mvh_sets] = true;
    }
    for (int s = 0; s < MVH_SETS; s++)
        if (all || wanted[s]) j->chosen[j->sets++] = &mvh_sets[s];
    if (j->sets == 0) return jem_error(JEM_EUSAGE, "model-vs-human.sets names no image set");
    return JEM_OK;
}

/* ---- the subject's answers */

typedef struct set_pictures {
    mvh_pictures found;
    const mvh_picture **of; /* [images] in the order of the people's matrix */
} set_pictures;

static jem_status read_picture(void *ctx, image *out, int64_t i)
{
    const set_pictures *p = ctx;
    return mvh_picture_read(out, p->of[i]->path);
}

static int compare_pictures(const void *a, const void *b)
{
    const mvh_picture *p = *(const mvh_picture *const *)a, *q = *(const mvh_picture *const *)b;
    if (p->condition != q->condition) return p->condition < q->condition ? -1 : 1;
    return strcmp(p->id, q->id);
}

/* Sorted by condition and id the pictures must be exactly what people saw. */
static jem_status match_pictures(set_pictures *p, const mvh_people *people,
                                 const int64_t *condition)
{
    jem_status st;
    const trial_matrix *m = &people->all;

    TRY(MEM_NEW(p->of, p->found.count));
    for (int64_t i = 0; i < p->found.count; i++) p->of[i] = &p->found.items[i];
    if (p->found.count > 1) qsort(p->of, (size_t)p->found.count, sizeof *p->of, compare_pictures);
    for (int64_t i = 0; i < m->images || i < p->found.count; i++) {
        const mvh_picture *got = i < p->found.count ? p->of[i] : NULL;
        int order = !got                            ? 1
                    : i >= m->images                ? -1
                    : got->condition < condition[i] ? -1
                    : got->condition > condition[i] ? 1
                                                    : strcmp(got->id, m->image[i]);
        if (order < 0)
            return jem_error(JEM_EDATA, "%s: people did not see this picture", got->path);
        if (order > 0)
            return jem_error(
                JEM_EDATA, "%s: no picture of %s%s%s, which people saw", people->set->name,
                m->image[i], mvh_conditions(people->set) ? " in " : "",
                mvh_conditions(people->set) ? people->set->conditions[condition[i]] : "");
        if (got->category != people->category[i])
            return jem_error(JEM_EDATA, "%s: shows a %s, people's trials say %s", got->path,
                             category_names[got->category], category_names[people->category[i]]);
    }
done:
    return st;
}

static jem_status ask_subject(job *j, set_result *res)
{
    jem_status st;
    const trial_matrix *m = &res->people.all;
    set_pictures pictures = {MVH_PICTURES_INIT, NULL};
    int64_t *condition = NULL;
    int32_t *answer = NULL;

    TRY(MEM_NEW(condition, m->images));
    TRY(MEM_NEW(answer, m->images));
    TRY(MEM_NEW(res->right, m->images));
    for (int64_t c = 0; c < m->conditions; c++)
        for (int64_t i = m->start[c]; i < m->start[c + 1]; i++) condition[i] = c;
    decision_set set = {res->people.set,      m->images, m->image, condition,
                        res->people.category, NULL,      &pictures};
    if (j->images && j->r->subject->needs_pictures) {
        TRY(mvh_pictures_read(&pictures.found, j->images, res->people.set));
        TRY(match_pictures(&pictures, &res->people, condition));
        set.picture = read_picture;
    }
    TRY(decisions_ask(answer, j->r, bench_name, &set,
                      "'jem data fetch model-vs-human-images' gets them; "
                      "model-vs-human.images=DIR names another folder"));
    for (int64_t i = 0; i < m->images; i++) res->right[i] = answer[i] == res->people.category[i];
    TRY(decisions_save(j->r, bench_name, &set, answer, ""));
    if (j->r->out)
        TRY(mvh_trials_add(&j->trials, j->r, &set, answer, &res->people, j->o->exclusions));
done:
    mem_free(pictures.of);
    mvh_pictures_clear(&pictures.found);
    mem_free(answer);
    mem_free(condition);
    return st;
}

/* ---- computing */

static void add_to_group(group_mean *g, const mvh_scope *scope, const mvh_values *rounds,
                         int64_t count)
{
    g->sets++;
    g->images += scope->images;
    for (int w = 0; w < MVH_WHO; w++)
        for (int k = 0; k < MVH_METRICS; k++) {
            g->value.of[w][k] += scope->value.of[w][k];
            for (int64_t i = 0; i < count; i++) g->rounds[i].of[w][k] += rounds[i].of[w][k];
        }
}

static void finish_group(group_mean *g, int64_t count)
{
    for (int w = 0; w < MVH_WHO; w++)
        for (int k = 0; k < MVH_METRICS; k++) {
            g->value.of[w][k] /= (double)g->sets;
            for (int64_t i = 0; i < count; i++) g->rounds[i].of[w][k] /= (double)g->sets;
        }
}

static jem_status compute(job *j)
{
    jem_status st;
    int64_t count = j->r->common->rounds;
    mvh_values *rounds = NULL;

    TRY(MEM_NEW(rounds, count));
    TRY(MEM_NEW(j->results, j->sets));
    for (int g = 0; g < GROUPS; g++) TRY(MEM_NEW(j->groups[g].rounds, count));
    for (int64_t s = 0; s < j->sets; s++) {
        set_result *res = &j->results[s];
        int64_t place = j->chosen[s] - mvh_sets;
        progress_set_share((double)s / (double)j->sets, (double)(s + 1) / (double)j->sets);
        TRY(mvh_people_read(&res->people, j->humans, j->chosen[s]));
        if (j->r->subject) TRY(ask_subject(j, res));
        st = mvh_agreement_compute(&res->agreement, rounds, &res->people, res->right,
                                   j->o->exclusions, place, j->r->common, j->r->threads);
        if (st != JEM_OK) {
            st = jem_error_context(st, "%s", j->chosen[s]->name);
            goto done;
        }
        const mvh_scope *whole = &res->agreement.scope[0];
        add_to_group(&j->groups[GROUP_ALL], whole, rounds, count);
        add_to_group(&j->groups[place < MVH_PARAMETRIC ? GROUP_PARAMETRIC : GROUP_NONPARAMETRIC],
                     whole, rounds, count);
    }
    for (int g = 0; g < GROUPS; g++) finish_group(&j->groups[g], count);
done:
    mem_free(rounds);
    return st;
}

/* ---- scores */

static const char *const metric_formulas[MVH_METRICS] = {
    "right trials / trials", "(p_subject - p_person)^2",
    "share of images on which both are right or both wrong",
    "Cohen's kappa of right and wrong, 1 where observed consistency is 1"};

/* Four scores of the subject, with people's value as ceiling, or four of people. */
static jem_status add_values(const job *j, mvh_who who, bench_score s, const mvh_values *value,
                             const stats_interval interval[MVH_METRICS], const char *how)
{
    jem_status st = JEM_OK;
    char formula[600];

    s.benchmark = bench_name;
    s.model = who == MVH_PEOPLE ? "human" : NULL;
    for (int k = 0; k < MVH_METRICS; k++) {
        /* accuracy pools trials, the others are means over pairs */
        snprintf(formula, sizeof formula, "%s%s; %s%s; interval: %s",
                 metric_formulas[k],
                 k == MVH_ACCURACY   ? (who == MVH_PEOPLE ? ", all people pooled" : "")
                 : who == MVH_PEOPLE ? "; mean over pairs of people"
                                     : "; mean over people",
                 how,
                 who == MVH_SUBJECT && j->r->subject->alpha == 1
                     ? "; at alpha = 1 the classifier is not trained"
                     : "",
                 bench_drawn_text(j->r->common));
        s.metric = mvh_metric_names[k];
        s.value = value->of[who][k];
        s.interval = interval[k];
        s.ceiling = who == MVH_SUBJECT ? value->of[MVH_PEOPLE][k] : NAN;
        s.formula = formula;
        TRY(bench_add(j->r, &s));
    }
done:
    return st;
}

static jem_status add_group(const job *j, mvh_group g, const char *name)
{
    jem_status st = JEM_OK;
    const group_mean *mean = &j->groups[g];
    stats_interval interval[MVH_WHO][MVH_METRICS];
    char how[200];

    for (int w = 0; w < MVH_WHO; w++)
        for (int k = 0; k < MVH_METRICS; k++)
            TRY(mvh_interval(&interval[w][k], mean->rounds, 1, (mvh_who)w, (mvh_metric)k,
                             j->r->common));
    uint64_t hash = 0;
    for (int64_t s = 0; s < j->sets; s++) {
        bool parametric = j->chosen[s] - mvh_sets < MVH_PARAMETRIC;
        if (g == GROUP_ALL || parametric == (g == GROUP_PARAMETRIC))
            hash = hash * 1099511628211u ^ j->results[s].people.hash;
    }
    snprintf(how, sizeof how, "mean over %lld of the 17 sets, %s", (long long)mean->sets,
             j->o->exclusions ? "without the excluded conditions" : "all conditions");
    for (int w = j->r->subject ? MVH_SUBJECT : MVH_PEOPLE; w < MVH_WHO; w++)
        TRY(add_values(j, (mvh_who)w,
                       (bench_score){.dataset = name, .n = mean->images, .data_hash = hash},
                       &mean->value, interval[w], how));
done:
    return st;
}

static jem_status add_groups(const job *j)
{
    jem_status st;
    TRY(add_group(j, GROUP_ALL, "mean"));
    if (j->groups[GROUP_PARAMETRIC].sets > 0 && j->groups[GROUP_NONPARAMETRIC].sets > 0) {
        TRY(add_group(j, GROUP_PARAMETRIC, "mean-parametric"));
        TRY(add_group(j, GROUP_NONPARAMETRIC, "mean-nonparametric"));
    }
    TRY(bench_add(j->r, &(const bench_score){
                            .benchmark = bench_name,
                            .metric = mvh_metric_names[MVH_KAPPA],
                            .dataset = "mean",
                            .condition = "paper",
                            .value = MVH_PAPER_KAPPA,
                            .interval = {NAN, NAN},
                            .ceiling = NAN,
                            .model = "human",
                            .formula = "as drawn in arXiv 2605.23819; no variant of the mean over "
                                       "sets gives it, the computed one is beside it"}));
done:
    return st;
}

static jem_status add_set(const job *j, const set_result *res)
{
    jem_status st = JEM_OK;
    const mvh_agreement *a = &res->agreement;

    for (int64_t s = 0; s < a->scopes; s++)
        for (int w = j->r->subject ? MVH_SUBJECT : MVH_PEOPLE; w < MVH_WHO; w++) {
            const mvh_scope *scope = &a->scope[s];
            const char *how =
                s == 0 && a->scopes == 1 ? "all images"
                : s == 0 ? j->o->exclusions ? "mean over conditions, without the excluded ones"
                                            : "mean over all conditions"
                : strcmp(scope->condition, "all") == 0 ? "trials of all conditions pooled"
                                                       : "this condition";
            TRY(add_values(j, (mvh_who)w,
                           (bench_score){.dataset = res->people.set->name,
                                         .condition = scope->condition,
                                         .n = scope->images,
                                         .data_hash = res->people.hash},
                           &scope->value, scope->interval[w], how));
        }
done:
    return st;
}

/* ---- single observers and pairs */

typedef struct row {
    const char *name; /* NULL: the subject */
    const uint8_t *right;
} row;

static const stats_interval no_interval = {NAN, NAN};

static jem_status add_pair(const job *j, bench_score s, const row *a, const row *b, int64_t first)
{
    jem_status st;
    stats_consistency c;
    char metric[128];

    TRY(stats_consistency_pair(&c, a->right + first, b->right + first, s.n));
    const double values[] = {c.expected, c.observed, c.kappa};
    static const char *const names[] = {"expected_consistency", "observed_consistency",
                                        "error_consistency"};
    for (int k = 0; k < 3; k++) {
        snprintf(metric, sizeof metric, "%s with %s", names[k], b->name);
        s.metric = metric;
        s.model = a->name;
        s.value = values[k];
        s.formula = "this pair of observers";
        TRY(bench_add(j->r, &s));
    }
done:
    return st;
}

/* Every observer and every pair on images first .. first + s.n - 1. */
static jem_status add_rows(const job *j, bench_score s, const row *rows, int64_t count,
                           int64_t first)
{
    jem_status st = JEM_OK;
    for (int64_t a = 0; a < count; a++) {
        int64_t hits = 0;
        for (int64_t i = 0; i < s.n; i++) hits += rows[a].right[first + i];
        if (rows[a].name) { /* the subject's accuracy is among the others */
            bench_score accuracy = s;
            accuracy.metric = mvh_metric_names[MVH_ACCURACY];
            accuracy.model = rows[a].name;
            accuracy.value = (double)hits / (double)s.n;
            accuracy.interval = stats_wilson(hits, s.n, stats_z95);
            accuracy.formula = "right trials / trials of this person; Wilson interval of 95 %";
            TRY(bench_add(j->r, &accuracy));
        }
        for (int64_t b = a + 1; b < count; b++) TRY(add_pair(j, s, &rows[a], &rows[b], first));
    }
done:
    return st;
}

static jem_status add_pairs(const job *j, const set_result *res)
{
    jem_status st;
    const trial_matrix *m = &res->people.all;
    row *rows = NULL;
    int64_t count = 0;

    TRY(MEM_NEW(rows, m->observers + 1));
    if (res->right) rows[count++] = (row){NULL, res->right};
    for (int64_t o = 0; o < m->observers; o++)
        rows[count++] = (row){mvh_observer(&res->people, o), m->right + o * m->images};
    bench_score s = {.benchmark = bench_name,
                     .dataset = res->people.set->name,
                     .n = m->images,
                     .interval = no_interval,
                     .ceiling = NAN,
                     .data_hash = res->people.hash};
    bool parametric = mvh_conditions(res->people.set) > 0;
    s.condition = parametric ? "all" : NULL;
    TRY(add_rows(j, s, rows, count, 0));
    for (int64_t c = 0; parametric && c < m->conditions; c++) {
        s.condition = res->people.set->conditions[c];
        s.n = m->start[c + 1] - m->start[c];
        TRY(add_rows(j, s, rows, count, m->start[c]));
    }
done:
    mem_free(rows);
    return st;
}

/* ---- the benchmark */

static jem_status find_images(job *j)
{
    if (j->o->images[0]) {
        j->images = j->o->images;
        return JEM_OK;
    }
    jem_status st = str_format(&j->default_images, "%s/images", j->r->data);
    if (st == JEM_OK && dir_exists(j->default_images)) j->images = j->default_images;
    return st;
}

static jem_status mvh_run(const bench_request *r)
{
    jem_status st;
    job j = {.r = r,
             .o = r->options,
             .humans = r->humans ? r->humans : r->data,
             .trials = FILE_WRITER_INIT};
    bool saved = r->subject && r->out;

    TRY(choose_sets(&j));
    TRY(find_images(&j));
    if (saved) TRY(mvh_trials_open(&j.trials, r->out));
    TRY(compute(&j));
    if (saved) TRY(mvh_trials_close(&j.trials));
    TRY(add_groups(&j));
    for (int64_t s = 0; s < j.sets; s++) {
        TRY(add_set(&j, &j.results[s]));
        if (j.o->pairs) TRY(add_pairs(&j, &j.results[s]));
    }
done:
    job_clear(&j);
    return st;
}

static jem_status mvh_check(const char *data, const bench_finder *found)
{
    int unusable = 0;
    for (int s = 0; s < MVH_SETS; s++) {
        bool usable = true;
        jem_status st = mvh_people_check(&usable, data, &mvh_sets[s], found);
        if (st != JEM_OK) return st;
        unusable += !usable;
    }
    if (unusable > 0)
        return jem_error(JEM_EDATA,
                         "%s: %d of the 17 image sets cannot be scored; "
                         "model-vs-human.sets=... takes some of them",
                         data, unusable);
    return JEM_OK;
}

const benchmark bench_model_vs_human = {
    .name = bench_name,
    .measures = "error consistency with people (kappa) and accuracy on 17 distorted image sets",
    .meaning = &model_vs_human_measures,
    .source = "Geirhos et al. 2021, NeurIPS; Geirhos, Meding & Wichmann 2020, NeurIPS",
    .needs = "decisions among 16 categories, or logits that a mapping makes such",
    .data =
        "raw-data/SET/SET_subject-NN_session_1.csv of github.com/bethgelab/model-vs-human (MIT); "
        "pictures: its release v0.1 (ImageNet terms, CC BY 4.0, MIT)",
    .options = mvh_option_table,
    .options_size = sizeof(mvh_options),
    .check = mvh_check,
    .run = mvh_run,
};
