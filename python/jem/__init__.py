"""Joint energy-based models: train them along alpha, sample them, and score any model against people.

    import jem
    m = jem.load("RUN")
    m.logits(x); m.energy(x); m.grad(x); m.features(x, "layer2"); m.sample(64, y=3); m.refine(x, steps=20)
    m.facts, m.layers, m.weights["f.conv1.weight"]; jem.evaluate("RUN").as_dict(); jem.Autoencoder("vae.safetensors")
    jem.train({"model.name": "wrn-16-1", "alpha": .5}, data=(images, labels), out="RUN")
    study = jem.sweep(config, alpha=[0, .5, 1], seeds=3, out="STUDY"); study.scores(); jem.sweetspot(study)
    jem.bench("cue-conflict", predict=lambda images: torch_model(prepare(images)))
    jem.stats.error_consistency(model_right, person_right)

A ctypes layer over libjem, which it finds beside itself, in a checkout's build folder, or installed; JEM_LIBRARY names
another.  Arrays are NumPy's; torch and jax arrays are taken without a copy.
"""

from . import figures, stats
from ._autoencoder import Autoencoder
from ._bench import BenchScore, Scores, bench
from ._estimate import choices, plan, speed
from ._eval import evaluate
from ._fetch import catalogue, fetch
from ._inspect import Facts, Layer, Value, Weight, Weights, info
from ._library import DataError, DivergedError, JemError, lib as _lib, log
from ._model import Chain, Model, load
from ._study import (Comparison, Comparisons, Margin, Rows, Seeds, Study, StudyRun, Sweetspot, Sweetspots, TableRow, compare, margin_shown,
                     open_study, scores, seeds_needed, sweep, sweetspot)
from ._pictures import pack
from ._train import DataFacts, DataPart, data, data_check, render, report, resume, settings, train
from ._weights import Fid, export, fid, import_weights
from .figures import Run

__version__ = _lib.jem_version().decode()
__all__ = ["Autoencoder", "BenchScore", "Chain", "Comparison", "Comparisons", "DataError", "DataFacts", "DataPart", "DivergedError", "Facts", "Fid",
           "JemError", "Layer", "Margin", "Model", "Rows", "Run", "Scores", "Seeds", "Study", "StudyRun", "Sweetspot", "Sweetspots", "TableRow",
           "Value", "Weight", "Weights", "bench", "catalogue", "choices", "compare", "data", "data_check", "evaluate", "export", "fetch",
           "fid", "figures", "import_weights", "info", "load", "log", "margin_shown", "open_study", "pack", "plan", "render", "report", "resume",
           "scores", "seeds_needed", "settings", "speed", "stats", "sweep", "sweetspot", "train"]
