"""The autoencoder of runs on latents."""

import ctypes as c

import numpy as np

from . import _library as _l
from ._model import engine_options


class Autoencoder:
    """Pictures to the latents that a JEM on latents takes, and back (sd-vae-ft-mse and networks like it).

        vae = jem.Autoencoder("vae.safetensors")
        z = vae.encode(pictures)                # float32 [n, vae.channels, height / vae.factor, width / vae.factor]
        m.energy(z); vae.decode(m.sample(4))    # pictures float32 [n, 3, height, width], about -1 to 1

    Pictures are floats in -1 to 1, or uint8 of 0 to 255.  Latents are scaled to near unit variance: the posterior's mean
    times vae.scale.  device, precision, threads as jem.load.
    """

    def __init__(self, path, device=None, precision=None, threads=0):
        self._handle = c.c_void_p()
        engine = engine_options(device, precision, threads)
        _l.call("jem_autoencoder_open", c.byref(self._handle), _l.path_bytes(path), c.byref(engine))
        self.factor = _l.lib.jem_autoencoder_factor(self._handle)
        self.channels = _l.lib.jem_autoencoder_channels(self._handle)
        self.scale = _l.lib.jem_autoencoder_scale(self._handle)
        self.path = path

    def __repr__(self):
        return f"<jem.Autoencoder {self.path}: {self.channels} channels, 1/{self.factor} of the size>"

    def close(self):
        """Frees it; it cannot be used afterwards."""
        if self._handle:
            if not _l.is_forked():  # where it would wait for threads that only the parent has
                _l.lib.jem_autoencoder_free(self._handle)
            self._handle = c.c_void_p()

    def __del__(self):
        if getattr(self, "_handle", None):
            self.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def _check(self, x, what, channels):
        x = _l.images(x, np.float32, what)
        if x.ndim != 4 or x.shape[1] != channels:
            raise ValueError(f"{what} is {list(x.shape)}; expected [n, {channels}, height, width]")
        if not self._handle:
            raise ValueError("the autoencoder is closed")
        return x

    def encode(self, x, logvar=False):
        """Latents [n, channels, height / factor, width / factor] of pictures [n, 3, height, width]; with logvar also the
        posterior's log-variances, as a pair."""
        x = self._check(x, "x", 3)
        n, _, height, width = x.shape
        z = np.empty((n, self.channels, height // self.factor, width // self.factor), np.float32)
        spread = np.empty_like(z) if logvar else None
        _l.call("jem_autoencoder_encode", self._handle, _l.address(x), n, height, width, _l.address(z), _l.address(spread))
        return (z, spread) if logvar else z

    def decode(self, z):
        """Pictures [n, 3, height, width] of latents, about -1 to 1."""
        z = self._check(z, "z", self.channels)
        n, _, height, width = z.shape
        x = np.empty((n, 3, height * self.factor, width * self.factor), np.float32)
        _l.call("jem_autoencoder_decode", self._handle, _l.address(z), n, *x.shape[2:], _l.address(x))
        return x
