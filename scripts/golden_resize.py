#!/usr/bin/env python3
"""The numbers in tests/data/test_resize_floats.c, by Pillow as clean-fid uses it: python3 scripts/golden_resize.py

A picture of h rows, w columns has 8-bit levels (17 x + 31 y + 97 c + 7 x y) mod 256; each channel is resized in
Pillow's mode F (float) and clipped. The digest runs over the bits of the floats, channel by channel.
"""
import numpy as np
from PIL import Image, __version__

SIZES = ((7, 5, 9, 4), (1, 1, 3, 2), (32, 32, 299, 299), (61, 83, 299, 299), (400, 500, 299, 299), (299, 640, 299, 299))


def levels(h, w):
    y, x, c = np.meshgrid(np.arange(h), np.arange(w), np.arange(3), indexing="ij")
    return ((17 * x + 31 * y + 97 * c + 7 * x * y) % 256).astype(np.uint8)


def resized(u8, h, w):
    planes = [np.asarray(Image.fromarray(u8[:, :, c].astype(np.float32)).resize((w, h), Image.BICUBIC)).clip(0, 255)
              for c in range(3)]
    return np.stack(planes).astype(np.float32)


def digest(x):
    d = 0
    for bits in x.view(np.uint32).ravel().tolist():
        d = (d * 31 + bits) % 2**32
    return d


def main():
    print("Pillow", __version__)
    for from_h, from_w, h, w in SIZES:
        x = resized(levels(from_h, from_w), h, w)
        print(f"    {{{from_h}, {from_w}, {h}, {w}, {digest(x)}u, {float(x.astype(np.float64).sum())!r}}},")


if __name__ == "__main__":
    main()
