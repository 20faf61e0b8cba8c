/* Linear support vector machines through liblinear's primal solver
 * (L2R_L2LOSS_SVC), the solver behind scikit-learn's LinearSVC(dual=False).  It is
 * a trust-region Newton method and draws no random numbers (only liblinear's dual
 * solvers and its own cross-validation call rand(), and neither is used here), so fits
 * run side by side and have the same bits in any order. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "stats/blas.h"
#include "stats/classify.h"
#include "stats/liblinear.h"
#include "stats/probe.h"

enum { FOLDS = 5 };
static const double candidate_c[] = {1e-3, 1e-2, 1e-1, 1, 10, 100};

static void print_nothing(const char *text) { (void)text; }

static int64_t row_count(int64_t classes) { return classes == 2 ? 1 : classes; }

static jem_status check_labels(const int32_t *labels, int64_t n, int64_t classes, int64_t least)
{
    for (int64_t k = 0; k < classes; k++) {
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++) count += labels[i] == k;
        if (count < least)
            return jem_error(JEM_EDATA,
                             "a linear classifier needs at least %lld training images of class "
                             "%lld, there are %lld",
                             (long long)least, (long long)k, (long long)count);
    }
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= classes)
            return jem_error(JEM_EDATA, "label %d of image %lld is outside 0..%lld", labels[i],
                             (long long)i, (long long)(classes - 1));
    return JEM_OK;
}

/* Labelled features as liblinear takes them; any number of fits read them. */
typedef struct training_set {
    int64_t n, d, classes;
    struct feature_node *nodes, **rows; /* [n][d+2], and where each row begins */
    double *targets;                    /* [n] */
} training_set;

static void training_set_clear(training_set *t)
{
    mem_free(t->targets);
    mem_free(t->rows);
    mem_free(t->nodes);
}

/* The constant feature 1 is appended, then a node that marks the row's end. */
static void fill_nodes(struct feature_node *nodes, const double *x, int64_t n, int64_t d)
{
    for (int64_t i = 0; i < n; i++) {
        struct feature_node *row = nodes + i * (d + 2);
        for (int64_t j = 0; j < d; j++) row[j] = (struct feature_node){(int)(j + 1), x[i * d + j]};
        row[d] = (struct feature_node){(int)(d + 1), 1};
        row[d + 1].index = -1;
    }
}

/* x [n][d] is needed no longer then. */
static jem_status training_set_init(training_set *out, const double *x, const int32_t *labels, int64_t n,
                                    int64_t d, int64_t classes)
{
    jem_status st;
    training_set t = {.n = n, .d = d, .classes = classes};

    TRY(check_labels(labels, n, classes, 1));
    for (int64_t i = 0; i < n * d; i++)
        if (!isfinite(x[i])) /* liblinear would not stop */
            return jem_error(JEM_EDATA, "feature %lld of training image %lld is %g",
                             (long long)(i % d), (long long)(i / d), x[i]);
    TRY(MEM_NEW(t.nodes, n * (d + 2)));
    TRY(MEM_NEW(t.rows, n));
    TRY(MEM_NEW(t.targets, n));
    fill_nodes(t.nodes, x, n, d);
    for (int64_t i = 0; i < n; i++) {
        t.rows[i] = t.nodes + i * (d + 2);
        t.targets[i] = labels[i];
    }
    *out = t;
    t = (training_set){.n = 0};
done:
    training_set_clear(&t);
    return st;
}

/* liblinear numbers classes by first appearance and interleaves the weights. */
static void take_weights(stats_svm *svm, const struct model *m)
{
    int64_t rows = row_count(svm->classes), columns = svm->d + 1;
    for (int64_t r = 0; r < rows; r++) {
        int64_t row = rows == 1 ? 0 : m->label[r];
        double sign = rows == 1 && m->label[0] == 0 ? -1 : 1;
        for (int64_t j = 0; j < columns; j++)
            svm->weights[row * columns + j] = sign * m->w[j * rows + r];
    }
}

/* liblinear for the calling thread, or for all until blas_end(): its solver writes nothing that is
 * shared, and of BLAS it calls functions of vectors alone, which take no buffers. */
static jem_status solver_begin(const struct liblinear **out)
{
    const blas *b;
    jem_status st = blas_begin(&b, 1);
    if (st != JEM_OK) return st;
    b->svm->set_print_string_function(print_nothing);
    *out = b->svm;
    return JEM_OK;
}

static jem_status fit(stats_svm *out, const struct liblinear *solver, const training_set *t, double c)
{
    jem_status st;
    stats_svm svm = {.d = t->d, .classes = t->classes, .c = c};
    const struct problem problem = {
        .l = (int)t->n, .n = (int)(t->d + 1), .y = t->targets, .x = t->rows, .bias = -1};
    const struct parameter parameter = {.solver_type = L2R_L2LOSS_SVC, .eps = 1e-6, .C = c};

    const char *complaint = solver->check_parameter(&problem, &parameter);
    if (complaint) return jem_error(JEM_EINTERNAL, "liblinear: %s", complaint);
    TRY(MEM_NEW(svm.weights, row_count(t->classes) * (t->d + 1)));
    struct model *m = solver->train(&problem, &parameter);
    take_weights(&svm, m);
    solver->free_and_destroy_model(&m);
    *out = svm;
done:
    return st;
}

jem_status stats_svm_fit(stats_svm *out, const double *x, const int32_t *labels, int64_t n,
                         int64_t d, int64_t classes, double c)
{
    training_set t;
    const struct liblinear *solver;
    jem_status st = training_set_init(&t, x, labels, n, d, classes);
    if (st != JEM_OK) return st;
    st = solver_begin(&solver);
    if (st == JEM_OK) {
        st = fit(out, solver, &t, c);
        blas_end();
    }
    training_set_clear(&t);
    return st;
}

void stats_svm_clear(stats_svm *svm)
{
    mem_free(svm->weights);
    *svm = (stats_svm)STATS_SVM_INIT;
}

void stats_svm_decide(double *f, const stats_svm *svm, const double *x, int64_t n)
{
    int64_t rows = row_count(svm->classes), d = svm->d;
    for (int64_t i = 0; i < n; i++)
        for (int64_t r = 0; r < rows; r++)
            stats_linear_predict(&f[i * rows + r], svm->weights + r * (d + 1), x + i * d, 1, d);
}

jem_status stats_svm_predict(int32_t *labels, const stats_svm *svm, const double *x, int64_t n)
{
    int64_t rows = row_count(svm->classes);
    double *f = NULL;
    jem_status st = MEM_NEW(f, n * rows);
    if (st != JEM_OK) return st;
    stats_svm_decide(f, svm, x, n);
    for (int64_t i = 0; i < n; i++)
        labels[i] = rows == 1 ? f[i] > 0 : (int32_t)stats_argmax(f + i * rows, rows);
    mem_free(f);
    return JEM_OK;
}

static double share_equal(const int32_t *a, const int32_t *b, int64_t n)
{
    int64_t equal = 0;
    for (int64_t i = 0; i < n; i++) equal += a[i] == b[i];
    return n > 0 ? (double)equal / (double)n : NAN;
}

/* ---- the probe */

/* Images to fit on and images to answer to, both standardised by the first. */
typedef struct split {
    training_set train;
    double *test;         /* [m][d] */
    const int32_t *truth; /* [m]; NULL: not known */
    int64_t m;
} split;

static void split_clear(split *s)
{
    training_set_clear(&s->train);
    mem_free(s->test);
    *s = (split){.m = 0};
}

static jem_status split_init(split *out, const stats_svm_probe *p)
{
    jem_status st;
    split s = {.m = p->m};
    double *moments = NULL, *scaled = NULL;

    TRY(MEM_NEW(moments, 2 * p->d));
    TRY(MEM_NEW(scaled, p->n * p->d));
    stats_standardise_fit(moments, moments + p->d, p->train, p->n, p->d);
    stats_standardise_apply(scaled, moments, moments + p->d, p->train, p->n, p->d);
    TRY(training_set_init(&s.train, scaled, p->labels, p->n, p->d, p->classes));
    TRY(MEM_NEW(s.test, p->m * p->d));
    stats_standardise_apply(s.test, moments, moments + p->d, p->test, p->m, p->d);
    *out = s;
    s = (split){.m = 0};
done:
    split_clear(&s);
    mem_free(scaled);
    mem_free(moments);
    return st;
}

/* answers [m], f [m][rows] unless NULL <- of a fit with c. */
static jem_status answer(int32_t *answers, double *f, const struct liblinear *solver, const split *s,
                         double c)
{
    stats_svm svm = STATS_SVM_INIT;
    jem_status st = fit(&svm, solver, &s->train, c);
    if (st == JEM_OK) st = stats_svm_predict(answers, &svm, s->test, s->m);
    if (st == JEM_OK && f) stats_svm_decide(f, &svm, s->test, s->m);
    stats_svm_clear(&svm);
    return st;
}

/* fold [n] <- 0 .. FOLDS-1: images in shuffled order, dealt out class by class. */
static jem_status deal_folds(int32_t *fold, const int32_t *labels, int64_t n, int64_t classes,
                             uint64_t seed)
{
    int64_t *order = NULL;
    jem_status st = MEM_NEW(order, n);
    if (st != JEM_OK) return st;
    rng_stream stream = {.seed = seed, .purpose = RNG_SPLIT, .sub = FOLDS};
    rng_permutation(order, n, &stream);
    int32_t next = 0;
    for (int64_t k = 0; k < classes; k++)
        for (int64_t i = 0; i < n; i++)
            if (labels[order[i]] == k) fold[order[i]] = next++ % FOLDS;
    mem_free(order);
    return JEM_OK;
}

/* ---- cross-validation */

enum { CANDIDATES = sizeof candidate_c / sizeof *candidate_c };

/* Some of the folds at once, each with every candidate: a fit is a task, on any thread. */
typedef struct validation {
    const struct liblinear *solver;
    int at_once;
    split held[FOLDS];                  /* [at_once] */
    double accuracy[FOLDS][CANDIDATES]; /* [at_once] */
} validation;

/* The largest C first: those fits take longest. */
static jem_status validate(void *ctx, int task, int worker)
{
    validation *v = ctx;
    const int at = task % v->at_once, k = CANDIDATES - 1 - task / v->at_once;
    const split *s = &v->held[at];
    int32_t *answers = NULL;
    jem_status st = MEM_NEW(answers, s->m);

    (void)worker;
    if (st == JEM_OK) st = answer(answers, NULL, v->solver, s, candidate_c[k]);
    if (st == JEM_OK) v->accuracy[at][k] = share_equal(answers, s->truth, s->m);
    mem_free(answers);
    return st;
}

static jem_status validate_all(validation *v, pool *threads)
{
    jem_status st = JEM_OK;
    const int tasks = v->at_once * CANDIDATES;

    if (threads) return pool_run(threads, tasks, validate, v);
    for (int i = 0; i < tasks && st == JEM_OK; i++) st = validate(v, i, 0);
    return st;
}

/* Images of fold `held` are answered to, the others fitted on.  Room for p's images: x [n][d], free
 * again afterwards, and labels [n], which *out goes on reading. */
static jem_status hold_out(split *out, const stats_svm_probe *p, const int32_t *fold, int32_t held,
                           double *x, int32_t *labels)
{
    int64_t front = 0, back = p->n; /* training rows fill from the front, test from the back */
    for (int64_t i = 0; i < p->n; i++) {
        int64_t to = fold[i] == held ? --back : front++;
        memcpy(x + to * p->d, p->train + i * p->d, (size_t)p->d * sizeof *x);
        labels[to] = p->labels[i];
    }
    stats_svm_probe part = *p;
    part.train = x;
    part.labels = labels;
    part.n = front;
    part.test = x + front * p->d;
    part.m = p->n - front;
    jem_status st = split_init(out, &part);
    if (st == JEM_OK) out->truth = labels + front;
    return st;
}

static jem_status sum_accuracies(double total[CANDIDATES], const stats_svm_probe *p, const int32_t *fold,
                                 validation *v)
{
    jem_status st;
    const int threads = p->threads ? pool_threads(p->threads) : 1;
    const int most = threads < FOLDS ? threads : FOLDS; /* folds in memory */
    double *x = NULL;
    int32_t *labels = NULL;

    TRY(MEM_NEW(x, p->n * p->d));
    TRY(MEM_NEW(labels, most * p->n));
    for (int first = 0; first < FOLDS; first += v->at_once) {
        v->at_once = FOLDS - first < most ? FOLDS - first : most;
        for (int i = 0; i < v->at_once; i++) {
            split_clear(&v->held[i]);
            TRY(hold_out(&v->held[i], p, fold, first + i, x, labels + i * p->n));
        }
        TRY(validate_all(v, p->threads));
        for (int i = 0; i < v->at_once; i++)
            for (int k = 0; k < CANDIDATES; k++) total[k] += v->accuracy[i][k];
    }
done:
    for (int i = 0; i < most; i++) split_clear(&v->held[i]);
    mem_free(labels);
    mem_free(x);
    return st;
}

jem_status stats_svm_choose_c(double *c, const stats_svm_probe *p)
{
    jem_status st;
    validation v = {.at_once = 0};
    double total[CANDIDATES] = {0};
    int32_t *fold = NULL;

    TRY(check_labels(p->labels, p->n, p->classes, FOLDS));
    TRY(MEM_NEW(fold, p->n));
    TRY(deal_folds(fold, p->labels, p->n, p->classes, p->seed));
    TRY(solver_begin(&v.solver));
    st = sum_accuracies(total, p, fold, &v);
    blas_end();
    if (st != JEM_OK) goto done;
    int best = 0;
    for (int k = 1; k < CANDIDATES; k++)
        if (total[k] > total[best] + 1e-12) best = k;
    *c = candidate_c[best];
done:
    mem_free(fold);
    return st;
}

jem_status stats_svm_probe_predict(int32_t *answers, double *f, double *c, const stats_svm_probe *p)
{
    jem_status st;
    split s = {.m = 0};
    const struct liblinear *solver;
    double chosen;

    TRY(stats_svm_choose_c(&chosen, p));
    TRY(split_init(&s, p));
    TRY(solver_begin(&solver));
    st = answer(answers, f, solver, &s, chosen);
    blas_end();
    if (st == JEM_OK && c) *c = chosen;
done:
    split_clear(&s);
    return st;
}
