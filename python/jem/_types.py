"""Names of types in the signatures of jem; for readers and type checkers."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Union

import numpy as np
import numpy.typing as npt

Path = Union[str, "os.PathLike[str]"]
Array = Any  # what NumPy takes, and whatever hands its data over DLPack: arrays of torch, jax
Images = Array  # [n, channels, height, width]; one image is a batch of one, uint8 of 0 to 255 becomes -1 to 1
Pictures = Union[np.ndarray, Sequence[np.ndarray]]  # uint8 [n, height, width, 3]; a list where sizes differ
DType = npt.DTypeLike  # np.float32, or np.float64: in double precision
Settings = Mapping[str, Any]  # {"train.lr": 1e-3}, or nested
Config = Union[Settings, Path]  # a YAML file, too
