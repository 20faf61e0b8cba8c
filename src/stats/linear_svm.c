/* Linear support vector machines through liblinear's primal solver
 * (L2R_L2LOSS_SVC), the solver behind scikit-learn's LinearSVC(dual=False).  It is
 * a trust-region Newton method and draws no random numbers: only liblinear's dual
 * solvers and its own cross-validation call rand(), and neither is used here. */
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

/* liblinear's form of x [n][d] with the constant feature appended: nodes
 * [n][d+2], the last of each row marking its end. */
static void fill_nodes(struct feature_node *nodes, const double *x, int64_t n, int64_t d)
{
    for (int64_t i = 0; i < n; i++) {
        struct feature_node *row = nodes + i * (d + 2);
        for (int64_t j = 0; j < d; j++) row[j] = (struct feature_node){(int)(j + 1), x[i * d + j]};
        row[d] = (struct feature_node){(int)(d + 1), 1};
        row[d + 1].index = -1;
    }
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

jem_status stats_svm_fit(stats_svm *out, const double *x, const int32_t *labels, int64_t n,
                         int64_t d, int64_t classes, double c)
{
    jem_status st;
    stats_svm svm = {.d = d, .classes = classes, .c = c};
    struct feature_node *nodes = NULL, **rows = NULL;
    double *targets = NULL;
    struct model *m = NULL;
    const blas *b = NULL;

    TRY(check_labels(labels, n, classes, 1));
    for (int64_t i = 0; i < n * d; i++)
        if (!isfinite(x[i])) /* liblinear would not stop */
            return jem_error(JEM_EDATA, "feature %lld of training image %lld is %g",
                             (long long)(i % d), (long long)(i / d), x[i]);
    TRY(MEM_NEW(nodes, n * (d + 2)));
    TRY(MEM_NEW(rows, n));
    TRY(MEM_NEW(targets, n));
    TRY(MEM_NEW(svm.weights, row_count(classes) * (d + 1)));
    fill_nodes(nodes, x, n, d);
    for (int64_t i = 0; i < n; i++) {
        rows[i] = nodes + i * (d + 2);
        targets[i] = labels[i];
    }
    struct problem problem = {.l = (int)n, .n = (int)(d + 1), .y = targets, .x = rows, .bias = -1};
    struct parameter parameter = {.solver_type = L2R_L2LOSS_SVC, .eps = 1e-6, .C = c};
    TRY(blas_begin(&b, 1));
    const char *complaint = b->svm->check_parameter(&problem, &parameter);
    if (complaint) {
        st = jem_error(JEM_EINTERNAL, "liblinear: %s", complaint);
        goto done;
    }
    b->svm->set_print_string_function(print_nothing);
    m = b->svm->train(&problem, &parameter);
    take_weights(&svm, m);
    *out = svm;
    svm.weights = NULL;
done:
    if (m) b->svm->free_and_destroy_model(&m);
    if (b) blas_end();
    mem_free(svm.weights);
    mem_free(targets);
    mem_free(rows);
    mem_free(nodes);
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

/* Fit on train with `c` after standardising by train; answers to test. */
static jem_status fit_and_answer(int32_t *answers, double *f, const double *train_x,
                                 const int32_t *train_y, int64_t n, const double *test_x, int64_t m,
                                 int64_t d, int64_t classes, double c)
{
    jem_status st;
    stats_svm svm = STATS_SVM_INIT;
    double *moments = NULL, *scaled = NULL;

    TRY(MEM_NEW(moments, 2 * d));
    TRY(MEM_NEW(scaled, (n > m ? n : m) * d));
    stats_standardise_fit(moments, moments + d, train_x, n, d);
    stats_standardise_apply(scaled, moments, moments + d, train_x, n, d);
    TRY(stats_svm_fit(&svm, scaled, train_y, n, d, classes, c));
    stats_standardise_apply(scaled, moments, moments + d, test_x, m, d);
    TRY(stats_svm_predict(answers, &svm, scaled, m));
    if (f) stats_svm_decide(f, &svm, scaled, m);
done:
    stats_svm_clear(&svm);
    mem_free(scaled);
    mem_free(moments);
    return st;
}

/* The accuracy of that on test. */
static jem_status score_split(double *accuracy, const double *train_x, const int32_t *train_y,
                              int64_t n, const double *test_x, const int32_t *test_y, int64_t m,
                              int64_t d, int64_t classes, double c)
{
    jem_status st;
    int32_t *answers = NULL;

    TRY(MEM_NEW(answers, m));
    TRY(fit_and_answer(answers, NULL, train_x, train_y, n, test_x, m, d, classes, c));
    *accuracy = share_equal(answers, test_y, m);
done:
    mem_free(answers);
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

jem_status stats_svm_choose_c(double *c, const double *x, const int32_t *labels, int64_t n,
                              int64_t d, int64_t classes, uint64_t seed)
{
    enum { CANDIDATES = sizeof candidate_c / sizeof *candidate_c };
    jem_status st;
    double total[CANDIDATES] = {0}, *split_x = NULL;
    int32_t *fold = NULL, *split_y = NULL;

    TRY(check_labels(labels, n, classes, FOLDS));
    TRY(MEM_NEW(fold, n));
    TRY(MEM_NEW(split_x, n * d));
    TRY(MEM_NEW(split_y, n));
    TRY(deal_folds(fold, labels, n, classes, seed));
    for (int32_t held = 0; held < FOLDS; held++) {
        int64_t front = 0, back = n; /* training rows fill from the front, test from the back */
        for (int64_t i = 0; i < n; i++) {
            int64_t to = fold[i] == held ? --back : front++;
            memcpy(split_x + to * d, x + i * d, (size_t)d * sizeof *x);
            split_y[to] = labels[i];
        }
        for (int k = 0; k < CANDIDATES; k++) {
            double accuracy;
            TRY(score_split(&accuracy, split_x, split_y, front, split_x + front * d,
                            split_y + front, n - front, d, classes, candidate_c[k]));
            total[k] += accuracy;
        }
    }
    int best = 0;
    for (int k = 1; k < CANDIDATES; k++)
        if (total[k] > total[best] + 1e-12) best = k;
    *c = candidate_c[best];
done:
    mem_free(split_y);
    mem_free(split_x);
    mem_free(fold);
    return st;
}

jem_status stats_svm_probe_predict(int32_t *answers, double *f, double *c, const double *train_x,
                                   const int32_t *train_y, int64_t n, const double *test_x,
                                   int64_t m, int64_t d, int64_t classes, uint64_t seed)
{
    double chosen;
    jem_status st = stats_svm_choose_c(&chosen, train_x, train_y, n, d, classes, seed);
    if (st == JEM_OK)
        st = fit_and_answer(answers, f, train_x, train_y, n, test_x, m, d, classes, chosen);
    if (st == JEM_OK && c) *c = chosen;
    return st;
}
