#!/usr/bin/env python3
"""The gloss ResNet trained by jem and by PyTorch from the same start on the same batches.

    compare_gloss_resnet.py JEM FOLDER [--side 16] [--images 2000] [--set KEY=VALUE ...] [--seeds 1,2]

JEM is the program; configs/gloss-resnet.yaml is the recipe.  FOLDER/data gets rendered surfaces of this side, which both
read; in FOLDER/SEED lie jem's run, the weights that it began with and torch.tsv.  Order and split are drawn as in
compare_training.py.  PyTorch's network is written here: F.batch_norm without running statistics, SGD whose weight decay spares
norms.  Prints a line per epoch: mean training loss (cross-entropy alone) and validation accuracy of both, validation in groups of 32.
Needs torch, numpy and Pillow.
"""
import argparse
import csv
import pathlib

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from compare_training import SHUFFLE, jem_epochs, permutation, settings_of, split, start_of, tell

CONFIG = pathlib.Path(__file__).parent.parent / "configs" / "gloss-resnet.yaml"


def render(jem, folder, side, images):
    """images.npy, labels.npy in FOLDER."""
    if (folder / "labels.npy").exists():
        return np.load(folder / "images.npy"), np.load(folder / "labels.npy")
    tell(jem, "data", "render", "--n", images, "--size", side, "--seed", 1, "-o", folder / "surfaces")
    rows = list(csv.DictReader(open(folder / "surfaces" / "scene_log.csv")))
    files = sorted((folder / "surfaces" / "rgb").iterdir())
    x = np.stack([np.asarray(Image.open(f).convert("RGB")) for f in files]).transpose(0, 3, 1, 2)
    y = np.array([int(float(r["gloss_cat"])) for r in rows])
    np.save(folder / "images.npy", np.ascontiguousarray(x))
    np.save(folder / "labels.npy", y.astype(np.int64))
    return x, y


def forward(p, x, blocks=3):
    def norm(x, name):
        return F.relu(F.batch_norm(x, None, None, p[name + "/gamma"], p[name + "/beta"], True, eps=1e-3))

    def conv(x, name):
        return F.conv2d(x, p[name + "/conv"], padding=1)

    x = norm(conv(x, "conv0"), "conv0")
    for s in range(1, 4):
        for b in range(blocks):
            one, two = f"conv{s}_{b}/conv1_in_block", f"conv{s}_{b}/conv2_in_block"
            h = norm(x, one) if (s, b) != (1, 0) else x
            x = x + conv(norm(conv(h, one), two), two)
    z = F.linear(F.relu(x).mean((2, 3)), p["fc/fc_weights"], p["fc/fc_bias"])
    return F.linear(z, p["out/fc_weights"], p["out/fc_bias"])


def values(x):
    return torch.from_numpy(np.ascontiguousarray(x)).float()


def accuracy(p, x, y, together):
    with torch.no_grad():
        return sum(int((forward(p, values(x[i:i + together])).argmax(1) == torch.from_numpy(y[i:i + together])).sum())
                   for i in range(0, len(x), together)) / len(x)


def train_in_torch(p, c, x, y, seed, report):
    x, y, val_x, val_y = split(x, y, float(c["data.val_fraction"]), 0)
    batch, total = int(c["train.batch"]), int(c["train.iterations"])
    per_epoch = len(x) // batch
    norms = [t for n, t in p.items() if n.endswith(("/gamma", "/beta"))]
    layers = [t for n, t in p.items() if not n.endswith(("/gamma", "/beta"))]
    sgd = torch.optim.SGD([{"params": layers, "weight_decay": float(c["train.weight_decay"])}, {"params": norms}], lr=1,
                          momentum=float(c["train.momentum"]))
    losses = []
    for it in range(total):
        if it % per_epoch == 0:
            order = permutation(len(x), seed, SHUFFLE, it // per_epoch)
        rows = order[it % per_epoch * batch:][:batch]
        for g in sgd.param_groups:
            g["lr"] = float(c["train.lr"]) * float(c["train.lr_decay"]) ** (it + 1)
        loss = F.cross_entropy(forward(p, values(x[rows])), torch.from_numpy(y[rows]))
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(float(loss.detach()))
        if (it + 1) % per_epoch == 0 or it + 1 == total:
            report((it + 1) / per_epoch, np.mean(losses[-((it % per_epoch) + 1):]), accuracy(p, val_x, val_y, int(c["model.together"])))


def compare(jem, folder, data, x, y, seed, more):
    folder.mkdir(parents=True, exist_ok=True)
    own = ["data.kind=npy", f"data.path={data}", f"data.size=0", "data.test_fraction=0", "data.val_fraction=0.1", "train.log_every=1",
           f"seed={seed}", *more]
    assignments = [w for s in own for w in ("--set", s)]
    p = {name: t.clone().requires_grad_(True) for name, t in start_of(jem, folder, CONFIG, assignments).items()}
    run = folder / "jem"
    tell(jem, "train", CONFIG, *assignments, "--out", run)
    theirs = jem_epochs(run)
    with open(folder / "torch.tsv", "w") as log:
        print("epoch\tloss\tval_accuracy", file=log, flush=True)
        print("epoch  loss jem  torch   validation jem  torch", flush=True)

        def report(epoch, loss, val):
            print(f"{epoch:.3f}\t{loss:.6g}\t{val:.6g}", file=log, flush=True)
            ours = theirs.get(round(epoch, 3), (float("nan"), float("nan")))
            print(f"{epoch:5.4g}  {ours[0]:8.4f}  {loss:.4f}  {ours[1]:14.4f}  {val:.4f}", flush=True)
        train_in_torch(p, settings_of(run), x, y, seed, report)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jem")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--side", type=int, default=16)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = args.folder.resolve() / "data"
    data.mkdir(parents=True, exist_ok=True)
    x, y = render(args.jem, data, args.side, args.images)
    for seed in args.seeds.split(","):
        compare(args.jem, args.folder / seed, data, x, y, int(seed), args.set)


if __name__ == "__main__":
    main()
