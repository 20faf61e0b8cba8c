#!/usr/bin/env python3
"""jem fid beside clean-fid's own resizing, network classes and distance on the same pictures and weights.

    pip install torch torchvision clean-fid pytorch-fid
    python3 scripts/golden_inception.py --weights W.pth
    python3 perf/peer_cleanfid.py JEM W.pth CIFAR10_DIR [--pictures 2000] [--rounds 2] [--threads 2]

Both take turns; the smallest times of each are compared, on the wall and of the processor (all threads), which a
machine with other programs on it disturbs less. CIFAR10_DIR holds the binary batches; samples are the
pictures of test_batch.bin, the reference those of data_batch_1.bin, as many of each. jem's time is that of the whole
command on the samples (--save), clean-fid's that of resizing, network and
statistics in a process that is already warm.
"""
import argparse
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from cleanfid import inception_pytorch, resize


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
    return np.mean(f, axis=0), np.cov(f, rowvar=False), f.astype(np.float64)


def distance(a, b):
    """Of clean-fid's features. For no more pictures than features tr sqrt(S1 S2) is the sum of the singular values
    of A B' over sqrt((n-1)(m-1)), A and B centred; clean-fid's own square root of the product takes minutes."""
    gap = a[0].astype(np.float64) - b[0]
    x, y = a[2] - a[2].mean(0), b[2] - b[2].mean(0)
    cross = np.linalg.svd(x @ y.T, compute_uv=False).sum() / np.sqrt((len(x) - 1) * (len(y) - 1))
    return gap @ gap + np.trace(a[1]) + np.trace(b[1]) - 2 * cross


def clocks():
    """Wall and processor seconds, of this process and those that it has waited for."""
    t = os.times()
    return np.array([t.elapsed, t.user + t.system + t.children_user + t.children_system])


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
            began = clocks()
            jem(files[0], "--save", files[2])
            middle = clocks()
            x = statistics(net, samples, a.threads)
            ours.append(middle - began)
            theirs.append(clocks() - middle)
        jem(files[1], "--save", files[3])
        y = statistics(net, reference, a.threads)
        mine = float(jem(files[2], "--reference", files[3]).split()[1])
        other = distance(x, y)
        kept = np.load(files[2])
    for i, what in enumerate(("wall", "processor")):
        j, c = min(t[i] for t in ours), min(t[i] for t in theirs)
        print(f"{len(samples)} pictures, {what} time: jem {j:.1f} s, clean-fid {c:.1f} s: {c / j:.2f} times as fast "
              f"(the least of {a.rounds} turns each)")
    print(f"distance: jem {mine:.8g}, clean-fid {other:.8g}, relative {abs(mine - other) / other:.2g}")
    print(f"largest difference of mu {np.abs(kept['mu'] - x[0]).max():.3g} (largest {np.abs(x[0]).max():.3g}), "
          f"of sigma {np.abs(kept['sigma'] - x[1]).max():.3g} (largest {np.abs(x[1]).max():.3g})")


if __name__ == "__main__":
    main()
