#!/usr/bin/env python3
"""jem beside PyTorch at the same work, in turn on the same machine.

    python3 perf/compare.py build/jem [--python PYTHON ...] [--models wrn-16-1,wrn-22-10:3x128x128:8:2]
        [--work 0.5,0,chain,inference] [--precisions f32,bf16] [--rounds 2] [--steps 4]
    python3 perf/compare.py build/jem --models resnet-20,vgg-15,wrn-16-4-batch --batch 128 --work 0

PYTHON: one with torch, up to several columns (default: $JEM_PEER_PYTHONS, separated by colons,
else the python3 of the PATH).  A model is NAME[:CxHxW[:BATCH[:CLASSES]]], NAME one of
peer_networks.py; work is a training step at that alpha (L = 20, x+ shared), a Langevin chain alone, or
inference.

Before a model is timed, jem and each PyTorch compute losses and gradients to the images from
the same weights and images and must agree.  Runs A B A B and prints medians of images/s and
their ratios, GFLOP/s as convolutions are defined, and which share of the measured
matrix-product peak the products are that jem's algorithms form.  torch.compile is tried in
the first round, as are channels_last and contiguous maps, and the fastest is kept.  --steps 1, for
networks whose step takes a minute, warms nothing up.  Memory: peak resident set of each process.
"""
import argparse
import csv
import json
import math
import os
import random
import shutil
import statistics
import struct
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUFFER = 1000  # images of the replay buffer, on both sides
# Largest relative distances of losses and of gradients to the images.  Of the millions of rectifiers
# of a wide network some have an input so near zero that rounding decides their slope: each
# turns the gradient by some 3e-4 (jem on the cpu and by plain loops are as far apart); narrow
# networks agree within 1e-6.
TOLERANCE = {"f32": (1e-5, 2e-3), "bf16": (1e-2, 1e-1)}


class Case:
    def __init__(self, text, batch):
        parts = text.split(":") + [None] * 3
        self.name = parts[0]
        self.shape = parts[1] or "3x32x32"
        self.batch = int(parts[2] or batch)
        self.classes = int(parts[3] or 10)
        self.text = text


def write_npy(path, shape, kind, data):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


def make_noise(folder, case):
    """Random images for jem's training, and a few in network units for the check."""
    rng = random.Random(1)
    c, h, w = (int(v) for v in case.shape.split("x"))
    n = 2 * case.batch + 20
    write_npy(f"{folder}/images.npy", (n, c, h, w), "|u1", rng.randbytes(n * c * h * w))
    write_npy(f"{folder}/labels.npy", (n,), "<i4", struct.pack(f"<{n}i", *[i % case.classes for i in range(n)]))
    size = 5 * c * h * w
    write_npy(f"{folder}/x.npy", (5, c, h, w), "<f4", struct.pack(f"<{size}f", *[rng.uniform(-1, 1) for _ in range(size)]))


def has_batch_norm(case):
    return case.name.endswith("-batch") or case.name.startswith(("resnet-", "vgg-"))


def model_keys(case):
    wide = case.name.startswith("wrn-")
    keys = {"model.name": "-".join(case.name.split("-")[:3]) if wide else case.name}
    if wide:
        keys.update({"model.pool": "adaptive", "model.proj": 0})
    if case.name.endswith("-batch"):
        keys["model.norm"] = "batch"
    return keys


def settings(case, folder, precision, threads, **more):
    keys = {"data.kind": "npy", "data.path": folder, "data.val_fraction": 0.05, "data.test_fraction": 0.05,
            "data.crop": "false", "train.batch": case.batch, "train.share_batch": "true",
            "sampler.buffer_size": BUFFER, "train.log_every": 1, "train.checkpoint_every": 1000000,
            "engine.precision": precision, "engine.threads": threads, "engine.device": "cpu"}
    keys.update(model_keys(case))
    keys.update({key.replace("__", "."): value for key, value in more.items()})
    return [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]


def quietly(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- the two sides

def time_training(a, case, folder, alpha, precision, steps):
    """images/s of steps of a training, but the first of several, and the process's peak MiB."""
    run, config = f"{folder}/run", f"{folder}/empty.yaml"
    shutil.rmtree(run, ignore_errors=True)
    open(config, "w").close()
    command = [a.jem, "train", config, "--out", run] + settings(
        case, folder, precision, a.threads, alpha=alpha, train__iterations=1000000, train__eval_every=1000000)
    # Ended from outside, so that neither validation nor the last checkpoint count.
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as training:
        rates = []
        while len(rates) < steps + (steps > 1) and training.poll() is None:
            time.sleep(0.2)
            if os.path.exists(f"{run}/metrics.csv"):
                with open(f"{run}/metrics.csv") as f:
                    rates = [float(row["images_per_s"]) for row in csv.DictReader(f) if row["wall_s"]]
        with open(f"/proc/{training.pid}/status") as f:
            peak = [int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM")]
        training.kill()
    if len(rates) < steps:
        raise SystemExit(f"jem train ended early: {' '.join(command)}")
    return rates[-steps:], peak[0]


def speed(a, case, precision, alpha, seconds):
    """What jem speed says."""
    return json.loads(quietly([a.jem, "speed", "--json", "--seconds", str(seconds), "--alpha", str(alpha),
                               "--images", "400", "--shape", case.shape, "--classes", str(case.classes)]
                              + settings(case, "", precision, a.threads)))


def time_jem(a, case, folder, work, precision, steps):
    if work in ("chain", "inference"):
        report = speed(a, case, precision, 0.5, a.seconds)
        part = report["langevin_step" if work == "chain" else "inference"]
        per_image = part["seconds"] / part["images"] * (20 if work == "chain" else 1)
        return [1 / per_image], math.nan
    return time_training(a, case, folder, work, precision, steps)


def time_peer(a, python, case, work, precision, steps, mode, warm_up):
    kind = ["--work", work] if work in ("chain", "inference") else ["--alpha", work]
    command = [python, f"{HERE}/peer_pytorch.py", "--model", case.name, "--shape", case.shape,
               "--batch", str(case.batch), "--classes", str(case.classes), "--buffer", str(BUFFER),
               "--precision", precision, "--steps", str(steps), "--warm-up", str(warm_up),
               "--threads", str(a.threads), "--format", mode[0]] + kind + (["--compile"] if mode[1] else [])
    result = json.loads(quietly(command).splitlines()[-1])
    return result["images_per_s"], result["peak_mib"], result["torch"]


def best_mode(a, python, case, work, precision, steps, warm_up):
    """The fastest of (format of maps, compiled?), with the rates, memory and version of that."""
    best = None
    for mode in [(layout, compiled) for compiled in (False, True) for layout in a.formats.split(",")]:
        if mode[1] and (a.no_compile or int(best[1][2].split(".")[0]) < 2):
            continue
        timed = time_peer(a, python, case, work, precision, steps, mode, warm_up)
        if not best or statistics.median(timed[0]) > statistics.median(best[1][0]):
            best = mode, timed
    return best


# ---- the same work?

def check(a, case, folder, precision):
    """Losses of the same weights and images on both sides."""
    run, config = f"{folder}/check", f"{folder}/empty.yaml"
    shutil.rmtree(run, ignore_errors=True)
    open(config, "w").close()
    quietly([a.jem, "train", config, "--out", run] + settings(
        case, folder, precision, a.threads, train__batch=2, train__iterations=1, sampler__steps=1))
    shutil.copy(f"{run}/best.safetensors", f"{folder}/weights.safetensors")
    quietly([a.jem, "apply", f"{folder}/weights.safetensors", "--input", f"{folder}/x.npy", "--want",
             "logits,grad", "-o", folder, "--precision", precision, "--device", "cpu"])
    for python in a.python:
        r = json.loads(quietly([python, f"{HERE}/peer_pytorch.py", "--model", case.name, "--shape", case.shape,
                                "--classes", str(case.classes), "--precision", precision, "--check", folder]))
        apart = max(abs(r[k] - r["jem_" + k]) / abs(r[k]) for k in ("loss", "energy"))
        print(f"{case.text} {precision}: loss {r['jem_loss']:.6f} and {r['loss']:.6f}, energy {r['jem_energy']:.6f} "
              f"and {r['energy']:.6f}, gradients {r['gradients_apart']:.1e} apart", flush=True)
        if apart > TOLERANCE[precision][0] or r["gradients_apart"] > TOLERANCE[precision][1]:
            raise SystemExit(f"that is more than {TOLERANCE[precision]}: the two compute different things")


def compare(a, case, folder, work, precision, peak):
    steps = a.steps if work not in ("0", "inference") else min(12 * a.steps, 60)
    warm_up = min(a.steps - 1, 2)
    ours, memory = [], 0
    theirs = {python: [] for python in a.python}
    modes, peer_memory, versions = {}, {}, {}
    for k in range(a.rounds):
        rates, mib = time_jem(a, case, folder, work, precision, steps)
        ours += rates
        memory = max(memory, mib)
        for python in a.python:
            if k == 0:
                modes[python], (rates, mib, versions[python]) = best_mode(a, python, case, work, precision, steps, warm_up)
            else:
                rates, mib, _ = time_peer(a, python, case, work, precision, steps, modes[python], warm_up)
            theirs[python] += rates
            peer_memory[python] = mib
    report = speed(a, case, precision, 0 if work in ("0", "inference") else 0.5, 0.5)
    part = {"chain": "langevin_step", "inference": "inference"}.get(work)
    if part:
        per = (20 if work == "chain" else 1) / report[part]["images"]
        flops, products = (per * report[part]["layers_sum"][k] for k in ("flops", "products"))
    else:
        flops, products = (report["step"][k] / case.batch for k in ("flops", "products"))
    x = statistics.median(ours)
    row = [case.text, work, precision, f"{x:.4g}", f"{1e-9 * flops * x:.0f}", f"{100 * products * x / peak:.0f} %",
           "-" if math.isnan(memory) else f"{memory:.0f}"]
    for python in a.python:
        y = statistics.median(theirs[python])
        how = " contiguous" * (modes[python][0] == "contiguous") + " compiled" * modes[python][1]
        row += [f"{y:.4g}{how}", f"{1e-9 * flops * y:.0f}", f"{x / y:.2f}", f"{peer_memory[python]:.0f}"]
    print("| " + " | ".join(row) + " |", flush=True)
    return versions


def main():
    p = argparse.ArgumentParser()
    p.add_argument("jem")
    p.add_argument("--python", nargs="+",
                   default=os.environ.get("JEM_PEER_PYTHONS", shutil.which("python3") or "python3").split(":"))
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--steps", type=int, default=4)
    p.add_argument("--seconds", type=float, default=10, help="of jem speed, for chains and inference")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--models", default="wrn-10-1,wrn-16-1,wrn-16-2")
    p.add_argument("--work", default="0.5,0,chain,inference")
    p.add_argument("--precisions", default="f32,bf16")
    p.add_argument("--batch", type=int, default=64, help="of models that do not say")
    p.add_argument("--formats", default="channels_last,contiguous", help="of PyTorch's maps")
    p.add_argument("--no-compile", action="store_true", help="never try torch.compile")
    a = p.parse_args()

    cases = [Case(text, a.batch) for text in a.models.split(",")]
    peaks = {}
    for precision in a.precisions.split(","):
        peaks[precision] = speed(a, Case("wrn-10-1", 64), precision, 0, 4)["peak_flops_per_s"]
        print(f"matrix products in {precision}: {1e-9 * peaks[precision]:.0f} GFLOP/s", flush=True)
    versions, rows = {}, []
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            make_noise(folder, case)
            for precision in a.precisions.split(","):
                # running statistics of one step fold into weights that no bf16 holds well
                if precision == "f32" or not has_batch_norm(case):
                    check(a, case, folder, precision)
                rows += [(case, work, precision) for work in a.work.split(",")]
    peer = " | PyTorch images/s | GFLOP/s | ratio | MiB"
    print("\n| model | work | precision | jem images/s | GFLOP/s | of peak | MiB" + peer * len(a.python) + " |")
    print("|---" * (7 + 4 * len(a.python)) + "|")
    for case, work, precision in rows:
        with tempfile.TemporaryDirectory() as folder:
            make_noise(folder, case)
            versions.update(compare(a, case, folder, work, precision, peaks[precision]))
    print(f"\nPyTorch {', '.join(versions[python] for python in a.python)}; {a.threads} threads, L = 20, medians over "
          f"{a.rounds} rounds of {a.steps} steps (12 times as many without chains).")


if __name__ == "__main__":
    main()
