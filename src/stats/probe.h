/* Linear probes on features: standardisation, least squares, support vector
 * machines with the protocol of the gloss benchmark (Storrs et al. 2021). */
#ifndef STATS_PROBE_H
#define STATS_PROBE_H

#include <stdint.h>

#include "base/pool.h"
#include "jem/status.h"
#include "stats/summary.h"

/* Mean and population standard deviation per dimension; a deviation of 0 becomes 1.
 * mean [d], sd [d]; x [n][d], n >= 1. */
void stats_standardise_fit(double *mean, double *sd, const double *x, int64_t n, int64_t d);
/* out [n][d] <- (x - mean) / sd; out may be x. */
void stats_standardise_apply(double *out, const double *mean, const double *sd, const double *x,
                             int64_t n, int64_t d);

/* w [d+1] <- least squares weights and intercept (last) of y [n] on x [n][d],
 * of minimum norm where the system is singular (LAPACK dgelsd on centred data). */
jem_status stats_ols_fit(double *w, const double *x, const double *y, int64_t n, int64_t d);
/* yhat [n] <- x w + intercept. */
void stats_linear_predict(double *yhat, const double *w, const double *x, int64_t n, int64_t d);
/* 1 - sum (y-yhat)^2 / sum (y-mean y)^2: may be negative.  JEM_EDATA if y is constant, a
 * value is not finite, or R2 is not. */
jem_status stats_r2(double *out, const double *y, const double *yhat, int64_t n);

/* Percentile bootstrap of R2 over the n values; rounds in which y is constant are left out. */
jem_status stats_r2_interval(stats_interval *out, const double *y, const double *yhat, int64_t n,
                             int64_t rounds, double level, uint64_t seed);

/* yhat [m] <- the whole probe's predictions: standardise on train, fit, predict test. */
jem_status stats_ols_probe_predict(double *yhat, const double *train, const double *train_y,
                                   int64_t n, const double *test, int64_t m, int64_t d);
/* Its R2 on test. */
jem_status stats_ols_probe(double *r2, const double *train, const double *train_y, int64_t n,
                           const double *test, const double *test_y, int64_t m, int64_t d);

/* ---- linear support vector machine
 * 0.5 |w|^2 + C sum max(0, 1 - y f)^2, bias as a constant feature 1 (hence
 * regularised), one against the rest (liblinear L2R_L2LOSS_SVC).
 * liblinear's print function is process-wide and is silenced; the solver itself
 * draws no random numbers. */
typedef struct stats_svm {
    int64_t d, classes;
    double c;        /* the C that was used */
    double *weights; /* [rows][d+1], bias last; rows = 1 for two classes (positive
                        means class 1), else one row per class */
} stats_svm;
#define STATS_SVM_INIT                                                                             \
    {                                                                                              \
        0, 0, 0, NULL                                                                              \
    }

/* labels in 0 .. classes-1; each class must occur, features be finite (JEM_EDATA). */
jem_status stats_svm_fit(stats_svm *out, const double *x, const int32_t *labels, int64_t n,
                         int64_t d, int64_t classes, double c);
void stats_svm_clear(stats_svm *svm); /* STATS_SVM_INIT is fine */
/* Decision values f [n][rows]. */
void stats_svm_decide(double *f, const stats_svm *svm, const double *x, int64_t n);
/* Classes [n]: sign for two classes, argmax otherwise. */
jem_status stats_svm_predict(int32_t *labels, const stats_svm *svm, const double *x, int64_t n);

/* What a probe is fitted on and answers to, as they come: it standardises them. */
typedef struct stats_svm_probe {
    const double *train;   /* [n][d] */
    const int32_t *labels; /* [n], in 0 .. classes-1 */
    int64_t n;
    const double *test;    /* [m][d] */
    int64_t m, d, classes;
    uint64_t seed;         /* of the folds */
    pool *threads;         /* for the cross-validation, with the same bits; NULL: the calling thread alone */
} stats_svm_probe;

/* C of {1e-3 .. 100} with the best mean accuracy in stratified 5-fold
 * cross-validation on train (folds shuffled by `seed`, standardised inside each fold,
 * ties go to the smallest C).  Every class needs 5 images (JEM_EDATA).  As many folds as there
 * are threads are in memory at once, each as 16 n d bytes. */
jem_status stats_svm_choose_c(double *c, const stats_svm_probe *p);

/* The whole probe's answers: choose C, standardise on train, refit; answers [m] <- classes of
 * test, f [m][rows] (may be NULL) <- decision values, *c (may be NULL) <- the chosen C. */
jem_status stats_svm_probe_predict(int32_t *answers, double *f, double *c, const stats_svm_probe *p);

#endif
