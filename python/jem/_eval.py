"""What a trained model can do, measured without people."""

from __future__ import annotations

import ctypes as c
import typing

from . import _library as _l
from ._bench import take_scores
from ._train import _flat

if typing.TYPE_CHECKING:
    from ._bench import Scores
    from ._types import Path, Settings


def evaluate(folder: Path, features_of: Path | None = None, vae: Path | None = None, set: Settings | None = None,
             force: bool = False) -> Scores:
    """Evaluates a run, or every run of a study, as `jem eval`: accuracy, calibration, energies, out-of-distribution
    scores, scene properties, samples and their Frechet distances, with {"eval.attack_images": N} also accuracy under
    attack.  Their folders get scores, trials and pictures; what has been evaluated so before is not again unless force.
    Ctrl-C stops.

    features_of: a run with alpha = 0, in whose features Frechet distances are taken, too; vae: weights of the autoencoder
    of runs on latents, for pictures of their samples; set: settings such as {"eval.limit": 500, "engine.threads": 2}.
    Returns Scores: jem.evaluate("RUN").as_dict()["classification.accuracy"]."""
    stop = c.c_int(0)
    items, count = _l.texts(_flat("", set or {}))
    options = _l.EvalOptions(c.sizeof(_l.EvalOptions), items, count, _l.optional_path(features_of), _l.optional_path(vae), force,
                             c.addressof(stop))
    scores = _l.BenchScores()
    _l.call_until(stop, "jem_eval", c.byref(scores), _l.path_bytes(folder), c.byref(options))
    return take_scores(scores)
