#!/usr/bin/python3
"""What scipy, scikit-learn and numpy give for the statistics of src/stats, on small
data that Python and C both compute by the same formula.

Run from the repository root:  scripts/golden_stats.py > tests/stats/golden_stats.h
Recorded with scipy 1.10.1, scikit-learn 1.2.1, numpy 1.24.2 (Debian 12).
"""
import textwrap

import numpy as np
from scipy import linalg, stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC


def wave(n, d, a, b, c):
    """Element (i, j) is sin(a i + b j + c i j): the same line stands in the C tests."""
    i, j = np.mgrid[0:n, 0:d].astype(float)
    return np.sin(a * i + b * j + c * i * j)


def emit(name, values):
    values = np.atleast_1d(np.asarray(values, float)).ravel()
    text = ", ".join(f"{v:.15g}" for v in values)
    if len(values) == 1:
        print(f"static const double {name} = {text};")
    else:
        print(f"static const double {name}[] = {{")
        print(textwrap.fill(text, 96, initial_indent="    ", subsequent_indent="    ") + "};")


def ece(p, y, bins):
    """Guo et al. 2017 with bins (lo, hi]."""
    confidence, right = p.max(1), p.argmax(1) == y
    total = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


print("/* Written by scripts/golden_stats.py; do not edit. */")
print("#ifndef GOLDEN_STATS_H\n#define GOLDEN_STATS_H\n")

# classification: 40 rows, 5 classes
logits = 3 * wave(40, 5, 1.3, 2.1, 0.7)
labels = (np.arange(40) * 7) % 5
p = np.exp(logits - logits.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
emit("golden_accuracy", (logits.argmax(1) == labels).mean())
emit("golden_nll", log_loss(labels, p, labels=range(5)))
emit("golden_ece20", ece(p, labels, 20))
emit("golden_ece15", ece(p, labels, 15))

# ranks: values rounded to one decimal so that ties occur
inside = np.round(wave(30, 1, 0.9, 0, 0).ravel() + 0.5, 1)
outside = np.round(wave(25, 1, 1.9, 0, 0).ravel(), 1)
emit("golden_auroc", roc_auc_score([1] * 30 + [0] * 25, np.r_[inside, outside]))
emit("golden_pearson", stats.pearsonr(inside[:25], outside)[0])
emit("golden_spearman", stats.spearmanr(inside[:25], outside)[0])
emit("golden_ranks", stats.rankdata(inside[:10]))

# summaries
x = wave(17, 1, 0.7, 0, 0).ravel()
emit("golden_mean", x.mean())
emit("golden_sd", x.std(ddof=1))
emit("golden_sem", stats.sem(x))
emit("golden_quantiles", np.quantile(x, [0.025, 0.3, 0.975]))
wilson = stats.binomtest(37, 40).proportion_ci(method="wilson")
emit("golden_wilson", [wilson.low, wilson.high])

# Frechet distance of 60 and 50 rows in 6 dimensions, and of fewer rows than dimensions
for name, na, nb, d in (("golden_frechet", 60, 50, 6), ("golden_frechet_singular", 5, 4, 8)):
    a, b = wave(na, d, 1.1, 0.4, 0.9), 1.5 * wave(nb, d, 0.6, 1.4, 0.3) + 0.2
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # the eigenvalues of S1 S2 are those of S1^1/2 S2 S1^1/2: real and >= 0
    eigenvalues = np.clip(linalg.eigvals(s1 @ s2).real, 0, None)
    emit(name, ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1) + np.trace(s2)
         - 2 * np.sqrt(eigenvalues).sum())

# least squares: 50 train and 20 test rows, 4 dimensions; then more dimensions than rows
x, noise = wave(70, 4, 1.1, 2.2, 0.35), wave(70, 1, 5.3, 0, 0).ravel()
y = x @ np.array([1.0, -2.0, 0.5, 0.0]) + 3 + 0.3 * noise
fit = LinearRegression().fit(x[:50], y[:50])
emit("golden_ols", np.r_[fit.coef_, fit.intercept_])
emit("golden_r2", r2_score(y[50:], fit.predict(x[50:])))
wide = wave(6, 9, 0.8, 1.7, 0.45)
fit = LinearRegression().fit(wide, y[:6])
emit("golden_ols_wide", np.r_[fit.coef_, fit.intercept_])

# linear SVM on standardised data, two classes and three, bias as a constant feature
x = StandardScaler().fit_transform(wave(90, 4, 1.1, 2.2, 0.35))
noise = wave(90, 1, 5.3, 0, 0).ravel()
score = x @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.8 * noise
for classes, cuts in ((2, [0.0]), (3, [-0.7, 0.7])):
    y = np.digitize(score, cuts)
    for c in (0.01, 1.0):
        svm = LinearSVC(loss="squared_hinge", dual=False, C=c, fit_intercept=True,
                        intercept_scaling=1, tol=1e-9, max_iter=10000).fit(x, y)
        tag = f"{classes}_{'1' if c == 1 else '001'}"
        emit(f"golden_svm_{tag}", np.c_[svm.coef_, svm.intercept_])
        emit(f"golden_svm_accuracy_{tag}", svm.score(x, y))

# the probe: 60 rows to train, 30 to test, for every C it may choose (the last y: 3 classes)
scaler = StandardScaler().fit(x[:60])
scores = []
for c in (1e-3, 1e-2, 1e-1, 1, 10, 100):
    svm = LinearSVC(dual=False, C=c, tol=1e-9, max_iter=10000)
    svm.fit(scaler.transform(x[:60]), y[:60])
    scores.append(svm.score(scaler.transform(x[60:]), y[60:]))
emit("golden_svm_probe", scores)

print("\n#endif")
