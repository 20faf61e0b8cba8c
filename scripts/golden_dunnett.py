#!/usr/bin/python3
"""What scipy gives for several groups against one: Dunnett's statistics, p and simultaneous limits.

scipy.stats.dunnett integrates the multivariate t at random; here with enough points that p is right to about 1e-5.
Run from the repository root:  scripts/golden_dunnett.py > tests/stats/golden_dunnett.h
Recorded with scipy 1.17.1, numpy 2.4.6.
"""
import numpy as np
from scipy import stats

RNG = np.random.default_rng(20261130)
DESIGNS = {  # the control's count, then those of the groups; shifts of the groups' means
    "study": ([6, 6, 6, 6], [0.5, 1.5, 2.5]),
    "uneven": ([12, 2, 3, 1, 40], [0.2, -1.9, 0.4, 0.8]),
    "few": ([2, 1], [4.0]),
}


def emit(name, values, kind="double"):
    text = ", ".join(f"{v:.17g}" if kind == "double" else str(v) for v in np.ravel(values))
    print(f"static const {kind} {name}[] = {{{text}}};")


def law(counts):
    n = np.array(counts, float)
    share = np.sqrt(n[1:] / (n[1:] + n[0]))
    shape = np.outer(share, share)
    np.fill_diagonal(shape, 1)
    return stats.multivariate_t(shape=shape, df=int(n.sum() - len(n)), seed=1), len(n) - 1


def p_value(counts, t, side):
    t_law, k = law(counts)
    high = {"two-sided": abs(t), "greater": t, "less": -t}[side] * np.ones(k)
    low = -high if side == "two-sided" else None
    return 1 - t_law.cdf(high, lower_limit=low, maxpts=4000000)


print("/* Written by scripts/golden_dunnett.py; do not edit. */")
print("#ifndef GOLDEN_DUNNETT_H\n#define GOLDEN_DUNNETT_H\n\n#include <stdint.h>\n")
for name, (counts, shifts) in DESIGNS.items():
    groups = [RNG.normal(s, 1, n).round(3) for s, n in zip([0] + shifts, counts)]
    emit(f"golden_{name}_counts", counts, "int64_t")
    emit(f"golden_{name}_score", np.concatenate(groups))
    result = stats.dunnett(*groups[1:], control=groups[0], rng=np.random.default_rng(1))
    print("/* t of each group; p two-sided, then greater, then less */")
    emit(f"golden_{name}_t", result.statistic)
    emit(f"golden_{name}_p", [[p_value(counts, t, side) for t in result.statistic] for side in ("two-sided", "greater", "less")])
print("\n#endif")
