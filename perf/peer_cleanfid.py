#!/usr/bin/env python3
"""jem fid beside clean-fid's own resizing, network classes and distance on the same pictures and weights.

    pip install torch torchvision clean-fid pytorch-fid
    python3 scripts/golden_inception.py --weights W.pth
    python3 perf/peer_cleanfid.py JEM W.pth CIFAR10_DIR [--pictures 2000] [--rounds 2] [--threads 2]

Both take turns; the smallest times of each are compared. CIFAR10_DIR holds the binary batches; samples are the
pictures of test_batch.bin, the reference those of data_batch_1.bin, as many of each. jem's time is that of the whole
command on the samples (--save), clean-fid's that of resizing, network and
statistics in a process that is already warm.
"""
import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from cleanfid import inception_pytorch, resize
from scipy import linalg


def pictures(path, n):
    rows = np.fromfile(path, np.uint8).reshape(-1, 3073)[:n]
    return rows[:, 1:].reshape(-1, 3, 32, 32)


def network(weights):
    """clean-fid's class with the state dict of a file instead of its download."""
    inception_pytorch.load_state_dict_from_url = lambda *_, **__: torch.load(weights, weights_only=True)
    return inception_pytorch.InceptionV3([3], resize_input=False, normalize_input=False).eval()


def statistics(net, u8, threads):
    """Batches of 32, resized by clean-fid's function on as many threads as the network has."""
    fn, features = resize.build_resizer("clean"), []
    with torch.no_grad(), ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(u8), 32):
            x = np.stack(list(pool.map(lambda v: fn(v.transpose(1, 2, 0)), u8[first:first + 32])))
            x = torch.from_numpy(x.transpose(0, 3, 1, 2))
            features.append(net((x - 128) / 128)[0][:, :, 0, 0].numpy())
    f = np.concatenate(features)
    return np.mean(f, axis=0), np.cov(f, rowvar=False)


def distance(a, b):
    """As clean-fid's fid.frechet_distance: the square root of the product."""
    gap = a[0].astype(np.float64) - b[0]
    root = linalg.sqrtm(a[1] @ b[1])
    if not np.isfinite(root).all():
        offset = np.eye(len(gap)) * 1e-6
        root = linalg.sqrtm((a[1] + offset) @ (b[1] + offset))
    return gap @ gap + np.trace(a[1]) + np.trace(b[1]) - 2 * np.trace(root.real)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jem")
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    samples = pictures(os.path.join(a.data, "test_batch.bin"), a.pictures)
    reference = pictures(os.path.join(a.data, "data_batch_1.bin"), a.pictures)
    net = network(a.weights)
    statistics(net, samples[:32], a.threads)
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("x.npy", "y.npy", "x.npz", "y.npz")]
        np.save(files[0], samples)
        np.save(files[1], reference)

        def jem(*arguments):
            return subprocess.run([a.jem, "fid", *arguments, "--weights", a.weights, "--threads", str(a.threads)],
                                  check=True, capture_output=True, text=True).stdout

        ours, theirs = [], []
        for _ in range(a.rounds):
            start = time.monotonic()
            jem(files[0], "--save", files[2])
            ours.append(time.monotonic() - start)
            start = time.monotonic()
            x = statistics(net, samples, a.threads)
            theirs.append(time.monotonic() - start)
        jem(files[1], "--save", files[3])
        y = statistics(net, reference, a.threads)
        mine = float(jem(files[2], "--reference", files[3]).split()[1])
        other = distance(x, y)
        kept = np.load(files[2])
        mixed = distance((kept["mu"], kept["sigma"]), (np.load(files[3])["mu"], np.load(files[3])["sigma"]))
    print(f"{len(samples)} pictures: jem {min(ours):.1f} s, clean-fid {min(theirs):.1f} s: "
          f"{min(theirs) / min(ours):.2f} times as fast (of {a.rounds} turns each: {ours}, {theirs})")
    print(f"distance: jem {mine:.8g}, clean-fid {other:.8g}, relative {abs(mine - other) / other:.2g}; "
          f"clean-fid's of jem's statistics {mixed:.8g}")
    print(f"largest difference of mu {np.abs(kept['mu'] - x[0]).max():.3g}, of sigma {np.abs(kept['sigma'] - x[1]).max():.3g}"
          f" (largest {np.abs(x[1]).max():.3g})")


if __name__ == "__main__":
    main()
