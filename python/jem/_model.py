"""A trained JEM in arrays."""

import ctypes as c

import numpy as np

from . import _library as _l

_PRECISIONS = {None: 0, "f32": 1, "bf16": 2}
_DECAYS = {"linear": 0, "constant": 1}
_UPDATES = {"algorithm1": 0, "langevin": 1, "clamped": 2}


class Model:
    """Logits, energies, gradients, features and chains of a run or a weights file.

    Images are float arrays [n, channels, height, width] in [-1, 1]; torch and jax arrays are taken without a copy.
    A model serves one call at a time.
    """

    def __init__(self, path, device=None, precision=None, threads=0):
        self._handle = c.c_void_p()
        if precision not in _PRECISIONS:
            raise ValueError(f"precision {precision!r}; choose one of f32, bf16")
        engine = _l.EngineOptions(c.sizeof(_l.EngineOptions), device.encode() if device else None,
                                  _PRECISIONS[precision], threads)
        _l.call("jem_model_open", c.byref(self._handle), _l.path_bytes(path), c.byref(engine))
        self.shape = (_l.lib.jem_model_channels(self._handle), _l.lib.jem_model_height(self._handle),
                      _l.lib.jem_model_width(self._handle))
        self.classes = _l.lib.jem_model_classes(self._handle)
        self.path = path

    def __repr__(self):
        return f"<jem.Model {self.path}: {'x'.join(map(str, self.shape))}, {self.classes} classes>"

    def close(self):
        """Frees the model; it cannot be used afterwards."""
        if self._handle:
            if not _l.is_forked():  # where it would wait for threads that only the parent has
                _l.lib.jem_model_free(self._handle)
            self._handle = c.c_void_p()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _images(self, x):
        x = _l.array(x, np.float32, "x")
        if x.ndim == 3:
            x = x[None]
        if x.ndim != 4 or x.shape[1:] != self.shape:
            raise ValueError(f"x is {list(x.shape)}; the model's images are [n, {', '.join(map(str, self.shape))}]")
        if not self._handle:
            raise ValueError("the model is closed")
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

    def _evaluate(self, x, y=None, **outputs):
        want = _l.Evaluation(c.sizeof(_l.Evaluation), *(_l.address(outputs.get(k)) for k in ("logits", "lse", "grad")),
                             _l.address(y))
        _l.call("jem_model_evaluate", self._handle, _l.address(x), len(x), c.byref(want))

    def logits(self, x):
        """f(x): float32 [n, classes]."""
        x = self._images(x)
        out = np.empty((len(x), self.classes), np.float32)
        self._evaluate(x, logits=out)
        return out

    def probabilities(self, x):
        """p(y|x) = softmax f(x): float32 [n, classes]."""
        f = self.logits(x)
        f = np.exp(f - f.max(axis=1, keepdims=True))
        return f / f.sum(axis=1, keepdims=True)

    def predict(self, x):
        """The most likely class: int64 [n]."""
        return self.logits(x).argmax(axis=1)

    def energy(self, x):
        """E(x) = -log sum_k exp f_k(x) = -log p(x) + const: float32 [n]."""
        x = self._images(x)
        out = np.empty(len(x), np.float32)
        self._evaluate(x, lse=out)
        return -out

    def grad(self, x, y=None):
        """Gradient to x of log p(x), or of the logit of class y (one, or [n]): float32 like x."""
        x = self._images(x)
        out = np.empty_like(x)
        self._evaluate(x, self._classes(y, len(x)), grad=out)
        return out

    def features(self, x, name):
        """A named value inside the network, e.g. "layer2": float32 [n, channels, height, width]."""
        x = self._images(x)
        shape = (c.c_int64 * 3)()
        _l.call("jem_model_feature", self._handle, name.encode(), None, 0, None, shape)
        out = np.empty((len(x), *shape), np.float32)
        _l.call("jem_model_feature", self._handle, name.encode(), _l.address(x), len(x), _l.address(out), None)
        return out

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

    def _walk(self, x, y, seed, settings):
        y = self._classes(y, len(x))
        s = self._chain(seed, settings)
        s.y = _l.address(y)
        _l.call("jem_sampler_run", c.byref(s), self._handle, _l.address(x), len(x))
        return x

    def sample(self, n, y=None, seed=0, **settings):
        """Langevin chains from uniform noise: float32 [n, channels, height, width].

        They climb log p(x), or the logit of class y.  Settings are those of the training unless given: steps,
        step_size, decay ("linear", "constant"), update ("algorithm1", "langevin", "clamped"), noise_std, clip,
        clip_min, clip_max."""
        x = np.empty((n, *self.shape), np.float32)
        _l.call("jem_sampler_start", _l.address(x), n, self._handle, seed)
        return self._walk(x, y, seed, settings)

    def refine(self, x, y=None, seed=0, **settings):
        """The same chains from images x, which are left as they are."""
        return self._walk(np.array(self._images(x), copy=True), y, seed, settings)


def load(path, device=None, precision=None, threads=0):
    """Opens a run folder, or a safetensors file that jem wrote: see Model.

    device "cpu", "cuda", "cuda:N", "ref", "auto"; precision "f32", "bf16"; threads 0: all.  None: as the run was
    trained."""
    return Model(path, device, precision, threads)
