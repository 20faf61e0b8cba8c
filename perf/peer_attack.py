#!/usr/bin/env python3
"""PGD in PyTorch from the same starts as `jem eval`, image by image.

    jem eval RUN --set eval.attack_images=500 --set eval.attack_linf=[0,1,2,4,8] --set eval.attack_l2=[0,0.25,0.5,1]
    python3 perf/peer_attack.py --run RUN --weights RUN/best.safetensors --test cifar10/test_batch.bin

RUN is a wide residual network without norm on CIFAR-10's binary layout; its trials/robustness.csv has the images, radii and
answers.  Here the same attacks are written as one would in PyTorch: autograd's gradient of the cross-entropy itself, float32,
the uniform start drawn again from the counters of src/base/rng.h.  Prints, for each attack, both accuracies and the
share of images that are taken for the same class.  L2's step to ball and box is the ball's, then the box's, the usual way,
which is not always the nearest point.  Exits with 1 if an accuracy is off by more than --apart.
"""
import argparse
import collections
import csv
import json
import math
import pathlib
import sys

import numpy as np
import torch
from torch.nn import functional as F

from peer_pytorch import WRN, load_weights

RNG_SAMPLE, STREAM_START, RECORD = 14, 1024, 3073


def philox(seed, image, step, sub, blocks):
    """[blocks, 4] words of Philox4x32-10."""
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    c = [np.arange(blocks, dtype=np.uint64)] + [np.full(blocks, v, np.uint64) for v in (image, step, RNG_SAMPLE << 24 | sub)]
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, 1)


def direction(norm, seed, image, restart, size):
    """The start less the image, in radii."""
    w = philox(seed, image, STREAM_START + restart, 0, (size + 3) // 4)
    if norm == "linf":
        return (-1 + 2 * ((w >> np.uint64(8)) * 2.0**-24)).reshape(-1)[:size]
    radius = np.sqrt(-2 * np.log(((w[:, ::2] >> np.uint64(1)) + 0.5) * 2.0**-31))
    angle = w[:, 1::2] * (2 * math.pi / 2**32)
    z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 2).reshape(-1)[:size]
    u = (philox(seed, image, STREAM_START + restart, 1, 1)[0, 0] >> np.uint64(8)) * 2.0**-24
    return z / np.linalg.norm(z) * u ** (1 / size)


def project(x, centre, norm, radius):
    d = x - centre
    if norm == "linf":
        d = d.clamp(-radius, radius)
    else:
        length = d.flatten(1).norm(dim=1).clamp_min(1e-12)
        d = d * (radius / length).clamp_max(1).view(-1, 1, 1, 1)
    return (centre + d).clamp(-1, 1)


def attack(net, centre, y, rows, norm, radius, a):
    """Classes after one attack from each start that still stands."""
    answer = y.clone()
    for restart in range(a.restarts):
        way = np.stack([direction(norm, a.seed, int(r), restart, centre[0].numel()) for r in rows])
        x = project(centre + radius * torch.tensor(way, dtype=torch.float32).view_as(centre), centre, norm, radius)
        step = a.step_size * radius / a.steps
        for _ in range(a.steps):
            x.requires_grad_(True)
            g, = torch.autograd.grad(F.cross_entropy(net(x), y, reduction="sum"), x)
            with torch.no_grad():
                if norm == "linf":
                    x = project(x + step * g.sign(), centre, norm, radius)
                else:
                    x = project(x + step * g / g.flatten(1).norm(dim=1).clamp_min(1e-30).view(-1, 1, 1, 1), centre, norm, radius)
        with torch.no_grad():
            now = net(x).argmax(1)
        answer = torch.where(answer == y, now, answer)
    return answer


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--run", required=True, type=pathlib.Path)
    p.add_argument("--weights", required=True)
    p.add_argument("--test", required=True, type=pathlib.Path)
    p.add_argument("--model", default="wrn-10-1")
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--step-size", type=float, default=2.5)
    p.add_argument("--restarts", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--apart", type=float, default=0.01)
    a = p.parse_args()
    torch.set_num_threads(2)
    _, depth, width = a.model.split("-")
    net = WRN(int(depth), int(width), 3, 10)
    load_weights(net, a.weights, int(depth))
    records = np.frombuffer(a.test.read_bytes(), np.uint8).reshape(-1, RECORD)
    pixels = torch.tensor(records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)) / 255 * 2 - 1
    labels = torch.tensor(records[:, 0].astype(np.int64))
    attacks = collections.defaultdict(list)
    for r in csv.DictReader(open(a.run / "trials" / "robustness.csv")):
        attacks[r["condition"]].append((int(r["imagename"].rsplit("-", 1)[1]), r["object_response"], r["category"]))
    names = {label: int(labels[row]) for trials in attacks.values() for row, _, label in trials}
    failed = False
    for condition, trials in attacks.items():
        if "refined" in condition:
            continue
        norm, radius = condition.split()
        radius = 2 * (float(radius.split("/")[0]) / 255 if norm == "linf" else float(radius))
        rows = np.array([t[0] for t in trials])
        theirs = torch.tensor([names.get(t[1], -1) for t in trials])  # -1: a class that is no label of these
        x, y = pixels[rows], labels[rows]
        with torch.no_grad():
            ours = net(x).argmax(1)
        right = ours == y
        if radius > 0 and right.any():
            ours[right] = attack(net, x[right], y[right], rows[right.numpy()], norm, radius, a)
        jem, torch_accuracy = (float((v == y).float().mean()) for v in (theirs, ours))
        failed |= abs(jem - torch_accuracy) > a.apart
        print(json.dumps({"attack": condition, "images": len(rows), "jem": round(jem, 4), "pytorch": round(torch_accuracy, 4),
                          "same_class": round(float((theirs == ours).float().mean()), 4)}), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
