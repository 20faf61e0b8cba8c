"""Benchmarks of human vision on runs, on networks of any framework, on recorded answers."""

from __future__ import annotations

import collections
import contextlib
import ctypes as c
import os
import re
import tempfile
import typing

import numpy as np

from . import _library as _l
from ._train import _flat

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas

    from ._types import Array, Path, Pictures, Settings

BenchScore = collections.namedtuple(
    "BenchScore", "benchmark metric dataset condition model value low high ceiling n formula folder alpha seed")
BenchScore.__doc__ = """A score with its interval (low, high), what people reach (ceiling), the number of images (n), how it was
computed, and of a run its alpha and seed; its folder from jem.evaluate alone."""


class Scores(list):
    """A list of BenchScore; texts are None and numbers NaN where a score has none."""

    def find(self, metric: str, condition: str | None = None, model: str | None = None) -> BenchScore:
        """The first score of this metric (of this condition, this model); LookupError if there is none."""
        for s in self:
            if s.metric == metric and condition in (None, s.condition) and model in (None, s.model):
                return s
        raise LookupError(f"no score {metric}; there are {', '.join(sorted({s.metric for s in self}))}")

    def as_dict(self) -> dict[str, float]:
        """{"classification.accuracy": .93, "ood.auroc[lse:noise]": .99, ...}: the values of one model's scores.

        ValueError where several models or runs have the same score: choose some of the list first."""
        found: dict[str, BenchScore] = {}
        for s in self:
            key = f"{s.benchmark}.{s.metric}" + (f"[{s.condition}]" if s.condition else "")
            if key in found:
                raise ValueError(f"{key} is there of {found[key].folder or found[key].model} and of {s.folder or s.model}: "
                                 "choose the scores of one")
            found[key] = s
        return {key: s.value for key, s in found.items()}

    def frame(self) -> pandas.DataFrame:
        """A pandas DataFrame with a row per score."""
        import pandas

        return pandas.DataFrame(list(self), columns=BenchScore._fields)


class _Subject:
    """The caller's functions as libjem calls them; what they raise ends the benchmark and is raised again."""

    def __init__(self, name, classes, predict, distance, rate, saliency):
        self.failure = None
        self.classes = classes
        self.functions = [kind(function) if function else kind() for kind, function in zip(
            _l.SUBJECT_FUNCTIONS, (predict and self._logits(predict), distance and self._distance(distance),
                                   rate and self._rate(rate), saliency and self._saliency(saliency)))]
        self.struct = _l.Subject(c.sizeof(_l.Subject), name.encode(), classes if predict else 0, None, *self.functions)

    @staticmethod
    def _pictures(s, n):
        """uint8 [n, height, width, 3] where all are of one size, else a list of [height, width, 3]."""
        shown = [np.ctypeslib.as_array(c.cast(s[i].pixels, c.POINTER(c.c_uint8)), (s[i].height, s[i].width, 3))
                 for i in range(n)]
        same = all(x.shape == shown[0].shape for x in shown)
        return np.stack(shown) if same else [np.copy(x) for x in shown]

    def _guarded(self, work, *arguments):
        try:
            work(*arguments)
            return 0
        except BaseException as error:
            self.failure = error
            return _l.lib.jem_error(5 if isinstance(error, KeyboardInterrupt) else 1, b"%s", repr(error).encode())

    @staticmethod
    def _put(out, kind, values, shape, what):
        values = _l.array(values, kind, what)
        if values.size != np.prod(shape) or values.shape[:1] != shape[:1]:
            raise ValueError(f"{what} returned {list(values.shape)}; expected {list(shape)}")
        np.ctypeslib.as_array(out, shape)[...] = values.reshape(shape)

    def _logits(self, predict):
        def work(s, n, out):
            self._put(out, np.float64, predict(self._pictures(s, n)), (n, self.classes), "predict")
        return lambda _, s, n, out: self._guarded(work, s, n, out)

    def _distance(self, distance):
        def work(a, b, n, out):
            self._put(out, np.float32, distance(self._pictures(a, n), self._pictures(b, n)), (n,), "distance")
        return lambda _, a, b, n, out: self._guarded(work, a, b, n, out)

    def _rate(self, rate):
        def work(s, n, out):
            self._put(out, np.float64, rate(self._pictures(s, n)), (n,), "rate")
        return lambda _, s, n, out: self._guarded(work, s, n, out)

    def _saliency(self, saliency):
        def work(s, y, out, height, width):
            self._put(out, np.float32, saliency(self._pictures(s, 1)[0], None if y < 0 else y), (height, width), "saliency")
        return lambda _, s, y, out, height, width: self._guarded(work, s, y, out, height, width)


@contextlib.contextmanager
def _recorded(answers, label):
    """The path of recorded answers; arrays are recorded first, in a folder that goes afterwards."""
    if isinstance(answers, (str, bytes, os.PathLike)):
        yield answers
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, re.sub("[/\0]", "-", label))
        if isinstance(answers, dict):
            os.mkdir(path)
            files = {os.path.join(path, f"{name}.npy"): x for name, x in answers.items()}
        else:
            path += ".npy"
            files = {path: answers}
        for file, x in files.items():
            np.save(file, _l.numpy_array(x, "answers"), allow_pickle=False)
        yield path


def _rows(scores):
    text = lambda t: t.decode() if t is not None else None
    found = Scores()
    for i in range(scores.count):
        s = scores.rows[i]
        found.append(BenchScore(text(s.benchmark), text(s.metric), text(s.dataset), text(s.condition), text(s.model),
                                s.value, s.low, s.high, s.ceiling, s.n, text(s.formula), text(s.folder), s.alpha,
                                s.seed if s.seed >= 0 else None))
    return found


def take_scores(scores):
    """libjem's list of scores, which is cleared, as Scores."""
    try:
        return _rows(scores)
    finally:
        _l.lib.jem_bench_scores_clear(c.byref(scores))


def bench(name: str, run: Path | None = None, *, predict: Callable[[Pictures], Array] | None = None,
          distance: Callable[[Pictures, Pictures], Array] | None = None, rate: Callable[[Pictures], Array] | None = None,
          saliency: Callable[[np.ndarray, int | None], Array] | None = None, classes: int = 1000, label: str = "model",
          answers: Path | Array | Mapping[str, Array] | None = None, kind: str | None = None, data: Path | None = None,
          humans: Path | None = None, mapping: Path | None = None, out: Path | None = None, set: Settings | None = None,
          threads: int = 0) -> Scores:
    """Scores on one benchmark ("bapps", "gloss", "cifar10h", "model-vs-human", "cue-conflict", "clickme", or "all").

    Of a run or a study; or of functions of yours, which get uint8 pictures [n, height, width, 3] (a list where sizes
    differ) and return arrays of any framework:

      predict(images) -> logits [n, classes]         1000 classes are ImageNet's, and map to the 16 categories
      distance(a, b) -> [n]                          perceptual distances
      rate(images) -> [n]                            a judgement, such as glossiness
      saliency(image, y) -> [height, width]          importance of pixels for class y (None: whatever it sees)

    or of answers: a file or a folder that was recorded, or an array in the order of the data (logits [n, classes],
    distances [n, 2] or [n], ratings [n], maps [n, height, width]), of several image sets {set: array}; kind as
    `jem bench --kind`.  label: what scores call your functions and arrays;
    data: the benchmark's folder ($JEM_DATA/NAME); out: a folder for scores and trials, which jem.report draws; set:
    settings such as {"bench.rounds": 1000}.  Returns Scores."""
    functions = (predict, distance, rate, saliency)
    if (run is not None) + (answers is not None) + any(functions) != 1:
        raise TypeError("give a run, answers, or functions (predict, distance, rate, saliency): one of them")
    items, count = _l.texts(_flat("", set or {}))
    stop = c.c_int(0)
    options = _l.BenchOptions(c.sizeof(_l.BenchOptions), *map(_l.optional_path, (data, humans, mapping, out)), items, count,
                              threads, c.addressof(stop))
    scores = _l.BenchScores()
    target, how = (c.byref(scores), name.encode()), c.byref(options)
    if run is not None:
        _l.call_until(stop, "jem_bench_run", *target, _l.path_bytes(run), how)
    elif answers is not None:
        with _recorded(answers, label) as path:
            _l.call_until(stop, "jem_bench_answers", *target, _l.path_bytes(path), kind.encode() if kind else None, how)
    else:
        subject = _Subject(label, classes, *functions)
        try:
            _l.call("jem_bench_subject", *target, c.byref(subject.struct), how)
        except BaseException:
            if subject.failure:
                raise subject.failure from None
            raise
    return take_scores(scores)
