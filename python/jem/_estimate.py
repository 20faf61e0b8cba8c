"""What a training needs before it begins, where its time goes, and what there is to choose from."""

from __future__ import annotations

import ctypes as c
import json
import typing

import numpy as np

from . import _library as _l
from ._train import _flat, _settings_of

if typing.TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._types import Config, Path, Settings


class _Options(c.Structure):
    _fields_ = [("size", c.c_size_t), ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int), ("images", c.c_int64),
                ("classes", c.c_int64), ("shape", c.c_char_p), ("seconds", c.c_double), ("alphas", c.POINTER(c.c_double)),
                ("alpha_count", c.c_int64), ("folder", c.c_char_p), ("device_model", c.c_char_p)]


class _PlanAlpha(c.Structure):
    _fields_ = [(name, c.c_double) for name in ("alpha", "step_flops", "forwards", "step_s", "images_per_s", "validation_s",
                                                "epoch_s", "run_s")]


class _Plan(c.Structure):
    _fields_ = [("network", c.c_char_p), ("parameters", c.c_int64), ("forward_flops", c.c_double), ("train", c.c_int64),
                ("val", c.c_int64), ("test", c.c_int64), ("assumed", c.c_bool), ("batch", c.c_int64),
                ("iterations_per_epoch", c.c_int64), ("iterations", c.c_int64), ("memory_bytes", c.c_int64),
                ("memory_available", c.c_int64), ("disk_bytes", c.c_int64), ("disk_free", c.c_int64), ("fits", c.c_char_p),
                ("alphas", c.c_int64), ("alpha", c.POINTER(_PlanAlpha)), ("json", c.c_char_p), ("owner", c.c_void_p)]


class _Speed(c.Structure):
    _fields_ = [("peak_flops_per_s", c.c_double), ("step_s", c.c_double), ("images_per_s", c.c_double),
                ("inference_per_s", c.c_double), ("json", c.c_char_p), ("owner", c.c_void_p)]


class _Choice(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("about", c.c_char_p), ("needs", c.c_char_p)]


_l.declare({"jem_estimate_options": _Options, "jem_plan_alpha": _PlanAlpha, "jem_plan": _Plan, "jem_speed": _Speed,
            "jem_choice": _Choice},
           {"jem_plan_training": [c.POINTER(_Plan), c.c_char_p, c.POINTER(_Options)],
            "jem_speed_measure": [c.POINTER(_Speed), c.c_char_p, c.POINTER(_Options)],
            "jem_choice_at": [c.POINTER(_Choice), c.c_int, c.c_int64]},
           {"jem_plan_clear": (None, [c.POINTER(_Plan)]),
            "jem_speed_clear": (None, [c.POINTER(_Speed)]),
            "jem_choice_count": (c.c_int64, [c.c_int])})


def _ask(name, made, config, set, images, classes, shape, seconds, alphas, folder, device_model=None):
    """What the function answers as JSON, and its text for what does not fit."""
    path, assignments = _settings_of(config)
    assignments += _flat("", set or {})
    texts = [a.encode() for a in assignments]
    alphas = np.ascontiguousarray([] if alphas is None else np.atleast_1d(alphas), np.float64)
    options = _Options(c.sizeof(_Options), (c.c_char_p * len(texts))(*texts), len(texts), images or 0, classes or 0,
                       "x".join(map(str, shape)).encode() if shape else None, seconds,
                       alphas.ctypes.data_as(c.POINTER(c.c_double)), len(alphas),
                       None if folder is None else _l.path_bytes(folder), device_model.encode() if device_model else None)
    clear = {"jem_plan_training": _l.lib.jem_plan_clear, "jem_speed_measure": _l.lib.jem_speed_clear}[name]
    _l.call(name, c.byref(made), path, c.byref(options))
    try:
        return json.loads(made.json), made.fits.decode() if hasattr(made, "fits") else ""
    finally:
        clear(c.byref(made))


def plan(config: Config | None = None, alpha: float | None = None, seconds: float = 0, images: int | None = None,
         shape: Sequence[int] | None = None, classes: int | None = None, folder: Path | None = None,
         set: Settings | None = None, device_model: str | None = None) -> dict[str, Any]:
    """What a training needs, before it begins: a dict of network (layer by layer), memory, disk, and arithmetic and times
    at each alpha, as `jem plan --json` (bytes, seconds, FLOPs), and `fits`: "" or what does not, and what would help.

    config: as jem.train, or a run's folder; alpha: numbers of a sweep; seconds: how long steps are timed, 0: not at all;
    images, shape (channels, height, width), classes: of data that are not there; folder: where the run would go;
    device_model: "h200", "h100", "a100", "l40s", "b200", "rtx4090": times on one such GPU, which need not be here."""
    answer, fits = _ask("jem_plan_training", _Plan(), config, set, images, classes, shape, seconds, alpha, folder, device_model)
    return {**answer, "fits": fits}


def speed(config: Config | None = None, seconds: float = 10, images: int | None = None,
          shape: Sequence[int] | None = None, classes: int | None = None, set: Settings | None = None) -> dict[str, Any]:
    """Where a training step's time goes, layer by layer, beside the machine's peak: a dict as `jem speed --json` (seconds,
    FLOPs, FLOP/s).  Runs real steps for about `seconds`; the rest as jem.plan."""
    return _ask("jem_speed_measure", _Speed(), config, set, images, classes, shape, seconds, None, None)[0]


_LISTS = ("models", "objectives", "data", "benchmarks", "devices")


def choices(what: str) -> dict[str, dict[str, str | None]]:
    """What there is of "models", "objectives", "data", "benchmarks" or "devices": {name: {"about", "needs"}}."""
    if what not in _LISTS:
        raise ValueError(f"choices: {what!r}; choose one of {', '.join(_LISTS)}")
    number, found = _LISTS.index(what), {}
    for i in range(_l.lib.jem_choice_count(number)):
        entry = _Choice(c.sizeof(_Choice))
        _l.call("jem_choice_at", c.byref(entry), number, i)
        found[entry.name.decode()] = {"about": entry.about.decode(), "needs": entry.needs.decode() if entry.needs else None}
    return found
