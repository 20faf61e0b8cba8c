#!/usr/bin/env python3
"""Which points suit Winograd's F(4, 3) where both factors are rounded to bf16?

    python3 perf/winograd_points.py

Root mean square errors of 3x3 convolutions with six products per four results along the
rows, relative to the results' size, for points 0, +-p, +-q and infinity: rectified normal
numbers of 16 channels, normal weights, sums in double.  The first line is the direct
convolution with weights rounded to bf16.  Needs NumPy.
"""
import itertools

import numpy as np

OUT, TAPS, PIXELS, CHANNELS, SAMPLES = 4, 3, 6, 16, 1500


def round_to_bf16(x):
    bits = np.asarray(x, np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)
    return bits.astype(np.uint32).view(np.float32).astype(float)


def cook_toom(points):
    """A [out, planes], G [planes, taps], B [planes, pixels]."""
    points = np.array(points, float)
    a = np.zeros((OUT, PIXELS))
    g = np.zeros((PIXELS, TAPS))
    b = np.zeros((PIXELS, PIXELS))
    for j, p in enumerate(points):
        others = np.delete(points, j)
        a[:, j] = p ** np.arange(OUT)
        g[j] = p ** np.arange(TAPS) / np.prod(p - others)
        b[j, : PIXELS - 1] = np.poly(others)[::-1]
    a[-1, -1] = g[-1, -1] = 1
    b[-1] = np.poly(points)[::-1]
    return a, g, b


def main():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((SAMPLES, CHANNELS, TAPS, PIXELS))
    x = round_to_bf16(np.where(x > 0, x, 0.2 * x))
    w = rng.standard_normal((CHANNELS, TAPS, TAPS))

    def direct(weights):
        return np.stack([np.einsum("nckl,ckl->n", x[..., i : i + TAPS], weights) for i in range(OUT)], 1)

    exact = direct(w)
    size = np.sqrt((exact**2).mean())
    print(f"direct           {np.sqrt(((direct(round_to_bf16(w)) - exact) ** 2).mean()) / size:.5f}")
    rows = []
    for p, q in itertools.product(np.arange(4, 16) / 16, np.arange(16, 34) / 16):
        a, g, b = cook_toom([0, p, -p, q, -q])
        u = round_to_bf16(np.einsum("tj,ckj->ckt", g, w))
        v = round_to_bf16(np.einsum("tl,nckl->nckt", b, x))
        y = np.einsum("it,nckt,ckt->ni", a, v, u)
        rows.append((np.sqrt(((y - exact) ** 2).mean()) / size, p, q))
    for error, p, q in sorted(rows)[:8]:
        print(f"+-{p:<6g} +-{q:<6g} {error:.5f}")


if __name__ == "__main__":
    main()
