#!/usr/bin/python3
"""What scipy and scikit-learn give on random cases (ties, constants, extreme values) and on
bootstrap resamples drawn as src/base/rng.h draws them.

Run from the repository root:
    scripts/golden_random.py cases > tests/stats/golden_cases.h
    scripts/golden_random.py bootstrap > tests/stats/golden_bootstrap.h
Recorded with scipy 1.17.1, scikit-learn 1.9.1, numpy 2.4.6.
"""
import math
import sys
import textwrap
import warnings
from fractions import Fraction

import numpy as np
from scipy import stats
from sklearn.metrics import average_precision_score, cohen_kappa_score, r2_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

MASK = (1 << 64) - 1


KINDS, SVM_KINDS = 8, 6


class Case:
    """The same generator stands in tests/stats/test_cases.c."""

    def __init__(self, number):
        self.state = number
        self.n = 1 + self.next() % 40

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return self.state >> 33

    def value(self, kind):
        if kind == 0:
            return float(self.next() % 5)  # many ties
        if kind == 1:
            return self.next() / 2.0**31  # none
        if kind == 2:  # far apart: 2^-60 to 2^60
            unit = self.next() / 2.0**31 - 0.5
            return math.ldexp(unit, self.next() % 121 - 60)
        if kind == 3:
            return float(self.next() % 2)  # often constant
        if kind == 4:
            return 1e8 + self.next() % 1000  # small spread on a large mean
        if kind == 5:
            return 0.1 + self.next() % 2**31 // (2**31 - 2**27)  # mostly 0.1, whose sums round
        unit = self.next() / 2.0**31 - 0.5  # squares are no longer doubles
        return math.ldexp(unit, (900 if kind == 6 else -1000) + self.next() % 100)

    def values(self, kind):
        return np.array([self.value(kind) for _ in range(self.n)])

    def bits(self):
        return np.array([self.next() % 2 for _ in range(self.n)])


def emit(name, values):
    values = np.atleast_1d(values)
    text = ", ".join("NAN" if math.isnan(v) else f"{v:.12g}" for v in values)
    if len(values) == 1:
        print(f"static const double {name} = {values[0]:.15g};")
        return
    print(f"static const double {name}[] = {{")
    print(textwrap.fill(text, 96, initial_indent="    ", subsequent_indent="    ") + "};")


def r2(y, yhat):
    """scikit-learn's, or the exact value where squares leave the range of doubles."""
    if np.ptp(y) == 0:
        return math.nan
    sizes = np.abs(np.concatenate([y, yhat]))
    if 1e-100 < sizes.max() < 1e100 and np.abs(y).max() > 1e-100:
        return r2_score(y, yhat)
    y, yhat = [[Fraction(v) for v in values] for values in (y, yhat)]
    mean = sum(y) / len(y)
    value = 1 - sum((a - b) ** 2 for a, b in zip(y, yhat)) / sum((a - mean) ** 2 for a in y)
    try:
        return float(value)
    except OverflowError:
        return math.nan


def svm_objective(number):
    """The least 0.5 |w|^2 + C sum max(0, 1 - y f)^2 on standardised features, summed over
    classes; NaN where a class does not occur."""
    c = Case(number)
    d, classes = 1 + number % 4, 2 + number // 4 % 2
    cost = [1e-3, 1e-2, 1e-1, 1, 10, 100][number // 8 % 6]
    x = np.stack([c.values((number + j) % SVM_KINDS) for j in range(d)], axis=1)
    y = np.array([c.next() % classes for _ in range(c.n)])
    if len(set(y)) < classes:
        return math.nan
    x = StandardScaler().fit_transform(x)
    svm = LinearSVC(dual=False, C=cost, tol=1e-12, max_iter=100000).fit(x, y)
    w = np.c_[svm.coef_, svm.intercept_]
    total = 0.0
    for row in range(len(w)):
        sign = np.where(y == (1 if classes == 2 else row), 1, -1)
        margin = 1 - sign * (np.c_[x, np.ones(len(x))] @ w[row])
        total += 0.5 * (w[row] ** 2).sum() + cost * (np.maximum(margin, 0) ** 2).sum()
    return total


def cases(count=1000):
    out = {"spearman": [], "pearson": [], "average_precision": [], "kappa": [], "r2": [],
           "svm": []}
    for i in range(count):
        c = Case(i)
        x, y, a, b = c.values(i % KINDS), c.values(i // KINDS % KINDS), c.bits(), c.bits()
        constant = np.ptp(x) == 0 or np.ptp(y) == 0
        out["spearman"].append(math.nan if constant else stats.spearmanr(x, y)[0])
        out["pearson"].append(math.nan if constant else stats.pearsonr(x, y)[0])
        out["average_precision"].append(average_precision_score(a, x) if a.any() else math.nan)
        # two observers who are always right, or always wrong, agree: 1, not 0/0
        out["kappa"].append(1.0 if (a == b).all() else cohen_kappa_score(a, b))
        out["r2"].append(r2(x, y))
        out["svm"].append(svm_objective(i))
    print("#ifndef GOLDEN_CASES_H\n#define GOLDEN_CASES_H\n\n#include <math.h>\n")
    print("/* NAN: undefined, must be refused. */")
    for name, values in out.items():
        emit(f"golden_case_{name}", values)


def philox(key, counter):
    """Philox4x32-10 (Salmon et al. 2011)."""
    k0, k1 = key
    c = list(counter)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def resample(n, seed, draw, factor=0, purpose=17):
    """purpose 17 is RNG_BOOTSTRAP."""
    words = []
    for block in range((n + 3) // 4):
        words += philox((seed & 0xFFFFFFFF, seed >> 32), (block, 0, draw, purpose << 24 | factor))
    return [w * n >> 32 for w in words[:n]]


def intervals(x, rounds, suffix=""):
    """Intervals of the mean from the resamples that the C code draws with seed 11."""
    means = np.array([x[resample(len(x), 11, r)].mean() for r in range(rounds)])

    class Drawn:
        bootstrap_distribution = means

    for method in ("percentile", "BCa"):
        r = stats.bootstrap((x,), np.mean, n_resamples=0, bootstrap_result=Drawn, method=method)
        text = ", ".join(f"{v:.15g}" for v in r.confidence_interval)
        print(f"static const double golden_{method.lower()}{suffix}[] = {{{text}}};")
    return means


def bootstrap():
    print("#ifndef GOLDEN_BOOTSTRAP_H\n#define GOLDEN_BOOTSTRAP_H\n")
    means = intervals(np.exp(np.sin(1.7 * np.arange(30))), 2000)
    emit("golden_first_round", means[0])
    # eight small numbers: many resamples have exactly the mean of the data
    intervals(np.array([1.0, 2, 2, 3, 8, 0, 4, 4]), 500, "_ties")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print("/* Written by scripts/golden_random.py; do not edit. */")
    {"cases": cases, "bootstrap": bootstrap}[sys.argv[1]]()
    print("\n#endif")
