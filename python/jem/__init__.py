"""Joint energy-based models: train them along alpha, sample them, and score any model against people.

    import jem
    m = jem.load("RUN")
    m.logits(x); m.energy(x); m.grad(x); m.features(x, "layer2"); m.sample(64, y=3); m.refine(x, steps=20)
    jem.train({"model.name": "wrn-16-1", "alpha": .5}, data=(images, labels), out="RUN")
    jem.bench("cue-conflict", predict=lambda images: torch_model(prepare(images)))
    jem.stats.error_consistency(model_right, person_right)

A ctypes layer over libjem, which it finds beside itself, in a checkout's build folder, or installed; JEM_LIBRARY names
another.  Arrays are NumPy's; torch and jax arrays are taken without a copy.
"""

from . import figures, stats
from ._bench import BenchScore, Scores, bench
from ._fetch import catalogue, fetch
from ._library import DataError, DivergedError, JemError, lib as _lib, log
from ._model import Model, load
from .figures import Run
from ._train import data, report, resume, settings, train

__version__ = _lib.jem_version().decode()
__all__ = ["BenchScore", "DataError", "DivergedError", "JemError", "Model", "Run", "Scores", "bench", "catalogue", "data", "fetch", "figures", "load", "log", "report", "resume", "settings", "stats",
           "train"]
