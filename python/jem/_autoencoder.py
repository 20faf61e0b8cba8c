"""The autoencoder of runs on latents."""

from __future__ import annotations

import ctypes as c
import typing

import numpy as np

from . import _library as _l
from ._model import engine_options
from ._pictures import Watch, check_resize, fill

if typing.TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Images, Path


class _EncodeOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("side", c.c_int64), ("labels", c.c_char_p),
                *((name, c.c_bool) for name in ("flip", "skip_damaged", "bilinear", "f32")), ("scale", c.c_double),
                ("batch", c.c_int64), ("per_shard", c.c_int64), ("noise", c.c_int64), ("stop", c.c_void_p), ("watch", Watch),
                ("watch_ctx", c.c_void_p)]


_l.declare({"jem_encode_options": _EncodeOptions},
           {"jem_autoencoder_encode_folder": [c.c_void_p, c.c_char_p, c.c_char_p, c.POINTER(_EncodeOptions)]}, {})


class Autoencoder(_l.Handle):
    """Pictures to the latents that a JEM on latents takes, and back (sd-vae-ft-mse and networks like it).

        vae = jem.Autoencoder("vae.safetensors")
        z = vae.encode(pictures)                # float32 [n, vae.channels, height / vae.factor, width / vae.factor]
        m.energy(z); vae.decode(m.sample(4))    # pictures float32 [n, 3, height, width], about -1 to 1

    Pictures are floats in -1 to 1, or uint8 of 0 to 255.  Latents are scaled to near unit variance: the posterior's mean
    times vae.scale.  device, precision, threads as jem.load.
    """

    _free = "jem_autoencoder_free"

    def __init__(self, path: Path, device: str | None = None, precision: str | None = None, threads: int = 0):
        self._handle = c.c_void_p()
        engine = engine_options(device, precision, threads)
        _l.call("jem_autoencoder_open", c.byref(self._handle), _l.path_bytes(path), c.byref(engine))
        self.factor = _l.lib.jem_autoencoder_factor(self._handle)
        self.channels = _l.lib.jem_autoencoder_channels(self._handle)
        self.scale = _l.lib.jem_autoencoder_scale(self._handle)
        self.path = path

    def __repr__(self):
        return f"<jem.Autoencoder {self.path}: {self.channels} channels, 1/{self.factor} of the size>"

    def _check(self, x, what, channels):
        x = _l.images(x, np.float32, what)
        if x.ndim != 4 or x.shape[1] != channels:
            raise ValueError(f"{what} is {list(x.shape)}; expected [n, {channels}, height, width]")
        if not self._handle:
            raise ValueError("the autoencoder is closed")
        return x

    def encode(self, x: Images, logvar: bool = False) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Latents [n, channels, height / factor, width / factor] of pictures [n, 3, height, width]; with logvar also the
        posterior's log-variances, as a pair."""
        x = self._check(x, "x", 3)
        n, _, height, width = x.shape
        z = np.empty((n, self.channels, height // self.factor, width // self.factor), np.float32)
        spread = np.empty_like(z) if logvar else None
        _l.call("jem_autoencoder_encode", self._handle, _l.address(x), n, height, width, _l.address(z), _l.address(spread))
        return (z, spread) if logvar else z

    def decode(self, z: Images) -> np.ndarray:
        """Pictures [n, 3, height, width] of latents, about -1 to 1."""
        z = self._check(z, "z", self.channels)
        n, _, height, width = z.shape
        x = np.empty((n, 3, height * self.factor, width * self.factor), np.float32)
        _l.call("jem_autoencoder_decode", self._handle, _l.address(z), n, *x.shape[2:], _l.address(x))
        return x

    def encode_folder(self, folder: Path, out: Path, side: int = 256, labels: Path | None = None, flip: bool = False,
                      skip_damaged: bool = False, resize: str = "bicubic", dtype: str = "f16", scale: float | None = None,
                      batch: int = 0, per_shard: int = 512, noise: int = 1024,
                      on_picture: Callable[..., Any] | None = None) -> Path:
        """Shards of latents in the folder `out`, for data.kind "latents", of a folder of pictures: of ImageNet's layout, or
        with a folder for each class.  Goes on where an earlier call stopped; Ctrl-C saves.  Returns `out`.

        side: that pictures are resized to (resize "bicubic" or "bilinear"), a multiple of vae.factor; labels: of ImageNet,
        the file with the classes of its validation pictures; flip: mirrored pictures, too; skip_damaged: leave out pictures
        that cannot be read; dtype: "f16" or "f32", as latents are stored; scale: of the latents, None: vae.scale; batch:
        pictures at once, 0: as fit; noise: encoded pictures of it, where chains begin.  on_picture(done, pictures) is
        called after every picture; its exceptions save and stop."""
        check_resize(resize)
        if dtype not in ("f16", "f32"):
            raise ValueError(f"dtype {dtype!r}; choose f16 or f32")
        if not self._handle:
            raise ValueError("the autoencoder is closed")
        names = None if labels is None else _l.path_bytes(labels)
        return fill("jem_autoencoder_encode_folder", self._handle, _l.path_bytes(folder), out=out, on_picture=on_picture,
                    options=lambda stop, watch: _EncodeOptions(c.sizeof(_EncodeOptions), side, names, flip, skip_damaged,
                                                               resize == "bilinear", dtype == "f32", scale or 0, batch, per_shard,
                                                               noise, stop, watch, None))
