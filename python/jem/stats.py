"""The study's statistics on arrays.

Every function takes rounds (of the bootstrap, 10,000; 0: no intervals), level (.95), seed and threads (0: all), and
gives the same numbers for any number of threads.  A Score is (value, low, high).
"""

from __future__ import annotations

import collections
import ctypes as c
import typing

import numpy as np

from . import _library as _l

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ._types import Array

Score = collections.namedtuple("Score", "value low high")


def _score(s):
    return Score(s.value, s.low, s.high)


def _as(kind, struct):
    """A struct of scores or numbers as a named tuple of the same fields."""
    values = (getattr(struct, field) for field in kind._fields)
    return kind(*(_score(v) if isinstance(v, _l.Score) else v for v in values))


Agreement = collections.namedtuple("Agreement", "accuracy accuracy_difference observed kappa")
Uncertainty = collections.namedtuple("Uncertainty", "cross_entropy kl js accuracy people_accuracy entropy_pearson "
                                                    "entropy_spearman ece")
Ceiling = collections.namedtuple("Ceiling", "others all")
Contrast = collections.namedtuple("Contrast", "difference t p low high")
Sweetspot = collections.namedtuple("Sweetspot", "p p_drop margin margin_low detectable best in_best_set advantage_low")


def _options(rounds=10000, level=0.95, seed=0, threads=0, keep_people=False):
    return c.byref(_l.StatsOptions(c.sizeof(_l.StatsOptions), rounds, level, seed, threads, keep_people))


def _right(x, name, ndim):
    return _l.array(np.asarray(x, bool) if np.asarray(x).dtype == bool else x, np.uint8, name, ndim)


def _same(n, **arrays):
    for name, x in arrays.items():
        if x.shape[-1] != n and x.shape[0] != n:
            raise ValueError(f"{name} is {list(x.shape)}; expected {n} images")


def _one(function, *arguments, **how):
    out = _l.Score()
    _l.call(function, c.byref(out), *arguments, _options(**how))
    return _score(out)


def error_consistency(a: Array, b: Array, **how: Any) -> Score:
    """Cohen's kappa of being right, of two observers on the same images: a, b [n], true where right."""
    a, b = _right(a, "a", 1), _right(b, "b", 1)
    _same(len(a), b=b)
    return _one("jem_stats_consistency", _l.address(a), _l.address(b), len(a), **how)


def agreement(models: Array, people: Array, conditions: Array | None = None,
              **how: Any) -> tuple[Agreement | list[Agreement], Agreement | None]:
    """Accuracy, accuracy difference, observed and error consistency with people, as in model-vs-human.

    models [n] or [m, n], people [observers, n], true where right; conditions [n]: the condition of each image, the same
    ones side by side.  Returns an Agreement (a list of them for [m, n]) and that of people with one another (None for
    one person).  keep_people=True draws images alone."""
    right, people = _right(models, "models", None), _right(people, "people", 2)
    single = right.ndim == 1
    right = np.atleast_2d(right)
    observers, n = people.shape
    if right.shape[1] != n:
        raise ValueError(f"models are {list(right.shape)}; people saw {n} images")
    given = None
    if conditions is not None:
        conditions = np.asarray(conditions)
        if conditions.shape != (n,):
            raise ValueError(f"conditions are {list(conditions.shape)}; expected one for each of {n} images")
        start = np.concatenate([[0], np.flatnonzero(conditions[1:] != conditions[:-1]) + 1, [n]]).astype(np.int64)
        if len(start) - 1 != len(np.unique(conditions)):
            raise ValueError("images of one condition must stand side by side: sort all arrays by condition")
        given = _l.Conditions(_l.address(start), len(start) - 1)
    out, among = (_l.Agreement * len(right))(), _l.Agreement() if observers > 1 else None
    _l.call("jem_stats_agreement", out, c.byref(among) if among else None, _l.address(right), len(right),
            _l.address(people), observers, n, c.byref(given) if given else None, _options(**how))
    found = [_as(Agreement, a) for a in out]
    return found[0] if single else found, _as(Agreement, among) if among else None


def shape_bias(shape: Array, texture: Array, answer: Array, **how: Any) -> Score:
    """Share of shape among decisions for shape or texture: categories [n] from 0, answer -1 for none.

    Images whose shape and texture agree do not count."""
    shape, texture, answer = (_l.array(x, np.int32, name, 1)
                              for x, name in ((shape, "shape"), (texture, "texture"), (answer, "answer")))
    _same(len(shape), texture=texture, answer=answer)
    categories = int(max(x.max(initial=0) for x in (shape, texture, answer))) + 1
    return _one("jem_stats_shape_bias", _l.address(shape), _l.address(texture), _l.address(answer), len(shape), categories,
                **how)


def two_afc(d0: Array, d1: Array, judge: Array, **how: Any) -> Score:
    """Two-alternative forced choice of BAPPS: distances of both patches and the share of people who found the second
    closer, [n] each."""
    d0, d1, judge = (_l.array(x, np.float64, name, 1) for x, name in ((d0, "d0"), (d1, "d1"), (judge, "judge")))
    _same(len(d0), d1=d1, judge=judge)
    return _one("jem_stats_two_afc", _l.address(d0), _l.address(d1), _l.address(judge), len(d0), **how)


def two_afc_people(judge: Array, **how: Any) -> Score:
    """What people reach themselves: mean of judge^2 + (1 - judge)^2."""
    judge = _l.array(judge, np.float64, "judge", 1)
    return _one("jem_stats_two_afc_people", _l.address(judge), len(judge), **how)


def jnd_map(distance: Array, same: Array, **how: Any) -> Score:
    """Mean average precision of "same" in order of distance; same [n]: the share of people who said so."""
    distance, same = _l.array(distance, np.float64, "distance", 1), _l.array(same, np.float64, "same", 1)
    _same(len(distance), same=same)
    return _one("jem_stats_jnd_map", _l.address(distance), _l.address(same), len(distance), **how)


def uncertainty(logits: Array, counts: Array, label: Array, **how: Any) -> Uncertainty:
    """A classifier's logits [n, classes] against how often people gave each class, counts [n, classes], as CIFAR-10H."""
    logits, counts = _l.array(logits, np.float64, "logits", 2), _l.array(counts, np.int64, "counts", 2)
    label = _l.array(label, np.int32, "label", 1)
    if counts.shape != logits.shape or len(label) != len(logits):
        raise ValueError(f"logits are {list(logits.shape)}, counts {list(counts.shape)}, labels {list(label.shape)}")
    out = _l.Uncertainty()
    _l.call("jem_stats_uncertainty", c.byref(out), _l.address(logits), _l.address(counts), _l.address(label),
            *logits.shape, _options(**how))
    return _as(Uncertainty, out)


def split_half(counts: Array, floor: float = 1e-12, splits: int = 20, **how: Any) -> Score:
    """Cross-entropy of a random half of each image's people with the other half, whose shares are raised to `floor`."""
    counts = _l.array(counts, np.int64, "counts", 2)
    return _one("jem_stats_split_half", _l.address(counts), *counts.shape, floor, splits, **how)


def calibration(logits: Array, label: Array, bins: int = 20, **how: Any) -> Score:
    """Expected calibration error over equal bins of the largest probability; logits [n, classes], label [n]."""
    logits, label = _l.array(logits, np.float64, "logits", 2), _l.array(label, np.int32, "label", 1)
    _same(len(logits), label=label)
    return _one("jem_stats_calibration", _l.address(logits), _l.address(label), *logits.shape, bins, **how)


def auroc(inside: Array, outside: Array, **how: Any) -> Score:
    """P(inside > outside) + P(equal) / 2 of two sets of scores."""
    inside, outside = _l.array(inside, np.float64, "inside", 1), _l.array(outside, np.float64, "outside", 1)
    return _one("jem_stats_auroc", _l.address(inside), len(inside), _l.address(outside), len(outside), **how)


def ratings(model: Array, people: Array, **how: Any) -> tuple[Score, Ceiling | None]:
    """Correlation of model [n] with the mean of people's ratings [observers, n], and people's noise ceiling (None for
    one person)."""
    model, people = _l.array(model, np.float64, "model", 1), _l.array(people, np.float64, "people", 2)
    observers, n = people.shape
    if len(model) != n:
        raise ValueError(f"model has {len(model)} predictions; people rated {n} images")
    out, ceiling = _l.Score(), _l.RatingCeiling() if observers > 1 else None
    _l.call("jem_stats_ratings", c.byref(out), c.byref(ceiling) if ceiling else None, _l.address(model),
            _l.address(people), observers, n, _options(**how))
    return _score(out), _as(Ceiling, ceiling) if ceiling else None


def sweetspot(scores: Sequence[Array], **how: Any) -> Sweetspot:
    """Is a setting in between better than both ends, and which can be the best?

    scores: for each setting, in order, the scores of its networks; larger is better.  At least one setting needs two
    networks.  Training noise alone; p_drop is the largest p with any one network left out."""
    groups = [np.atleast_1d(np.asarray(s, np.float64)) for s in scores]
    networks = np.array([len(s) for s in groups], np.int64)
    score = np.concatenate(groups) if groups else np.empty(0)
    members, low = np.zeros(len(groups), np.bool_), np.full(len(groups), np.nan)
    out = _l.SweetspotScores()
    how.setdefault("rounds", 100000)
    _l.call("jem_stats_sweetspot", c.byref(out), _l.address(members), _l.address(low), _l.address(score),
            _l.address(networks), len(groups), _options(**how))
    return Sweetspot(out.p, out.p_drop, out.margin, out.margin_low, out.detectable, out.best, members, low)


def holm(p: Array) -> np.ndarray:
    """Holm's p of several claims; NaN stays and counts as no claim."""
    p = _l.array(p, np.float64, "p", 1)
    out = np.empty_like(p)
    _l.call("jem_stats_holm", _l.address(out), _l.address(p), len(p))
    return out


def dunnett(*groups: Array, control: Array, alternative: str = "two-sided", level: float = 0.95) -> list[Contrast]:
    """Each group's mean against the control's, with p and limits for all comparisons together (Dunnett 1955), as
    scipy.stats.dunnett.

    Groups and control: scores, 1-d each, of equal variance.  alternative: "two-sided", "greater" or "less" than the
    control.  Returns a Contrast(difference, t, p, low, high) for each group."""
    sides = ("two-sided", "greater", "less")
    if alternative not in sides:
        raise ValueError(f"alternative is {alternative!r}; choose {', '.join(sides)}")
    samples = [_l.array(x, np.float64, "control" if i == 0 else f"group {i}", 1) for i, x in enumerate((control, *groups))]
    score, counts = np.concatenate(samples), np.array([len(s) for s in samples], np.int64)
    out = (_l.Contrast * len(groups))()
    _l.call("jem_stats_dunnett", out, _l.address(score), _l.address(counts), len(groups), sides.index(alternative),
            _options(level=level))
    return [_as(Contrast, found) for found in out]


def bootstrap(statistic: Callable[..., Any], *arrays: Array, paired: bool = True, rounds: int = 10000, level: float = 0.95,
              seed: int = 0) -> Score | list[Score]:
    """The percentile bootstrap of any statistic: statistic(*arrays) -> a number, or an array of them.

    Arrays are drawn along their first axis: together, as models that saw the same images (paired), or each by itself.
    NaN: the statistic is not defined for a draw, which is left out.  Returns a Score, or a list of them in the order of
    the array that the statistic returns."""
    arrays = [_l.numpy_array(x, f"array {i + 1}") for i, x in enumerate(arrays)]
    if not arrays or any(x.ndim == 0 for x in arrays):
        raise TypeError("give one or more arrays whose first axis is drawn")
    sizes = np.array([len(x) for x in arrays], np.int64)
    if paired and len(set(sizes)) > 1:
        raise ValueError(f"the arrays have {', '.join(map(str, sizes))} items; of arrays that are drawn together expected "
                         "equally many (paired=False draws each by itself)")
    factors = 1 if paired else len(arrays)
    whole = np.asarray(statistic(*arrays), np.float64)
    failure = []

    def of_draw(out, _, index, __):
        try:
            drawn = [np.ctypeslib.as_array(index[f], (sizes[f],)) for f in range(factors)]
            value = np.asarray(statistic(*(x[drawn[0 if paired else i]] for i, x in enumerate(arrays))), np.float64)
            if value.shape != whole.shape:
                raise ValueError(f"the statistic returned {list(value.shape)}, of the whole arrays {list(whole.shape)}")
            np.ctypeslib.as_array(out, (whole.size,))[...] = value.ravel()
            return 0
        except BaseException as error:
            failure.append(error)
            return _l.lib.jem_error(5 if isinstance(error, KeyboardInterrupt) else 1, b"%s", repr(error).encode())

    out = (_l.Score * whole.size)()
    try:  # on this thread alone: statistics of Python take turns anyway
        _l.call("jem_stats_bootstrap", out, whole.size, _l.Statistic(of_draw), None, _l.address(sizes), factors,
                _options(rounds, level, seed, 1))
    except BaseException:
        if failure:
            raise failure[0] from None
        raise
    return [_score(s) for s in out] if whole.ndim else _score(out[0])
