"""Studies: training every alpha and seed, scores as one table, sweet spots, differences between models."""

from __future__ import annotations

import collections
import ctypes as c
import html
import math
import os
import typing

import numpy as np

from . import _library as _l
from . import figures
from ._bench import bench as _bench
from ._eval import evaluate as _evaluate
from ._train import _Training, _arrays, _flat, _settings_of, _tensor, report as _report

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    import pandas

    from ._bench import Scores
    from ._types import Config, Path, Settings

# ---- structs and functions of study.h, sweetspot.h, compare.h


class _Run(c.Structure):
    _fields_ = [("name", c.c_char_p), ("alpha", c.c_double), ("seed", c.c_int64), ("state", c.c_int),
                ("status", _l.TrainStatus)]


class _Runs(c.Structure):
    _fields_ = [("count", c.c_int64), ("rows", c.POINTER(_Run)), ("owner", c.c_void_p)]


class _Folders(c.Structure):
    _fields_ = [("count", c.c_int64), ("paths", c.POINTER(c.c_char_p)), ("owner", c.c_void_p)]


_SweepWatch = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(_Run), c.c_int64, c.c_double)


class _SweepOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int),
                ("alphas", c.POINTER(c.c_double)), ("alpha_count", c.c_int64), ("seeds", c.c_int64),
                ("seeds_at", c.POINTER(c.c_int64)), ("slots", c.c_int64), ("grid", c.POINTER(c.c_char_p)),
                ("grid_count", c.c_int), ("declared", c.c_char_p), ("rescue", c.c_char_p), ("stop", c.c_void_p),
                ("watch", _SweepWatch), ("watch_ctx", c.c_void_p), ("data", c.POINTER(_l.Data))]


class _TableRow(c.Structure):
    _fields_ = [("benchmark", c.c_char_p), ("metric", c.c_char_p), ("dataset", c.c_char_p), ("condition", c.c_char_p),
                ("model", c.c_char_p), ("alpha", c.c_double), ("seed", c.c_int64), ("value", c.c_double),
                ("low", c.c_double), ("high", c.c_double), ("n", c.c_int64), ("reference", c.c_double),
                ("at_chance", c.c_int), ("folder", c.c_char_p)]


class _Table(c.Structure):
    _fields_ = [("count", c.c_int64), ("rows", c.POINTER(_TableRow)), ("owner", c.c_void_p)]


class _SpotAlpha(c.Structure):
    _fields_ = [("alpha", c.c_double), ("value", c.c_double * 2), ("sem", c.c_double * 2), ("seeds", c.c_int64),
                ("advantage", c.c_double), ("least", c.c_double), ("p", c.c_double), ("in_set", c.c_bool)]


class _SpotRow(c.Structure):
    _fields_ = [("benchmark", c.c_char_p), ("metric", c.c_char_p), ("measure", c.c_char_p), ("scores", c.c_int64),
                ("human", c.c_double * 2), ("distance", c.c_bool), ("primary", c.c_bool), ("alphas", c.c_int64),
                ("alpha", c.POINTER(_SpotAlpha)), ("best_alpha", c.c_double), ("p", c.c_double), ("p_drop", c.c_double),
                ("p_holm", c.c_double), ("margin", c.c_double), ("margin_low", c.c_double), ("margin_cv", c.c_double),
                ("detectable", c.c_double), ("fewest_seeds", c.c_int64), ("most_seeds", c.c_int64), ("images", c.c_int64),
                ("people", c.c_int64), ("verdict", c.c_char_p), ("words", c.c_char_p), ("basis", c.c_char_p)]


class _Spots(c.Structure):
    _fields_ = [("count", c.c_int64), ("rows", c.POINTER(_SpotRow)), ("level", c.c_double), ("primaries", c.c_int64),
                ("shown", c.c_int64), ("sentence", c.c_char_p), ("owner", c.c_void_p)]


class _SpotOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int), ("threads", c.c_int64)]


class _SeedsRow(c.Structure):
    _fields_ = [("benchmark", c.c_char_p), ("metric", c.c_char_p), ("measure", c.c_char_p), ("low", c.c_double),
                ("high", c.c_double), ("alphas", c.c_int64), ("seeds", c.c_int64), ("seeds_low", c.c_int64),
                ("seeds_high", c.c_int64), ("ends", c.c_int64), ("between", c.c_int64), ("trouble", c.c_char_p)]


class _Seeds(c.Structure):
    _fields_ = [("count", c.c_int64), ("rows", c.POINTER(_SeedsRow)), ("owner", c.c_void_p)]


class _Margin(c.Structure):
    _fields_ = [("size", c.c_size_t), ("both", c.c_double), ("far", c.c_double), ("level", c.c_double), ("networks", c.c_int64)]


class _Comparison(c.Structure):
    _fields_ = [("benchmark", c.c_char_p), ("metric", c.c_char_p), ("measure", c.c_char_p), ("model", c.c_char_p),
                ("against", c.c_char_p), ("value", c.c_double), ("value_against", c.c_double), ("difference", c.c_double),
                ("low", c.c_double), ("high", c.c_double), ("p", c.c_double), ("p_holm", c.c_double), ("df", c.c_double),
                ("variance_training", c.c_double), ("variance_images", c.c_double), ("variance_people", c.c_double),
                ("images", c.c_int64), ("people", c.c_int64), ("primary", c.c_bool), ("lower_is_better", c.c_bool),
                ("verdict", c.c_char_p)]


class _Gap(c.Structure):
    _fields_ = [(name, c.c_char_p) for name in ("benchmark", "metric", "measure", "model", "reason")]


class _Comparisons(c.Structure):
    _fields_ = [("count", c.c_int64), ("rows", c.POINTER(_Comparison)), ("gaps", c.c_int64), ("gap", c.POINTER(_Gap)),
                ("level", c.c_double), ("primaries", c.c_int64), ("owner", c.c_void_p)]


class _CompareOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("rounds", c.c_int64), ("seed", c.c_uint64), ("level", c.c_double),
                ("threads", c.c_int64), ("figure", c.c_char_p)]


_text, _texts, _i64 = c.c_char_p, c.POINTER(c.c_char_p), c.c_int64
_l.declare(
    {"jem_study_run": _Run, "jem_study_runs": _Runs, "jem_folders": _Folders, "jem_sweep_options": _SweepOptions,
     "jem_table_row": _TableRow, "jem_table": _Table, "jem_sweetspot_alpha": _SpotAlpha, "jem_sweetspot_row": _SpotRow,
     "jem_seeds_row": _SeedsRow, "jem_seeds": _Seeds, "jem_margin": _Margin, "jem_sweetspots": _Spots, "jem_sweetspot_options": _SpotOptions, "jem_comparison": _Comparison,
     "jem_comparison_gap": _Gap, "jem_comparisons": _Comparisons, "jem_compare_options": _CompareOptions},
    {"jem_study_runs_read": [c.POINTER(_Runs), _text],
     "jem_grid_studies": [c.POINTER(_Folders), _text],
     "jem_sweep": [_text, _text, c.POINTER(_SweepOptions)],
     "jem_table_read": [c.POINTER(_Table), _texts, _i64],
     "jem_sweetspot": [c.POINTER(_Spots), _text, c.POINTER(_SpotOptions)],
     "jem_seeds_needed": [c.POINTER(_Seeds), _text, c.c_double, c.POINTER(c.c_double), _i64, c.POINTER(_SpotOptions)],
     "jem_margin_shown": [c.POINTER(_Margin), c.POINTER(_i64), _i64, c.c_double, c.POINTER(_SpotOptions)],
     "jem_compare": [c.POINTER(_Comparisons), _texts, _i64, c.POINTER(_CompareOptions)]},
    {"jem_study_runs_clear": (None, [c.POINTER(_Runs)]),
     "jem_folders_clear": (None, [c.POINTER(_Folders)]),
     "jem_table_clear": (None, [c.POINTER(_Table)]),
     "jem_seeds_clear": (None, [c.POINTER(_Seeds)]),
     "jem_sweetspots_clear": (None, [c.POINTER(_Spots)]),
     "jem_comparisons_clear": (None, [c.POINTER(_Comparisons)])})

# ---- what Python gets

_STATES = ("waiting", "running", "finished", "interrupted", "diverged", "failed")

StudyRun = collections.namedtuple("StudyRun", "name alpha seed state iteration iterations epoch val_accuracy images_per_s "
                                              "eta_s verdict reason rescues")
TableRow = collections.namedtuple("TableRow", "benchmark metric dataset condition model alpha seed value low high n reference "
                                              "at_chance folder")
SweetspotAlpha = collections.namedtuple("SweetspotAlpha", "alpha value sem seeds advantage least p in_set")
Sweetspot = collections.namedtuple("Sweetspot", "benchmark metric measure human distance primary curve best_alpha best_set p "
                                                "p_drop p_holm margin margin_low margin_cv detectable fewest_seeds most_seeds "
                                                "images people verdict words basis")
Seeds = collections.namedtuple("Seeds", [name for name, _ in _SeedsRow._fields_])
Margin = collections.namedtuple("Margin", "both far level networks")
Comparison = collections.namedtuple("Comparison", [name for name, _ in _Comparison._fields_])
Gap = collections.namedtuple("Gap", [name for name, _ in _Gap._fields_])


def _plain(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _as(kind, struct):
    return kind(*(_plain(getattr(struct, name)) for name in kind._fields))


def _read(name, holder, convert, *arguments):
    """What convert makes of `holder` once the function has filled it; its memory is libjem's until then."""
    _l.call(name, c.byref(holder), *arguments)
    try:
        return convert(holder)
    finally:
        getattr(_l.lib, _CLEAR[type(holder)])(c.byref(holder))


_CLEAR = {_Runs: "jem_study_runs_clear", _Folders: "jem_folders_clear", _Table: "jem_table_clear",
          _Spots: "jem_sweetspots_clear", _Seeds: "jem_seeds_clear", _Comparisons: "jem_comparisons_clear"}


def _strings(texts):
    texts = [t if isinstance(t, bytes) else t.encode() for t in texts]
    return (c.c_char_p * len(texts))(*texts)


def _study_run(r):
    s = r.status
    return StudyRun(r.name.decode(), r.alpha, r.seed, _STATES[r.state], s.iteration, s.iterations, s.epoch, s.val_accuracy,
                    s.images_per_s, s.eta_s, _plain(s.verdict), _plain(s.reason), s.rescues)


class Rows(list):
    """A list of named tuples; `frame()` makes a pandas DataFrame of it, with a column for each field."""

    kind = TableRow

    def __init__(self, rows=(), kind=TableRow):
        super().__init__(rows)
        self.kind = kind

    def frame(self) -> pandas.DataFrame:
        import pandas

        return pandas.DataFrame(list(self), columns=self.kind._fields)


class Sweetspots(Rows):
    """A Sweetspot for each line; `sentence` says it for a paper, `level` is that of sets and bounds, `shown` of
    `primaries` benchmarks have one after Holm's correction."""

    sentence, level, primaries, shown = "", math.nan, 0, 0

    def find(self, benchmark: str, metric: str | None = None) -> Sweetspot:
        """The line of a benchmark (its first, or that of a metric); LookupError if there is none."""
        for s in self:
            if s.benchmark == benchmark and metric in (None, s.metric):
                return s
        raise LookupError(f"no line of {benchmark}; there are {', '.join(sorted({s.benchmark for s in self}))}")


class Comparisons(Rows):
    """A Comparison for each score and model; `left_out` names what could not be compared, and why."""

    left_out, level, primaries = (), math.nan, 0


def _frame_if_pandas(rows):
    try:
        return rows.frame()
    except ImportError:
        return rows


def scores(*folders: Path) -> Rows | pandas.DataFrame:
    """The scores of runs, studies, grids and recorded answers as one tidy table, a row per score: a pandas DataFrame if
    pandas is there, else Rows of TableRow.

    alpha, low, high and reference (what people reach) are NaN, dataset and condition None where there is none;
    at_chance: 1 where the network decides no better than by chance, 0 where better, -1 where nothing says."""
    if not folders:
        raise TypeError("scores: name a folder")
    paths = [_l.path_bytes(f) for f in folders]
    return _frame_if_pandas(_read("jem_table_read", _Table(), lambda t: Rows(_as(TableRow, t.rows[i]) for i in range(t.count)),
                                  _strings(paths), len(paths)))


def _spot(s):
    pair = s.scores if s.scores > 1 else 0
    of = lambda values: tuple(values[:pair]) if pair else values[0]
    curve = [SweetspotAlpha(a.alpha, of(a.value), of(a.sem), a.seeds, a.advantage, a.least, a.p, a.in_set)
             for a in s.alpha[:s.alphas]]
    own = {"human": of(s.human), "curve": curve, "best_set": [a.alpha for a in curve if a.in_set]}
    return Sweetspot(*(own[name] if name in own else _plain(getattr(s, name)) for name in Sweetspot._fields))


def _spots(found):
    rows = Sweetspots((_spot(found.rows[i]) for i in range(found.count)), Sweetspot)
    rows.sentence, rows.level, rows.primaries, rows.shown = _plain(found.sentence), found.level, found.primaries, found.shown
    return rows


def sweetspot(study: Path, set: Settings | None = None, threads: int = 0) -> Sweetspots:
    """Is an alpha in between closer to people than both ends, benchmark by benchmark, and how sure is that?

    study: a folder or a Study; set: settings such as {"sweetspot.level": .9}; threads: 0 for all processors.  Returns
    Sweetspots, each line with `verdict`, `p`, `margin`, the possible best alphas `best_set`, and the curve over alpha
    (`value` is a pair where a line is two scores in their plane)."""
    texts = _strings(_flat("", set or {}))
    return _read("jem_sweetspot", _Spots(), _spots, _l.path_bytes(study),
                 c.byref(_SpotOptions(c.sizeof(_SpotOptions), texts, len(texts), threads)))


def seeds_needed(pilot: Path, margin: float, alpha: Sequence[float] | None = None, set: Settings | None = None,
                 threads: int = 0) -> Rows | pandas.DataFrame:
    """How many seeds a further study needs to show, with power .8, that an alpha is better than both ends by `margin` (in
    units of each score), from the noise of a pilot study with two seeds at one alpha at least: Rows of Seeds.

    alpha: of the further study, None: the pilot's.  seeds: at each alpha (0: `trouble` says why there is no number);
    ends, between: the fewest networks."""
    texts = _strings(_flat("", set or {}))
    alphas = None if alpha is None else np.ascontiguousarray(np.atleast_1d(alpha), np.float64)
    return _read("jem_seeds_needed", _Seeds(), lambda s: Rows((_as(Seeds, s.rows[i]) for i in range(s.count)), Seeds),
                 _l.path_bytes(pilot), margin, None if alpha is None else alphas.ctypes.data_as(c.POINTER(c.c_double)),
                 0 if alpha is None else len(alphas), c.byref(_SpotOptions(c.sizeof(_SpotOptions), texts, len(texts), threads)))


def margin_shown(seeds: int, sd: float, alpha: Sequence[float] | None = None, set: Settings | None = None,
                 threads: int = 0) -> Margin:
    """The margin that a study could show with power .8 where no pilot is at hand: a Margin, in units of the score.

    seeds: at each alpha, or a dict {alpha: seeds}, or a list with a number for each alpha, as in jem.sweep; sd: spread of the
    score between networks of one alpha; alpha: numbers in 0 to 1 (None: 0, .1, ... 1).  both: over both ends, the others
    level with them; far: where one end is far below.  Images are taken to be without noise."""
    alphas, seeds_at = _design(alpha, seeds)
    counts = np.full(len(alphas), seeds, np.int64) if seeds_at is None else np.asarray(seeds_at, np.int64)
    texts = _strings(_flat("", set or {}))
    margin = _Margin(c.sizeof(_Margin))
    _l.call("jem_margin_shown", c.byref(margin), counts.ctypes.data_as(c.POINTER(c.c_int64)), len(counts), sd,
            c.byref(_SpotOptions(c.sizeof(_SpotOptions), texts, len(texts), threads)))
    return _as(Margin, margin)


def _compared(found):
    rows = Comparisons((_as(Comparison, found.rows[i]) for i in range(found.count)), Comparison)
    rows.left_out = Rows((_as(Gap, found.gap[i]) for i in range(found.gaps)), Gap)
    rows.level, rows.primaries = found.level, found.primaries
    return rows


def compare(*models: Path, rounds: int = 10000, seed: int = 0, level: float = .95, threads: int = 0,
            figure: Path | None = None) -> Comparisons:
    """Differences between models on the images and people that they have in common: all others against the first.

    models: runs, a study's runs at an alpha ("STUDY@0.3"), folders of recorded answers' scores.  figure: a file .svg,
    .pdf or .png that is drawn, too.  Returns Comparisons: `difference` is model - against, with its interval."""
    options = _CompareOptions(c.sizeof(_CompareOptions), rounds, seed, level, threads,
                              None if figure is None else _l.path_bytes(figure))
    return _read("jem_compare", _Comparisons(), _compared, _strings(map(_l.path_bytes, models)), len(models),
                 c.byref(options))


# ---- studies


def _design(alpha, seeds):
    """The alphas of a study (None: 0, .1, ... 1), and the seeds of each; None where they are the same."""
    alphas = np.round(np.arange(11) / 10, 9) if alpha is None else np.atleast_1d(np.asarray(alpha, np.float64))
    if isinstance(seeds, int):
        return alphas, None
    seeds_at = [seeds.get(float(a), 1) for a in alphas] if isinstance(seeds, dict) else list(seeds)
    if len(seeds_at) != len(alphas):
        raise ValueError(f"seeds has {len(seeds_at)} numbers; there are {len(alphas)} alphas")
    unknown = [a for a in seeds if float(a) not in alphas] if isinstance(seeds, dict) else []
    if unknown:
        raise ValueError(f"seeds: alpha {unknown[0]} is none of the study's")
    return alphas, seeds_at


class Study(figures.Drawn):
    """A study's folder: a run for every alpha and seed; or a grid's, with `studies`."""

    @property
    def studies(self) -> list[Study]:
        """Those of a grid; of a study itself."""
        return _read("jem_grid_studies", _Folders(), lambda f: [Study(os.fsdecode(f.paths[i])) for i in range(f.count)],
                     _l.path_bytes(self.folder))

    def runs(self) -> list[StudyRun]:
        """How every run stands, whoever trains it: Rows of StudyRun."""
        return _read("jem_study_runs_read", _Runs(),
                     lambda r: Rows((_study_run(r.rows[i]) for i in range(r.count)), StudyRun), _l.path_bytes(self.folder))

    def run(self, alpha: float, seed: int | None = None) -> figures.Run:
        """Its run at this alpha (of this seed, else the first one): a jem.Run; LookupError if there is none."""
        for r in self.runs():
            if abs(r.alpha - alpha) < 1e-9 and seed in (None, r.seed):
                return figures.Run(os.path.join(self.folder, r.name))
        raise LookupError(f"{self.folder} has no run at alpha {alpha:g}" + ("" if seed is None else f" with seed {seed}"))

    def scores(self) -> Rows | pandas.DataFrame:
        """jem.scores of the study: a row per score."""
        return scores(self)

    def sweetspot(self, **options: Any) -> Sweetspots:
        """jem.sweetspot of the study."""
        return sweetspot(self, **options)

    def evaluate(self, **options: Any) -> Scores:
        """jem.evaluate of every run, which keeps its scores."""
        return _evaluate(self, **options)

    def bench(self, name: str, **options: Any) -> Scores:
        """jem.bench of every run, which keeps its scores."""
        return _bench(name, self, **options)

    def report(self, page: Path | None = None) -> Path:
        """jem.report of the study."""
        return _report(self, page)

    def _repr_html_(self):
        counts = collections.Counter(r.state for s in self.studies for r in s.runs())
        return f"<p>{html.escape(repr(self))}: {', '.join(f'{n} {state}' for state, n in counts.items())}</p>"


def open_study(folder: Path) -> Study:
    """The study, or the grid of studies, in a folder."""
    study = Study(folder)
    if not os.path.isdir(study.folder):
        raise _l.DataError(f"{study.folder}: no such folder; jem.sweep makes a study there")
    return study


class _Sweep(_Training):
    """As a training, with other options and news."""

    def __init__(self, path, out, assignments, options, on_change, arrays):
        super().__init__("jem_sweep", (path, out), assignments, False, None)
        self.on_change = on_change
        self.kept = options  # arrays that the struct points to
        alphas, seeds_at, grid = options.pop("alphas"), options.pop("seeds_at"), options.pop("grid")
        self.watch = _SweepWatch(self._tell_runs) if on_change else _SweepWatch()
        self.grid = _strings(grid)
        self.alphas = None if alphas is None else np.ascontiguousarray(alphas, np.float64)
        self.seeds_at = None if seeds_at is None else np.ascontiguousarray(seeds_at, np.int64)
        pointer = lambda x, kind: None if x is None else x.ctypes.data_as(c.POINTER(kind))
        self.options = _SweepOptions(c.sizeof(_SweepOptions), self.items, len(self.items), pointer(self.alphas, c.c_double),
                                     0 if alphas is None else len(self.alphas), options["seeds"],
                                     pointer(self.seeds_at, c.c_int64), options["slots"], self.grid, len(grid),
                                     options["declared"], options["rescue"], c.addressof(self.stop), self.watch, None,
                                     c.pointer(_l.Data(*map(_tensor, arrays), 0)) if arrays else None)
        self.call = ("jem_sweep", path, out, c.byref(self.options))

    def _tell_runs(self, unused, runs, count, eta_s):
        try:
            self.on_change([_study_run(runs[i]) for i in range(count)], eta_s)
        except BaseException as error:  # the trainings save and end, then this is raised
            self.failure = error
            self.stop.value = 1


def sweep(config: Config | None = None, out: Path | None = None, alpha: Sequence[float] | None = None,
          seeds: int | Mapping[float, int] | Sequence[int] = 1, data: Any = None,
          grid: Mapping[str, Sequence[Any]] | None = None, slots: int = 1, declared: Path | None = None,
          rescue: str | None = None, on_change: Callable[[list[StudyRun], float], Any] | None = None) -> Study:
    """Trains a JEM for every alpha and seed into the study's folder `out`; goes on where an earlier call stopped.

    config: settings as a dict, or the path of a YAML file, as jem.train; alpha: numbers in 0 to 1 (None: 0, .1, ... 1);
    seeds: runs of each alpha, or a dict {alpha: runs}, or a list with a number for each alpha; data: (images, labels) as
    arrays, which are kept in OUT-data/; grid: {"sampler.steps": [10, 20]} makes a study below `out` for each combination
    ("VALUE+KEY=VALUE2" sets a second key beside that value alone);
    slots: trainings at a time, which share the processors; declared: a study.yaml that names primary scores before
    training; rescue: "study" or "run", whom a change of settings after a divergence is for.
    on_change(runs, eta_s) is called about once a second and at every change of state with a list of StudyRun; Ctrl-C and
    its exceptions save and stop.  A run that fails does not stop the others; the error names all that failed.
    Returns the Study."""
    if out is None:
        raise ValueError("out: name the study's folder")
    alphas, seeds_at = _design(alpha, seeds)
    path, assignments = _settings_of(config)
    arrays = None if data is None else _arrays(data)
    values = lambda v: ",".join(text.split("=", 1)[1] for x in v for text in _flat("k", x))
    options = {"alphas": alphas, "seeds_at": seeds_at, "seeds": seeds if seeds_at is None else 0, "slots": slots,
               "grid": [f"{key}={values(v)}" for key, v in (grid or {}).items()],
               "declared": None if declared is None else _l.path_bytes(declared),
               "rescue": None if rescue is None else rescue.encode()}
    _Sweep(path, _l.path_bytes(out), assignments, options, on_change, arrays).wait()
    return Study(out)
