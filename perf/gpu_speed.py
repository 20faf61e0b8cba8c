#!/usr/bin/env python3
"""jem on a GPU beside PyTorch in its best mode, on the same training step.

    JEM=build/jem OUT=results python3 perf/gpu_speed.py jem    # -> OUT/speed.txt
    JEM=build/jem OUT=results python3 perf/gpu_speed.py peer   # -> OUT/peer.txt

jem's side is perf/gpu_bench.c, beside the jem program; PyTorch's perf/peer_pytorch.py.  The
most important settings come first: what a time limit cuts off is the end of the list.
"""
import json
import os
import subprocess
import sys

OUT = os.environ.get("OUT", ".")
BENCH = os.path.join(os.path.dirname(os.environ.get("JEM", "build/jem")), "gpu_bench")
HERE = os.path.dirname(os.path.abspath(__file__))

# name, steps, settings of jem, arguments of the peer (None: it has no such network)
CASES = [
    ("CIFAR-10 wrn-28-10 B64 L20", 10, ["model.name=wrn-28-10", "train.batch=64"],
     ["--model", "wrn-28-10", "--batch", "64", "--steps", "4"]),
    ("CIFAR-10 wrn-28-10 B256 L20", 4, ["model.name=wrn-28-10", "train.batch=256"],
     ["--model", "wrn-28-10", "--batch", "256", "--steps", "3"]),
    ("CIFAR-10 wrn-28-10 B64 alpha 0", 30, ["model.name=wrn-28-10", "train.batch=64", "alpha=0"],
     ["--model", "wrn-28-10", "--batch", "64", "--alpha", "0", "--steps", "20"]),
    ("CIFAR-10 wrn-16-4 B64 L20", 20, ["model.name=wrn-16-4", "train.batch=64"],
     ["--model", "wrn-16-4", "--batch", "64", "--steps", "8"]),
    ("latents wrn-22-8 B256 L20", 4, ["model.name=wrn-22-8", "train.batch=256", "channels=4",
                                      "classes=1000", "sampler.clip=false"], None),
    ("gloss wrn-22-10 128x128 B16 L20", 2, ["model.name=wrn-22-10", "train.batch=16", "side=128",
                                            "classes=2", "model.proj=500"], None),
]
COMMON = ["engine.device=cuda", "engine.precision=bf16", "train.share_batch=true",
          "data.crop=true", "sampler.steps=20"]


def peak():
    """TFLOP/s of a large bf16 matrix product, random values, median of 10."""
    import torch
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    times = []
    for i in range(13):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        a @ b
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
    return 2 * 8192 ** 3 / sorted(times[3:])[5] * 1e-9


def run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    except (OSError, subprocess.TimeoutExpired) as e:
        return None, str(e)
    print(done.stdout, done.stderr, flush=True)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["?"])[-1]
    lines = done.stdout.splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith("{")), None)
    return (json.loads(lines[at]), "\n".join(lines[at + 1:])) if at is not None else (None, "no JSON")


def jem(write):
    try:
        top = peak()
        write(f"measured matrix-product peak (PyTorch, bf16, 8192^3): {top:.0f} TFLOP/s")
    except Exception as e:  # PyTorch is not always there
        top = 0
        write(f"matrix-product peak not measured: {e}")
    failed, table = 0, ""
    for i, (name, steps, settings, _) in enumerate(CASES):
        if i == 0:  # the setting that counts: more than one fused candidate per convolution
            os.environ["JEM_CUDA_TRIES"] = "2"
        got, more = run([BENCH, str(steps), *COMMON, *settings])
        os.environ["JEM_CUDA_TRIES"] = "1"
        if not got:
            failed += 1
            write(f"{name:34s} FAILED: {more}")
            continue
        share = f"{100 * got['tflops'] / top:.0f} % of peak" if top else ""
        epoch = 50000 / got["images_per_s"]
        write(f"{name:34s} {got['ms_median']:9.2f} ms  {got['images_per_s']:9.1f} images/s  "
              f"{got['tflops']:6.1f} TFLOP/s {share}  50,000 images: {epoch:.1f} s"
              f"{'' if got['resident'] else '  NOT RESIDENT'}")
        table = table or f"\n{name}, {got['device']}:\n{more}"
    write(table)
    return failed


def peer(write):
    failed = 0
    for name, _, _, arguments in CASES:
        if not arguments:
            continue
        for mode in (["--compile"], []):
            got, why = run([sys.executable, os.path.join(HERE, "peer_pytorch.py"), "--device", "cuda",
                            "--precision", "bf16", *arguments, *mode])
            label = f"{name}, {'compiled, CUDA graphs' if mode else 'eager'}"
            if got:
                rates = sorted(got["images_per_s"])
                write(f"{label:58s} {rates[len(rates) // 2]:9.1f} images/s  (torch {got['torch']})")
            else:
                failed += 1
                write(f"{label:58s} FAILED: {why}")
    return failed


def main():
    which = sys.argv[1]
    with open(os.path.join(OUT, "speed.txt" if which == "jem" else "peer.txt"), "w") as f:
        def write(line):
            print(line, flush=True)
            print(line, file=f, flush=True)
        failed = (jem if which == "jem" else peer)(write)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
