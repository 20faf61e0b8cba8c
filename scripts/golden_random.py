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

import numpy as np
from scipy import stats
from sklearn.metrics import average_precision_score, cohen_kappa_score, r2_score

MASK = (1 << 64) - 1


class Case:
    """The same generator stands in tests/stats/test_cases.c."""

    def __init__(self, number):
        self.state = number
        self.n = 3 + self.next() % 38

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return self.state >> 33

    def value(self, kind):
        if kind == 0:
            return float(self.next() % 5)  # many ties
        if kind == 1:
            return self.next() / 2.0**31  # none
        if kind == 2:  # extreme: 2^-60 to 2^60
            unit = self.next() / 2.0**31 - 0.5
            return math.ldexp(unit, self.next() % 121 - 60)
        if kind == 3:
            return float(self.next() % 2)  # often constant
        return 1e8 + self.next() % 1000  # small spread on a large mean

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


def cases(count=1000):
    out = {"spearman": [], "pearson": [], "average_precision": [], "kappa": [], "r2": []}
    for i in range(count):
        c = Case(i)
        x, y, a, b = c.values(i % 5), c.values(i // 5 % 5), c.bits(), c.bits()
        constant = np.ptp(x) == 0 or np.ptp(y) == 0
        out["spearman"].append(math.nan if constant else stats.spearmanr(x, y)[0])
        out["pearson"].append(math.nan if constant else stats.pearsonr(x, y)[0])
        out["average_precision"].append(average_precision_score(a, x) if a.any() else math.nan)
        # two observers who are always right, or always wrong, agree: 1, not 0/0
        out["kappa"].append(1.0 if (a == b).all() else cohen_kappa_score(a, b))
        out["r2"].append(math.nan if np.ptp(x) == 0 else r2_score(x, y))
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
