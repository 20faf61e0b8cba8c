"""Folders of pictures into folders of shards."""

from __future__ import annotations

import ctypes as c
import typing

from . import _library as _l

if typing.TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Path

Watch = c.CFUNCTYPE(None, c.c_void_p, c.c_int64, c.c_int64)


def fill(function, *target, out, options, on_picture):
    """Calls a function of libjem that fills the folder `out`; options(stop, watch) makes its struct.  on_picture(done, pictures)
    is called after every picture; its exceptions, and Ctrl-C, stop it when what is finished is safe."""
    stop, failures = c.c_int(0), []

    def tell(unused, done, pictures):
        try:
            on_picture(done, pictures)
        except BaseException as error:  # what is finished is safe, then this is raised
            failures.append(error)
            stop.value = 1

    made = options(c.addressof(stop), Watch(tell) if on_picture else Watch())
    try:
        _l.call_until(stop, function, *target, _l.path_bytes(out), c.byref(made))
    except KeyboardInterrupt:
        if not failures:
            raise
    if failures:
        raise failures[0]
    return out


def check_resize(resize):
    if resize not in ("bicubic", "bilinear"):
        raise ValueError(f"resize {resize!r}; choose bicubic or bilinear")


class _PackOptions(c.Structure):
    _fields_ = [("size", c.c_size_t), ("side", c.c_int64), ("labels", c.c_char_p), ("skip_damaged", c.c_bool), ("bicubic", c.c_bool),
                ("per_shard", c.c_int64), ("threads", c.c_int64), ("stop", c.c_void_p), ("watch", Watch), ("watch_ctx", c.c_void_p)]


_l.declare({"jem_pack_options": _PackOptions}, {"jem_data_pack": [c.c_char_p, c.c_char_p, c.POINTER(_PackOptions)]}, {})


def pack(folder: Path, out: Path, side: int = 64, labels: Path | None = None, skip_damaged: bool = False,
         resize: str = "bilinear", per_shard: int = 0, threads: int = 0,
         on_picture: Callable[[int, int], Any] | None = None) -> Path:
    """A folder of pictures (of ImageNet's layout, or with a folder for each class), decoded and resized once, in a few large
    files in the folder `out`, for data.kind "packed".  Goes on where an earlier call stopped; Ctrl-C saves.  Returns `out`.

    side: of the packed pictures, the shorter side resized to it (resize "bilinear" or "bicubic"), then the central square;
    labels: of ImageNet, the file with the classes of its validation pictures; skip_damaged: leave out pictures that cannot be
    read; per_shard: pictures of one file, 0: those of 128 MiB; threads that decode, 0: one per processor.
    on_picture(done, pictures) is called after every picture; its exceptions save and stop."""
    check_resize(resize)
    names = None if labels is None else _l.path_bytes(labels)
    return fill("jem_data_pack", _l.path_bytes(folder), out=out, on_picture=on_picture,
                options=lambda stop, watch: _PackOptions(c.sizeof(_PackOptions), side, names, skip_damaged, resize == "bicubic",
                                                         per_shard, threads, stop, watch, None))
