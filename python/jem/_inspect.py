"""What an open model is made of: facts, layers, values inside, weights by name; what a path is."""

from __future__ import annotations

import collections
import collections.abc
import ctypes as c
import json
import typing

import numpy as np

from . import _library as _l

if typing.TYPE_CHECKING:
    from typing import Any

    from ._types import Path

Layer = collections.namedtuple("Layer", "name kind shape parameters flops")
Layer.__doc__ = """One operation: the name of its weights, its kind ("conv 3x3 /2"), the shape (channels, height, width) of what it
gives for one image, trained parameters, FLOPs of one image's forward pass (a product and its sum are two)."""

Value = collections.namedtuple("Value", "name shape stage head")
Value.__doc__ = """A named value inside a network: its shape for one image; is it a stage, which perceptual distances compare, or
a head, which linear probes and Frechet distances look at?"""

Weight = collections.namedtuple("Weight", "name shape trained")
Weight.__doc__ = """A tensor of parameters: its shape as in PyTorch; is it trained, or a running statistic?"""

Facts = collections.namedtuple("Facts", "name device precision threads parameters flops alpha seed iteration epoch selection "
                                        "selected_by")
Facts.__doc__ = """What a model is: name ("wrn-16-1"), what computes (device, precision, threads), trained parameters, FLOPs of one
image's forward pass; and of the run that it came from alpha, seed, and which weights are selected by what score (None where it
came from a file of weights)."""


def _text(t):
    return t.decode() if t is not None else None


def _known(number):
    return None if number != number else number


def _c_facts(handle):
    f = _l.ModelFacts(c.sizeof(_l.ModelFacts))
    _l.call("jem_model_describe", c.byref(f), handle)
    return f


def facts(handle):
    f = _c_facts(handle)
    run = f.iteration >= 0
    return Facts(_text(f.name), _text(f.device), _text(f.precision), f.threads, f.parameters, f.flops, _known(f.alpha),
                 f.seed if run else None, f.iteration if run else None, _known(f.epoch), _known(f.selection),
                 _text(f.selected_by))


def _each(handle, struct, function, count):
    for i in range(count):
        s = struct(c.sizeof(struct))
        _l.call(function, c.byref(s), handle, i)
        yield s


def layers(handle):
    return [Layer(_text(s.name), _text(s.kind), tuple(s.shape), s.parameters, s.flops)
            for s in _each(handle, _l.Layer, "jem_model_layer_at", _c_facts(handle).layers)]


def values(handle):
    return [Value(_text(s.name), tuple(s.shape), s.stage, s.head)
            for s in _each(handle, _l.Value, "jem_model_value_at", _c_facts(handle).values)]


class Weights(collections.abc.Mapping):
    """Weights by their state-dict names, each read when it is asked for: float32 arrays of PyTorch's shapes."""

    def __init__(self, model):
        self._model = model
        self._list = {_text(s.name): Weight(_text(s.name), tuple(s.shape[:s.ndim]), s.trained)
                      for s in _each(model.handle(), _l.Weight, "jem_model_weight_at", _c_facts(model.handle()).weights)}

    def __len__(self):
        return len(self._list)

    def __iter__(self):
        return iter(self._list)

    def __contains__(self, name):
        return name in self._list

    def __getitem__(self, name):
        if name not in self._list:
            raise KeyError(name)
        out = np.empty(self._list[name].shape, np.float32)
        _l.call("jem_model_weight_read", _l.address(out), self._model.handle(), name.encode())
        return out

    def describe(self) -> list[Weight]:
        """A Weight (name, shape, trained) for each, without their values."""
        return list(self._list.values())

    def __repr__(self):
        return f"<{len(self)} tensors of {self._model!r}>"


class _PathFacts(c.Structure):
    _fields_ = [("kind", c.c_char_p), ("text", c.c_char_p), ("json", c.c_char_p), ("owner", c.c_void_p)]


_l.declare({"jem_path_facts": _PathFacts}, {"jem_info": [c.POINTER(_PathFacts), c.c_char_p]},
           {"jem_path_facts_clear": (None, [c.POINTER(_PathFacts)])})


def info(path: Path) -> dict[str, Any]:
    """What a file, a run or a study is: a dict with its "kind" and, in "text", the lines of `jem info`.

    kind "npy", "npz", "safetensors", "pytorch": "arrays" (name, dtype, shape, min, max, not_finite), "finite"; of weights
    "values" and "metadata", too.  "picture": "format", "width", "height", "min", "max".  "cifar10 batch": "images", "labels".
    "run": "status" ("killed" if no process holds it), "model", "parameters", "input", "classes", "alpha", "seed", "data",
    "iteration", "iterations", "selected", "scores" and more.  "study": "runs".  What is not finite is None."""
    facts = _PathFacts()
    _l.call("jem_info", c.byref(facts), _l.path_bytes(path))
    try:
        return {**json.loads(facts.json), "text": facts.text.decode("utf-8", "replace")}
    finally:
        _l.lib.jem_path_facts_clear(c.byref(facts))
