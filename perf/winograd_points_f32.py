#!/usr/bin/env python3
"""Which interpolation points make Winograd's F(4x4, 3x3) most exact in float32?

    python3 perf/winograd_points_f32.py        (needs numpy)

Root mean square and largest error of sums over 64 channels of random 3x3 convolutions, as a
share of their standard deviation, for sets of five finite points beside infinity; and what the
same sums have directly.  src/backend/cpu/wino_conv.h uses the last set.
"""
import numpy as np
from numpy.polynomial import polynomial

F32 = np.float32
SETS = {
    "0, 1, -1, 2, -2": [0, 1, -1, 2, -2],
    "0, 1, -1, 1/2, -1/2": [0, 1, -1, 0.5, -0.5],
    "0, 1, -1, 1/2, -2": [0, 1, -1, 0.5, -2],
    "0, +-3/4, +-3/2": [0, 0.75, -0.75, 1.5, -1.5],
    "0, +-5/8, +-3/2": [0, 0.625, -0.625, 1.5, -1.5],
    "0, +-sqrt(1/2), +-sqrt(2)": [0, 0.5**0.5, -(0.5**0.5), 2**0.5, -(2**0.5)],
}


def matrices(points):
    """B^T [6,6], G [6,3], A^T [4,6]."""
    bt, g, at = np.zeros((6, 6)), np.zeros((6, 3)), np.zeros((4, 6))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        bt[i, :5] = polynomial.polyfromroots(others)
        at[:, i] = [p**k for k in range(4)]
        g[i] = np.array([1, p, p * p]) / np.prod([p - q for q in others])
    bt[5] = polynomial.polyfromroots(points)
    at[3, 5] = g[5, 2] = 1
    return bt, g, at


def direct(patches, kernels, dtype):
    total = np.zeros((len(patches), 4, 4), dtype)
    for c in range(len(kernels)):
        for y in range(3):
            for x in range(3):
                total += (patches[:, c, y:y + 4, x:x + 4] * kernels[c, y, x]).astype(dtype)
    return total


def winograd(patches, kernels, points):
    bt, g, at = matrices(points)
    weights = (g @ kernels.astype(float) @ g.T).astype(F32)
    bt, at = bt.astype(F32), at.astype(F32)
    transformed = (bt @ patches) @ bt.T
    total = np.zeros((len(patches), 6, 6), F32)
    for c in range(len(kernels)):
        total += transformed[:, c] * weights[c]
    return (at @ total) @ at.T


def main():
    random = np.random.default_rng(0)
    patches = random.standard_normal((400, 64, 6, 6)).astype(F32)
    kernels = random.standard_normal((64, 3, 3)).astype(F32)
    exact = direct(patches.astype(float), kernels.astype(float), float)

    def show(name, values):
        error = (values - exact) / exact.std()
        print(f"| {name} | {np.sqrt((error**2).mean()):.1e} | {np.abs(error).max():.1e} |")

    print("| points | rms error | largest |\n|---|---|---|")
    show("direct sums", direct(patches, kernels, F32))
    for name, points in SETS.items():
        show(name, winograd(patches, kernels, points))


if __name__ == "__main__":
    main()
