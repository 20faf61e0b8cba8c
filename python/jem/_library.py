"""libjem as ctypes sees it: where it lies, its structs and functions, arrays in and errors out.

tests/python checks every struct against the header's own sizes and offsets, and that every function of
include/jem is declared here.
"""

from __future__ import annotations

import atexit
import ctypes as c
import logging
import os
import threading
import typing

import numpy as np

if typing.TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class JemError(Exception):
    """What libjem refuses; its message names file, place and remedy."""


class DataError(JemError):
    """A file or an array is missing, truncated, misshapen, or holds what a statistic is not defined for."""


class DivergedError(JemError):
    """A training or a chain diverged; the last good state is intact."""


def _usage(message):
    return ValueError(message)


_ERRORS = {1: JemError, 2: _usage, 3: DataError, 4: DivergedError, 5: KeyboardInterrupt, 6: MemoryError, 7: OSError}


# ---- structs, in the order of their headers


class Tensor(c.Structure):
    _fields_ = [("dtype", c.c_int), ("ndim", c.c_int), ("shape", c.c_int64 * 8), ("data", c.c_void_p)]


class DataOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("kind", c.c_char_p), ("path", c.c_char_p), ("part", c.c_int), ("side", c.c_int64),
                ("limit", c.c_int64)]


class Data(c.Structure):
    _fields_ = [("images", Tensor), ("labels", Tensor), ("classes", c.c_int64)]


class EngineOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("device", c.c_char_p), ("precision", c.c_int), ("threads", c.c_int64)]


class Evaluation(c.Structure):
    _fields_ = [("size", c.c_size_t), ("logits", c.c_void_p), ("lse", c.c_void_p), ("grad", c.c_void_p), ("y", c.c_void_p)]


class EvaluationF64(c.Structure):
    _fields_ = [("size", c.c_size_t), ("logits", c.c_void_p), ("lse", c.c_void_p), ("grad", c.c_void_p), ("y", c.c_void_p),
                ("names", c.POINTER(c.c_char_p)), ("values", c.POINTER(c.c_void_p)), ("count", c.c_int)]


class ModelFacts(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("device", c.c_char_p), ("precision", c.c_char_p),
                ("threads", c.c_int64), ("parameters", c.c_int64), ("flops", c.c_double), ("layers", c.c_int64),
                ("values", c.c_int64), ("weights", c.c_int64), ("alpha", c.c_double), ("seed", c.c_int64),
                ("iteration", c.c_int64), ("epoch", c.c_double), ("selection", c.c_double), ("selected_by", c.c_char_p)]


class Layer(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char * 64), ("kind", c.c_char * 64), ("shape", c.c_int64 * 3),
                ("parameters", c.c_int64), ("flops", c.c_double)]


class Value(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("shape", c.c_int64 * 3), ("stage", c.c_bool), ("head", c.c_bool)]


class Weight(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("ndim", c.c_int), ("shape", c.c_int64 * 4), ("count", c.c_int64),
                ("trained", c.c_bool)]


class Sampler(c.Structure):
    _fields_ = [("size", c.c_size_t), ("steps", c.c_int64), ("step_size", c.c_double), ("decay", c.c_int),
                ("update", c.c_int), ("noise_std", c.c_double), ("clip", c.c_bool), ("clip_min", c.c_double),
                ("clip_max", c.c_double), ("seed", c.c_uint64), ("y", c.c_void_p), ("at", c.c_void_p),
                ("at_count", c.c_int64), ("states", c.c_void_p), ("energies", c.c_void_p), ("stop", c.c_void_p)]


class Setting(c.Structure):
    _fields_ = [("size", c.c_size_t), ("key", c.c_char * 64), ("kind", c.c_int), ("default_text", c.c_char_p),
                ("min", c.c_double), ("max", c.c_double), ("choices", c.c_char_p), ("help", c.c_char_p)]


class TrainStatus(c.Structure):
    _fields_ = [("iteration", c.c_int64), ("iterations", c.c_int64), ("epoch", c.c_double), ("images_per_s", c.c_double),
                ("eta_s", c.c_double), ("val_accuracy", c.c_double), ("verdict", c.c_char_p), ("reason", c.c_char_p),
                ("rescues", c.c_int)]


TrainWatch = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(TrainStatus))
LogSink = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.c_char_p)


class TrainOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int), ("stop", c.c_void_p),
                ("resume", c.c_bool), ("watch", TrainWatch), ("watch_ctx", c.c_void_p), ("data", c.POINTER(Data))]


class Score(c.Structure):
    _fields_ = [("value", c.c_double), ("low", c.c_double), ("high", c.c_double)]


class StatsOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("rounds", c.c_int64), ("level", c.c_double), ("seed", c.c_uint64),
                ("threads", c.c_int64), ("keep_people", c.c_bool)]


class Agreement(c.Structure):
    _fields_ = [(name, Score) for name in ("accuracy", "accuracy_difference", "observed", "kappa")]


class Conditions(c.Structure):
    _fields_ = [("start", c.c_void_p), ("count", c.c_int64)]


class Uncertainty(c.Structure):
    _fields_ = [(name, Score) for name in ("cross_entropy", "kl", "js", "accuracy", "people_accuracy", "entropy_pearson",
                                           "entropy_spearman", "ece")]


class Contrast(c.Structure):
    _fields_ = [(name, c.c_double) for name in ("difference", "t", "p", "low", "high")]


class RatingCeiling(c.Structure):
    _fields_ = [("others", c.c_double), ("all", c.c_double)]


class SweetspotScores(c.Structure):
    _fields_ = [("p", c.c_double), ("p_drop", c.c_double), ("margin", c.c_double), ("margin_low", c.c_double),
                ("detectable", c.c_double), ("best", c.c_int64)]


class Stimulus(c.Structure):
    _fields_ = [("name", c.c_char_p), ("set", c.c_char_p), ("condition", c.c_char_p), ("place", c.c_int64),
                ("pixels", c.c_void_p), ("height", c.c_int64), ("width", c.c_int64)]


_shown, _doubles, _floats = c.POINTER(Stimulus), c.POINTER(c.c_double), c.POINTER(c.c_float)
SUBJECT_FUNCTIONS = (c.CFUNCTYPE(c.c_int, c.c_void_p, _shown, c.c_int64, _doubles),
                     c.CFUNCTYPE(c.c_int, c.c_void_p, _shown, _shown, c.c_int64, _floats),
                     c.CFUNCTYPE(c.c_int, c.c_void_p, _shown, c.c_int64, _doubles),
                     c.CFUNCTYPE(c.c_int, c.c_void_p, _shown, c.c_int64, _floats, c.c_int64, c.c_int64))


class Subject(c.Structure):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("classes", c.c_int64), ("ctx", c.c_void_p),
                *zip(("logits", "distance", "rate", "saliency"), SUBJECT_FUNCTIONS)]


class BenchOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("data", c.c_char_p), ("humans", c.c_char_p), ("mapping", c.c_char_p),
                ("out", c.c_char_p), ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int), ("threads", c.c_int64),
                ("stop", c.c_void_p)]


class BenchScore(c.Structure):
    _fields_ = [("benchmark", c.c_char_p), ("metric", c.c_char_p), ("dataset", c.c_char_p), ("condition", c.c_char_p),
                ("model", c.c_char_p), ("folder", c.c_char_p), ("alpha", c.c_double), ("seed", c.c_int64), ("value", c.c_double), ("low", c.c_double), ("high", c.c_double),
                ("ceiling", c.c_double), ("n", c.c_int64), ("formula", c.c_char_p)]


class BenchScores(c.Structure):
    _fields_ = [("count", c.c_int64), ("rows", c.POINTER(BenchScore)), ("owner", c.c_void_p)]


class EvalOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("set", c.POINTER(c.c_char_p)), ("set_count", c.c_int), ("features_of", c.c_char_p),
                ("vae", c.c_char_p), ("force", c.c_bool), ("stop", c.c_void_p)]


class CatalogueItem(c.Structure):
    _fields_ = [("size", c.c_size_t), *((name, c.c_char_p) for name in ("name", "folder", "about", "licence", "cite", "page", "base")),
                ("files", c.c_int64), ("by_hand", c.c_char_p)]


class CatalogueFile(c.Structure):
    _fields_ = [("size", c.c_size_t), ("url", c.c_char_p), ("path", c.c_char_p), ("bytes", c.c_int64), ("sha256", c.c_char_p),
                ("member", c.c_char_p), ("unpacked", c.c_int64), ("sign", c.c_char_p)]


STRUCTS = {"jem_catalogue_item": CatalogueItem, "jem_catalogue_file": CatalogueFile,
           "jem_stimulus": Stimulus, "jem_subject": Subject, "jem_bench_options": BenchOptions,
           "jem_bench_score": BenchScore, "jem_bench_scores": BenchScores, "jem_tensor": Tensor, "jem_data_options": DataOptions, "jem_data": Data, "jem_engine_options": EngineOptions,
           "jem_evaluation": Evaluation, "jem_sampler": Sampler, "jem_setting": Setting,
           "jem_evaluation_f64": EvaluationF64, "jem_model_facts": ModelFacts, "jem_layer": Layer, "jem_value": Value,
           "jem_weight": Weight, "jem_eval_options": EvalOptions,
           "jem_train_status": TrainStatus, "jem_train_options": TrainOptions, "jem_score": Score,
           "jem_stats_options": StatsOptions, "jem_agreement": Agreement, "jem_conditions": Conditions,
           "jem_uncertainty": Uncertainty, "jem_rating_ceiling": RatingCeiling,
           "jem_sweetspot_scores": SweetspotScores, "jem_contrast": Contrast}

Statistic = c.CFUNCTYPE(c.c_int, _doubles, c.c_void_p, c.POINTER(c.POINTER(c.c_int64)), c.POINTER(c.c_int64))

# ---- functions: arguments of those that return a status, then the others

_p, _i64, _text, _stats = c.c_void_p, c.c_int64, c.c_char_p, c.POINTER(StatsOptions)
STATUS = {
    "jem_catalogue_at": [c.POINTER(CatalogueItem), _i64],
    "jem_catalogue_file_at": [c.POINTER(CatalogueFile), _i64, _i64],
    "jem_bench_subject": [c.POINTER(BenchScores), _text, c.POINTER(Subject), c.POINTER(BenchOptions)],
    "jem_bench_run": [c.POINTER(BenchScores), _text, _text, c.POINTER(BenchOptions)],
    "jem_bench_answers": [c.POINTER(BenchScores), _text, _text, _text, c.POINTER(BenchOptions)],
    "jem_data_load": [c.POINTER(Data), c.POINTER(DataOptions)],
    "jem_model_open": [c.POINTER(_p), _text, c.POINTER(EngineOptions)],
    "jem_model_evaluate": [_p, _p, _i64, c.POINTER(Evaluation)],
    "jem_model_feature": [_p, _text, _p, _i64, _p, c.POINTER(_i64)],
    "jem_model_features": [_p, c.POINTER(_text), c.c_int, _p, _i64, c.POINTER(_p)],
    "jem_model_evaluate_f64": [_p, _p, _i64, c.POINTER(EvaluationF64)],
    "jem_model_picture": [_p, _p, _text],
    "jem_model_describe": [c.POINTER(ModelFacts), _p],
    "jem_model_layer_at": [c.POINTER(Layer), _p, _i64],
    "jem_model_value_at": [c.POINTER(Value), _p, _i64],
    "jem_model_weight_at": [c.POINTER(Weight), _p, _i64],
    "jem_model_weight_read": [_p, _p, _text],
    "jem_eval": [c.POINTER(BenchScores), _text, c.POINTER(EvalOptions)],
    "jem_autoencoder_open": [c.POINTER(_p), _text, c.POINTER(EngineOptions)],
    "jem_autoencoder_encode": [_p, _p, _i64, _i64, _i64, _p, _p],
    "jem_autoencoder_decode": [_p, _p, _i64, _i64, _i64, _p],
    "jem_report": [_text, _text],
    "jem_report_figure": [c.POINTER(_text), _i64, _text, _text, c.c_double, _p],
    "jem_sampler_start": [_p, _i64, _p, c.c_uint64],
    "jem_sampler_start_of": [_p, _i64, _p, c.c_int, c.c_uint64],
    "jem_sampler_run": [c.POINTER(Sampler), _p, _p, _i64],
    "jem_setting_at": [c.POINTER(Setting), _i64],
    "jem_train": [_text, _text, c.POINTER(TrainOptions)],
    "jem_resume": [_text, c.POINTER(TrainOptions)],
    "jem_stats_consistency": [c.POINTER(Score), _p, _p, _i64, _stats],
    "jem_stats_agreement": [c.POINTER(Agreement), c.POINTER(Agreement), _p, _i64, _p, _i64, _i64, c.POINTER(Conditions),
                            _stats],
    "jem_stats_shape_bias": [c.POINTER(Score), _p, _p, _p, _i64, _i64, _stats],
    "jem_stats_two_afc": [c.POINTER(Score), _p, _p, _p, _i64, _stats],
    "jem_stats_two_afc_people": [c.POINTER(Score), _p, _i64, _stats],
    "jem_stats_jnd_map": [c.POINTER(Score), _p, _p, _i64, _stats],
    "jem_stats_uncertainty": [c.POINTER(Uncertainty), _p, _p, _p, _i64, _i64, _stats],
    "jem_stats_split_half": [c.POINTER(Score), _p, _i64, _i64, c.c_double, _i64, _stats],
    "jem_stats_calibration": [c.POINTER(Score), _p, _p, _i64, _i64, _i64, _stats],
    "jem_stats_auroc": [c.POINTER(Score), _p, _i64, _p, _i64, _stats],
    "jem_stats_ratings": [c.POINTER(Score), c.POINTER(RatingCeiling), _p, _p, _i64, _i64, _stats],
    "jem_stats_sweetspot": [c.POINTER(SweetspotScores), _p, _p, _p, _p, _i64, _stats],
    "jem_stats_holm": [_p, _p, _i64],
    "jem_stats_dunnett": [c.POINTER(Contrast), _p, _p, _i64, c.c_int, _stats],
    "jem_stats_bootstrap": [c.POINTER(Score), _i64, Statistic, _p, _p, _i64, _stats],
}
OTHERS = {
    "jem_version": (_text, []),
    "jem_error_message": (_text, []),
    "jem_log_set_sink": (None, [LogSink, c.c_void_p]),
    "jem_data_clear": (None, [c.POINTER(Data)]),
    "jem_model_free": (None, [_p]),
    "jem_model_channels": (_i64, [_p]),
    "jem_model_height": (_i64, [_p]),
    "jem_model_width": (_i64, [_p]),
    "jem_model_classes": (_i64, [_p]),
    "jem_autoencoder_free": (None, [_p]),
    "jem_autoencoder_factor": (_i64, [_p]),
    "jem_autoencoder_channels": (_i64, [_p]),
    "jem_autoencoder_scale": (c.c_double, [_p]),
    "jem_sampler_of": (None, [c.POINTER(Sampler), _p]),
    "jem_setting_count": (_i64, []),
    "jem_catalogue_count": (_i64, []),
    "jem_bench_scores_clear": (None, [c.POINTER(BenchScores)]),
}
# What Python has its own of: arrays, files of them, and writing messages.
UNUSED = {"jem_dtype_size", "jem_dtype_name", "jem_tensor_init", "jem_tensor_clear", "jem_tensor_count",
          "jem_tensor_convert", "jem_npy_read", "jem_npy_write", "jem_error_context"}
# jem_error takes a format and what it names, so that its arguments are checked where it is called.


def _candidates():
    """Where libjem may be: as the environment says, beside this file (a wheel), in a checkout's build, installed."""
    here = os.path.dirname(os.path.abspath(__file__))
    if os.environ.get("JEM_LIBRARY"):
        return [os.environ["JEM_LIBRARY"]]
    beside = os.path.join(here, "libjem.so")
    build = os.path.join(here, "..", "..", "build", "libjem.so")
    return [p for p in (beside, build) if os.path.exists(p)] + ["libjem.so.0"]


def _open():
    path = _candidates()[0]
    try:
        lib = c.CDLL(path)
    except OSError as error:
        raise ImportError(f"{path}: {error}; install libjem, build it with make, or name it in JEM_LIBRARY") from None
    lib.jem_error.restype = c.c_int
    return lib


lib = _open()
_forked = False


def _note_fork():
    global _forked
    _forked = True


os.register_at_fork(after_in_child=_note_fork)


def is_forked():
    """Is this a child of the process that loaded libjem?  Its models' threads do not exist here."""
    return _forked


class Handle:
    """Something of libjem's, in _handle: freed by close(), at the end of a with block, or with the object."""

    _free: str | None = None  # the name of the function that frees it

    def close(self) -> None:
        """Frees it; it cannot be used afterwards."""
        if self._handle:
            if not is_forked():  # where it would wait for threads that only the parent has
                getattr(lib, self._free)(self._handle)
            self._handle = c.c_void_p()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def declare(structs, status, others):
    """Structs and functions of one part of libjem, as STRUCTS, STATUS and OTHERS have them; a module over such a part
    declares its own."""
    STRUCTS.update(structs)
    STATUS.update(status)
    OTHERS.update(others)
    for name, (result, arguments) in {**{n: (c.c_int, a) for n, a in status.items()}, **others}.items():
        try:
            function = getattr(lib, name)
        except AttributeError:
            raise ImportError(f"{lib._name} has no {name}: it is older than this package; install libjem and the package of "
                              "one version") from None
        function.restype, function.argtypes = result, arguments


declare(STRUCTS, STATUS, OTHERS)


def call(name, *arguments):
    """Calls a function that returns a status, without the interpreter lock; raises what it refuses."""
    if _forked:
        raise RuntimeError("jem does not work in a process that was forked from one that uses it; start processes with "
                           "multiprocessing.set_start_method('spawn')")
    status = getattr(lib, name)(*arguments)
    if status:
        raise _ERRORS.get(status, JemError)(lib.jem_error_message().decode("utf-8", "replace"))


def call_until(stop, name, *arguments):
    """`call` on a thread of its own, so that Ctrl-C reaches Python: it sets `stop`, a c_int that the function polls."""
    failure, done = [], threading.Event()

    def run():
        try:
            call(name, *arguments)
        except BaseException as error:
            failure.append(error)
        done.set()

    thread = threading.Thread(target=run, name="jem")
    thread.start()
    while not done.is_set():  # not join(timeout): interrupted, it takes the thread for ended
        try:
            done.wait(0.1)
        except KeyboardInterrupt:
            stop.value = 1
    thread.join()
    if failure:
        raise failure[0]


def path_bytes(path):
    return os.fsencode(os.fspath(path))


def optional_path(path):
    return None if path is None else path_bytes(path)


def texts(items):
    """Strings as a C array of them, and how many."""
    encoded = [item.encode() for item in items]
    return (c.c_char_p * len(encoded))(*encoded), len(encoded)


def numpy_array(x, name):
    """x as NumPy's; torch and jax arrays come through DLPack."""
    if not isinstance(x, np.ndarray) and hasattr(x, "__dlpack__"):
        x = x.detach() if hasattr(x, "detach") else x
        try:
            x = np.from_dlpack(x.cpu() if hasattr(x, "cpu") else x)
        except (BufferError, RuntimeError, TypeError) as error:
            raise TypeError(f"{name} is {getattr(x, 'dtype', type(x).__name__)}, which NumPy does not take ({error}); "
                            "convert it, for instance to float32") from None
    return np.asarray(x)


def array(x, dtype, name, ndim=None):
    """x as a contiguous array of `dtype`, copied only where it must be."""
    out = numpy_array(x, name)
    wanted = np.dtype(dtype)
    if out.dtype != wanted:
        if wanted.kind in "iu" and out.dtype.kind not in "iub":
            raise TypeError(f"{name} is {out.dtype}; expected whole numbers")
        if wanted.kind in "iu" and out.size:
            limits = np.iinfo(wanted)
            if out.min() < limits.min or out.max() > limits.max:
                raise ValueError(f"{name} has values beyond {limits.min} to {limits.max}")
        out = out.astype(wanted)
    if ndim is not None and out.ndim != ndim:
        raise ValueError(f"{name} has {out.ndim} dimensions; expected {ndim}")
    return out if out.flags.c_contiguous else np.ascontiguousarray(out)


def images(x, dtype, name):
    """x as floats [n, channels, height, width]: one image is a batch of one, and uint8 becomes -1 to 1."""
    x = numpy_array(x, name)
    if x.dtype == np.uint8:  # as torchvision's ToTensor and Normalize, and as jem reads pictures
        x = (x.astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
    x = array(x, dtype, name)
    return x[None] if x.ndim == 3 else x


_Nothing = c.c_char * 0


def address(x):
    """Where the contiguous array x lies; None for None."""
    if x is None:
        return None
    return c.addressof(_Nothing.from_buffer(x)) if x.flags.writeable else x.ctypes.data  # the former takes a third


# ---- messages

_LEVELS = {0: "info", 1: "warning", 2: "progress"}
_sink = LogSink()


def log(function: Callable[[str, str], Any] | None) -> None:
    """Sends libjem's messages to function(level, line), level "info", "warning" or "progress"; None: nowhere.

    It may be called on any thread that computes."""
    global _sink

    def forward(_, level, line):
        function(_LEVELS.get(level, "info"), line.decode("utf-8", "replace"))

    sink = LogSink(forward) if function else LogSink()
    lib.jem_log_set_sink(sink, None)
    _sink = sink  # kept as long as libjem may call it


def to_logging(level, line):
    """What `log` is set to at first: the logger "jem" of Python's logging, which shows warnings."""
    logging.getLogger("jem").log({"info": logging.INFO, "warning": logging.WARNING}.get(level, logging.DEBUG), "%s", line)


log(to_logging)
atexit.register(log, None)
