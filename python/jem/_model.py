"""A trained JEM in arrays."""

from __future__ import annotations

import collections
import ctypes as c
import os
import typing

import numpy as np

from . import _inspect
from . import _library as _l
from ._weights import import_options

if typing.TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._inspect import Facts, Layer, Value, Weights
    from ._types import Array, DType, Images, Path, Settings

_PRECISIONS = {None: 0, "f32": 1, "bf16": 2}
_DECAYS = {"linear": 0, "constant": 1}
_UPDATES = {"algorithm1": 0, "langevin": 1, "clamped": 2}
_STARTS = {"buffer": 0, "noise": 1}

_EVALUATION, _EVALUATION_F64 = c.sizeof(_l.Evaluation), c.sizeof(_l.EvaluationF64)

Chain = collections.namedtuple("Chain", "x steps states energies")
Chain.__doc__ = """Where chains ended, x [n, channels, height, width], and where they were on their way: after `steps` [k] steps
states [k, n, channels, height, width] and energies E(x) [k, n]."""


def engine_options(device, precision, threads):
    """What computes, as a struct."""
    if precision not in _PRECISIONS:
        raise ValueError(f"precision {precision!r}; choose one of f32, bf16")
    return _l.EngineOptions(c.sizeof(_l.EngineOptions), device.encode() if device else None, _PRECISIONS[precision], threads)


class Model(_l.Handle):
    """Logits, energies, gradients, features and chains of a run or a weights file.

    Images are float arrays [n, channels, height, width] in [-1, 1], uint8 of 0 to 255, or the path of a PNG or JPEG file;
    torch and jax arrays are taken without a copy.  A model serves one call at a time: another thread's is a ValueError meanwhile.
    """

    _free = "jem_model_free"

    def __init__(self, path, device=None, precision=None, threads=0, model=None, classes=None, side=None, set=None):
        self._handle = c.c_void_p()
        engine = engine_options(device, precision, threads)
        if model is None:
            if (classes, side, set) != (None, None, None):
                raise TypeError("classes, side and set go with model: a run, or a file that jem wrote, says them itself")
            _l.call("jem_model_open", c.byref(self._handle), _l.path_bytes(path), c.byref(engine))
        else:
            _l.call("jem_import_open", c.byref(self._handle), _l.path_bytes(path), model.encode(),
                    c.byref(import_options(classes, side, set)), c.byref(engine))
        self.shape = (_l.lib.jem_model_channels(self._handle), _l.lib.jem_model_height(self._handle),
                      _l.lib.jem_model_width(self._handle))
        self.classes = _l.lib.jem_model_classes(self._handle)
        self.path = path

    def __repr__(self):
        return f"<jem.Model {self.path}: {'x'.join(map(str, self.shape))}, {self.classes} classes>"

    def handle(self) -> c.c_void_p:
        """libjem's own, for the other parts of this package."""
        if not self._handle:
            raise ValueError("the model is closed")
        return self._handle

    @property
    def facts(self) -> Facts:
        """Name, device, precision, threads, parameters, FLOPs, and the run's alpha, seed and selection: a Facts."""
        return _inspect.facts(self.handle())

    @property
    def layers(self) -> list[Layer]:
        """The operations in the order of computing: a list of Layer(name, kind, shape, parameters, flops)."""
        return _inspect.layers(self.handle())

    @property
    def values(self) -> list[Value]:
        """What `features` gives: a list of Value(name, shape, stage, head)."""
        return _inspect.values(self.handle())

    @property
    def weights(self) -> Weights:
        """Parameters by name, read when asked for: m.weights["f.conv1.weight"] is float32 [out, in, height, width]."""
        return _inspect.Weights(self)

    def picture(self, path: Path) -> np.ndarray:
        """A PNG or JPEG file as the model takes it: float32 [1, channels, height, width], scaled and centre-cropped."""
        x = np.empty((1, *self.shape), np.float32)
        _l.call("jem_model_picture", _l.address(x), self.handle(), _l.path_bytes(path))
        return x

    def _images(self, x, dtype=np.float32):
        if type(x) is not np.ndarray or x.dtype != dtype or x.ndim != 4 or not x.flags.c_contiguous:
            x = _l.images(self.picture(x) if isinstance(x, (str, os.PathLike)) else x, dtype, "x")
        if x.ndim != 4 or x.shape[1:] != self.shape:
            raise ValueError(f"x is {list(x.shape)}; the model's images are [n, {', '.join(map(str, self.shape))}]")
        self.handle()
        return x

    def _classes(self, y, n):
        if y is None:
            return None
        y = _l.array(y, np.int32, "y")
        if y.ndim == 0:
            y = np.full(n, y, np.int32)
        if y.shape != (n,):
            raise ValueError(f"y is {list(y.shape)}; expected one class, or one for each of {n} images")
        return y

    @staticmethod
    def _precision(dtype):
        if dtype is np.float32:
            return dtype
        dtype = np.dtype(dtype)
        if dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype {dtype}; choose float32 or float64")
        return dtype

    def _evaluate(self, x, dtype, y=None, logits=None, lse=None, grad=None):
        places = _l.address(logits), _l.address(lse), _l.address(grad), _l.address(y)
        if dtype == np.float32:
            want = _l.Evaluation(_EVALUATION, *places)
            _l.call("jem_model_evaluate", self._handle, _l.address(x), len(x), c.byref(want))
        else:
            want = _l.EvaluationF64(_EVALUATION_F64, *places)
            _l.call("jem_model_evaluate_f64", self._handle, _l.address(x), len(x), c.byref(want))

    def logits(self, x: Images, dtype: DType = np.float32) -> np.ndarray:
        """f(x): [n, classes].

        dtype float64, here and below: the reference's loops in double precision, to see what float32 and bf16 round;
        a hundred times slower."""
        dtype = self._precision(dtype)
        x = self._images(x, dtype)
        out = np.empty((len(x), self.classes), dtype)
        self._evaluate(x, dtype, logits=out)
        return out

    def probabilities(self, x: Images, dtype: DType = np.float32) -> np.ndarray:
        """p(y|x) = softmax f(x): [n, classes]."""
        f = self.logits(x, dtype)
        f = np.exp(f - f.max(axis=1, keepdims=True))
        return f / f.sum(axis=1, keepdims=True)

    def predict(self, x: Images) -> np.ndarray:
        """The most likely class: int64 [n]."""
        return self.logits(x).argmax(axis=1)

    def energy(self, x: Images, dtype: DType = np.float32) -> np.ndarray:
        """E(x) = -log sum_k exp f_k(x) = -log p(x) + const: [n]."""
        dtype = self._precision(dtype)
        x = self._images(x, dtype)
        out = np.empty(len(x), dtype)
        self._evaluate(x, dtype, lse=out)
        return -out

    def grad(self, x: Images, y: Array | int | None = None, dtype: DType = np.float32) -> np.ndarray:
        """Gradient to x of log p(x), or of the logit of class y (one, or [n]): [n, channels, height, width]."""
        dtype = self._precision(dtype)
        x = self._images(x, dtype)
        out = np.empty_like(x)
        self._evaluate(x, dtype, self._classes(y, len(x)), grad=out)
        return out

    def features(self, x: Images, name: str | Sequence[str], dtype: DType = np.float32) -> np.ndarray | dict[str, np.ndarray]:
        """A named value inside the network, e.g. "layer2" (`values` lists them): [n, channels, height, width]; of several
        names, which cost one pass, a dict of these."""
        dtype = self._precision(dtype)
        names = [name] if isinstance(name, str) else list(name)
        x = self._images(x, dtype)
        out = {}
        for key in names:
            shape = (c.c_int64 * 3)()
            _l.call("jem_model_feature", self._handle, key.encode(), None, 0, None, shape)
            out[key] = np.empty((len(x), *shape), dtype)
        keys, count = _l.texts(out)
        places = (c.c_void_p * count)(*map(_l.address, out.values()))
        if dtype == np.float32:
            _l.call("jem_model_features", self._handle, keys, count, _l.address(x), len(x), places)
        else:
            want = _l.EvaluationF64(c.sizeof(_l.EvaluationF64), None, None, None, None, keys, places, count)
            _l.call("jem_model_evaluate_f64", self._handle, _l.address(x), len(x), c.byref(want))
        return out[name] if isinstance(name, str) else out

    def _chain(self, seed, settings):
        s = _l.Sampler(c.sizeof(_l.Sampler))
        _l.lib.jem_sampler_of(c.byref(s), self._handle)
        s.seed = seed
        for name, value in settings.items():
            if name not in ("steps", "step_size", "decay", "update", "noise_std", "clip", "clip_min", "clip_max"):
                raise TypeError(f"no setting of a chain is called {name}")
            words = {"decay": _DECAYS, "update": _UPDATES}.get(name)
            if words and value not in words:
                raise ValueError(f"{name} = {value!r}; choose one of {', '.join(words)}")
            setattr(s, name, words[value] if words else value)
        return s

    @staticmethod
    def _stops(steps_at, steps):
        """Every so many steps and the last, or the steps as they are given."""
        if np.ndim(steps_at) == 0:
            every = int(steps_at)
            if every < 1:
                raise ValueError(f"steps_at = {every}; choose 1 or more: a state every so many steps, or list the steps")
            return np.unique(np.append(np.arange(0, steps + 1, every), steps))
        return _l.array(steps_at, np.int64, "steps_at", ndim=1)

    def _walk(self, x, y, seed, steps_at, settings):
        y = self._classes(y, len(x))
        s = self._chain(seed, settings)
        s.y = _l.address(y)
        chain = None
        if steps_at is not None:
            at = np.ascontiguousarray(self._stops(steps_at, s.steps), np.int64)
            chain = Chain(x, at, np.empty((len(at), *x.shape), np.float32), np.empty((len(at), len(x)), np.float32))
            s.at, s.at_count = _l.address(at), len(at)
            s.states, s.energies = _l.address(chain.states), _l.address(chain.energies)
        stop = c.c_int(0)
        s.stop = c.addressof(stop)
        _l.call_until(stop, "jem_sampler_run", c.byref(s), self._handle, _l.address(x), len(x))
        return x if chain is None else chain

    def sample(self, n: int, y: Array | int | None = None, seed: int = 0, start: str = "uniform",
               steps_at: int | Sequence[int] | None = None, **settings: Any) -> np.ndarray | Chain:
        """Langevin chains: float32 [n, channels, height, width].

        They climb log p(x), or the logit of class y, from start: "uniform" noise in -1 to 1; "buffer", images of the run's
        replay buffer; "noise" as fresh chains of the training had it (encoded, for runs on latents).  With the run's
        settings, "buffer" and "noise" give what `jem sample` gives for this seed.

        Settings are those of the training unless given: steps, step_size, decay ("linear", "constant"), update
        ("algorithm1", "langevin", "clamped"), noise_std, clip, clip_min, clip_max.

        steps_at: a state every so many steps (an integer), or after these steps (ascending; 0 is the start); returns a
        Chain(x, steps, states, energies) then."""
        if start not in ("uniform", *_STARTS):
            raise ValueError(f"start {start!r}; choose one of uniform, {', '.join(_STARTS)}")
        x = np.empty((n, *self.shape), np.float32)
        if start == "uniform":
            _l.call("jem_sampler_start", _l.address(x), n, self.handle(), seed)
        else:
            _l.call("jem_sampler_start_of", _l.address(x), n, self.handle(), _STARTS[start], seed)
        return self._walk(x, y, seed, steps_at, settings)

    def refine(self, x: Images, y: Array | int | None = None, seed: int = 0,
               steps_at: int | Sequence[int] | None = None, **settings: Any) -> np.ndarray | Chain:
        """The same chains from images x, which are left as they are; the program's `jem refine` holds the step size
        constant: decay="constant"."""
        return self._walk(np.array(self._images(x), copy=True), y, seed, steps_at, settings)


def load(path: Path, device: str | None = None, precision: str | None = None, threads: int = 0, model: str | None = None,
         classes: int | None = None, side: int | None = None, set: Settings | None = None) -> Model:
    """Opens a run folder, or a safetensors file that jem wrote, or, with model="resnet50", weights of others: see Model.

    model: of which network the weights in the file (.pt, .pth, .safetensors, .npz) are; classes, side, set: as
    jem.import_weights, which makes a run of them.
    device "cpu", "cuda", "cuda:N", "ref", "auto"; precision "f32", "bf16"; threads 0: all.  None: as the run was
    trained."""
    return Model(path, device, precision, threads, model, classes, side, set)
