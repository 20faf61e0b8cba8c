#!/usr/bin/env python3
"""jem beside PyTorch on the same training step, in turn on the same machine.

    python3 perf/compare.py build/jem [--data DIR] [--python PYTHON ...] [--rounds 3]
        [--models wrn-16-1,wrn-16-2] [--alphas 0.5,0] [--precisions f32,bf16]

DIR holds CIFAR-10 binaries (default: the small set of the test data).  Runs A B A B,
takes the median images/s of the whole step of each, prints a table with the ratio.
"""
import argparse
import csv
import json
import os
import statistics
import subprocess
import tempfile


def time_jem(program, data, model, alpha, precision, steps, threads):
    with tempfile.TemporaryDirectory() as out:
        config = os.path.join(out, "config.yaml")
        with open(config, "w") as f:
            f.write("train:\n  batch: 64\n  share_batch: true\n")
        run = os.path.join(out, "run")
        settings = {
            "alpha": alpha, "model.name": model, "data.path": data, "data.kind": "cifar10",
            "engine.precision": precision, "engine.threads": threads,
            "train.iterations": steps + 2, "train.log_every": 1, "train.checkpoint_every": 100000,
        }
        command = [program, "train", config, "--out", run]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(run, "metrics.csv")) as f:
            rates = [float(row["images_per_s"]) for row in csv.DictReader(f)]
        return rates[2:]


def time_peer(python, model, alpha, precision, steps, threads):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_pytorch.py")
    command = [python, script, "--model", model, "--alpha", str(alpha), "--precision", precision,
               "--steps", str(steps), "--threads", str(threads)]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["images_per_s"], result["torch"]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.environ.get("JEM_DATA", os.path.join(here, "..", "..", "shared", "data"))
    p = argparse.ArgumentParser()
    p.add_argument("jem")
    p.add_argument("--data", default=os.path.join(root, "cifar10-mini"))
    p.add_argument("--python", default="/usr/bin/python3")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--steps", type=int, default=5)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--models", default="wrn-16-1,wrn-16-2")
    p.add_argument("--alphas", default="0.5,0")
    p.add_argument("--precisions", default="f32")
    a = p.parse_args()

    print("| model | alpha | precision | jem images/s | PyTorch images/s | ratio |")
    print("|---|---|---|---|---|---|")
    version = ""
    for model in a.models.split(","):
        for alpha in a.alphas.split(","):
            for precision in a.precisions.split(","):
                steps = a.steps if float(alpha) > 0 else 12 * a.steps
                if float(alpha) == 0:
                    steps = min(steps, 60)
                ours, theirs = [], []
                for _ in range(a.rounds):
                    ours += time_jem(a.jem, a.data, model, alpha, precision, steps, a.threads)
                    rates, version = time_peer(a.python, model, alpha, precision, steps, a.threads)
                    theirs += rates
                x, y = statistics.median(ours), statistics.median(theirs)
                print(f"| {model} | {alpha} | {precision} | {x:.1f} | {y:.1f} | {x / y:.2f} |",
                      flush=True)
    print(f"\nPyTorch {version}, {a.threads} threads, batch 64, L = 20, medians over "
          f"{a.rounds} alternating rounds of {a.steps} steps.")


if __name__ == "__main__":
    main()
