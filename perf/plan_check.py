#!/usr/bin/env python3
"""What jem plan foretells beside what a short training really takes.

    python3 perf/plan_check.py build/jem CONFIG --data DIR [--set KEY=VALUE ...]
        [--alphas 0,0.5,1] [--iterations N] [--seconds 10]

For each alpha: plans, trains N iterations (default: about a minute by the plan), and prints
memory (largest resident set), seconds per step, per validation and for the whole run with
the ratio foretold / real.  Aims: memory within 10 %, times within 20 %.  The machine should
have nothing else to do.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile


def flags(settings):
    return [word for s in settings for word in ("--set", s)]


def plan(a, settings):
    command = [a.jem, "plan", a.config, "--json", "--seconds", str(a.seconds)] + flags(settings)
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def train(a, settings):
    """(peak bytes, rows of metrics.csv) of a real run."""
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, "run")
        command = [a.jem, "train", a.config, "--out", run] + flags(settings)
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            sys.exit(f"failed: {' '.join(command)}")
        with open(os.path.join(run, "metrics.csv")) as f:
            return usage.ru_maxrss * 1024, list(csv.DictReader(f))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("jem")
    p.add_argument("config")
    p.add_argument("--data", required=True)
    p.add_argument("--set", action="append", default=[])
    p.add_argument("--alphas", default="0,0.5,1")
    p.add_argument("--iterations", type=int, default=0)
    p.add_argument("--seconds", type=float, default=10)
    a = p.parse_args()

    print("| alpha | quantity | foretold | real | foretold / real |\n|---|---|---|---|---|")
    for alpha in a.alphas.split(","):
        settings = a.set + [f"data.path={a.data}", f"alpha={alpha}"]
        step_s = plan(a, settings)["alphas"][0]["time"]["step_s"]
        steps = a.iterations or max(8, int(60 / step_s))
        settings += [f"train.iterations={steps}", "train.log_every=1"]
        told = plan(a, settings)
        time = told["alphas"][0]["time"]
        peak, rows = train(a, settings)
        # The first iteration compiles; rows with a validation hold its time too.
        clock = [float(r["wall_s"]) for r in rows]
        spans = [(t - s, rows[i + 1]["val_accuracy"] or rows[i + 1]["fd_pix"])
                 for i, (s, t) in enumerate(zip(clock, clock[1:]))]
        plain = [s for s, validated in spans if validated in ("", "nan")]
        step = sum(plain) / len(plain)
        with_validation = [s for s, validated in spans if validated not in ("", "nan")]
        validation = max(sum(with_validation) / len(with_validation) - step, 0)
        for name, x, y in (("memory MiB", told["memory"]["bytes"] / 2**20, peak / 2**20),
                           ("step s", time["step_s"], step),
                           ("validation s", time["validation_s"], validation),
                           ("run s", time["run_s"], clock[-1])):
            print(f"| {alpha} | {name} | {x:.4g} | {y:.4g} | {x / y if y else 0:.2f} |", flush=True)


if __name__ == "__main__":
    main()
