"""Training, settings, data and reports."""

from __future__ import annotations

import collections
import ctypes as c
import os
import typing

import numpy as np

from . import _library as _l
from . import figures

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ._types import Config, Path, Settings

_PARTS = {"train": 0, "val": 1, "test": 2}
_KINDS = ("bool", "int", "real", "text", "choice", "list")


def settings() -> dict[str, dict[str, Any]]:
    """Every key that a training has: {"train.lr": {"kind", "default", "min", "max", "choices", "help"}, ...}."""
    found = {}
    for i in range(_l.lib.jem_setting_count()):
        s = _l.Setting(c.sizeof(_l.Setting))
        _l.call("jem_setting_at", c.byref(s), i)
        found[s.key.decode()] = {"kind": _KINDS[s.kind], "default": s.default_text.decode(), "min": s.min, "max": s.max,
                                 "choices": s.choices.decode().split("|") if s.choices else None, "help": s.help.decode()}
    return found


def _flat(prefix, value):
    """Nested or dotted settings as "key=value"; lists as [a, b]."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, inner)
    elif isinstance(value, bool):
        yield f"{prefix}={'true' if value else 'false'}"
    elif isinstance(value, (list, tuple)):
        yield f"{prefix}=[{', '.join(map(str, value))}]"
    else:
        yield f"{prefix}={os.fspath(value) if isinstance(value, os.PathLike) else value}"


def _settings_of(config):
    """A dict of settings as (None, ["key=value" ...]), a YAML file as (its path, [])."""
    if isinstance(config, dict):
        return None, list(_flat("", config))
    return (None if config is None else _l.path_bytes(config)), []


class _Training:
    """A call on a thread of its own, so that Ctrl-C reaches Python and stops it cleanly."""

    def __init__(self, name, paths, assignments, resume, on_step, data=None):
        self.stop = c.c_int(0)
        self.failure = None
        self.items, count = _l.texts(assignments)
        self.watch = _l.TrainWatch(self._tell) if on_step else _l.TrainWatch()
        self.on_step = on_step
        self.options = _l.TrainOptions(c.sizeof(_l.TrainOptions), self.items, count, c.addressof(self.stop), resume,
                                       self.watch, None, c.pointer(data) if data else None)
        self.call = (name, *paths, c.byref(self.options))

    def _tell(self, unused, s):
        s = s.contents
        try:
            self.on_step({"iteration": s.iteration, "iterations": s.iterations, "epoch": s.epoch,
                          "images_per_s": s.images_per_s, "eta_s": s.eta_s, "val_accuracy": s.val_accuracy,
                          "verdict": s.verdict.decode(), "reason": s.reason.decode(), "rescues": s.rescues})
        except BaseException as error:  # the training saves and ends, then this is raised
            self.failure = error
            self.stop.value = 1

    def wait(self):
        try:
            _l.call_until(self.stop, *self.call)
        except KeyboardInterrupt:
            if not self.failure:
                raise
        if self.failure:
            raise self.failure


def _tensor(x):
    """x as libjem's struct, which borrows its memory."""
    code = {"float32": 0, "int64": 4, "uint8": 5}[x.dtype.name]
    return _l.Tensor(code, x.ndim, (c.c_int64 * 8)(*x.shape), x.ctypes.data)


def _arrays(data):
    """(images, labels) as NumPy's arrays of the types that libjem takes."""
    x, y = _l.numpy_array(data[0], "images"), _l.numpy_array(data[1], "labels")
    if x.ndim != 4 or y.shape != (len(x),):
        raise ValueError(f"data are {list(x.shape)} and {list(y.shape)}; expected images [n, channels, height, width] and "
                         "labels [n]")
    return _l.array(x, np.uint8 if x.dtype == np.uint8 else np.float32, "images"), _l.array(y, np.int64, "labels")


def train(config: Config | None = None, out: Path | None = None, data: Any = None,
          on_step: Callable[[Any], Any] | None = None, resume: bool = True) -> figures.Run:
    """Trains a JEM into the run folder `out`; goes on where an interrupted training of it stopped.

    config: settings as a dict, nested or dotted ({"model.name": "wrn-16-1", "alpha": .5}; see settings()), or the path
    of a YAML file.  data: (images, labels) as arrays, uint8 0 to 255 or floats in -1 to 1, which are kept in OUT-data/;
    None: as config says.  on_step(status) is called about once a second with a dict; Ctrl-C and its exceptions save
    and stop.  Returns the run (jem.Run): jem.load opens it, and it shows itself in a notebook."""
    if out is None:
        raise ValueError("out: name the run folder")
    path, assignments = _settings_of(config)
    arrays = None if data is None else _arrays(data)
    taken = arrays and _l.Data(*map(_tensor, arrays), 0)
    _Training("jem_train", (path, _l.path_bytes(out)), assignments, resume, on_step, taken).wait()
    return figures.Run(out)


def resume(run: Path, set: Settings | None = None, on_step: Callable[[Any], Any] | None = None) -> figures.Run:
    """Goes on with an unfinished run, to the same bits as an uninterrupted one; set: engine.* and data.path alone."""
    _Training("jem_resume", (_l.path_bytes(run),), list(_flat("", set or {})), False, on_step).wait()
    return figures.Run(run)


def data(kind: str, path: Path, part: str = "train", side: int = 0, limit: int = 0) -> tuple[np.ndarray, np.ndarray, int]:
    """One part ("train", "val", "test") of a data set: images float32 [n, channels, height, width] in -1 to 1, labels
    int32 [n], and the number of classes."""
    if part not in _PARTS:
        raise ValueError(f"part {part!r}; choose one of {', '.join(_PARTS)}")
    loaded = _l.Data()
    options = _l.DataOptions(c.sizeof(_l.DataOptions), kind.encode(), _l.path_bytes(path), _PARTS[part], side, limit)
    _l.call("jem_data_load", c.byref(loaded), c.byref(options))
    classes = loaded.classes
    try:
        x, y = (np.copy(np.ctypeslib.as_array(c.cast(t.data, c.POINTER(kind)), tuple(t.shape[:t.ndim])))
                for t, kind in ((loaded.images, c.c_float), (loaded.labels, c.c_int32)))
    finally:
        _l.lib.jem_data_clear(c.byref(loaded))
    return x, y, classes


class _Facts(c.Structure):
    _fields_ = [("kind", c.c_char_p), ("benchmark", c.c_bool), ("whole", c.c_bool), ("trouble", c.c_char_p), ("text", c.c_char_p),
                *((name, c.c_int64) for name in ("train", "val", "test", "channels", "height", "width", "classes")),
                ("class_names", c.POINTER(c.c_char_p)), ("class_images", c.POINTER(c.c_int64)), ("noise", c.c_int64),
                ("owner", c.c_void_p)]


class _CheckOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("side", c.c_int64), ("labels", c.c_char_p)]


class _PartFacts(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("state", c.c_int),
                *((name, c.c_int64) for name in ("images", "published_images", "people", "published_people", "bad")),
                ("line", c.c_char_p)]


_l.declare({"jem_data_facts": _Facts, "jem_check_options": _CheckOptions, "jem_data_part_facts": _PartFacts},
           {"jem_data_check": [c.POINTER(_Facts), c.c_char_p, c.c_char_p, c.POINTER(_CheckOptions)],
            "jem_data_part_at": [c.POINTER(_PartFacts), c.POINTER(_Facts), c.c_int64]},
           {"jem_data_facts_clear": (None, [c.POINTER(_Facts)])})

DataFacts = collections.namedtuple("DataFacts", "kind benchmark whole trouble text train val test shape classes noise parts")
DataPart = collections.namedtuple("DataPart", "name state images published_images people published_people bad line")
_STATES = ("whole", "unpublished", "missing", "damaged")


def _parts(facts):
    """The parts of a benchmark's data."""
    found, part = [], _PartFacts(c.sizeof(_PartFacts))
    while True:
        try:
            _l.call("jem_data_part_at", c.byref(part), c.byref(facts), len(found))
        except ValueError:  # behind the last
            return found
        found.append(DataPart(part.name.decode(), _STATES[part.state], part.images, part.published_images, part.people,
                              part.published_people, part.bad, part.line.decode("utf-8", "replace")))


def data_check(path: Path, kind: str | None = None, side: int = 0, labels: Path | None = None) -> DataFacts:
    """Does a folder (or an .npz) hold a kind of data, or what a benchmark needs, and is it whole?  DataFacts: `whole`, and in
    `trouble` what is not and what would help; `text`, lines as `jem data check` prints them; numbers of train, val and test
    images, their shape (channels, height, width), classes {name: images}; noise, encoded pictures of it.

    kind: of jem.choices("data") or jem.choices("benchmarks"), or "imagenet"; None: a kind of images, told by its files.
    side: that pictures are resized to; labels: of ImageNet, the file with the classes of its validation pictures.  The
    numbers are 0 where the folder serves a benchmark, and the shape of ImageNet's pictures, which differ.

    parts: of a benchmark's data, a DataPart for each image set or file: its state ("whole"; "unpublished", which can be used
    and has other numbers than the published data; "missing"; "damaged"), images and people there and as published (0: of
    no known number), images that cannot be scored (bad), and the same as a line."""
    facts = _Facts()
    options = _CheckOptions(c.sizeof(_CheckOptions), side, None if labels is None else _l.path_bytes(labels))
    _l.call("jem_data_check", c.byref(facts), None if kind is None else kind.encode(), _l.path_bytes(path), c.byref(options))
    try:
        text = lambda value: value.decode("utf-8", "replace")
        names = [text(facts.class_names[k]) if facts.class_names else str(k) for k in range(facts.classes)]
        counts = facts.class_images[:facts.classes] if facts.classes and facts.class_images else []
        return DataFacts(text(facts.kind), facts.benchmark, facts.whole, text(facts.trouble), text(facts.text), facts.train,
                         facts.val, facts.test, (facts.channels, facts.height, facts.width), dict(zip(names, counts)), facts.noise, _parts(facts))
    finally:
        _l.lib.jem_data_facts_clear(c.byref(facts))


class _RenderOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("n", c.c_int64), ("side", c.c_int64), ("seed", c.c_uint64), ("threads", c.c_int64),
                ("stop", c.c_void_p)]


_l.declare({"jem_render_options": _RenderOptions}, {"jem_data_render": [c.c_char_p, c.POINTER(_RenderOptions)]}, {})


def render(folder: Path, n: int = 1000, side: int = 128, seed: int = 0, threads: int = 0) -> Path:
    """Renders the built-in gloss set of n scenes into a folder, for data.kind "gloss"; goes on where an earlier call of
    the same options stopped.  Returns the folder."""
    _l.call("jem_data_render", _l.path_bytes(folder),
            c.byref(_RenderOptions(c.sizeof(_RenderOptions), n, side, seed, threads, None)))
    return folder


class _ReportOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("page", c.c_char_p), ("beside", c.POINTER(c.c_char_p)), ("beside_count", c.c_int)]


_l.declare({"jem_report_options": _ReportOptions},
           {"jem_report_all": [c.POINTER(c.c_char_p), c.c_int64, c.POINTER(_ReportOptions)]}, {})


def report(folder: Path | Sequence[Path], page: Path | None = None, beside: Sequence[Path] = ()) -> Path:
    """Writes the page of a run or a study along alpha (page None: FOLDER/report.html) and its figures; of a grid's studies,
    or of a list of folders (studies, runs, recorded answers), side by side (page None: ./models.html).  beside: studies
    with other dimensions of the gloss head.  Returns the page's path."""
    folders = list(folder) if isinstance(folder, (list, tuple)) else [folder]
    strings = lambda paths: (c.c_char_p * len(paths))(*map(_l.path_bytes, paths))
    options = _ReportOptions(c.sizeof(_ReportOptions), _l.path_bytes(page) if page else None, strings(beside), len(beside))
    _l.call("jem_report_all", strings(folders), len(folders), c.byref(options))
    return page or (os.path.join(folders[0], "report.html") if len(folders) == 1 else "models.html")
