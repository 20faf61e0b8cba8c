"""Weights of others as a run, a run's weights for others, and the Frechet Inception distance."""

from __future__ import annotations

import collections
import ctypes as c
import os
import typing

from . import _library as _l
from . import figures
from ._train import _flat

if typing.TYPE_CHECKING:
    from typing import Any

    from ._types import Path, Settings


class _ImportOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("classes", c.c_int64), ("side", c.c_int64), ("set", c.POINTER(c.c_char_p)),
                ("set_count", c.c_int)]


class _FidOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("reference", c.c_char_p), ("weights", c.c_char_p), ("save", c.c_char_p),
                ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int), ("stop", c.c_void_p)]


class _FidResult(c.Structure):
    _fields_ = [("distance", c.c_double), ("samples", c.c_int64), ("reference", c.c_int64)]


_l.declare({"jem_import_options": _ImportOptions, "jem_fid_options": _FidOptions, "jem_fid_result": _FidResult},
           {"jem_import": [c.c_char_p, c.c_char_p, c.c_char_p, c.POINTER(_ImportOptions)],
            "jem_import_open": [c.POINTER(c.c_void_p), c.c_char_p, c.c_char_p, c.POINTER(_ImportOptions),
                                c.POINTER(_l.EngineOptions)],
            "jem_export": [c.c_char_p, c.c_char_p],
            "jem_fid": [c.POINTER(_FidResult), c.c_char_p, c.POINTER(_FidOptions)]}, {})

Fid = collections.namedtuple("Fid", "distance samples reference")


def _settings(set):
    texts = [a.encode() for a in _flat("", set or {})]
    return (c.c_char_p * len(texts))(*texts), len(texts)


def import_options(classes, side, set):
    """What is not as published, as a struct."""
    texts, count = _settings(set)
    return _ImportOptions(c.sizeof(_ImportOptions), classes or 0, side or 0, texts, count)


def import_weights(file: Path, model: str, out: Path, classes: int | None = None, side: int | None = None,
                   set: Settings | None = None) -> figures.Run:
    """Makes a run in the new folder `out` of weights that others trained (.pt, .pth, .safetensors, .npz); what works with
    a trained run works with it.

    model: a network of jem.choices("models"), as "resnet50", "wrn-28-10"; classes, side: of its logits and pictures, where
    they are not as published; set: model.* and data.* settings.  Returns the run: jem.load opens it."""
    _l.call("jem_import", _l.path_bytes(file), model.encode(), _l.path_bytes(out),
            c.byref(import_options(classes, side, set)))
    return figures.Run(out)


def export(run: Path, file: Path) -> Path:
    """Writes a run's selected weights as safetensors under the names of PyTorch's state dict; returns the file."""
    _l.call("jem_export", _l.path_bytes(run), _l.path_bytes(file))
    return os.fspath(file)


def fid(samples: Any, reference: Any = None, weights: Path | None = None, save: Path | None = None,
        set: Settings | None = None) -> Fid:
    """The Frechet Inception distance as clean-fid measures it: Fid(distance, samples, reference), the latter two in
    pictures.

    samples: a run (its replay buffer), a folder of PNG and JPEG files, an array in a file (npy, npz: [n, channels, height,
    width]), or statistics (npz with mu and sigma); reference likewise (of a run its training images; None: those of the
    samples' run); weights: pt_inception-2015-12-05-6726825d.pth; save: an npz for the samples' statistics."""
    texts, count = _settings(set)
    path = lambda p: None if p is None else _l.path_bytes(p)
    result = _FidResult()
    _l.call("jem_fid", c.byref(result), _l.path_bytes(samples),
            c.byref(_FidOptions(c.sizeof(_FidOptions), path(reference), path(weights), path(save), texts, count, None)))
    return Fid(result.distance, result.samples, result.reference)
