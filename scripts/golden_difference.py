#!/usr/bin/python3
"""What scipy gives for differences of means: Student's t, the paired t-test, Welch's test.

Run from the repository root:  scripts/golden_difference.py > tests/stats/golden_difference.h
Recorded with scipy 1.17.1, numpy 2.4.6.
"""
import numpy as np
from scipy import stats

FIRST = np.array([0.31, 0.44, 0.29, 0.52, 0.61, 0.38, 0.47, 0.33])
OTHER = np.array([0.35, 0.49, 0.28, 0.66, 0.64, 0.45, 0.52, 0.41])
FEW, MORE = np.array([0.71, 0.74]), np.array([0.62, 0.69, 0.66, 0.61])
POINTS = [(0.0, 3.0), (0.5, 1.0), (2.0, 1.37), (2.1, 7.0), (-3.2, 49.0), (1.96, 1e6), (12.0, 2.5), (8.0, 300.0)]


def emit(name, values):
    print(f"static const double {name}[] = {{{', '.join(f'{v:.15g}' for v in np.ravel(values))}}};")


def test(name, result):
    interval = result.confidence_interval(0.95)
    emit(name, [result.statistic, result.df, result.pvalue, interval.low, interval.high])


print("/* Written by scripts/golden_difference.py; do not edit. */")
print("#ifndef GOLDEN_DIFFERENCE_H\n#define GOLDEN_DIFFERENCE_H\n")
emit("golden_first", FIRST)
emit("golden_other", OTHER)
emit("golden_few", FEW)
emit("golden_more", MORE)
print("/* t, df, P(|T| >= |t|) */")
emit("golden_student", [(t, df, 2 * stats.t.sf(abs(t), df)) for t, df in POINTS])
print("/* t, df, p, low and high of OTHER - FIRST, of FEW - MORE */")
test("golden_paired", stats.ttest_rel(OTHER, FIRST))
test("golden_welch", stats.ttest_ind(FEW, MORE, equal_var=False))
print("\n#endif")
