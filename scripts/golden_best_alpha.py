#!/usr/bin/python3
"""Critical values and probabilities for the best alpha (src/stats/best_alpha.h) by scipy's
numerical integration of the multivariate t distribution, where no image is drawn and the
variance is pooled: nine alphas between two ends, correlations .5.

Run from the repository root:  scripts/golden_best_alpha.py > tests/stats/golden_best_alpha.h
Recorded with scipy 1.17.1.
"""
import numpy as np
from scipy import integrate, optimize, special, stats

ALPHAS = 11
INNER = ALPHAS - 2
SEEDS = (2, 3, 5, 10)


def tail(t, df):
    """P(max over INNER alphas of (Z_i - Z_e) / (s sqrt 2) >= t), by the integral over Z_e and s."""
    def given(s):
        def over(z):
            return stats.norm.pdf(z) * special.ndtr(np.sqrt(2) * t * s + z) ** INNER
        return integrate.quad(over, -9, 9, epsabs=1e-11)[0] * stats.chi.pdf(s * np.sqrt(df), df) * np.sqrt(df)
    return 1 - integrate.quad(given, 0, 6, epsabs=1e-10, limit=200)[0]


def emit(name, values):
    print(f"static const double {name}[] = {{" + ", ".join(f"{v:.6f}" for v in values) + "};")


def check():
    """The same probabilities by scipy.stats.multivariate_t, and Dunnett's p where one end is the
    control: its degrees of freedom are those of ten groups."""
    shape = np.full((INNER, INNER), .5) + .5 * np.eye(INNER)
    for n in SEEDS:
        df = ALPHAS * (n - 1)
        mvt = 1 - stats.multivariate_t(np.zeros(INNER), shape, df=df).cdf(
            np.full(INNER, 2.7), maxpts=10 ** 6, random_state=1)
        assert abs(mvt - tail(2.7, df)) < 2e-4, (n, mvt, tail(2.7, df))
    rng = np.random.default_rng(1)
    control, *samples = rng.normal(size=(INNER + 1, 3))
    result = stats.dunnett(*samples, control=control, alternative="greater", random_state=1)
    most = result.statistic.argmax()
    assert abs(result.pvalue[most] - tail(result.statistic[most], (INNER + 1) * 2)) < 1e-3


check()
print("/* Written by scripts/golden_best_alpha.py; do not edit. */")
print("#ifndef GOLDEN_BEST_ALPHA_H\n#define GOLDEN_BEST_ALPHA_H\n")
print("/* for 2, 3, 5 and 10 networks at each of 11 alphas */")
emit("golden_point", [optimize.brentq(lambda t: tail(t, ALPHAS * (n - 1)) - .05, 2, 4) for n in SEEDS])
emit("golden_point_one_end", [optimize.brentq(lambda t: tail(t, (INNER + 1) * (n - 1)) - .05, 2, 4) for n in SEEDS])
emit("golden_p_at_2", [tail(2, ALPHAS * (n - 1)) for n in SEEDS])
emit("golden_p_at_4", [tail(4, ALPHAS * (n - 1)) for n in SEEDS])
print("\n#endif")
