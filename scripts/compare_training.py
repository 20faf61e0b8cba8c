#!/usr/bin/env python3
"""A classifier of CIFAR-10 trained by jem and by PyTorch from the same start on the same batches.

    compare_training.py JEM FOLDER CONFIG --data CIFAR10 [--set KEY=VALUE ...] [--seeds 1,2] [--torch-only]

JEM is the program, CONFIG one of configs/cifar10-resnet-20.yaml and the like (alpha 0, Adam, multistep), CIFAR10 the
folder with data_batch_1.bin ... test_batch.bin.  In FOLDER/SEED lie jem's run, the weights that it began with and
torch.tsv.  The network is that of golden_networks.py; order, crops and flips are drawn here as src/base/rng.h and
src/data/batch.c say; schedules count iterations as src/train/schedule.c.  Prints a line per epoch: mean training loss
and validation accuracy of both, and test accuracy of the last weights at the end.  Needs torch and numpy alone.
"""
import argparse
import csv
import pathlib
import subprocess
import time

import numpy as np
import torch
from torch.nn import functional as F

from golden_networks import CIFAR, read_safetensors

SHUFFLE, SPLIT, AUGMENT = 2, 4, 5 # rng_purpose
SPLIT_SEED = 1234 # CONFIG_SPLIT_SEED
PAD, SIDE = 4, 32
MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
DEVIATION = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)


def philox(seed, purpose, step, image, block):
    """Words [n, 4] of blocks or images, either of which may be an array: Philox4x32-10."""
    shape = np.broadcast(np.asarray(image), np.asarray(block)).shape
    full = lambda v: np.broadcast_to(np.asarray(v, np.uint64), shape).copy()
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b, c, d = full(block), full(image), full(step), full(purpose << 24)
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (q >> half) ^ b ^ np.uint64(key[0]), q & low, (p >> half) ^ d ^ np.uint64(key[1]), p & low
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack([a, b, c, d], -1)


def below(words, bound):
    return ((words * np.asarray(bound, np.uint64)) >> np.uint64(32)).astype(np.int64)


def permutation(n, seed, purpose, step):
    swaps = below(philox(seed, purpose, step, 0, np.arange((n + 3) // 4)).reshape(-1)[:n], np.arange(1, n + 1)).tolist()
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        order[i], order[swaps[i]] = order[swaps[i]], order[i]
    return np.array(order)


def read_cifar(folder):
    """Training pictures [50000, 3, 32, 32] and labels, then those of the test set."""
    def read(names):
        rows = np.concatenate([np.fromfile(folder / n, np.uint8).reshape(-1, 3073) for n in names])
        return rows[:, 1:].reshape(-1, 3, SIDE, SIDE), rows[:, 0].astype(np.int64)
    return read([f"data_batch_{i}.bin" for i in range(1, 6)]) + read(["test_batch.bin"])


def split(x, y, share, limit):
    if limit:
        x, y = x[:limit], y[:limit]
    held = np.zeros(len(x), bool)
    held[permutation(len(x), SPLIT_SEED, SPLIT, 0)[:round(share * len(x))]] = True
    return x[~held], y[~held], x[held], y[held]


def augmented(pictures, seed, iteration):
    """[n, 3, 32, 32] u8: four black pixels around, a crop, half of them mirrored."""
    words = philox(seed, AUGMENT, iteration, np.arange(len(pictures)), 0)
    top, left, mirrored = below(words[:, 0], 2 * PAD + 1), below(words[:, 1], 2 * PAD + 1), below(words[:, 2], 2) == 1
    padded = np.pad(pictures, ((0, 0), (0, 0), (PAD, PAD), (PAD, PAD)))
    out = np.stack([p[:, t:t + SIDE, l:l + SIDE] for p, t, l in zip(padded, top, left)])
    out[mirrored] = out[mirrored, :, :, ::-1]
    return out


def values(pictures):
    return (torch.from_numpy(np.ascontiguousarray(pictures)).float() / 255 - MEAN) / DEVIATION


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        hits = sum(int((net(values(x[i:i + 500])).argmax(1) == torch.from_numpy(y[i:i + 500])).sum())
                   for i in range(0, len(x), 500))
    net.train()
    return hits / len(x)


def settings_of(run):
    """The values of RUN/config.yaml, by "group.key"."""
    found, group = {}, ""
    for line in (run / "config.yaml").read_text().splitlines():
        key, _, value = line.split(" #")[0].partition(":")
        if not line.startswith(" ") and not value.strip():
            group = key + "."
        elif key.strip() and not line.startswith("#"):
            found[(group if line.startswith(" ") else "") + key.strip()] = value.strip().strip('"')
    return found


def rate(c, iteration, total):
    lr = float(c["train.lr"])
    for m in c["train.milestones"].strip("[]").split(","):
        if iteration >= float(m) * total:
            lr *= float(c["train.milestone_factor"])
    return lr


def train_in_torch(net, c, cifar, seed, report):
    x, y, val_x, val_y = split(*cifar[:2], float(c["data.val_fraction"]), int(float(c["data.limit"])))
    batch = int(c["train.batch"])
    per_epoch = len(x) // batch
    total = int(c["train.iterations"]) or int(c["train.epochs"]) * per_epoch
    optimizer = torch.optim.Adam(net.parameters(), lr=1, weight_decay=float(c["train.weight_decay"]))
    losses, order, clock = [], None, 0.0
    net.train()
    for it in range(total):
        if it % per_epoch == 0:
            order = permutation(len(x), seed, SHUFFLE, it // per_epoch)
        rows = order[it % per_epoch * batch:][:batch]
        begun = time.monotonic()
        optimizer.param_groups[0]["lr"] = rate(c, it, total)
        loss = F.cross_entropy(net(values(augmented(x[rows], seed, it))), torch.from_numpy(y[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        clock += time.monotonic() - begun
        losses.append(float(loss.detach()))
        if (it + 1) % per_epoch == 0 or it + 1 == total:
            report((it + 1) / per_epoch, np.mean(losses[-per_epoch:]), accuracy(net, val_x, val_y), clock)
    return accuracy(net, *cifar[2:])


def start_of(jem, folder, config, assignments):
    """Weights that jem begins with: those of a run that does not move them, its running statistics forgotten."""
    run, weights = folder / "start", folder / "start.safetensors"
    still = ["train.iterations=1", "train.lr=0", "train.patience=0"]
    tell(jem, "train", config, *assignments, *(w for s in still for w in ("--set", s)), "--out", run)
    tell(jem, "export", run, "-o", weights)
    tensors = read_safetensors(weights)
    for name, t in tensors.items():
        if name.endswith("running_mean"):
            t.zero_()
        elif name.endswith("running_var"):
            t.fill_(1)
    return tensors


def tell(*words):
    subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL)


def jem_epochs(run):
    """{whole epoch: (mean training loss of its rows, validation accuracy)}"""
    found, losses = {}, []
    with open(run / "metrics.csv") as f:
        for row in csv.DictReader(f):
            losses.append(float(row["loss_d"]))
            if row["val_accuracy"] not in ("", "nan"):
                found[round(float(row["epoch"]), 3)] = (np.mean(losses), float(row["val_accuracy"]))
                losses = []
    return found


def compare(jem, folder, config, data, seed, more, torch_only):
    folder.mkdir(parents=True, exist_ok=True)
    assignments = [w for s in [f"data.path={data}", f"seed={seed}", *more] for w in ("--set", s)]
    start, run = start_of(jem, folder, config, assignments), folder / "jem"
    if not torch_only:
        tell(jem, "train", config, *assignments, "--out", run)
    c = settings_of(run)
    net = CIFAR[c["model.name"]]()
    net.load_state_dict(start, strict=False)
    net.to(memory_format=torch.channels_last)  # PyTorch's faster form here
    theirs = jem_epochs(run)
    with open(folder / "torch.tsv", "w") as log:
        print("epoch\tloss\tval_accuracy\tseconds", file=log, flush=True)
        print("epoch  loss jem  torch   validation jem  torch", flush=True)

        def report(epoch, loss, val, seconds):
            print(f"{epoch:.3f}\t{loss:.6g}\t{val:.6g}\t{seconds:.1f}", file=log, flush=True)
            ours = theirs.get(round(epoch, 3), (float("nan"), float("nan")))
            print(f"{epoch:5.4g}  {ours[0]:8.4f}  {loss:.4f}  {ours[1]:14.4f}  {val:.4f}", flush=True)
        test = train_in_torch(net, c, read_cifar(data), seed, report)
        print(f"test\t{test:.4f}", file=log)
    print(f"seed {seed}: test accuracy of PyTorch's last weights {test:.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jem")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("config")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--torch-only", action="store_true", help="jem's run is there already")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for seed in args.seeds.split(","):
        compare(args.jem, args.folder / seed, args.config, args.data.resolve(), int(seed), args.set, args.torch_only)


if __name__ == "__main__":
    main()
